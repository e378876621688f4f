"""The virtual board behaves like the chip: resets, power, Ctrl-C, flash, timers; and like a good guest on the computer."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import littlefs
import pytest
import serial

from host_tools import partitions
from host_tools.errors import Complaint
from host_tools.simulator.virtual_board.pty_port import live_port

from .conftest import PATIENCE_S, Board

Start = Callable[..., Board]
TICK = "import machine\nprint('main', machine.reset_cause())\n"
WRITE_MAIN = f"with open('main.py', 'w') as file:\n file.write({TICK!r})"


def state(board: Board) -> dict:
    return json.loads(board.hands("state", "--json"))


def wait_until(true: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


class Line:
    """The serial port as a program sees it that only listens and types."""

    def __init__(self, board: Board) -> None:
        self.port = serial.Serial(os.readlink(board.port), timeout=PATIENCE_S)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.port.close()

    def until(self, text: bytes) -> bytes:
        heard = self.port.read_until(text)
        assert heard.endswith(text), heard
        return heard

    def raw(self) -> None:
        self.port.write(b"\r\x03\x01")
        self.until(b"raw REPL; CTRL-B to exit\r\n>")

    def start(self, code: bytes) -> None:
        """Starts code and does not wait for its end."""
        self.port.write(code + b"\x04")
        self.until(b"OK")


def test_boot_and_main_run_in_order_and_main_only_for_people(start_board: Start) -> None:
    board = start_board()
    board.exec("for name in ('boot', 'main'):\n with open(name + '.py', 'w') as f: f.write('print(__name__, ' + repr(name) + ')')")
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
        line.start(b"import machine\nw = machine.WDT(timeout=300)\nfor _ in range(20):\n w.feed()\nprint('fed')\nwhile True: pass")
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
    """Interrupted over and over while it writes, renames and removes, the file system stays whole, for the board and for littlefs."""
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
        line.start(b"import os\nprint([n for n in os.listdir() if n[0] == 'k' and open(n, 'rb').read(999) != n[4:].encode() * 999])")
        assert line.until(b"\x04\x04>") == b"[]\n\x04\x04>"
    board.__exit__()
    names = [name for name in file_system(board.flash).listdir("/") if name.startswith("kept")]
    assert names


class Region:
    """The vfs partition of a flash image, for littlefs."""

    def __init__(self, path: Path) -> None:
        image = path.read_bytes()
        partition = partitions.find(partitions.parse_binary(image[0x8000 : 0x8000 + partitions.TABLE_BYTES]), "vfs")
        self.offset, self.size = partition.offset, partition.size
        self.buffer = bytearray(image[partition.offset : partition.end])


def file_system(path: Path) -> littlefs.LittleFS:
    """The image's file system as littlefs-python mounts it, with the geometry both sides agreed on."""
    region = Region(path)
    context = littlefs.UserContext(buffsize=0)
    context.buffer = region.buffer
    return littlefs.LittleFS(
        context, block_size=4096, block_count=region.size // 4096, read_size=32, prog_size=32, cache_size=128, lookahead_size=32, mount=True
    )


def test_images_interchange_with_littlefs(start_board: Start, tmp_path: Path) -> None:
    with start_board() as board:
        board.exec("import os\nos.mkdir('d')\nwith open('d/from_board', 'w') as file: file.write('x' * 5000)")
    files = file_system(board.flash)
    with files.open("/d/from_board") as file:
        assert file.read() == "x" * 5000
    with files.open("/from_host", "w") as file:
        file.write("y" * 5000)
    region = Region(board.flash)
    image = bytearray(board.flash.read_bytes())
    image[region.offset : region.offset + region.size] = files.context.buffer
    board.flash.write_bytes(image)
    with Board(tmp_path) as again:
        assert again.exec("print(open('from_host').read() == 'y' * 5000, open('d/from_board').read() == 'x' * 5000)") == "True True\n"


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
        "import esp32\nn = esp32.NVS('counts'); n.set_i32('boot', -7); n.set_blob('id', b'\\x00\\xff'); n.set_i32('boot', 8); n.commit()"
    )
    board.hands("power", "cut")
    board.hands("power", "on")
    told = board.exec("import esp32\nn = esp32.NVS('counts'); b = bytearray(4); print(n.get_i32('boot'), n.get_blob('id', b), b)")
    assert told == "8 2 bytearray(b'\\x00\\xff\\x00\\x00')\n"
    assert "ENOENT" in board.mpremote("exec", "import esp32\nesp32.NVS('counts').get_i32('other')", fails=True)


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
while time.ticks_diff(time.ticks_ms(), start) < 105: pass
t.deinit()
print(8 <= len(fired) <= 12)
""").splitlines() == ["[True]", "True"]
    with Line(board) as line:
        line.raw()
        line.start(b"from machine import Timer\nTimer(1).init(mode=Timer.ONE_SHOT, period=200, callback=lambda t: print('late'))")
        line.until(b"\x04\x04>")
        line.until(b"late\n")


def test_the_hardware_modules_cost_little_heap(start_board: Start, record_property: Callable[[str, object], None]) -> None:
    """With everything that the firmware uses: at most 17 kB of the 64-bit heap."""
    bare = int(
        subprocess.run([str(Path(sys.executable).parent / "micropython"), "-c", COUNT], capture_output=True, text=True, check=True).stdout
    )
    told = start_board().exec("from machine import ADC, I2C, PWM, UART, Pin, Timer, WDT\nimport esp32, os, time\n" + COUNT)
    cost = int(told) - bare
    record_property("injected modules, bytes of 64-bit heap", cost)
    print(f"the injected modules cost {cost} bytes")
    assert cost <= 17 * 1024


COUNT = "import gc\ngc.collect()\nprint(gc.mem_alloc())"


def test_the_chip_says_who_it_is(start_board: Start) -> None:
    board = start_board("tower_24", "--uid", "246f28abcdef", "--heap-kib", "96")
    told = board.exec(
        "import sys, os, machine, gc\nprint(sys.platform, os.uname().sysname, machine.unique_id().hex(), "
        "80000 < gc.mem_free() + gc.mem_alloc() < 98304)"
    )
    assert told == "esp32 esp32 246f28abcdef True\n"


def test_hands_act_and_what_cannot_be_done_is_said(start_board: Start) -> None:
    board = start_board()
    assert board.hands("put", "7", fails=True) == "ansim: Door 07 is shut: it must be open before anything can be put in.\n"
    assert "no key 'x'" in board.hands("keys", "x", fails=True)
    before = state(board)["time_ms"]
    board.hands("keys", "12#")
    assert state(board)["time_ms"] >= before + 600  # three keys at 200 ms each
    board.hands("dark")
    assert state(board)["dark"]
    board.exec("""
from machine import I2C, Pin
import time
Pin(14, Pin.OUT, value=1)
bus = I2C(0, sda=Pin(8), scl=Pin(9), freq=400000)
for register, value in ((0x14, 1), (0x00, 0xFE)):
    bus.writeto_mem(0x20, register, bytes((value,)))
time.sleep_ms(300)
bus.writeto_mem(0x20, 0x14, b"\\x00")
""")
    opened = [door["number"] for door in state(board)["doors"] if door["position"] != "shut"]
    assert len(opened) == 1
    board.hands("put", str(opened[0]))
    board.hands("close", str(opened[0]))
    door = next(door for door in state(board)["doors"] if door["number"] == opened[0])
    assert (door["parcel"], door["position"], door["coil"]) == (True, "shut", "off")
    assert "power on" in board.hands("state")


def test_following_the_state_streams_a_line_for_each_change(start_board: Start) -> None:
    board = start_board()
    command = [sys.executable, "-m", "host_tools", "hands", "--port", str(board.port), "state", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout
        assert json.loads(follower.stdout.readline())["power"] == "on"
        board.hands("power", "cut")
        assert json.loads(follower.stdout.readline())["power"] == "off"
        follower.terminate()


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


def test_a_board_whose_port_nobody_reads_goes_on(start_board: Start) -> None:
    board = start_board()
    with Line(board) as line:
        line.raw()
        line.start(b"import machine\nfor i in range(3000): print('x' * 100)\nmachine.reset()")
    wait_until(lambda: state(board)["boots"] == 2)


def test_a_board_that_was_stopped_for_a_while_is_not_reset_by_its_watchdog(start_board: Start) -> None:
    board = start_board()
    with Line(board) as line:
        line.raw()
        line.start(b"import machine, time\nw = machine.WDT(timeout=1500)\nwhile True:\n w.feed()\n time.sleep_ms(20)")
        os.kill(board.process.pid, signal.SIGSTOP)
        time.sleep(3)  # longer than the watchdog's patience
        os.kill(board.process.pid, signal.SIGCONT)
        assert state(board)["boots"] == 1


def test_a_port_is_opened_only_while_a_board_lives_behind_it(start_board: Start, tmp_path: Path) -> None:
    board = start_board()
    assert live_port(board.port) == Path(board.told["device"])
    assert live_port(tmp_path / "anything") == tmp_path / "anything"
    board.process.kill()
    board.process.wait(PATIENCE_S)
    board.process.returncode = 0  # its end was ours
    with pytest.raises(Complaint, match="has ended without removing its port"):
        live_port(board.port)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_ended_board_leaves_nothing_behind(start_board: Start, tmp_path: Path, number: int) -> None:
    board = start_board("wall_12", "--link", str(tmp_path / "link"))
    children = subprocess.run(["pgrep", "-P", str(board.process.pid)], capture_output=True, text=True, check=True).stdout.split()
    assert children
    board.process.send_signal(number)
    assert board.process.wait(PATIENCE_S) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flash.bin"]
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_a_killed_board_takes_its_interpreter_along_and_the_next_one_takes_over(start_board: Start, tmp_path: Path) -> None:
    board = start_board()
    child = subprocess.run(["pgrep", "-P", str(board.process.pid)], capture_output=True, text=True, check=True).stdout.strip()
    board.process.kill()
    board.process.wait(PATIENCE_S)
    wait_until(lambda: not Path(f"/proc/{child}").exists())
    assert board.port.is_symlink()
    with Board(tmp_path) as again:
        assert again.exec("print(1)") == "1\n"
    board.process.returncode = 0  # its end was ours
    assert not board.port.is_symlink()


def refused(*arguments: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "host_tools", "virtual", *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_bad_input_is_one_clear_sentence(start_board: Start, tmp_path: Path) -> None:
    board = start_board()
    port, flash = str(board.port), str(board.flash)
    other = str(tmp_path / "other")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "short").write_bytes(b"x" * 100)
    (tmp_path / "foreign").write_bytes(bytes(8 << 20))
    for arguments, code, sentence in (
        (("--board", "wal_12", "--port", other), 2, "wall_12"),
        (("--board", "wall_12", "--port", port), 1, "belongs to a virtual board that runs"),
        (("--board", "wall_12", "--port", other, "--flash", flash), 1, "Another virtual board is running from"),
        (("--board", "wall_12", "--port", str(tmp_path / "file")), 2, "exists and is no port"),
        (("--board", "wall_12", "--port", other, "--flash", str(tmp_path / "short")), 2, "has 100 bytes"),
        (("--board", "wall_12", "--port", other, "--flash", str(tmp_path / "foreign")), 2, "is no flash image"),
        (("--board", "devkit_4", "--port", other, "--flash", str(tmp_path / "foreign")), 2, "has 4 MiB"),
        (("--board", "devkit_4", "--port", other, "--link", other + "2"), 2, "no serial link"),
        (("--board", "wall_12", "--port", str(tmp_path / "no" / "where")), 1, "No such file or directory"),
        (("--board", "wall_12", "--port", other, "--link", other), 2, "path of its own"),
        (("--board", "wall_12", "--port", other, "--uid", "12"), 2, "12 hexadecimal digits"),
    ):
        returned, complaint = refused(*arguments)
        assert returned == code, complaint
        assert sentence in complaint
        assert complaint.count("\n") == 1
    assert (tmp_path / "file").read_text() == "mine"
    assert not Path(other).exists()
    assert not Path(other).is_symlink()
    assert "No virtual board runs at" in Board.hands(FakeBoard(Path(other)), "bell", fails=True)


class FakeBoard(Board):
    """Only the name of a port."""

    def __init__(self, port: Path) -> None:
        self.port = port
