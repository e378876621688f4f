"""Checks a wrong number as one-time codes are usually checked; runs on MicroPython.

hotp.py DOORS...       for callgrind, see tests.bench.micropython.stretches: the first stretch is empty,
                       then one for so many doors each

HOTP of RFC 4226 (HMAC-SHA-1, dynamic truncation) in plain Python over hashlib, as libraries and tutorials for
MicroPython have it: a key a door, a window of one to both sides of the counter, a comparison of texts. The
number says no door, so each one with a parcel is tried.
"""

import gc
import struct
import sys
from hashlib import sha1

WINDOW = 1


class Door:
    def __init__(self, number):
        self.key = bytes([number]) * 20
        self.counter = 1


def hmac_sha1(key, message):
    if len(key) > 64:
        key = sha1(key).digest()
    key = key + bytes(64 - len(key))
    inner = sha1(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return sha1(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def hotp(key, counter):
    mac = hmac_sha1(key, struct.pack(">Q", counter))
    offset = mac[-1] & 15
    number = struct.unpack(">I", mac[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 100000000:08d}"


def check(doors, number):
    """The door that this number opens, None for a wrong one."""
    for door in doors:
        for counter in range(door.counter - WINDOW, door.counter + WINDOW + 1):
            if hotp(door.key, counter) == number:
                return door
    return None


def main():
    # RFC 4226, appendix D, with two digits more (RFC 6238, appendix B)
    assert hotp(b"12345678901234567890", 1) == "94287082"
    for count in [0] + [int(count) for count in sys.argv[1:]]:
        doors = [Door(number + 1) for number in range(count)]
        gc.collect()
        gc.disable()
        found = check(doors, "12345678")
        gc.enable()
        assert found is None


main()
