"""The virtual board behaves like the chip: resets, power, Ctrl-C, flash, timers;
and like a good guest on the computer.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import serial

from .conftest import PATIENCE_S, Board, Line, state
from .vfs import file_system

Start = Callable[..., Board]
TICK = "import machine\nprint('main', machine.reset_cause())\n"
WRITE_MAIN = f"with open('main.py', 'w') as file:\n file.write({TICK!r})"


def test_boot_and_main_run_in_order_and_main_only_for_people(start_board: Start) -> None:
    board = start_board()
    board.exec(
        "for name in ('boot', 'main'):\n"
        " with open(name + '.py', 'w') as f: f.write('print(__name__, ' + repr(name) + ')')"
    )
    with Line(board) as line:
        line.port.write(b"\x02\x04")
        line.until(b"MPY: soft reboot\r\n")
        line.until(b"__main__ boot\r\n__main__ main\r\nMicroPython ")
        line.until(b">>> ")
        line.raw()
        line.port.write(b"\x04")
        heard = line.until(b"raw REPL; CTRL-B to exit\r\n>")
        assert b"boot" in heard
        assert b"main\n" not in heard


def test_an_exception_in_boot_keeps_main_from_running(start_board: Start) -> None:
    board = start_board()
    board.exec("for name in ('boot', 'main'):\n with open(name + '.py', 'w') as f: f.write('1 / 0')")
    with Line(board) as line:
        line.port.write(b"\x02\x04")
        line.until(b"ZeroDivisionError: divide by zero\r\nMicroPython ")


def test_a_watchdog_that_is_not_fed_resets_the_chip_in_the_middle_of_anything(start_board: Start) -> None:
    board = start_board()
    board.exec(WRITE_MAIN)
    with Line(board) as line:
        line.raw()
        line.start(
            b"import machine\nw = machine.WDT(timeout=300)\nfor _ in range(20):\n w.feed()\nprint('fed')\n"
            b"while True: pass"
        )
        line.until(b"fed")
        line.until(b"main 3\r\n")


def test_machine_reset_runs_no_finally(start_board: Start) -> None:
    board = start_board()
    board.exec(WRITE_MAIN)
    with Line(board) as line:
        line.raw()
        line.start(b"import machine\ntry:\n machine.reset()\nfinally:\n print('finally')")
        assert b"finally" not in line.until(b"main 2\r\n")


def test_a_power_cut_ends_everything_at_once_and_power_on_starts_it_again(start_board: Start) -> None:
    board = start_board()
    board.exec(WRITE_MAIN)
    with Line(board) as line:
        line.raw()
        line.start(b"f = open('log', 'w'); f.write('lost'); f = None\nwhile True: pass")
        board.hands("power", "cut")
        assert state(board)["power"] == "off"
        line.port.write(b"print(1)\r")
        board.hands("power", "on")
        line.until(b"main 1\r\n")
    assert board.exec("print(open('log').read() if 'log' in __import__('os').listdir() else '')") == "\n"


def test_ctrl_c_interrupts_sleeps_loops_input_and_exchanges_with_the_chip(start_board: Start) -> None:
    board = start_board()
    with Line(board) as line:
        line.raw()
        for code in (
            b"import time\ntime.sleep(100)",
            b"while True: pass",
            b"import sys\nsys.stdin.read(1)",
            b"from machine import Pin\np = Pin(10, Pin.IN)\nwhile True: p()",
            b"import asyncio\nasync def wait(): await asyncio.sleep(100)\nasyncio.run(wait())",
            b"import select, sys\np = select.poll()\np.register(sys.stdin, 1)\np.poll()",
        ):
            line.start(code)
            time.sleep(0.05)  # nothing tells from outside that the code has come to where it stays
            line.port.write(b"\x03")
            line.until(b"KeyboardInterrupt: \n\x04>")
        line.start(b"from machine import Pin\nprint(Pin(10, Pin.IN, Pin.PULL_UP)())")
        line.until(b"1\n\x04\x04>")


def test_ctrl_c_never_breaks_the_file_system(start_board: Start) -> None:
    """Interrupted over and over while it writes, renames and removes,
    the file system stays whole, for the board and for littlefs.
    """
    board = start_board()
    work = b"""
import os
while True:
    for i in range(8):
        with open('new', 'wb') as f:
            f.write(b'%d' % i * 10000)
        os.rename('new', 'kept%d' % i)
        os.remove('kept%d' % i) if i & 1 else None
"""
    with Line(board) as line:
        line.raw()
        for turn in range(300):
            line.start(work)
            time.sleep(turn % 30 / 5000)
            line.port.write(b"\x03")
            line.until(b"KeyboardInterrupt: \n\x04>")
        line.start(
            b"import os\n"
            b"print([n for n in os.listdir() if n[0] == 'k' and open(n, "
            b"'rb').read(999) != n[4:].encode() * 999])"
        )
        assert line.until(b"\x04\x04>") == b"[]\n\x04\x04>"
    board.__exit__()
    with file_system(board.flash) as files:
        assert [name for name in files.listdir("/") if name.startswith("kept")]


def test_images_interchange_with_littlefs(start_board: Start, tmp_path: Path) -> None:
    with start_board() as board:
        board.exec("import os\nos.mkdir('d')\nwith open('d/from_board', 'w') as file: file.write('x' * 5000)")
    with file_system(board.flash) as files:
        with files.open("/d/from_board") as file:
            assert file.read() == "x" * 5000
        with files.open("/from_host", "w") as file:
            file.write("y" * 5000)
    with Board(tmp_path) as again:
        assert (
            again.exec(
                "print(open('from_host').read() == 'y' * 5000, open('d/from_board').read() == 'x' * 5000)"
            )
            == "True True\n"
        )


def test_the_flash_is_nor_flash(start_board: Start) -> None:
    board = start_board()
    told = board.exec("""
from esp32 import Partition
p = Partition.find(Partition.TYPE_DATA, label="journal")[0]
print(p.info(), p.ioctl(4, 0), p.ioctl(5, 0))
b = bytearray(4)
p.ioctl(6, 3)
def at():
    p.readblocks(3, b, 16); print(b.hex())
at(); p.writeblocks(3, b"\\xf0\\x0f\\xff\\x00", 16); at(); p.writeblocks(3, b"\\xff\\xff\\x55\\xff", 16); at()
p.writeblocks(3, bytes(4096)); at(); p.ioctl(6, 3); at()
print(Partition.find(Partition.TYPE_DATA, label="nowhere"), Partition(Partition.RUNNING).info()[4])
""")
    assert told.splitlines() == [
        "(1, 6, 4194304, 524288, 'journal', False) 128 4096",
        "ffffffff",
        "f00fff00",
        "f00f5500",
        "00000000",
        "ffffffff",
        "[] factory",
    ]


def test_nvs_outlives_power_cuts(start_board: Start) -> None:
    board = start_board()
    board.exec(
        "import esp32\n"
        "n = esp32.NVS('counts'); n.set_i32('boot', -7); n.set_blob('id', b'\\x00\\xff'); "
        "n.set_i32('boot', 8); n.commit()"
    )
    board.hands("power", "cut")
    board.hands("power", "on")
    told = board.exec(
        "import esp32\n"
        "n = esp32.NVS('counts'); b = bytearray(4); print(n.get_i32('boot'), n.get_blob('id', b), b)"
    )
    assert told == "8 2 bytearray(b'\\x00\\xff\\x00\\x00')\n"
    assert "ESP_ERR_NVS_NOT_FOUND" in board.mpremote(
        "exec", "import esp32\nesp32.NVS('counts').get_i32('other')", fails=True
    )


def test_timers_fire_while_code_sleeps_spins_or_nothing_runs(start_board: Start) -> None:
    board = start_board()
    assert board.exec("""
import time
from machine import Timer
fired = []
t = Timer(0)
t.init(mode=Timer.ONE_SHOT, period=30, callback=lambda timer: fired.append(timer is t))
time.sleep_ms(80)
print(fired)
t.init(mode=Timer.PERIODIC, period=10, callback=lambda timer: fired.append(2))
start = time.ticks_ms()
while len(fired) < 11 and time.ticks_diff(time.ticks_ms(), start) < 20000: pass
took = time.ticks_diff(time.ticks_ms(), start)
t.deinit()
print(len(fired) >= 11 and took >= 90)
""").splitlines() == ["[True]", "True"]
    with Line(board) as line:
        line.raw()
        line.start(
            b"from machine import Timer\n"
            b"Timer(1).init(mode=Timer.ONE_SHOT, period=200, callback=lambda t: print('late'))"
        )
        line.until(b"\x04\x04>")
        line.until(b"late\n")


def test_the_hardware_modules_cost_little_heap(
    start_board: Start, record_property: Callable[[str, object], None]
) -> None:
    """With everything that the firmware uses: at most 18 kB of the 64-bit heap."""
    bare = int(
        subprocess.run(
            [str(Path(sys.executable).parent / "micropython"), "-c", COUNT],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    told = start_board().exec(
        "from machine import ADC, I2C, PWM, UART, Pin, Timer, WDT\nimport esp32, os, time\n" + COUNT
    )
    cost = int(told) - bare
    record_property("injected modules, bytes of 64-bit heap", cost)
    print(f"the injected modules cost {cost} bytes")
    assert cost <= 18 * 1024


COUNT = "import gc\ngc.collect()\nprint(gc.mem_alloc())"


def test_the_chip_says_who_it_is(start_board: Start) -> None:
    board = start_board("tower_24", "--uid", "246f28abcdef", "--heap-kib", "96")
    told = board.exec(
        "import sys, os, machine, gc\nprint(sys.platform, os.uname().sysname, machine.unique_id().hex(), "
        "80000 < gc.mem_free() + gc.mem_alloc() < 98304)"
    )
    assert told == "esp32 esp32 246f28abcdef True\n"


def test_the_second_uart_is_a_line_of_its_own(start_board: Start, tmp_path: Path) -> None:
    board = start_board("wall_12", "--link", str(tmp_path / "link"))
    with Line(board) as line, serial.Serial(os.readlink(tmp_path / "link"), timeout=PATIENCE_S) as host:
        line.raw()
        line.start(b"""
from machine import UART
import time
u = UART(1, baudrate=115200, tx=17, rx=18, rxbuf=512)
u.write(bytes(range(256)))
b = bytearray(8)
while not u.any(): time.sleep_ms(5)
time.sleep_ms(50)
print(u.any(), u.readinto(b), b, u.read(), u.read())
""")
        assert host.read(256) == bytes(range(256))
        host.write(b"\x03\x00hello, board\x04")
        assert line.until(b"\x04>").startswith(b"15 8 bytearray(b'\\x03\\x00hello,') b' board\\x04' None\n")
