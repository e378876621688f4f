"""`ansim case`, `alarm` and `oncall` as people type them; what they print is what docs/json.md says."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from host_tools.host.accounts import audit
from host_tools.host.fleet import order_log
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import ITSELF, Actor
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.notify.notifier import REFUSED, Receipt
from host_tools.host.pager import message_of, note_page
from locker.contract import commands, records
from tests.kit.cared_site import PLACE, CaredSite
from tests.kit.duty_desk import Desk

PLAN = ("--site", PLACE, "--rank", "2", "--days", "mon-fri", "--from", "18:00", "--until", "08:00")


def answers(site: CaredSite) -> list[int]:
    """The calls that cabinets are ordered to answer."""
    order = tables.command.c
    with site.ledger.reading() as connection:
        return list(
            connection.scalars(
                select(order.a).where(order.kind == commands.ANSWER_BELL).order_by(order.sequence)
            )
        )


def test_a_bell_that_is_taken_is_answered_at_its_cabinet_and_only_that_call(
    desk: tuple[Desk, CaredSite],
) -> None:
    types, site = desk
    site.rings()
    site.takes_in()
    assert types.asks("min", "case take", "1", "--dry-run")["state"] == "taken"
    assert answers(site) == []
    taken = types.asks("min", "case take", "1")
    assert (taken["call"], taken["hindrance"][:20]) == (1, "no server is running")
    words = types.types("min", "case", "take", "1")
    assert "NOTHING REACHES THE CABINET NOW: no server is running" in words
    assert words.endswith("Its screen will say so of call 1 when the cabinet has the answer, not before.\n")
    assert answers(site) == [1]
    assert "Min has taken case 1 already" in types.types("jun", "case", "take", "1")
    site.at_ms += 1000
    site.rings()  # after it was taken: the screen says 'no answer yet' again
    site.takes_in()
    assert answers(site) == [1]
    assert types.asks("jun", "alarm list")[0]["state"] == "open"
    assert types.asks("jun", "alarm take", "1")["call"] == 2
    assert answers(site) == [1, 2]
    site.at_ms += 1000
    site.tells(records.BELL_RUNG, 0, 3, 2)  # rings that were counted within that call, and come behind it
    site.takes_in()
    assert types.asks("min", "alarm list")[0]["state"] == "open"
    assert types.asks("min", "alarm take", "1")["call"] == 3


def test_answering_a_bell_takes_its_case_and_who_is_second_hears_who_was_first(
    desk: tuple[Desk, CaredSite],
) -> None:
    types, site = desk
    site.rings()
    ack = ("bell", "ack", "--site", PLACE, "--cabinet", "1", "--no-wait")
    types.types("min", *ack)
    assert [(one.state, one.taken_by) for one in site.cases()] == [("taken", "Min")]
    assert "Min has taken case 1 already" in types.types("jun", *ack)
    site.at_ms += 1000
    site.rings()
    assert "Answer call 2" in types.types("min", *ack, "--call", "1")


def test_who_takes_a_call_that_is_over_hears_that_its_screen_says_nothing_any_more(
    desk: tuple[Desk, CaredSite],
) -> None:
    types, site = desk
    site.rings()
    site.takes_in()
    assert types.asks("min", "case take", "1")["screen"] == "waits"
    order = tables.command.c
    for state, words in (
        ("impossible", "Call 1 is over, and its screen will not say that anybody has seen it: find out how"),
        ("done", "The cabinet's screen has said so of call 1."),
    ):
        with site.ledger.writing() as connection:
            connection.execute(tables.command.update().where(order.a == 1).values(state=state))
        assert words in types.types("min", "case", "take", "1")
    site.rings()
    site.takes_in()
    site.at_ms += 60_000
    site.boards[1].uptime += 600
    site.tells(records.BOOTED)  # and the board has forgotten the second call
    taken = types.asks("min", "case take", "1")
    assert (taken["call"], taken["screen"], taken.get("hindrance")) == (2, "over", None)
    assert answers(site) == [1]


def test_nobody_loses_a_case_silently(desk: tuple[Desk, CaredSite]) -> None:
    types, site = desk
    site.rings()
    site.takes_in()
    types.types("min", "case", "take", "1")
    for act in ("take 1", "close 1 helped", "give-back 1", "shelve 1 later --for 1d"):
        refused = types.types("jun", "case", *act.split())
        assert refused.startswith(("Min has taken case 1 already, ", "Min has case 1 since ")), act
        assert "--anyway" in refused, act
    assert [one.taken_by for one in site.cases()] == ["Min"]
    assert types.asks("jun", "case take", "1", "--anyway")["lost_by"] == "Min"
    assert "Jun, who had it, gets a message that says so." in types.types(
        "min", "alarm", "close", "1", "helped", "--anyway"
    )
    shown = types.asks("min", "case show", "1")
    words = [(one["by"], one["what"], one["words"]) for one in shown["notes"]]
    assert words[-2:] == [
        ("Jun", "taken", "taken by Min before"),
        ("Min", "closed", "helped (taken by Jun before)"),
    ]
    site.at_ms = now_ms()
    told = [(one.name, message_of(one).text) for one in site.looks().pages]
    assert [name for name, _ in told] == ["Min", "Jun"]
    assert all(
        "Somebody else has acted on a case that you had taken, and you no longer have it: case 1" in text
        for _, text in told
    )
    with site.ledger.reading() as connection:
        acts = connection.execute(select(tables.audit.c.act, tables.audit.c.text)).all()
    assert ("alarm close", "case 1: helped; taken by Jun before") in [tuple(act) for act in acts]


def test_people_see_where_they_look_that_nobody_was_told(desk: tuple[Desk, CaredSite]) -> None:
    types, site = desk
    site.rings()
    for one in site.looks().pages:
        note_page(site.ledger, one, Receipt(REFUSED, reason="no such mailbox"), site.at_ms)
    assert "NOBODY WAS TOLD: the page failed (no such mailbox). " in types.types("jun", "case", "show", "1")
    for words in ("case list", "alarm list"):
        assert types.asks("jun", words)[0]["nobody_told"]
        shown = " ".join(types.types("jun", *words.split()).split())
        assert "WAS TOLD" in shown
    on_call = {one["of"]: one for one in types.asks("jun", "doctor", "--listen", "none")}["on call"]
    assert on_call["found"] == "nobody was told of an open alarm: the page failed"
    types.types("jun", "case", "take", "1")
    assert not types.asks("jun", "alarm list")[0]["nobody_told"]


def test_what_an_account_had_taken_is_nobodys_again_and_told_anew_when_it_ends(
    desk: tuple[Desk, CaredSite],
) -> None:
    types, site = desk
    site.puts_on_call(2)
    site.rings()
    site.takes_in()
    types.types("jun", "case", "take", "1")
    end = ("account", "end", "Jun")
    assert "Case 1 would be nobody's again" in types.types("dae", *end, "--dry-run")
    assert [one.state for one in site.cases()] == ["taken"]
    told = types.types("dae", *end)
    assert "Case 1 is nobody's again; people are told anew." in told
    assert f"NOBODY IS ON CALL NOW for {PLACE}" in told
    bell = next(one for one in site.cases() if one.kind == "bell")
    assert (bell.state, bell.taken_by, bell.round) == ("open", None, 2)
    site.at_ms = now_ms()
    assert [name for _, name, _ in site.pages()] == ["Min"]  # the dispatcher


def test_a_case_is_shown_noted_shelved_given_back_and_closed(desk: tuple[Desk, CaredSite]) -> None:
    types, site = desk
    site.tells(records.TAMPERED)
    site.tells(records.LAMP_FAILED)
    site.takes_in()
    rows = types.asks("jun", "case list", "--site", PLACE)
    assert [(one["kind"], one["alarm"]) for one in rows] == [("tamper", True), ("lamp", False)]
    types.asks("jun", "case take", "1")
    types.asks("jun", "case give-back", "1")
    types.asks("jun", "case note", "1", "on my way")
    until = types.asks("jun", "case shelve", "2", "the lamp is ordered", "--for", "3d")["shelved_until"]
    assert "is minutes, hours or days" in types.types("jun", "case", "shelve", "2", "why", "--for", "soon")
    types.asks("jun", "case close", "1", "staff at work", "--dry-run")
    types.asks("jun", "case close", "1", "staff at work", "--note", "it was me")
    shown = types.asks("jun", "case show", "1")
    assert [one["what"] for one in shown["notes"]] == ["opened", "taken", "given back", "noted", "closed"]
    assert "<msgType>Alert</msgType>" in types.asks("jun", "case export", "1", "--cap")["cap"]
    export = ("case", "export", "2", "--cap")
    for more in (("--dry-run",), (), ()):
        assert "<msgType>Alert</msgType>" in types.types("jun", *export, *more)
    types.types("jun", "case", "close", "2", "mended")
    assert "<msgType>Cancel</msgType>" in types.types("jun", *export)
    told = types.types("jun", "case", "show", "1")
    assert "Happened " in told
    assert ", heard " in told
    assert "There is no case 9" in types.types("jun", "case", "show", "9")
    assert noted(site, "case ") == [
        ("case take", "case 1"),
        ("case give-back", "case 1"),
        ("case note", "case 1"),
        ("case shelve", f"case 2: until {until}"),
        ("case close", "case 1: staff at work"),
        ("case close", "case 2: mended"),
    ]


def test_who_is_on_call_is_planned_taken_over_and_shown(desk: tuple[Desk, CaredSite]) -> None:
    types, site = desk
    assert "is for operators" in types.types("jun", "oncall", "set", "Min")
    types.asks("dae", "oncall set", "Jun", *PLAN, "--dry-run")
    assert site.cases() == []  # the gaps that a dry run finds are nobody's case
    assert types.asks("dae", "oncall set", "Jun", *PLAN)["days"] == "mon,tue,wed,thu,fri"
    types.asks("dae", "oncall set", "Min")
    never = ("--from", "09:00", "--until", "09:00")
    assert "00:00 to 24:00" in types.types("dae", "oncall", "set", "Min", *never)
    assert types.asks("dae", "oncall list")
    who = types.asks("jun", "oncall who", "--site", PLACE)
    assert who["names"][0] == "Min"
    assert who["gaps"] == []
    assert types.asks("jun", "oncall take", "--site", PLACE, "--until", "18:00")["names"][0] == "Jun"
    assert "at most 14 days" in types.types("jun", "oncall", "take", "--until", "2036-01-01 18:00")
    types.asks("jun", "oncall test-at", "09:30")
    types.asks("dae", "oncall remove", "2")
    assert types.asks("jun", "oncall who", "--site", PLACE)["gaps"] or site.cases()
    with site.ledger.writing() as connection:
        values = {"account": 2, "day": "2026-01-01", "code": "093214", "due_ms": now_ms()}
        connection.execute(tables.proof.insert().values(**values))
    assert types.asks("jun", "oncall prove", "093214") == {"name": "Jun", "proved": True}
    acts = noted(site, "oncall ")
    assert acts[0] == ("oncall set", "entry 1: Jun, order 2, mon,tue,wed,thu,fri 18:00 to 08:00")
    assert [text[:10] for act, text in acts if act == "oncall take"] == ["Jun until "]
    assert acts[-3:] == [
        ("oncall test-at", "Jun at 09:30"),
        ("oncall remove", "entry 2: Min, order 1, all 00:00 to 24:00"),
        ("oncall prove", "Jun"),
    ]


def noted(site: CaredSite, start: str, chain: str = audit.ACTS) -> list[tuple[str, str]]:
    """What the audit says of acts whose names begin so."""
    site.ledger.actor = Actor(roles=frozenset(("auditor",)))
    rows = [one for one in audit.everything(site.ledger) if one.chain == chain]
    site.ledger.actor = ITSELF
    return [(one.act, one.text) for one in rows if one.act.startswith(start)]


def duress(site: CaredSite, how: int) -> None:
    site.deposits(7)
    site.boards[1].pickup(7, 1, 1, how)
    site.hears()


def test_silent_alarms_are_on_the_list_of_dispatchers_and_on_no_other(desk: tuple[Desk, CaredSite]) -> None:
    types, site = desk
    duress(site, records.BY_DURESS)
    (alarm,) = types.asks("min", "alarm list")
    assert (alarm["kind"], alarm["cabinet"], alarm["door"], alarm["state"]) == ("silent", 1, 7, "open")
    for who in ("jun", "dae"):
        assert json.loads(types.types(who, "alarm", "list", "--json")) == []
    assert json.loads(types.types("min", "case", "list", "--json")) == []
    name = alarm["id"][:8]
    refused = types.types("jun", "alarm", "take", name)
    assert refused == types.types("jun", "alarm", "take", "0123abcd").replace("0123abcd", name)
    for _ in range(2):
        assert types.asks("min", "alarm take", name)["taken_by"] == "Min"
    with site.ledger.writing() as connection:
        its = tables.account.c.name == "Jun"
        connection.execute(tables.account.update().where(its).values(roles="dispatcher"))
    for act in ("take", "close"):
        words = ("alarm", act, name, *(["helped"] if act == "close" else []), "--dry-run")
        assert types.types("jun", *words).startswith("Min has taken it already, ")
        assert f"Silent alarm {name}" in types.types("jun", *words, "--anyway")
    assert order_log.listing(site.ledger, None, 10) == []  # no cabinet hears of it
    assert "It ends as one of these" in types.types("min", "alarm", "close", name, "mended")
    assert types.asks("min", "alarm close", name, "handed to police")["outcome"] == "handed to police"
    assert json.loads(types.types("min", "alarm", "list", "--json")) == []
    assert json.loads(types.types("dae", "alarm", "list", "--closed", "--json")) == []
    with site.ledger.writing() as connection:
        its = tables.account.c.name == "Dae"
        connection.execute(tables.account.update().where(its).values(roles="operator auditor"))
    for who in ("min", "dae"):
        (ended,) = types.asks(who, "alarm list", "--closed")
        assert (ended["taken_by"], ended["closed_by"]) == ("Min", "Min")
        assert ended["taken"] <= ended["closed"]
        assert ended["outcome"] in types.types(who, "alarm", "list", "--closed")
    assert "There is no alarm" in types.types("dae", "alarm", "close", name, "helped")
    acts = [("alarm list", name), ("alarm take", f"alarm {name}")]
    acts += [("alarm close", f"alarm {name}: handed to police"), *[("alarm list", name)] * 4]
    assert noted(site, "alarm ", audit.DURESS) == acts
    assert noted(site, "alarm ") == []


def test_after_a_dispatcher_has_acted_all_others_see_what_they_see_of_any_pickup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for how in (records.BY_CODE, records.BY_DURESS):
        with open_ledger(tmp_path / str(how)) as ledger:
            site = CaredSite(ledger)
            for name, roles in (("Min", "dispatcher"), ("Jun", "staff operator auditor")):
                site.hires(name, roles)
                with ledger.writing() as connection:
                    its = tables.account.c.name == name
                    connection.execute(tables.account.update().where(its).values(os_user=name.lower()))
            duress(site, how)
            types = Desk(ledger.data, monkeypatch)
            monkeypatch.setattr("time.time_ns", lambda: 1_700_000_100_000 * 1_000_000)
            for alarm in json.loads(types.types("min", "alarm", "list", "--json")):
                types.types("min", "alarm", "take", alarm["id"])
                types.types("min", "alarm", "close", alarm["id"], "helped")
            site.rings()
            site.takes_in()
            looks = ("case list", "alarm list", "order list")
            seen.append([types.types("jun", *words.split(), "--json") for words in looks])
    assert seen[0] == seen[1]
