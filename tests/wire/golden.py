"""Reads the vectors of tests/vectors on both interpreters."""

import json
from binascii import unhexlify

_FOLDER = __file__.rsplit("/", 2)[0] + "/vectors/"


def cases(name: str) -> list:
    """The cases of a vector file, as the file has them."""
    with open(_FOLDER + name) as file:
        return json.load(file)["cases"]


def raw(text: str) -> bytes:
    """The bytes of a hexadecimal text."""
    return unhexlify(text)
