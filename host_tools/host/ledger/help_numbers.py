"""Whom people at a site's cabinets can call: kept in the ledger for each site,
shown on its screens and said in its letters.
"""

import re

from sqlalchemy import select, update

from host_tools.errors import UserError
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.tables import site as sites

CHARACTERS_MAX = 14  # a row of the screen has 20, of which `Help: ` takes six

_NUMBER = re.compile(rf"[0-9+*#][0-9+*# -]{{1,{CHARACTERS_MAX - 2}}}[0-9*#]")


def check_number(number: str) -> None:
    """Refuses what nobody could dial, or no screen could show. Raises UserError."""
    if not _NUMBER.fullmatch(number) or sum(map(str.isdigit, number)) < 3:
        raise UserError(
            f"A help number has at least 3 digits and at most {CHARACTERS_MAX} characters, of digits, "
            "+ * # - and blanks: 02-123-4567.",
            2,
        )


def of_site(ledger: Ledger, site: str) -> str:
    """The help number of a site; empty when none is known, or the site is not."""
    with ledger.reading() as connection:
        return connection.scalar(select(sites.c.help_number).where(sites.c.name == site)) or ""


def keep(ledger: Ledger, site: str, number: str) -> None:
    """From now on this is the help number of a site that the ledger knows."""
    with ledger.writing() as connection:
        connection.execute(update(sites).where(sites.c.name == site).values(help_number=number))
