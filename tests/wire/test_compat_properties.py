"""Theorem: what compat puts in the place of MicroPython's modules behaves alike,
also where nothing offers a `micropython`.
"""

import subprocess
import sys
from pathlib import Path

FIRMWARE = Path(__file__).parents[2] / "firmware"

WITHOUT_THEM = """
import binascii, sys
for name in ("micropython", "cryptolib"):
    sys.modules[name] = None
crc_hqx = binascii.crc_hqx
del binascii.crc_hqx
sys.path[:0] = [sys.argv[1]]
from locker import compat
assert compat.const(20) == 20
assert compat.crc_hqx is not crc_hqx
for length in range(300):
    data = bytes(x * 7 + length & 255 for x in range(length))
    assert compat.crc_hqx(data, 0xFFFF) == crc_hqx(data, 0xFFFF)
key, block = bytes(range(16)), bytes(range(0, 256, 17))
# FIPS 197, appendix C.1
assert compat.aes(key, 1).encrypt(block).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
chained = compat.aes(key, 2, bytes(16)).encrypt(block + bytes(16))
assert chained.hex().startswith("69c4e0d86a7b0430d8cdb78070b4c55a")
from host_tools.link import session as host_session
print("ok")
"""


def test_the_firmware_stands_without_blinka_and_without_micropython() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_THEM, FIRMWARE], capture_output=True, text=True, check=False
    )
    assert ended.stdout == "ok\n", ended.stderr


def test_the_constants_are_the_same_with_blinkas_micropython() -> None:
    program = (
        "import sys; sys.path[:0] = [sys.argv[1]]; import micropython; from locker import compat; "
        "print(compat.const(20))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, FIRMWARE], capture_output=True, text=True, check=False
    )
    assert ended.stdout == "20\n", ended.stderr
