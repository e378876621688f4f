"""Initialising the journal partition, which only provisioning does:
the app never imports this and nothing is ever formatted away.
"""

from locker.compat import TYPE_CHECKING
from locker.shell.slots import header

if TYPE_CHECKING:
    from collections.abc import Callable

    from locker.hal.seam import Flash

BLOCKS = 128


def format_journal(
    flash: "Flash", incarnation: int, progress: "Callable[[int, int], object] | None" = None
) -> None:
    """Erases the partition and starts an empty journal of that incarnation (a random 32-bit number).

    Loses every record.

    `flash` is the seam's Flash; `progress(done, total)` is called for each block.
    """
    for block in range(BLOCKS):
        flash.erase(block)
        if progress:
            progress(block + 1, BLOCKS)
    flash.write(0, 0, header(incarnation, 0))
