"""What differs between MicroPython and CPython, and nothing else: the only `except ImportError` of the firmware."""

import binascii

try:
    from cryptolib import aes
    from micropython import const
except ImportError:
    from locker.cpython import aes, const  # noqa: F401  # pyright: ignore[reportAssignmentType] - the same to its callers


def _crc_hqx(data, crc):
    for byte in data:
        mix = (crc >> 8) ^ byte
        mix ^= mix >> 4  # eight steps of the division at once
        crc = ((crc << 8) ^ (mix << 12) ^ (mix << 5) ^ mix) & 0xFFFF
    return crc


#: crc_hqx(data, crc): CRC-16 with the polynomial x^16 + x^12 + x^5 + 1 (ITU-T V.41), most significant bit first, from a start value.
crc_hqx = getattr(binascii, "crc_hqx", _crc_hqx)  # CPython has it in C
