"""The code of a parcel for whoever opened its page and asked for it: made in the server, by the link's token.

The page's process has no key and is believed nothing: the token proves itself, and who guesses at digits is
slowed here. Neither token, digits nor code is in a log or an error.
"""

from typing import Any

from sqlalchemy import select

from host_tools.errors import UserError
from host_tools.host.ledger import tables
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.wording.codes import Matter, code_parts
from host_tools.host.parcels.budget import Budget
from host_tools.host.parcels.page_acts import are_good
from host_tools.host.people import links, spoken

GONE, DIGITS, SLOWED = "gone", "digits", "slowed"  # codes of errors
LOOKS, LOOKS_REFILL_MS = 20, 60_000  # at one code: so many at once, then one a minute
TRIES, TRIES_REFILL_MS = 5, 60_000  # of digits


class PageCodes:
    """Answers for one server."""

    def __init__(self) -> None:
        self._looks = Budget(LOOKS, LOOKS_REFILL_MS)
        self._tries = Budget(TRIES, TRIES_REFILL_MS)

    def find(self, ledger: Ledger, token: str, digits: str, at_ms: int) -> dict[str, Any]:
        """The code of the parcel of a link, at that time (ms since 1970); `digits` are those that were sent
        to her, where her letters leave the code out.

        Raises UserError: GONE for a link that is none or whose parcel waits no more, DIGITS for wrong ones,
        SLOWED for what is asked too often.
        """
        with ledger.reading() as connection:
            parcel = links.find(connection, token, at_ms)
            if parcel is None or parcel.state != "waiting" or not links.is_of(ledger.vault, token, parcel):
                raise UserError("That page shows no code.", code=GONE)
            her = tables.resident.c
            asks = connection.scalar(select(her.code_left_out).where(her.id == parcel.resident))
        budget = self._tries if asks else self._looks
        if not budget.take(parcel.id, at_ms):
            raise UserError("That is too often: wait a minute, then try again.", code=SLOWED)
        if asks and not self._are_right(ledger, parcel.id, parcel.digits_ms, digits, at_ms):
            raise UserError("Those are not the digits that were sent.", code=DIGITS)
        moment = Moment(at_ms, at_ms, at_ms)
        terms = (parcel.epoch, parcel.door, parcel.counter, parcel.retry, moment)
        matter = Matter("deposited", True, *terms, parcel.serial, parcel.generation)
        return dict(code_parts(matter, ledger.identity_of(parcel.cabinet))._asdict())

    @staticmethod
    def _are_right(ledger: Ledger, parcel: int, sent_ms: int | None, digits: str, at_ms: int) -> bool:
        if sent_ms is None or not are_good(sent_ms, at_ms):
            return False
        right = spoken.page_digits_of(ledger.vault, parcel, sent_ms)
        return spoken.are_same("".join(digits.split()), right)
