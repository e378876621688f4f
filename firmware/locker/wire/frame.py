"""Frames: how a payload finds its way over a line of bytes, and what stands in its header.

On the line: COBS(payload || CRC-16) || 0x00. COBS (Cheshire and Baker, Consistent Overhead Byte Stuffing,
IEEE/ACM Transactions on Networking 7(2), 1999) takes every zero out of the data, so that 0x00 can only be the
end of a frame: a receiver is in step again at the next one, whatever came before. The CRC is CRC-16/IBM-3740
(also called CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected, most significant byte first; check
value 0x29B1). It finds line noise, the seal inside finds everything else.

A payload begins with
    1 byte   version (high four bits) and kind (low four bits)
    4 bytes  alias of the board
and what follows depends on the kind, see `locker.wire.session`.
"""

from locker.compat import const, crc_hqx

VERSION = const(1)

# The kinds. The low three bits of a DATA frame are the length of its sequence number, 1 to 5 bytes; FIRST is
# DATA with the board's nonce in its header.
HELLO = const(0)
DATA = const(1)
WELCOME = const(6)
REFUSAL = const(7)
FIRST = const(9)

_HEADER_BYTES = const(5)
_CRC_START = const(0xFFFF)
_CRC_BYTES = const(2)
_RUN_MAX = const(254)


class BadFrame(Exception):
    """Bytes that are not taken: cut short, damaged, of another version, for another board,
    seen before, or made by a faulty sender.
    """


def encode(payload: bytes) -> bytes:
    """The whole frame of a payload, delimiter included:
    4 bytes longer than the payload, or 5 from 253 bytes on.
    """
    runs = (payload + crc_hqx(payload, _CRC_START).to_bytes(_CRC_BYTES, "big")).split(b"\0")
    out = bytearray()
    for run in runs:
        for at in range(0, len(run) + 1, _RUN_MAX):
            part = run[at : at + _RUN_MAX]
            out.append(len(part) + 1)
            out += part
    if runs[-1] and len(runs[-1]) % _RUN_MAX == 0:
        out[-1] = 0  # at the very end a full run is followed by nothing
    else:
        out.append(0)
    return bytes(out)


class Decoder:
    """Takes bytes as they come and gives back the payloads of whole, undamaged frames.

    Holds one frame of at most `limit` bytes on the line, its delimiter not counted;
    a longer one is dropped. `rejected` counts the drops.
    """

    def __init__(self, limit: int = 256) -> None:
        self.rejected = 0
        self._limit = limit
        self._held = b""

    def feed(self, data: "bytes | bytearray | memoryview") -> "list[bytes]":
        """The payloads that these bytes complete, in order; usually none or one.

        Never raises, whatever the bytes.

        Little is done for each byte: a flood may consist of delimiters, or of nothing but the shortest runs.
        """
        payloads: "list[bytes]" = []
        pieces = bytes(data).split(b"\0")
        held = self._held
        # One byte over marks a frame as too long.
        self._held = (pieces.pop() if pieces[1:] else held + pieces.pop())[: self._limit + 1]
        for piece in pieces:
            line = held + piece
            held = b""
            end = len(line)
            if _CRC_BYTES < end <= self._limit:
                out = bytearray(line)
                at = 0
                codes = [0]  # lengths of runs that stand for no zero
                while at < end:
                    size = out[at]
                    out[at] = 0
                    at += size
                    if size > _RUN_MAX:
                        codes.append(at)
                if at == end:
                    while codes:
                        at = codes.pop()
                        out = out[:at] + out[at + 1 :]
                    if not crc_hqx(out, _CRC_START):  # so it is for data with its own CRC behind it
                        payloads.append(bytes(out[:-_CRC_BYTES]))
                        end = 0
            if end:
                self.rejected += 1
        return payloads


def alias_of(payload: bytes) -> bytes:
    """The 4-byte alias of the board that a payload is from or for.

    Raises BadFrame when there is no whole header.
    """
    if len(payload) < _HEADER_BYTES:
        raise BadFrame
    return payload[1:_HEADER_BYTES]


def kind_of(payload: bytes) -> int:
    """HELLO, WELCOME, REFUSAL, DATA or FIRST, or a number that is none of them.

    Raises BadFrame when there is no whole header.
    """
    alias_of(payload)
    kind = payload[0] & 15
    return kind & 8 | DATA if 1 <= kind & 7 <= 5 else kind
