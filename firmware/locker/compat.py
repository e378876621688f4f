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


try:
    from binascii import crc_hqx
except ImportError:

    def crc_hqx(data, crc):
        """CRC-16 with the polynomial x^16 + x^12 + x^5 + 1 (ITU-T V.41), most significant bit first, from the start value `crc`."""
        for byte in data:
            mix = (crc >> 8) ^ byte
            mix ^= mix >> 4  # eight steps of the division at once
            crc = ((crc << 8) ^ (mix << 12) ^ (mix << 5) ^ mix) & 0xFFFF
        return crc
