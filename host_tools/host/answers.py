"""What the server answers to the web process: the few things that take the host key, each proved here.

A page has no key, and whoever has taken its process over has none either: each function takes what proves
that it may answer, a second factor, a link's token, a number that only its holder knows.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from host_tools.errors import UserError
from host_tools.host.accounts import accounts, secrets
from host_tools.host.couriers.desk import Desk
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import spooled
from host_tools.host.parcels.page_code import PageCodes
from host_tools.host.people.erasure import erase

Facts = Mapping[str, Any]


def finder(ledger: Ledger, clock: Callable[[], int] = now_ms) -> Callable[[str, Facts], Facts]:
    """What finds the answers to questions about a ledger. `clock` gives ms since 1970."""
    desk, codes = Desk(clock), PageCodes()
    stateful = {
        "ticket": desk.ticket,
        "receipt": desk.receipt,
        "page code": partial(_page_code, codes, clock),
    }
    return partial(_find, ledger, _ANSWERS | stateful)


def _find(ledger: Ledger, answers: Mapping[str, Callable[..., Facts]], what: str, given: Facts) -> Facts:
    if what not in answers:
        raise UserError("That is nothing that this host answers.", 2)
    return answers[what](ledger, **given)  # what goes wrong in it is a fault, told by whoever asks


def _second_factor(ledger: Ledger, account: int, code: str) -> Facts:
    return {"is_right": secrets.is_second_factor(ledger, account, code, now_ms())}


def _set_secrets(ledger: Ledger, token: str, password: str, secret: str, code: str) -> Facts:
    secrets.set_secrets(ledger, token, password, secret, code, now_ms())
    return {}


def _page_code(codes: PageCodes, clock: Callable[[], int], ledger: Ledger, token: str, digits: str) -> Facts:
    return codes.find(ledger, token, digits, clock())


def _erase(ledger: Ledger, account: int, code: str, name: str, unit: str, reason: str) -> Facts:
    """She who asks has proved herself again, for nothing brings back what is erased."""
    at_ms = now_ms()
    actor = accounts.actor_of(ledger, account)
    if actor is None or not secrets.is_second_factor(ledger, account, code, at_ms):
        raise UserError("That is not the code of your phone, or it was used already.", code="forbidden")
    hers = ledger.acted_by(actor._replace(reason=reason))
    accounts.check(hers, "resident erase", hers.actor)
    erase(hers, name, unit, at_ms, files=spooled.files(ledger.data))
    return {}


#: By the name of the question; each is handed the ledger and what came with it.
_ANSWERS: dict[str, Callable[..., Facts]] = {
    "second factor": _second_factor,
    "set secrets": _set_secrets,
    "erase resident": _erase,
}
