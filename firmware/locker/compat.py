"""What differs between MicroPython and CPython, and nothing else: the only `except ImportError` of the firmware."""

import binascii

try:
    from micropython import const  # pyright: ignore[reportAssignmentType] - the same to its callers
except ImportError:

    def const(value):
        """MicroPython's compile-time constant."""
        return value


try:
    from cryptolib import aes  # pyright: ignore[reportAssignmentType]
except ImportError:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    class aes:  # noqa: N801 - MicroPython's name
        """MicroPython's AES block cipher (FIPS 197): mode 1 is ECB, 2 is CBC from `iv` (NIST SP 800-38A); encrypt() takes whole blocks."""

        def __init__(self, key, mode, iv=b""):
            how = modes.ECB() if mode == 1 else modes.CBC(iv)  # noqa: S305 - CCM is built from it
            self.encrypt = Cipher(algorithms.AES(bytes(key)), how).encryptor().update


def _crc_hqx(data, crc):
    for byte in data:
        mix = (crc >> 8) ^ byte
        mix ^= mix >> 4  # eight steps of the division at once
        crc = ((crc << 8) ^ (mix << 12) ^ (mix << 5) ^ mix) & 0xFFFF
    return crc


#: crc_hqx(data, crc): CRC-16 with the polynomial x^16 + x^12 + x^5 + 1 (ITU-T V.41), most significant bit first, from a start value.
crc_hqx = getattr(binascii, "crc_hqx", _crc_hqx)  # CPython has it in C
