"""What the server says to couriers: whether a ticket is good, and a deposit that a receipt proves.

Both take the keys of the ledger. Who guesses is slowed here too, whatever the pages do: beyond ten tickets
refused in an hour at a site each answer takes 15 s, as at its cabinets, and nothing is refused for good.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from host_tools.errors import UserError
from host_tools.host.couriers.codes import site_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.aside import raise_case
from host_tools.host.ledger.bounds import REFUSALS, count_guesses, guesses_within_an_hour
from host_tools.host.ledger.ledger import ENROLLED, Ledger
from host_tools.host.parcels import receipts, tickets

PAUSE_MS = 15_000
SLIPS_FREE = 10  # tickets refused in an hour at a site, until each answer takes PAUSE_MS
_RECEIPTS_FREE = 8  # wrong ones at once; the pages slow each network by itself
_NAMES_MAX = 4096


class Desk:
    """Of one server, for one thread at a time."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._free_ms: dict[str, int] = {}  # by what is slowed: when the next is looked at

    def ticket(self, ledger: Ledger, code: str, number: str) -> Mapping[str, Any]:
        """`is_good`, and for how many ms (`pause_ms`) no other is looked at; or `wait_ms`: ask again then.

        A ticket that is unknown, used or revoked is alike; whether its resident has put tickets on hold does
        not show. Raises UserError for a site that there is not.
        """
        name = f"ticket {code.upper()}"
        if wait_ms := self._wait_ms(name, 0):
            return {"wait_ms": wait_ms}
        at_ms = self._clock()
        with ledger.reading() as connection:
            site = _site(connection, code)
            is_form = len(number) == 9 and number.isascii() and number.isdigit()
            known = tickets.named(ledger, connection, site, number) if is_form else ()
            is_good = any(row.state == "open" for row in known)
        with ledger.writing() as connection:  # for a good one too: both take the same steps
            is_case = count_guesses(connection, site.id, int(not is_good), at_ms, at_ms)
            is_slow = guesses_within_an_hour(connection, site.id, at_ms) >= SLIPS_FREE
            cabinet = _first_cabinet(connection, site.id)
            if is_case and cabinet is not None:
                raise_case(connection, cabinet, REFUSALS, at_ms, 0, at_ms)
        if is_slow:
            self._slow(name, at_ms)
        return {"is_good": is_good, "pause_ms": PAUSE_MS if is_slow else 0}

    def receipt(self, ledger: Ledger, code: str, number: str, receipt: str) -> Mapping[str, Any]:
        """`is_right`: the deposit is in the ledger, and its resident hears of it; or `wait_ms` as above.

        Raises UserError for a site that there is not, and for what is no ticket or no receipt by its form.
        """
        number, receipt = receipts.checked(number, receipt)
        name = f"receipt {code.upper()}"
        if wait_ms := self._wait_ms(name, (_RECEIPTS_FREE - 1) * PAUSE_MS):
            return {"wait_ms": wait_ms}
        with ledger.reading() as connection:
            site = _site(connection, code)
        is_right = receipts.prove(ledger, site.name, number, receipt) is not None
        if not is_right:
            self._slow(name, self._clock())
        return {"is_right": is_right}

    def _wait_ms(self, name: str, free_ms: int) -> int:
        """Until one of that name is looked at; the clock may have been put back."""
        wait_ms = self._free_ms.get(name, 0) - free_ms - self._clock()
        return wait_ms if 0 < wait_ms <= PAUSE_MS * _RECEIPTS_FREE else 0

    def _slow(self, name: str, at_ms: int) -> None:
        if len(self._free_ms) >= _NAMES_MAX:
            self._free_ms = {name: free_ms for name, free_ms in self._free_ms.items() if free_ms > at_ms}
        self._free_ms[name] = max(at_ms, self._free_ms.get(name, 0)) + PAUSE_MS


def _site(connection: Connection, code: str):
    site = site_of(connection, code)
    if site is None:
        raise UserError("There is no site with that code.")
    return site


def _first_cabinet(connection: Connection, site: int) -> int | None:
    cabinet = tables.cabinet.c
    wanted = select(cabinet.id).where(cabinet.site == site, cabinet.state == ENROLLED)
    return connection.scalar(wanted.order_by(cabinet.number).limit(1))
