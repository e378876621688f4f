"""When the places of strangers are taken, the address that has most of them gives way."""

from host_tools.host.connections.links import SILENT_S
from host_tools.host.connections.listener import STRANGERS_MAX, Listener
from host_tools.host.connections.tally import Tally


class Connection:
    """What the listener knows of a connection."""

    def __init__(
        self,
        source: str = "10.0.0.1",
        opened_s: float = 0.0,
        verified: bool = False,
        greeted: bytes | None = None,
    ) -> None:
        self.source = source
        self.opened_s = opened_s
        self.heard_s = opened_s
        self.verified = verified
        self.greeted = greeted
        self.closed = False

    def close(self) -> None:
        self.closed = True


def listener(connections: list[Connection]) -> Listener:
    made = Listener(lambda carrier, payload: False, lambda carrier: None, Tally(lambda told: None))
    for connection in connections:
        made._connections.add(connection)  # type: ignore[arg-type]
        if not connection.verified:
            made._strangers[connection] = None  # type: ignore[index]
    return made


def test_when_the_places_are_taken_the_address_that_has_most_of_them_gives_way() -> None:
    crowd = [Connection() for _ in range(STRANGERS_MAX - 2)]
    others = [Connection("10.0.0.2"), Connection("10.0.0.3")]
    listener([*others, *crowd]).make_room("10.0.0.4")
    assert [one.closed for one in (*others, *crowd[:2])] == [False, False, True, False]


def test_a_right_greeting_keeps_its_place_and_repeated_ones_keep_two() -> None:
    board = Connection(greeted=b"mine")
    replays = [Connection(greeted=b"else") for _ in range(STRANGERS_MAX - 1)]
    made = listener([board, *replays])
    for gone in replays[:5]:
        made.make_room("10.0.0.1")
        made._strangers[Connection(greeted=b"else")] = None  # type: ignore[index]
        assert gone.closed
    assert not board.closed


def test_places_are_for_strangers_only() -> None:
    boards = [Connection(verified=True) for _ in range(2 * STRANGERS_MAX)]
    listener(boards).make_room("10.0.0.1")
    assert not [board for board in boards if board.closed]


def test_a_board_silent_for_two_heartbeats_and_a_stranger_after_half_a_minute_are_disconnected() -> None:
    def after(now_s: float) -> list[bool]:
        connections = [Connection(verified=True), Connection(verified=True), Connection()]
        for connection in connections[1:]:
            connection.heard_s = 200.0
        listener(connections).close_idle(now_s)
        return [connection.closed for connection in connections]

    assert after(29.0) == [False, False, False]
    assert after(31.0) == [False, False, True]
    assert after(SILENT_S + 1) == [True, False, True]
