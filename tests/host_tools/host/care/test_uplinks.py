"""A lost uplink is one case for its site, and none for a cabinet that is out of reach alone."""

from host_tools.host.care import kinds
from host_tools.host.ledger import tables
from tests.kit.cared_site import MINUTE_MS, CaredSite


def serves(site: CaredSite) -> None:
    """A server begins now."""
    with site.ledger.writing() as connection:
        row = {"id": "one", "name": "one", "since_ms": site.at_ms, "beat_ms": site.at_ms}
        connection.execute(tables.server.insert().values(**row))


def link(site: CaredSite, cabinet: int, *, up: bool) -> None:
    """The link of a cabinet comes or goes now."""
    with site.ledger.writing() as connection:
        connection.execute(tables.link.delete().where(tables.link.c.cabinet == cabinet))
        row = {"cabinet": cabinet, "server": "one", "up": up, "since_ms": site.at_ms}
        connection.execute(tables.link.insert().values(**row))


def uplinks(site: CaredSite) -> int:
    """How many such cases are open."""
    site.looks(watches=True)
    return [one.kind for one in site.cases()].count(kinds.UPLINK)


def test_a_site_that_is_dark_for_a_quarter_of_an_hour_is_one_case_until_a_cabinet_is_back(
    site: CaredSite,
) -> None:
    serves(site)
    link(site, 1, up=False)
    link(site, 2, up=True)
    site.at_ms += 60 * MINUTE_MS
    assert uplinks(site) == 0  # the other one is there
    link(site, 2, up=False)
    site.at_ms += 14 * MINUTE_MS
    assert uplinks(site) == 0
    site.at_ms += MINUTE_MS
    assert [uplinks(site), uplinks(site)] == [1, 1]
    link(site, 1, up=True)
    assert uplinks(site) == 0


def test_a_host_that_was_off_waits_for_its_cabinets_before_it_says_so(site: CaredSite) -> None:
    link(site, 1, up=False)
    link(site, 2, up=False)
    site.at_ms += 600 * MINUTE_MS
    assert uplinks(site) == 0
    serves(site)
    assert uplinks(site) == 0
    site.at_ms += 15 * MINUTE_MS
    assert uplinks(site) == 1
