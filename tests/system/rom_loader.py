"""Chips in their ROM boot loader behind serial ports: `python -m tests.system.rom_loader`, and on its stdin a
line `CHIP FLASH.bin OUTPUT [COMMAND:N]` for each of them, with tabs between.

`esp32-mock-bootloader` answers for the chip; the flash here is one of NOR cells in a file, as large as that:
a write clears bits only, and what is to be written is erased before. COMMAND:N pulls the cable when that
command of the loader arrives for the Nth time. Each chip writes into its OUTPUT: its process, the path of its
port, then each command but the reading and writing of registers. A program of its own, since it loads
esptool, which takes longer than all that a chip is asked.
"""

import mmap
import os
import signal
import struct
import sys
import threading
import zlib
from collections import Counter
from pathlib import Path

from esp32_mock_bootloader import protocol, server

from host_tools.demo.service import end_with_parent

_NAMES = {number: name for name, number in protocol.CMD.items()}
_QUIET = ("READ_REG", "WRITE_REG", "MEM_DATA", "SYNC")
_SECTOR_BYTES = 0x1000
_WINDOW_BYTES = 4096


class Pulled(Exception):
    """The cable is out."""


class NorFlash(server.FlashImage):
    """The flash of the chip: a file that stays."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        with open(path, "r+b") as file:
            self.data = mmap.mmap(file.fileno(), 0)
        protocol.MOCK_FLASH_ID = (len(self.data).bit_length() - 1) << 16 | 0x4020

    def begin_defl(self, payload: bytes) -> None:
        size, _, _, offset = struct.unpack_from("<IIII", payload)
        self._defl_offset, self._decompressor = offset, zlib.decompressobj()
        self.erase_region(offset, -(-size // _SECTOR_BYTES) * _SECTOR_BYTES)

    def write_defl_block(self, payload: bytes) -> None:
        size, *_ = struct.unpack_from("<I", payload)
        data = self._decompressor.decompress(payload[16 : 16 + size])
        at, end = self._defl_offset, self._defl_offset + len(data)
        before = int.from_bytes(self.data[at:end], "big")
        self.data[at:end] = (before & int.from_bytes(data, "big")).to_bytes(len(data), "big")
        self._defl_offset = end

    def erase_all(self) -> None:
        self.data[:] = b"\xff" * len(self.data)

    def erase_region(self, offset: int, size: int) -> None:
        self.data[offset : offset + size] = b"\xff" * size


def main(chip: str, flash: Path, pull: str) -> None:
    """Answers until the cable is pulled or the process ends."""
    name, _, count = pull.partition(":")
    seen: Counter[str] = Counter()
    decode = server.slip_decode_frames

    def noting(raw: bytes) -> list[bytes]:
        frames = decode(raw)
        for frame in frames:
            command = _NAMES.get(frame[1], "") if len(frame) >= 8 and frame[0] == 0 else ""
            seen[command] += 1
            if command and command not in _QUIET:
                print(command, flush=True)
            if command and command == name and seen[command] == int(count):
                raise Pulled
        return frames

    server.slip_decode_frames = noting
    cells = NorFlash(flash)
    port = server.PtyMasterTransport.create()
    print(port.client_path, flush=True)
    try:
        while True:
            server.handle_client(
                server.BootloaderConnection(pty=port),
                threading.Event(),
                chip,
                exit_on_disconnect=True,
                flash=cells,
            )
    except Pulled:
        # Its number is given to no other port while esptool still tries to open it.
        os.open(port.client_path, os.O_RDWR | os.O_NOCTTY)
        port.close()
        print("pulled", flush=True)
        signal.pause()  # until the test ends


def serve() -> None:
    """A process for each line of stdin, until it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        if os.fork():
            continue
        chip, flash, output, pull = line.rstrip("\n").split("\t")
        end_with_parent()
        sys.stdin.close()
        with open(output, "w") as sys.stdout:
            print(os.getpid(), flush=True)
            main(chip, Path(flash), pull)


if __name__ == "__main__":
    serve()
