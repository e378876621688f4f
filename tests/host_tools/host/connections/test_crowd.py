"""Hundreds of boards and of strangers at one host, over real connections;
and connections whose other end is gone.
"""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host_tools.host.connections.carriers import TcpCarrier
from host_tools.host.ledger.ledger import Enrolment, Ledger, open_ledger
from host_tools.host.parcels import parcels
from host_tools.link import messages
from locker.wire.frame import FIRST, VERSION, encode
from tests.kit.host_board import PATIENCE_S, Board, Host, Journal, enrolment

BOARDS = 300
STRANGERS = 300
STRANGERS_MAX = 256
AT_ONCE = 40
FILES_MAX = 16  # that the host opens meanwhile, for the ledger and the messages


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield ledger


def enrolled(ledger: Ledger, count: int) -> list[Enrolment]:
    made = [enrolment(b"uid%03d" % number) for number in range(count)]
    for one in made:
        ledger.enrol(one)
        ledger.confirm(one.board_id)
    return made


def open_files(host: Host) -> int:
    return len(list(Path(f"/proc/{host.process.pid}/fd").iterdir()))


def test_hundreds_of_boards_converge_and_hundreds_of_strangers_displace_none_of_them(
    ledger: Ledger, tmp_path: Path
) -> None:
    boards = [Board(one, Journal(100 + number)) for number, one in enumerate(enrolled(ledger, BOARDS))]
    strangers: list[socket.socket] = []

    def visit(board: Board) -> None:
        board.connect(address)
        board.meet()
        board.journal.deposit(7, 4711, 1)
        board.send_all()

    def visit_again(board: Board) -> None:
        board.close()
        board.connect(address)
        board.meet()
        assert board.ask(messages.Status(100, 4, 0, 0)) == 3

    def intrude(number: int) -> None:
        stranger = socket.create_connection(address, timeout=PATIENCE_S)
        strangers.append(stranger)
        stranger.sendall(b"\x05\x10me!\x00" * number)

    with Host(tmp_path / "data") as host, ThreadPoolExecutor(AT_ONCE) as crowd:
        address = host.address
        most = open_files(host) + FILES_MAX + BOARDS + STRANGERS_MAX
        visits = []
        for number, board in enumerate(boards):
            visits.append(crowd.submit(visit, board))
            visits.append(crowd.submit(intrude, number % 7))
        host.listen_until(lambda: all(one.done() for one in visits))
        for one in visits:
            one.result()
        for _ in range(STRANGERS):  # now that all boards are known
            intrude(0)
        answers = list(crowd.map(lambda board: board.ask(messages.Status(100, 4, 0, 0)), boards))
        assert answers == [3] * BOARDS
        assert open_files(host) <= most
        again = [crowd.submit(visit_again, board) for board in boards[: BOARDS // 2]]
        host.listen_until(lambda: all(one.done() for one in again))
        assert open_files(host) <= most
        assert host.end() == 0
    for end in (*boards, *strangers):
        end.close()
    assert len([told for told in host.told if told["event"] == "deposited"]) == BOARDS
    assert len(parcels.listing(ledger)) == BOARDS


def test_a_peer_that_vanishes_is_noticed_by_the_system_within_a_minute() -> None:
    async def accept() -> dict[str, int]:
        listening = socket.create_server(("127.0.0.1", 0))
        peer = socket.create_connection(listening.getsockname())
        line, address = listening.accept()
        carrier = TcpCarrier(
            line, address, lambda carrier, payload: True, lambda carrier: None, lambda carrier: None
        )
        peer.sendall(encode(bytes((VERSION << 4 | FIRST,)) + bytes(40)))  # a board has proved itself
        carrier.turn()
        options = {
            name: line.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        }
        options["SO_KEEPALIVE"] = line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        for end in (peer, carrier, listening):
            end.close()
        return options

    options = asyncio.run(accept())
    assert options["SO_KEEPALIVE"]
    assert options["TCP_KEEPIDLE"] + options["TCP_KEEPINTVL"] * options["TCP_KEEPCNT"] < 60
    assert options["TCP_USER_TIMEOUT"] < 60_000, "of which the system makes more than of the three"
