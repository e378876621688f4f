"""Programs and values as they travel to a board:
compressed, without what only people read and what a raw REPL takes for its own.
"""

import ast
import re
import zlib
from functools import lru_cache
from typing import Any

#: The .mpy format that mpy-cross 1.29 writes:
#: MicroPython 1.23 and later load it (MicroPython docs, ".mpy files", "Versioning").
MPY_VERSION = 6
#: 2^12 = 4 KiB of the board's memory while it unpacks; more saves under 5 % of the bytes.
WINDOW_BITS = 12


def deflated(data: bytes) -> bytes:
    """A raw deflate stream (RFC 1951) for a board's small window."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -WINDOW_BITS)
    return packer.compress(data) + packer.flush()


def literal(value: Any) -> bytes:
    """A value as source code.

    MicroPython's literals are 8-bit clean,
    so bytes go as they are but for what a raw REPL or the literal itself would take for its own.
    """
    if not isinstance(value, bytes):
        return repr(value).encode()
    return b"b'" + _OWN.sub(_escaped, value) + b"'"


_OWN = re.compile(rb"([\x00-\x05\n\r'\\])(?=([0-7]?))")
_NAMED = {b"\n": b"\\n", b"\r": b"\\r", b"'": b"\\'", b"\\": b"\\\\"}


def _escaped(found: re.Match[bytes]) -> bytes:
    """The shortest escape: an octal one needs its zeros only before another octal digit."""
    byte, digit = found.groups()
    return _NAMED.get(byte) or (b"\\00%d" if digit else b"\\%d") % byte[0]


@lru_cache
def strip(source: str) -> str:
    """A program without comments and docstrings; the same few go to each board."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body[:1] = [] if len(node.body) > 1 or isinstance(node, ast.Module) else [ast.Pass()]
    return ast.unparse(tree)
