"""What differs between MicroPython and CPython, and nothing else:
the only `except ImportError` of the firmware.
"""

import binascii
from collections import namedtuple

try:
    from cryptolib import aes  # pyright: ignore[reportUnusedImport] - for its callers
    from micropython import const
except ImportError:
    from locker.cpython import aes, const  # noqa: F401  # pyright: ignore[reportAssignmentType, reportUnusedImport] - the same to its callers


#: Holds for a type checker only, which reads a constant of this name as true:
#: what it guards is imported for annotations.
TYPE_CHECKING = const(False)


def _named_tuple(name: str, fields: "tuple[tuple[str, object], ...]") -> type:
    names: "list[str]" = [field[0] for field in fields]
    return namedtuple(name, names)  # pyright: ignore[reportUntypedNamedTuple] - their types are CPython's


if TYPE_CHECKING:
    from typing import NamedTuple  # pyright: ignore[reportUnusedImport] - for its callers
else:
    NamedTuple = _named_tuple  # a board keeps no types: the linker leaves the names of the fields


def _crc_hqx(data: "bytes | bytearray", crc: int) -> int:
    for byte in data:
        mix = (crc >> 8) ^ byte
        mix ^= mix >> 4  # eight steps of the division at once
        crc = ((crc << 8) ^ (mix << 12) ^ (mix << 5) ^ mix) & 0xFFFF
    return crc


#: crc_hqx(data, crc): CRC-16 with the polynomial x^16 + x^12 + x^5 + 1 (ITU-T V.41),
#: most significant bit first, from a start value.
crc_hqx = getattr(binascii, "crc_hqx", _crc_hqx)  # CPython has it in C
