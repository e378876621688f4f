"""A real server with an RS-485 bus at a serial port: boards with the firmware's own station and session."""

import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.parcels import parcels
from locker.contract import records
from locker.wire.station import LOOK_MS, Station
from tests.kit.host_board import Board, Host, Journal, enrol
from tests.swift import ansim


class BoardOnABus(Board):
    """A board whose frames wait for its turn."""

    def __init__(self, ledger: Ledger, address: int) -> None:
        super().__init__(enrol(ledger, b"uid-%02d" % address), Journal(100 + address))
        self.station = Station(address)
        self.near, far = socket.socketpair()
        self._line = far
        self.attach(far.fileno())

    def write(self, frame: bytes) -> None:
        self.sent.append(frame)
        self.station.say(frame)

    def close(self) -> None:
        super().close()
        self.near.close()


class Bus:
    """The wires and the host's adapter, which can be pulled. A thread plays the boards' looks at the bus."""

    def __init__(self, port: Path, boards: list[BoardOnABus]) -> None:
        self._port = port
        self._boards = boards
        self._adapter = self._plug()
        self._end, self._ending = os.pipe()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _plug(self) -> tuple[int, int]:
        ours, theirs = os.openpty()
        tty.setraw(theirs)
        self._port.unlink(missing_ok=True)
        self._port.symlink_to(os.ttyname(theirs))
        return ours, theirs

    def pull(self) -> None:
        self._stop()
        for end in self._adapter:
            os.close(end)

    def plug_in_again(self) -> None:
        self._adapter = self._plug()
        self._end, self._ending = os.pipe()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _stop(self) -> None:
        os.close(self._ending)
        self._thread.join()
        os.close(self._end)

    def _run(self) -> None:
        line = self._adapter[0]
        while self._end not in (ready := select.select([line, self._end], [], [])[0]):
            data = os.read(line, 4096) if ready else b""
            for board in self._boards:
                answer = board.station.hear(data, LOOK_MS // 2, 0)
                if answer:
                    os.write(line, b"\x00\xff" + answer)  # with some noise ahead of it
                buffer = bytearray(256)
                if count := board.station.readinto(buffer):
                    board.near.sendall(buffer[:count])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "data") as ledger:
        ledger.site("mapo-3")
        yield ledger


def test_boards_on_a_bus_are_found_served_and_found_again_after_the_adapter_was_pulled(
    ledger: Ledger, tmp_path: Path
) -> None:
    boards = [BoardOnABus(ledger, address) for address in (2, 31)]
    bus = Bus(tmp_path / "adapter", boards)
    with Host(tmp_path / "data", "--listen", "none", "--rs485", str(tmp_path / "adapter")) as host:
        assert host.wait_for("listening")["port"] == str(tmp_path / "adapter")
        for board in boards:
            assert board.meet() == 0
            board.journal.deposit(7, 4711, 1)
            board.send_all()
        assert "address 31" in host.wait_for("link up", cabinet=2)["detail"]
        bus.pull()
        host.wait_for("serial port lost")
        for cabinet in (1, 2):
            host.wait_for("link down", cabinet=cabinet)
        bus.plug_in_again()
        for board in boards:
            board.journal.add(records.BELL_RUNG)
            board.meet()
            board.send_all()
        for cabinet in (1, 2):
            host.wait_for("alarm", alarm="bell", cabinet=cabinet)
        assert host.end() == 0
    bus.pull()
    for board in boards:
        board.close()
    assert len(parcels.listing(ledger)) == 2
    assert len([told for told in host.told if told["event"] == "deposited"]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--board", "row_8", "--serial-link"), "give it an --address of its own, 1 to 31"),
        (("--board", "row_8", "--serial-link", "--address", "32"), "32 is not in the range 1<=x<=31"),
        (("--board", "wall_12", "--serial-link", "--address", "3"), "wall_12 is not on an RS-485 bus"),
        (
            ("--board", "row_8", "--host", "127.0.0.1:9", "--address", "3"),
            "--address goes with --serial-link",
        ),
    ],
)
def test_an_address_belongs_to_a_bus_and_a_bus_needs_one(arguments: tuple[str, ...], sentence: str) -> None:
    ended = ansim("provision", "--port", "/dev/null", "--site", "mapo-3", *arguments)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_bus_that_cannot_be_opened_is_said_in_one_sentence_and_waited_for(tmp_path: Path) -> None:
    with Host(tmp_path / "data", "--listen", "none", "--rs485", "/dev/does-not-exist") as host:
        detail = host.wait_for("serial port waits")["detail"]
        assert (
            detail == "There is no serial port /dev/does-not-exist: plug the adapter in, or name another one."
        )
        assert host.end() == 0  # it had not ended, and said nothing on its standard error
