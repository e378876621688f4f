"""host_tools/capture/ansim.lua in a real tshark:
it sees what `ansim decode` sees, however TCP has cut the frames.
"""

import random
import re
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.capture import decode
from host_tools.cli import ansim
from locker.wire import frame
from locker.wire.frame import encode

DISSECTOR = Path(CliRunner().invoke(ansim, ["decode", "--dissector"]).stdout.strip())
PORT = 26746
RAW_IP, USER0 = 101, 147  # link types of pcap
FIELDS = ("kind", "sender", "alias", "nonce", "number", "sealed_length", "length")
ALIAS = b"\xa1\x1a\x50\x01"
NONCE = bytes(range(0xB0, 0xB8))
SEAL = bytes(range(1, 17))

HELLO = encode(b"\x10" + ALIAS + NONCE + SEAL)
WELCOME = encode(b"\x16" + ALIAS + NONCE[::-1] + SEAL)
FIRST = encode(b"\x19" + ALIAS + NONCE + b"\x00" + bytes(40) + SEAL)
DATA = encode(b"\x11" + ALIAS + b"\x07" + b"a message" + SEAL)
DATA_OF_FIVE = encode(b"\x15" + ALIAS + b"\x01\x02\x03\x04\x05" + bytes(200) + SEAL)
REFUSAL = encode(b"\x17" + ALIAS)
ALL = (HELLO, WELCOME, FIRST, DATA, DATA_OF_FIVE, REFUSAL)


def pcap(path: Path, link_type: int, packets: Iterable[bytes]) -> Path:
    """A capture file in the classic format."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    for at, packet in enumerate(packets):
        out += struct.pack("<IIII", at, 0, len(packet), len(packet)) + packet
    path.write_bytes(out)
    return path


def segments(pieces: Iterable[bytes], *, from_host: bool = False, client: int = 40_000) -> list[bytes]:
    """The pieces of one direction of a TCP stream, each in an IPv4 packet of its own."""
    ports = (PORT, client) if from_host else (client, PORT)
    packets = []
    number = 1
    for piece in pieces:
        tcp = struct.pack(">HHIIBBHHH", *ports, number, 1, 0x50, 0x18, 65535, 0, 0) + piece
        packets.append(
            struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 0x0A000001, 0x0A000002) + tcp
        )
        number += len(piece)
    return packets


def tshark(capture: Path, *arguments: str) -> str:
    command = ["tshark", "-X", f"lua_script:{DISSECTOR}", "-r", str(capture), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Lua" not in ended.stderr, ended.stderr
    return ended.stdout


def fields(capture: Path, *names: str, only: str = "ansim", bus: bool = False) -> list[list[list[str]]]:
    """For each packet and each field all its values."""
    wanted = [part for name in names for part in ("-e", name)]
    told = tshark(capture, "-o", f"ansim.bus:{bus}", "-Y", only, "-T", "fields", *wanted)
    return [[cell.split(",") if cell else [] for cell in row.split("\t")] for row in told.splitlines()]


def seen(capture: Path) -> dict[str, list[str]]:
    """All values of all packets, by field."""
    rows = fields(capture, *(f"ansim.{name}" for name in FIELDS))
    return {name: [value for row in rows for value in row[at]] for at, name in enumerate(FIELDS)}


def decoded(line: bytes, sender: str) -> dict[str, list[str]]:
    """The same by `ansim decode`."""
    pieces = list(decode.Splitter().feed(line))
    headers = [decode.header_of(piece.payload) for piece in pieces]
    return {
        "kind": [f"0x{getattr(frame, header.kind):02x}" for header in headers],
        "sender": [header.sender or sender for header in headers],
        "alias": [header.alias for header in headers],
        "nonce": [header.nonce for header in headers if header.nonce],
        "number": [str(header.number) for header in headers if header.number is not None],
        "sealed_length": [str(header.sealed) for header in headers if header.sealed],
        "length": [str(piece.length) for piece in pieces],
    }


def cut(line: bytes, seed: int) -> list[bytes]:
    """The line in pieces of 1 to 90 bytes."""
    drawn = random.Random(seed)
    pieces = []
    while line:
        size = drawn.randint(1, 90)
        pieces.append(line[:size])
        line = line[size:]
    return pieces


def test_the_dissector_knows_the_kinds_and_the_version_of_the_firmware() -> None:
    numbers = dict(re.findall(r"^local (\w+) = (\d+)", DISSECTOR.read_text(), re.MULTILINE))
    names = re.findall(r'\[(\w+)\] = "(\w+)"', re.findall(r"local NAMES = (.*)", DISSECTOR.read_text())[0])
    assert names
    assert all(name == shown for name, shown in names)
    kinds = re.findall(r"^([A-Z]+) = const\((\d+)\)$", Path(frame.__file__).read_text(), re.MULTILINE)
    assert sorted([*dict(names), "VERSION"]) == sorted(dict(kinds))
    assert {name: int(numbers[name]) for name, _ in kinds} == {
        name: getattr(frame, name) for name, _ in kinds
    }
    assert (int(numbers["FRAME_MAX"]), int(numbers["ANSWER"])) == (decode.FRAME_MAX, decode.ANSWER)


@pytest.mark.parametrize("from_host", [False, True])
def test_a_segment_a_frame_shows_each_of_them(tmp_path: Path, from_host: bool) -> None:
    capture = pcap(tmp_path / "c.pcap", RAW_IP, segments(ALL, from_host=from_host))
    assert seen(capture) == decoded(b"".join(ALL), "host" if from_host else "board")


@pytest.mark.parametrize("seed", range(5))
def test_however_tcp_cuts_and_joins_the_frames_each_is_seen_once(tmp_path: Path, seed: int) -> None:
    order = random.Random(seed).choices(ALL, k=30)
    line = b"\0".join(order)  # a delimiter more than needed is an idle line
    capture = pcap(tmp_path / "c.pcap", RAW_IP, segments(cut(line, seed)))
    assert seen(capture) == decoded(line, "board")


def test_two_connections_do_not_mix(tmp_path: Path) -> None:
    first, second = (segments(cut(DATA * 20, seed), client=40_000 + seed) for seed in (1, 2))
    mixed = [packet for pair in zip(first, second, strict=False) for packet in pair]
    capture = pcap(tmp_path / "c.pcap", RAW_IP, [*mixed, *first[len(second) :], *second[len(first) :]])
    assert seen(capture)["kind"] == ["0x01"] * 40


def test_a_serial_capture_is_read_from_packets_of_whole_frames(tmp_path: Path) -> None:
    capture = pcap(tmp_path / "c.pcap", USER0, [HELLO, WELCOME + FIRST, DATA[:-1]])
    told = seen(capture)
    assert told["kind"] == ["0x00", "0x06", "0x09", "0x01"]
    assert told["sender"] == ["board", "host", "board"]  # a serial line does not say who sent DATA


def test_on_a_bus_the_address_tells_which_cabinet_was_asked_or_answers(tmp_path: Path) -> None:
    payloads = [frame.Decoder().feed(line)[0] for line in (HELLO, WELCOME, DATA)]
    line = b"".join(
        b"\0" + encode(one)
        for one in (b"\x05", b"\x85" + payloads[0], b"\x06" + payloads[1], b"\x86" + payloads[2], b"\x85")
    )
    capture = pcap(tmp_path / "c.pcap", USER0, [line])
    ((addresses, kinds, senders, told),) = fields(
        capture, "ansim.address", "ansim.kind", "ansim.sender", "_ws.col.Info", bus=True
    )
    assert addresses == ["5", "5", "6", "6", "5"]
    assert kinds == ["0x00", "0x06", "0x01"]
    assert senders == ["board", "host", "board"]
    assert [what.strip() for what in told] == ["asked", "HELLO", "WELCOME", "DATA 7", "nothing to say"]


def test_what_is_no_frame_is_marked_and_the_next_one_is_seen(tmp_path: Path) -> None:
    damaged = bytearray(DATA)
    damaged[9] ^= 1
    line = (
        bytes(damaged)
        + b"boot rom\0"
        + b"x" * 300
        + b"\0"
        + encode(b"\x2f" + ALIAS)
        + encode(b"\x1f" + ALIAS)
        + encode(b"\x10" + ALIAS)
    )
    capture = pcap(tmp_path / "c.pcap", RAW_IP, segments([line + encode(b"\x10") + DATA]))
    ((experts, kinds, garbage),) = fields(capture, "_ws.expert.message", "ansim.kind", "ansim.garbage")
    assert experts == [
        "The CRC is wrong",
        "No frame: the bytes are not COBS",
        "No frame: too long",
        "Version 2; this dissector reads 1",
        "A kind that is not known",
        "The payload is too short",
        "The payload is too short",
    ]
    assert kinds == ["0x0f", "0x00", "0x01"]
    assert [len(shown) // 2 for shown in garbage] == [len(DATA) - 1, 8, 300]
    assert len(fields(capture, "frame.number", only="ansim.crc.bad")) == 1
    assert len(fields(capture, "frame.number", only="ansim.version.other")) == 1


def test_the_list_of_packets_says_what_each_holds(tmp_path: Path) -> None:
    capture = pcap(tmp_path / "c.pcap", RAW_IP, segments([HELLO, FIRST + DATA_OF_FIVE]))
    assert fields(capture, "_ws.col.Protocol", "_ws.col.Info") == [
        [["Ansim"], ["HELLO"]],
        [["Ansim"], ["FIRST 0", " DATA 4328719365"]],
    ]
