"""What a host does for its residents by itself: who was erased stays erased, what was asked a day ago takes
effect, and personal data ends.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from host_tools.errors import UserError
from host_tools.host.accounts import accounts
from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.log import Emit, Occurrence
from host_tools.host.notify.spooled import files
from host_tools.host.people import changes, erasure, retention

_LOOK_S = 30.0
_RETENTION_MS = 3_600_000


class Upkeep:
    """The jobs of one server."""

    def __init__(self, ledger: Ledger, tell: Emit) -> None:
        self._ledger = ledger
        self._tell = tell
        self._retained_ms = 0
        self._said = ""

    async def run(self, thread: ThreadPoolExecutor) -> None:
        """Does them for ever, first at once; what the database cannot do now is done at the next look."""
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(thread, accounts.are_there, self._ledger):
            self._tell(Occurrence("no account", detail=accounts.OPEN_TO_ALL))
        while True:
            await loop.run_in_executor(thread, partial(self.look, now_ms()))
            await asyncio.sleep(_LOOK_S)

    def look(self, at_ms: int) -> None:
        """Does what is due. `at_ms`: now, in ms since 1970."""
        self._try(lambda: erasure.reapply(self._ledger, at_ms))
        self._try(lambda: changes.apply_due(self._ledger, at_ms))
        if at_ms - self._retained_ms >= _RETENTION_MS:
            self._retained_ms = at_ms
            self._try(lambda: retention.apply(self._ledger, files(self._ledger.data), at_ms))

    def _try(self, job: Callable[[], object]) -> None:
        try:
            job()
        except TransientError:
            return
        except UserError as error:
            if str(error) != self._said:  # a setting that is none: it is told once
                self._said = str(error)
                self._tell(Occurrence("upkeep failed", detail=str(error)))
