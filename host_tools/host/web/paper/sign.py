"""The sign at a cabinet: a QR code that leads to the courier's page of its site, in Korean and English."""

import re

from sqlalchemy import select

from host_tools.errors import UserError
from host_tools.host.couriers.codes import code_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.web.look.words import languages
from host_tools.host.web.paper.sheet import Line, Sheet, Square

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?")
_ORDER = ("ko", "en")


def address_of(ledger: Ledger, site: str, name: str) -> str:
    """Where the courier's page of a site is, on a host that browsers reach by that name. Raises UserError."""
    if not _NAME.fullmatch(name.lower()):
        raise UserError("--web-name is the name by which browsers reach this host: lockers.example.org.", 2)
    with ledger.reading() as connection:
        site_id = connection.scalar(select(tables.site.c.site_id).where(tables.site.c.name == normal(site)))
    if site_id is None:
        raise UserError(f"There is no site {site}: `ansim site list` shows them.", 2)
    return f"https://{name.lower()}/c/{code_of(site_id)}"


def sign(site: str, address: str) -> Sheet:
    """The sheet that hangs at the cabinets of a site."""
    words = [languages()[one] for one in _ORDER]
    parts: list[Line | Square] = [Line(" · ".join(t("page.brand") for t in words), 8, is_bold=True)]
    parts += [Line(t("sign.title"), 15 if t is words[0] else 11, is_bold=True, gap=2) for t in words]
    parts += [Line("", 2), Square(address, 116)]
    for t in words:
        parts += [Line(t("sign.look"), 7.5, is_bold=True, gap=3), Line(t("sign.more"), 6, gap=0.5)]
    parts += [Line(t("sign.asks"), 6, gap=4 if t is words[0] else 0.5) for t in words]
    shown = address.removeprefix("https://")
    return Sheet("ko", [*parts, Line(shown, 6, is_bold=True, gap=4), Line(site, 5, gap=0.5)], is_centred=True)
