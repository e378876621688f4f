"""What is waited for after a reset, on a clock of its own:
a start may be slow, and a person is told what is waited for.
"""

import pytest

from host_tools.bench.flash import UNPROVISIONED, verdict
from host_tools.bundle.ready import errand
from host_tools.device import port as devices
from host_tools.device.port import BOOT_S_MAX, Device
from host_tools.errors import UserError

BANNER = b"MPY: soft reboot\r\n"
CRASH = b'Traceback (most recent call last):\r\n  File "main.py", line 1, in <module>\r\nOSError: 5\r\n'


class SlowBoard:
    """A serial port at which words arrive at given seconds after the reset;
    a read without any costs its timeout.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *words: tuple[float, bytes]) -> None:
        self.now = 0.0
        self.timeout = 3.0
        self._words = list(words)
        monkeypatch.setattr(devices.time, "monotonic", lambda: self.now)

    @property
    def in_waiting(self) -> int:
        return len(self._words[0][1]) if self._words and self._words[0][0] <= self.now else 0

    def read(self, size: int) -> bytes:
        if self.in_waiting:
            return self._words.pop(0)[1]
        self.now += self.timeout
        return b""


def booted(
    monkeypatch: pytest.MonkeyPatch, *words: tuple[float, bytes]
) -> tuple[str | None, list[str], float]:
    """What the board said, what a person was told meanwhile, and after how many seconds it was over."""
    board = SlowBoard(monkeypatch, *words)
    device = Device("/dev/ttyUSB0", errand)
    device.traffic = board  # type: ignore[assignment]
    monkeypatch.setattr(device, "_restart", lambda: None)
    told: list[str] = []
    return device.boot(told.append), told, board.now


def test_a_start_that_takes_half_a_minute_is_waited_for_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    said, told, _ = booted(monkeypatch, (1, BANNER), (31, b"In service\r\n"))
    assert verdict(said) == ""
    assert told == ["Waiting for the board on /dev/ttyUSB0 to come into service, 60 s at most."]


def test_a_usual_start_is_waited_for_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    said, told, seconds = booted(monkeypatch, (1, BANNER), (3, b"In service\r\n"))
    assert (verdict(said), told) == ("", [])
    assert seconds < 4


def test_a_silent_board_is_given_up_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    said, told, seconds = booted(monkeypatch, (1, BANNER))
    assert BOOT_S_MAX <= seconds < BOOT_S_MAX + 4
    assert verdict(said) == "Not in service: no word from its application within 60 s"
    assert len(told) == 1


def test_after_a_traceback_a_second_try_is_waited_for_but_not_for_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said, _, seconds = booted(monkeypatch, (1, BANNER), (3, CRASH))
    assert seconds < 15
    with pytest.raises(UserError, match="ended at once with OSError: 5"):
        verdict(said)


def test_a_board_without_an_identity_is_told_what_is_next() -> None:
    for said in (
        "Not provisioned yet\r\nMicroPython v1.27\r\n>>> ",
        "Not in service: [Errno 2] ENOENT\r\nMicroPython v1.27\r\n>>> ",
    ):
        assert verdict(said) == UNPROVISIONED == "Not provisioned yet: `ansim provision` is next."


def test_a_board_that_says_what_it_lacks_and_tries_again_is_told_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reason = "Not in service: the expander at 0x21 does not answer"
    said, _, _ = booted(
        monkeypatch,
        (1, BANNER),
        (3, f"{reason}\r\n".encode()),
        (8, BANNER),
        (10, f"{reason}\r\n".encode()),
        (15, BANNER),
    )
    assert verdict(said) == reason
