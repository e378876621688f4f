"""What a slot and a header of the journal hold: a body and its CRC-32, by which damage is known."""

import struct
from binascii import crc32

MAGIC = b"AnJ1"


def sealed(body: bytes) -> bytes:
    """`body || CRC-32`, the sum least significant byte first."""
    return body + struct.pack("<I", crc32(body))


def opened(data: bytearray) -> "bytes | None":
    """The body of `body || CRC-32`, None when torn or damaged."""
    body = bytes(data[:-4])
    return body if struct.pack("<I", crc32(body)) == bytes(data[-4:]) else None


def blank(data: bytearray) -> bool:
    """Whether nothing was written there since it was erased."""
    return data.count(b"\xff") == len(data)


def header(incarnation: int, sequence: int) -> bytes:
    """The 16 bytes at the beginning of a block."""
    return sealed(MAGIC + struct.pack("<II", incarnation, sequence))
