"""What a site sets: language, quiet hours and time zone of its letters, and which sites are near."""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Row, delete, insert, select, update

from host_tools.errors import UserError
from host_tools.host.accounts import sight
from host_tools.host.ledger.database import execute_many
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.ledger.names import normal
from host_tools.host.ledger.quiet_hours import checked_quiet, zone_of
from host_tools.host.ledger.tables import cabinet as cabinets
from host_tools.host.ledger.tables import near as nears
from host_tools.host.ledger.tables import site as sites
from host_tools.host.notify.wording import quiet
from host_tools.host.notify.wording.changed import texts_of

NEAR_MAX = 8


class Settings(NamedTuple):
    """Of one site; each but the name may be empty: English, no quiet hours, the host's zone, no number."""

    site: str
    language: str
    quiet: str
    zone: str
    help_number: str
    near: tuple[str, ...] = ()  # where a courier goes who finds no room there, the nearest first


def everywhere(ledger: Ledger) -> list[Settings]:
    """The settings of all sites, by name."""
    with ledger.reading() as connection:
        wanted = select(sites).where(sight.sees_site(connection, sites.c.id)).order_by(sites.c.name)
        return [_settings(connection, row) for row in connection.execute(wanted).all()]


def change(
    ledger: Ledger,
    site: str,
    language: str | None = None,
    quiet_hours: str | None = None,
    zone: str | None = None,
    near: Sequence[str] | None = None,
    *,
    dry_run: bool = False,
) -> Settings:
    """Sets what is given and leaves the rest (None); the settings then. Raises UserError."""
    values: dict[str, str] = {}
    if language is not None:
        values["language"] = checked_language(ledger, language)
    if quiet_hours is not None:
        values["quiet"] = checked_quiet(quiet_hours)
    if zone is not None:
        values["zone"] = _checked_zone(zone.strip())
    with ledger.writing() as connection:
        row = connection.execute(select(sites).where(sites.c.name == normal(site))).first()
        if row is None:
            raise UserError(f"There is no site {site}: `ansim site list` shows them.", 2)
        now = _settings(connection, row)._replace(**values)
        others = _others(connection, row, near or ())
        if near is not None:
            now = now._replace(near=tuple(other.name for other in others))
        if values and not dry_run:
            connection.execute(update(sites).where(sites.c.id == row.id).values(**values))
        if near is not None and not dry_run:
            connection.execute(delete(nears).where(nears.c.site == row.id))
            rows = [{"site": row.id, "rank": rank, "near": other.id} for rank, other in enumerate(others)]
            execute_many(connection, insert(nears), rows)
    return now


def _others(connection: Connection, site: Row, near: Sequence[str]) -> list[Row]:
    """The sites of these names, in their order. Raises UserError for what is none, or the site itself."""
    names = list(dict.fromkeys(normal(name) for name in near if name.strip()))
    if len(names) > NEAR_MAX:
        raise UserError(f"Name at most {NEAR_MAX} sites that are near.", 2)
    wanted = select(sites).where(sites.c.name.in_(names), sight.sees_site(connection, sites.c.id))
    found = {row.name: row for row in connection.execute(wanted)}
    for name in names:
        if name not in found or name == site.name:
            raise UserError(f"{name} is no other site: `ansim site list` shows them.", 2)
    return [found[name] for name in names]


def not_before(
    connection: Connection, kind: str, cabinet: int, at_ms: int, too_late_ms: int | None = None
) -> int:
    """When a letter of that kind to a resident, ready at `at_ms`, may go out by the quiet hours of its site:
    at once, where they end at `too_late_ms` or later. `cabinet` is the ledger's number of it. Times are ms
    since 1970.
    """
    if not quiet.CAN_WAIT.get(kind, False):
        return at_ms
    here = select(sites.c.quiet, sites.c.zone).join(cabinets).where(cabinets.c.id == cabinet)
    row = connection.execute(here).one()
    until_ms = quiet.until(kind, row.quiet, at_ms, zone_of(row.zone))
    return at_ms if too_late_ms is not None and until_ms >= too_late_ms else until_ms


def checked_language(ledger: Ledger, language: str) -> str:
    """A language that there are texts in; empty for none chosen. Raises UserError."""
    language = language.strip()
    known = texts_of(ledger.data).languages
    if language and language not in known:
        raise UserError(f"There are no texts in that language: choose one of {', '.join(known)}.", 2)
    return language


def _checked_zone(zone: str) -> str:
    try:
        if zone:
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserError(
            "A time zone is one of the tz database that this machine has, such as Asia/Seoul.", 2
        ) from error
    return zone


def _settings(connection: Connection, row: Row) -> Settings:
    wanted = select(sites.c.name).join(nears, nears.c.near == sites.c.id).where(nears.c.site == row.id)
    seen = wanted.where(sight.sees_site(connection, sites.c.id))
    near = tuple(connection.scalars(seen.order_by(nears.c.rank)))
    return Settings(row.name, row.language, row.quiet, row.zone, row.help_number, near)
