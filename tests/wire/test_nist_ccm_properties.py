"""Theorem: on both interpreters AES-CCM is what NIST's CAVP files say,
all 2,880 cases of them (MicroPython's AES has no 192-bit keys).
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import pytest
from sealed_lines import check

FOLDER = Path(cryptography_vectors.__file__).parent / "ciphers/AES/CCM"
FIRMWARE = Path(__file__).parents[2] / "firmware"
MICROPYTHON = Path(sys.executable).parent / "micropython"


def lines(path: Path) -> Iterator[str]:
    """The cases of one CAVP response file."""
    values: dict[str, str] = {}
    for name, value in re.findall(r"(\w+) = (\w+)", path.read_text()):
        values[name] = value
        ends = "Payload" if values.get("Result") == "Pass" else "Result" if "DVPT" in path.name else "CT"
        if name != ends or (name == "Result" and value == "Pass"):
            continue
        aad = values["Adata"] if int(values["Alen"]) else "-"
        plaintext = (
            "!" if values.get("Result") == "Fail" else values["Payload"] if int(values["Plen"]) else "-"
        )
        yield f"{values['Key']} {values['Nonce']} {aad} {plaintext} {values['CT']} {values['Tlen']}\n"


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_ccm_agrees_with_every_case_of_nist(bits: int, tmp_path: Path) -> None:
    found = [line for path in sorted(FOLDER.glob(f"*{bits}.rsp")) for line in lines(path)]
    cases = tmp_path / "cases"
    cases.write_text("".join(found))
    counted = check(str(cases))
    good, refused = [int(word) for word in counted.split()[::2]]
    assert good + refused == len(found) == 960
    assert refused > 100
    if bits != 192:
        command = [
            MICROPYTHON,
            "-X",
            "heapsize=4m",
            Path(__file__).with_name("sealed_lines.py"),
            FIRMWARE,
            cases,
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.stdout.strip() == counted, ended.stdout + ended.stderr
