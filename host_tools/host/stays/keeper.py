"""Looks through the stays every half minute, for as long as a server runs."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

from host_tools.host.ledger.database import TransientError, now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.stays.sweep import sweep
from host_tools.host.stays.watch import LOOK_MS


async def keep(ledger: Ledger, thread: ThreadPoolExecutor) -> None:
    """Sweeps in a thread of its own, so that no board waits for it. It has no end.

    What cannot be done while the ledger is locked or away is done later; whoever commits tells of that.
    """
    while True:
        with contextlib.suppress(TransientError):
            await asyncio.get_running_loop().run_in_executor(thread, sweep, ledger, now_ms())
        await asyncio.sleep(LOOK_MS / 1000)
