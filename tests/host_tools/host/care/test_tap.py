"""A link in a page takes its case for the account that was paged, and is of no use to anybody else."""

import re

import pytest
from sqlalchemy import select, update

from host_tools.host import pager
from host_tools.host.accounts import audit
from host_tools.host.care import cases
from host_tools.host.ledger import tables
from host_tools.host.ledger.data_folder import KEY
from host_tools.host.ledger.keyless import open_keyless
from host_tools.host.parcels import taps
from tests.kit.cared_site import MINUTE_MS, CaredSite

BASE = "https://lockers.example.org"
_LINK = re.compile(BASE + r"/tap/([\w-]{24})")


def tokens(site: CaredSite) -> dict[str, str]:
    """Those in the pages that are due now, by the name of the account."""
    work = pager.look(site.ledger, site.at_ms, watches=False, base=BASE)
    found = {}
    for page in work.pages:
        link = _LINK.search(pager.message_of(page, link=work.links[page.id]).text)
        assert link is not None
        found[page.name] = link[1]
    return found


def test_a_tap_takes_the_case_twice_is_no_harm_and_the_second_hears_who_has_it(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"), site.hires("Jun"))
    site.rings()
    mins = tokens(site)["Min"]
    site.at_ms += MINUTE_MS
    juns = tokens(site)["Jun"]
    assert tokens(site) == {"Min": mins, "Jun": juns}  # the same each time
    shown = taps.show(site.ledger, mins, site.at_ms)
    assert shown == "Case 1 at mapo-3, cabinet 1: somebody pressed the help button. Nobody has taken it yet."
    assert [one.state for one in site.cases()] == ["open"]  # a preview takes nothing
    for _ in range(2):
        said = taps.take(site.ledger, mins, site.at_ms) or ""
        assert said.startswith(
            "Case 1 is yours, Min. NOTHING REACHES THE CABINET NOW: no server is running (`ansim serve` "
            "starts one). Its screen will say so of call 1 when the cabinet has the answer, not before. "
        )
    assert "Min has taken case 1 already" in (taps.take(site.ledger, juns, site.at_ms) or "")
    acts = [(one.act, one.account, one.text) for one in audit.listing(site.ledger)]
    assert [row for row in acts if row[0] == "case take"] == [("case take", "Min", "case 1")]
    with site.ledger.reading() as connection:
        assert [one.what for one in cases.notes(connection, 1)] == ["opened", "taken"]
    assert "Min has taken it." in (taps.show(site.ledger, juns, site.at_ms) or "")
    with site.ledger.reading() as connection:
        (order,) = connection.execute(select(tables.command)).all()
    assert order.a == 1  # the call that was taken, once


def test_a_link_ends_with_its_case_with_its_account_and_with_a_new_ring(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    first = tokens(site)["Min"]
    taps.take(site.ledger, first, site.at_ms)
    site.at_ms += 1000
    site.rings()
    second = tokens(site)["Min"]
    assert second != first
    assert taps.take(site.ledger, first, site.at_ms) is None
    for ended_ms, takes in ((site.at_ms, False), (None, True)):
        with site.ledger.writing() as connection:
            connection.execute(update(tables.account).values(ended_ms=ended_ms))
        assert bool(taps.take(site.ledger, second, site.at_ms)) == takes
    with site.ledger.writing() as connection:
        cases.close(connection, 1, "Min", "helped", site.at_ms)
    assert taps.show(site.ledger, second, site.at_ms) is None
    assert taps.take(site.ledger, second, site.at_ms) is None


@pytest.mark.parametrize("text", ["", "x", "ß" * 24, "A" * 24, "A" * 10_000, "\ud800"])
def test_what_is_no_token_takes_nothing(site: CaredSite, text: str) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    tokens(site)
    assert taps.show(site.ledger, text, site.at_ms) is None
    assert taps.take(site.ledger, text, site.at_ms) is None


def test_the_ledger_holds_no_token(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    token = tokens(site)["Min"]
    with site.ledger.reading() as connection:
        rows = [str(connection.execute(table.select()).all()) for table in tables.metadata.sorted_tables]
    assert not [row for row in rows if token in row]


def test_the_process_of_the_pages_takes_without_the_host_key(site: CaredSite) -> None:
    site.puts_on_call(site.hires("Min"))
    site.rings()
    token = tokens(site)["Min"]
    (site.ledger.data / KEY).unlink()
    with open_keyless(site.ledger.data, writes=True) as keyless:
        assert "Nobody has taken it yet." in (taps.show(keyless, token, site.at_ms) or "")
        assert "Case 1 is yours, Min." in (taps.take(keyless, token, site.at_ms) or "")
    assert [(one.state, one.taken_by) for one in site.cases()] == [("taken", "Min")]
