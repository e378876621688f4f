"""Radio, name look-up and sockets fail in each documented way, at every stage of a visit:
the doors work, the host hears everything once.

The whole firmware with its own carrier in virtual time;
what the radio does and refuses is in host_tools.simulator.chip.radio.
"""

import errno
import random
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.simulator.chip.network import Network
from host_tools.simulator.chip.radio import VERSIONS, Radio, Refused
from host_tools.simulator.cpython_board.controller import VirtualController
from host_tools.simulator.people.people import courier, resident, send
from locker.contract import records
from tests.simulation.stage import Cabinet, code_of, make_flash, ticket_of
from tests.simulation.test_dead_connection import TcpHost

NAME, ADDRESS, PORT = "ansim.example.org", "10.0.0.2", 26746
BOARD = "devkit_4"  # which has no other way to its host, and is lived fastest
SETTINGS = {"host": NAME, "port": PORT, "wifi": {"ssid": "locker", "password": "secret"}}
#: When trouble begins, in ms: at power-on, while the station joins, while it is looked up and connected to;
#: as the courier types, chooses, has the door open, has closed it; as the resident types, waits for the
#: answer, has the door open, has closed it.
STAGES = {
    "off": 0,
    "joining": 300,
    "meeting": 900,
    "ticket": 6_600,
    "size": 9_000,
    "loading": 11_000,
    "closed": 13_500,
}
STAGES |= {"code": 31_000, "answer": 33_200, "taking": 35_000, "collected": 37_000}
MENDED_MS, END_MS = 48_000, 150_000
STARTS = [
    Refused("RuntimeError", "Wifi Unknown Error 0x0101"),
    Refused("OSError", "Wifi Not Initialized"),
    Refused("MemoryError"),
]


def every_socket_call(number: int) -> Callable[[Radio], None]:
    return lambda radio: radio.change(
        socket_errors={call: deque([number] * 3) for call in ("socket", "connect", "send", "read")}
    )


FAULTS: dict[str, Callable[[Radio], None]] = {
    "the access point is away": lambda radio: radio.change(router=False),
    "the access point is slow": lambda radio: radio.change(join_ms=20_000),
    "the password is wrong": lambda radio: radio.change(lets_in=False),
    "nobody gives addresses": lambda radio: radio.change(leases=False),
    "the radio does not start": lambda radio: radio.change(start_errors=deque(STARTS)),
    "the name server is silent": lambda radio: radio.change(name_server=False),
    "nobody knows the name": lambda radio: radio.change(names={}),
    "no memory for sockets": every_socket_call(errno.ENOMEM),
    "no route": every_socket_call(errno.EHOSTUNREACH),
    "connections are reset": every_socket_call(errno.ECONNRESET),
    "sockets time out": every_socket_call(errno.ETIMEDOUT),
}


def mend(radio: Radio) -> None:
    radio.change(router=True, join_ms=600, lets_in=True, leases=True, name_server=True, names={NAME: ADDRESS})
    radio.start_errors.clear()
    radio.socket_errors.clear()


def lived(path: Path, fault: Callable[[Radio], None], begins_ms: int, version: str) -> TcpHost:
    """A courier comes and a resident collects, while that goes wrong from one instant to 48 s;
    what the host has heard in the end.
    """
    make_flash(path, BOARD)
    with Cabinet(path, BOARD, network=SETTINGS) as cabinet:
        world, radio = cabinet.world, cabinet.world.chip.radio
        network = Network(world.clock, random.Random(1))
        radio.change(names={NAME: ADDRESS}, version=version)
        host = TcpHost(network)
        world.clock.at(begins_ms * 1000, lambda: fault(radio))
        world.clock.at(MENDED_MS * 1000, lambda: mend(radio))
        deposit = send(world, courier(world, ticket_of(4711)), 6_000)
        cabinet._controller = VirtualController(world, cabinet._program, cabinet.flash, network)
        cabinet.run_until(29_000)
        assert deposit.result, "the courier found no open door"
        collect = send(world, resident(world, deposit.result, code_of(deposit.result, 1)), 30_000)
        cabinet.run_until(45_000)
        assert collect.result is True, "the resident's door stayed shut"
        cabinet.run_until(END_MS)
        assert world.chip.boots == 1
        assert not world.trace.violations
        assert len(cabinet.apps) == 1
    return host


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, int, int]]:
    """What is told of the same visits when nothing goes wrong."""
    host = lived(tmp_path_factory.mktemp("untroubled") / "flash", lambda radio: None, 0, "1.27")
    assert {records.DEPOSITED, records.COLLECTED} <= {record.kind for _, record in host.events}
    return told(host)


def told(host: TcpHost) -> list[tuple[int, int, int]]:
    """All but which door it was, which is left to chance."""
    return [(record.kind, record.a, record.b) for _, record in host.events]


#: Each fault at two stages and more, each stage with two faults and more; with --soak the rest.
EACH = [
    pytest.param(fault, stage, marks=() if (row + 2 * column) % 5 == 0 else pytest.mark.soak)
    for row, fault in enumerate(FAULTS)
    for column, stage in enumerate(STAGES)
]


@pytest.mark.parametrize(("fault", "stage"), EACH)
def test_no_fault_of_the_radio_at_any_stage_of_a_visit_stops_the_cabinet_or_changes_what_is_told(
    tmp_path: Path, untroubled: list[tuple[int, int, int]], fault: str, stage: str
) -> None:
    version = sorted(VERSIONS)[len(stage) % 2]  # each of them with half of the stages
    host = lived(tmp_path / "flash", FAULTS[fault], STAGES[stage], version)
    assert told(host) == untroubled
    assert [record.number for _, record in host.events] == list(range(1, len(untroubled) + 1))
