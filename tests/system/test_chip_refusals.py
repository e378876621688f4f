"""The virtual chip refuses what the real one refuses: each with the exception of MicroPython's ESP32 port."""

from pathlib import Path

import pytest

from host_tools.simulator.virtual_board.virtual_time import Lived, run_in_virtual_time
from host_tools.simulator.world import board_named
from tests.simulation.stage import make_flash

from .vfs import put_files

#: What a program tries, and what the port says to it. `said` catches the exception and prints it.
TRIED = """
import esp32, network, socket, time
from machine import ADC, I2C, Pin, Timer

def said(name, act):
    try:
        print(name, "->", act())
    except Exception as error:
        print(name, "->", repr(error))

station = network.WLAN(network.STA_IF)
said("before the start", lambda: station.connect("a", "b"))
said("start", lambda: station.active(True))
said("connect", lambda: station.connect("a", "b"))
said("at once", lambda: station.connect("a", "b"))
said("status", station.status)
time.sleep(2)
said("joined", lambda: (station.isconnected(), station.status()))
partition = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="journal")[0]
said("outside", lambda: partition.readblocks(128, bytearray(16)))
said("across the end", lambda: partition.writeblocks(127, bytearray(32), 4080))
said("flash", lambda: partition.writeblocks(0, b"\0", 0))
said("flash again", lambda: partition.writeblocks(0, b"\0", 0))
said("half a block", lambda: partition.writeblocks(0, bytearray(100)))
said("erase outside", lambda: partition.ioctl(6, 128))
nvs = esp32.NVS("ansim")
said("no such key", lambda: nvs.get_blob("nothing", bytearray(4)))
said("long key", lambda: nvs.set_i32("sixteen letters!", 1))
nvs.set_blob("long", bytes(40))
said("short buffer", lambda: nvs.get_blob("long", bytearray(4)))
def fill():
    for number in range(100):
        nvs.set_blob("blob%d" % number, bytes(1000))
said("full", fill)
said("timer", lambda: Timer(4))
said("hard", lambda: Timer(0).init(mode=0, period=5, hard=True, callback=None))
said("input only", lambda: Pin(34, Pin.OUT))
said("no pin", lambda: Pin(24, Pin.IN))
said("calibration", lambda: ADC(Pin(36), atten=ADC.ATTN_11DB).read_uv())
begin = time.ticks_ms()
said("held bus", lambda: I2C(0, sda=Pin(21), scl=Pin(22)).writeto(0x27, b"1"))
said("held for", lambda: time.ticks_ms() - begin)
said("raw", lambda: ADC(Pin(36), atten=ADC.ATTN_11DB).read_u16() >= 0)
"""
SAID = {
    "before the start": "OSError('Wifi Not Started',)",
    "start": "True",
    "connect": "None",
    "at once": "OSError('Wifi Internal State Error',)",
    "status": "1001",
    "joined": "(True, 1010)",
    "outside": "OSError(-258, 'ESP_ERR_INVALID_ARG')",
    "across the end": "OSError(-258, 'ESP_ERR_INVALID_ARG')",
    "flash": "OSError(-24577, 'ESP_ERR_FLASH_OP_FAIL')",
    "flash again": "None",
    "half a block": "OSError(-260, 'ESP_ERR_INVALID_SIZE')",
    "erase outside": "OSError(-258, 'ESP_ERR_INVALID_ARG')",
    "no such key": "OSError(-4354, 'ESP_ERR_NVS_NOT_FOUND')",
    "long key": "OSError(-4361, 'ESP_ERR_NVS_KEY_TOO_LONG')",
    "short buffer": "OSError(-4364, 'ESP_ERR_NVS_INVALID_LENGTH')",
    "full": "OSError(-4357, 'ESP_ERR_NVS_NOT_ENOUGH_SPACE')",
    "timer": "ValueError('invalid Timer number, max 4',)",
    "hard": "ValueError('hard Timers are not implemented',)",
    "input only": "ValueError",
    "no pin": "ValueError",
    "calibration": "OSError(-258, 'ESP_ERR_INVALID_ARG')",
    "held bus": "OSError(110",
    "held for": "50",
    "raw": "True",
}


def run(path: Path, program: str, script, until_ms: int = 10_000, board: str = "devkit_4") -> Lived:
    make_flash(path, board)
    put_files(path, {"/main.py": program.encode()})
    return run_in_virtual_time(path, board_named(board), 1, script, until_ms)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    lived = run(
        tmp_path_factory.mktemp("refusals") / "flash",
        TRIED,
        lambda world: [world.hands.fault(fault) for fault in ("adc", "bus held", "partition write")],
    )
    return dict(line.split(" -> ", 1) for line in lived.console.splitlines() if " -> " in line)


@pytest.mark.parametrize("what", SAID)
def test_the_chip_refuses_as_the_real_one_does(told: dict[str, str], what: str) -> None:
    assert told[what].startswith(SAID[what])


def test_a_pin_of_the_flash_takes_the_program_away(tmp_path: Path) -> None:
    lived = run(
        tmp_path / "flash",
        "from machine import Pin, reset_cause\nprint(reset_cause())\n"
        "if reset_cause() == 1: Pin(6, Pin.OUT)\n",
        lambda world: None,
    )
    assert lived.world.chip.boots == 2
    assert lived.world.trace.violations


def test_a_name_keeps_the_program_waiting_for_as_long_as_the_network_takes(tmp_path: Path) -> None:
    program = (
        "import socket, time\nbegin = time.ticks_ms()\nsocket.getaddrinfo('localhost', 80)\n"
        "print(time.ticks_ms() - begin)\n"
    )
    lived = run(tmp_path / "flash", program, lambda world: world.chip.radio.change(blocks_ms=7000))
    assert "7000" in lived.console
