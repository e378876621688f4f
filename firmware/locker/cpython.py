"""What MicroPython has built in, for CPython: the host and the tests. Never on a board."""

from typing import TypeVar

_Value = TypeVar("_Value")


def const(value: _Value) -> _Value:
    """MicroPython's compile-time constant."""
    return value


class aes:  # noqa: N801 - MicroPython's name
    """MicroPython's AES block cipher (FIPS 197): mode 1 is ECB, 2 is CBC from `iv` (NIST SP 800-38A);
    encrypt() takes whole blocks.
    """

    def __init__(self, key: bytes, mode: int, iv: bytes = b""):
        # Who seals nothing need not have it.
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        how = modes.ECB() if mode == 1 else modes.CBC(iv)  # CCM is built from it
        self.encrypt = Cipher(algorithms.AES(bytes(key)), how).encryptor().update
