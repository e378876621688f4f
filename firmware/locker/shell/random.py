"""Everything random on the board: nonces, its half of an epoch, challenges, the choice of a door, pauses.

The chip's generator is truly random only while its radio is on, and on a serial line it never is. So what
must never come twice hangs on a seed that the host has put into the chip's own storage: it is replaced by a
function of itself at each boot, and counted, before the first number of that boot is drawn. The chip's
generator is mixed in, and costs nothing when it fails. See docs/decisions/0141-where-nonces-come-from.md.
"""

from locker.compat import TYPE_CHECKING
from locker.contract.mac import hmac_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from locker.hal.seam import Marks

# Of the blob: 32 bytes of seed, 8 of how many boots have used it or one before, most significant byte first.
NAME = "seed"
SEED_BYTES = 32
_BYTES = 40


class Random:
    """The random numbers of one boot.

    `marks` is the seam's Marks; `secret` the board's, with which what lies in the storage is worth nothing to
    a reader; `unique` bytes that tell this board and this state of its journal from others; `noise(count)`
    the chip's generator.

    `kept`: the next boot will draw other numbers whatever the chip's generator does.
    It is False while the storage cannot be written.
    """

    def __init__(self, marks: "Marks", secret: bytes, unique: bytes, noise: "Callable[[int], bytes]") -> None:
        self._noise = noise
        self._drawn = 0
        kept = bytearray(_BYTES)
        try:
            marks.get_blob(NAME, kept)
        except OSError:
            # Provisioned before there were seeds, or the storage is lost: what there is has to do.
            pass
        boots = int.from_bytes(kept[SEED_BYTES:], "big")
        mixed = kept + unique + self._extra()
        seed = hmac_sha256(secret, b"seed" + mixed)
        self._key = hmac_sha256(seed, b"boot")
        self.kept = True
        try:
            marks.set_blob(NAME, hmac_sha256(seed, b"next") + (boots + 1).to_bytes(8, "big"))
            marks.commit()
        except OSError:
            self.kept = False

    def _extra(self) -> bytes:
        try:
            return self._noise(32)
        except (OSError, RuntimeError, MemoryError):
            return b""

    def draw(self, count: int) -> bytes:
        """Up to 32 random bytes."""
        self._drawn += 1
        return hmac_sha256(self._key, self._drawn.to_bytes(8, "big") + self._extra())[:count]

    def below(self, sides: int) -> int:
        """A random number 0 to sides - 1."""
        return int.from_bytes(self.draw(8), "big") % sides
