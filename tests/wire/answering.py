"""Answers questions about the wire on MicroPython, one a line: operation, hexadecimal arguments;
the answer likewise, "!" for refused.
"""

import sys
from binascii import hexlify, unhexlify


def answer(operation: str, arguments: list) -> bytes:
    """What the wire modules make of it."""
    from locker.wire import batch, ccm, frame

    if operation == "seal":
        return ccm.seal(*arguments[:4], arguments[4][0])
    if operation == "frame":
        return frame.encode(arguments[0])
    if operation == "feed":
        return b"|".join(frame.Decoder().feed(arguments[0]))
    if operation == "unpack":
        return b"".join(batch.unpack_run(arguments[0], 8))
    if operation == "pack":
        return batch.pack(tuple([arguments[0][at : at + 20] for at in range(0, len(arguments[0]), 20)]), 8)
    raise AssertionError(operation)


def main() -> None:
    """Answers until the line ends."""
    sys.path[:0] = [sys.argv[1]]
    from locker.wire.frame import BadFrame

    for line in sys.stdin:
        operation, *arguments = line.split()
        try:
            print(hexlify(answer(operation, [unhexlify(text[1:]) for text in arguments])).decode())
        except (BadFrame, ValueError):
            print("!")


if __name__ == "__main__":
    main()
