"""What differs between MicroPython and CPython, and nothing else: the only `except ImportError` of the firmware."""

try:
    from micropython import const
except ImportError:

    def const(value):
        """MicroPython's compile-time constant."""
        return value


try:
    from cryptolib import aes as _aes

    def aes_ecb(key):
        """An AES block cipher in ECB mode (FIPS 197): returns encrypt(data) -> bytes, len(data) a multiple of 16."""
        return _aes(key, 1).encrypt

    def aes_cbc(key, iv):
        """AES in CBC mode (NIST SP 800-38A): returns encrypt(data) -> bytes; use once."""
        return _aes(key, 2, iv).encrypt

except ImportError:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def aes_ecb(key):
        """An AES block cipher in ECB mode (FIPS 197): returns encrypt(data) -> bytes, len(data) a multiple of 16."""
        return Cipher(algorithms.AES(bytes(key)), modes.ECB()).encryptor().update  # noqa: S305 - CCM is built from it

    def aes_cbc(key, iv):
        """AES in CBC mode (NIST SP 800-38A): returns encrypt(data) -> bytes; use once."""
        return Cipher(algorithms.AES(bytes(key)), modes.CBC(bytes(iv))).encryptor().update
