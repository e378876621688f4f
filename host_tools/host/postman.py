"""Hands over what people are told: letters and alarms to the notifier,
silent alarms to dispatchers, each apart from the other.
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

from host_tools.host.ledger.database import TransientError
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import dispatch, outbox
from host_tools.host.notify.folding import Folds
from host_tools.host.notify.log import Emit, Occurrence
from host_tools.host.notify.notifier import Channel

_LOOK_S = 1.0  # how often it is looked for letters that nothing here has written
_LEDGER_PAUSE_S = 1.0
_RESEND_FIRST_S = 2.0
_RESEND_MAX_S = 300.0


class Postman:
    """Two jobs, each in a thread of its own.

    Setting `mail` has the first look now, setting `pickups` the second:
    a door with a parcel was opened, by whomever.
    """

    def __init__(self, ledger: Ledger, notifier: Channel, dispatchers: Channel, tell: Emit) -> None:
        self._ledger = ledger
        self._notifier = notifier
        self._dispatchers = dispatchers
        self._tell = tell
        self.mail = asyncio.Event()
        self.pickups = asyncio.Event()
        self.mail.set()  # what an earlier run could not hand over
        self.pickups.set()

    async def deliver(self, thread: ThreadPoolExecutor) -> None:
        """Hands over letters, at once or within a second, whoever wrote them;
        again while the notifier does not take them.
        """
        pause_s = _RESEND_FIRST_S
        folds = Folds()

        def work() -> outbox.Round:
            return asyncio.run(outbox.deliver(self._ledger, self._notifier, folds))

        while True:
            with contextlib.suppress(TimeoutError):
                # A command beside this server may have written a letter.
                await asyncio.wait_for(self.mail.wait(), _LOOK_S)
            self.mail.clear()
            try:
                done = await asyncio.get_running_loop().run_in_executor(thread, work)
            except TransientError:  # the ledger will be back; the letters are in it
                await asyncio.sleep(_LEDGER_PAUSE_S)
                self.mail.set()
                continue
            for message in done.sent:
                self._tell(Occurrence("message sent", id=message.id, detail=message.kind))
            if done.failed:
                reason = done.reason or "the channel did not take them"
                self._tell(
                    Occurrence("messages wait", detail=f"{done.failed} could not be handed over ({reason})")
                )
            elif done.more:
                self.mail.set()
            if not done.reason and (done.sent or not done.failed):  # at least others get through
                pause_s = _RESEND_FIRST_S
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _RESEND_MAX_S)
                self.mail.set()

    async def dispatch(self, thread: ThreadPoolExecutor) -> None:
        """Tells dispatchers what is for them alone; how that goes is told nowhere,
        for it would be told under duress only.
        """
        folds = Folds()
        pause_s: float | None = None

        def work() -> dispatch.Left:
            return asyncio.run(dispatch.deliver(self._ledger, self._dispatchers, folds))

        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.pickups.wait(), pause_s)
            self.pickups.clear()
            try:
                left = await asyncio.get_running_loop().run_in_executor(thread, work)
            except TransientError:
                left = dispatch.Left(failed=True)
            if left.failed:
                await asyncio.sleep(_RESEND_FIRST_S)
            if left.failed or left.more:
                self.pickups.set()
            pause_s = _RESEND_FIRST_S if left.folded else None
