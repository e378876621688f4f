"""The journal as any board or tool opens it that finds this flash."""

from locker.shell.store import Store

SLOTS = 170


class OpenedStore(Store):
    """The journal. A block of which the story leaps over the rest has no more than a few records and counts as full."""

    def _replay(self, sequence):
        used = super()._replay(sequence)
        return SLOTS if sequence in self._flash.leapt else used
