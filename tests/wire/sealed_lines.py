"""Checks AES-CCM on either interpreter against a file:
`key nonce aad plaintext sealed tag_length` a line, "-" nothing, "!" refused.
"""

import sys
from binascii import unhexlify


def _raw(text):
    return b"" if text == "-" else unhexlify(text)


def check(path: str) -> str:
    """Seals and opens every case; what was counted, as text."""
    from locker.wire.ccm import BadSeal, seal, unseal

    good = refused = 0
    with open(path) as file:
        for line in file:
            key, nonce, aad, plaintext, sealed, tag_length = line.split()
            arguments = (_raw(key), _raw(nonce), _raw(aad))
            size = int(tag_length)
            try:
                opened = unseal(*arguments, _raw(sealed), size)
            except BadSeal:
                assert plaintext == "!", line
                refused += 1
                continue
            assert opened == _raw(plaintext), line
            assert seal(*arguments, opened, size) == _raw(sealed), line
            good += 1
    return f"{good} good {refused} refused"


if __name__ == "__main__":
    sys.path[:0] = [sys.argv[1]]
    print(check(sys.argv[2]))
