"""The host's seals by OpenSSL are those of the firmware's own code,
byte for byte, and what was altered is not opened.
"""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from host_tools.link import messages
from host_tools.link.openssl_session import OpenSslSession
from host_tools.link.session import HostSession
from locker.contract import records
from locker.contract.records import Record
from locker.wire.frame import Decoder
from locker.wire.session import Session

SECRET, BOARD_ID, ALIAS = bytes(range(32)), b"board-01", b"\1\2\3\4"


def entropy() -> Callable[[int], bytes]:
    """The same random bytes for each that asks for as many."""
    return lambda count: bytes(range(7, 7 + count))


def payloads(frame: bytes) -> list[bytes]:
    return list(Decoder().feed(frame))


def met(kind: type[HostSession]) -> tuple[Session, HostSession, list[bytes]]:
    """A board and a host that have shaken hands, and all that was said."""
    host = kind(SECRET, BOARD_ID, ALIAS, entropy())
    board = Session(SECRET, BOARD_ID, ALIAS, entropy())
    board.start(0)
    board.step(0)
    hello = board.outgoing()
    assert hello
    host.accept(payloads(hello)[0], 0)
    welcome = host.outgoing()
    assert welcome
    board.accept(payloads(welcome)[0], 0)
    first = board.seal(messages.typed(messages.Report(BOARD_ID, 7, 1, 1, 0, 0, 1, 1, 100, 0, 0)))
    assert host.accept(payloads(first)[0], 0)
    return board, host, [hello, welcome, first]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_both_say_and_hear_the_same_bytes(numbers: list[int]) -> None:
    said = []
    for kind in (HostSession, OpenSslSession):
        board, host, frames = met(kind)
        for number in numbers:
            frames.append(host.seal(messages.Ack(number)))
            frames.append(
                board.seal(
                    messages.typed(messages.Events([records.pack(Record(1, 2, 3, number or 1, 5, 6, 7))]))
                )
            )
            heard = host.accept(payloads(frames[-1])[0], 0)
            assert isinstance(heard, messages.Events)
        said.append(frames)
    assert said[0] == said[1]


@given(st.data())
def test_what_was_altered_or_cut_is_not_opened_and_disturbs_nothing(data: st.DataObject) -> None:
    board, host, _ = met(OpenSslSession)
    (payload,) = payloads(board.seal(messages.typed(messages.Status(1, 1, 0, 0))))
    altered = bytearray(payload[: data.draw(st.integers(0, len(payload)))])
    if len(altered) == len(payload):
        altered[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    assert host.accept(bytes(altered) or b"\0", 0) is None
    assert host.accept(payload, 0) == messages.Status(1, 1, 0, 0)
