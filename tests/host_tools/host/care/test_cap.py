"""What is handed to others about a case is CAP 1.2, by OASIS's own schema, and says nothing of people."""

from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
import xmlschema

from host_tools.errors import UserError
from host_tools.host.care import cap, cases, kinds
from host_tools.host.care.cap import Words
from locker.contract import records
from tests.kit.cared_site import MINUTE_MS, CaredSite
from tests.schemas import cap_schema

SEOUL = ZoneInfo("Asia/Seoul")
WORDS = Words("ko", "지금 확인해 주십시오: 도움 요청 <&>", "ansim.example.org")
NAME = f"{{{cap.NAMESPACE}}}"


@pytest.fixture(scope="module")
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(cap_schema())


def made(site: CaredSite, case: int = 1, words: Words = WORDS, status: str = cap.ACTUAL) -> bytes:
    with site.ledger.reading() as connection:
        return cap.message(cases.find(connection, case), cases.notes(connection, case), words, SEOUL, status)


def test_every_kind_of_case_is_a_valid_message(site: CaredSite, schema: xmlschema.XMLSchema) -> None:
    with site.ledger.writing() as connection:
        for kind in kinds.KINDS:
            at = 1 if kinds.KINDS[kind].by_door else None
            cases.open_case(connection, kind, key="x", site=at, cabinet=at, door=7, at_ms=site.at_ms)
        count = len(kinds.KINDS)
    for case in range(1, count + 1):
        schema.validate(made(site, case).decode())


def test_a_bells_story_is_an_alert_updates_and_a_cancel_that_name_what_was_before(
    site: CaredSite, schema: xmlschema.XMLSchema
) -> None:
    site.rings()
    site.takes_in()
    said = [made(site)]
    hands_out(site)
    for step in ("take", "note", "again", "close"):
        site.at_ms += MINUTE_MS
        with site.ledger.writing() as connection:
            if step == "take":
                cases.take(connection, 1, "Min", site.at_ms)
            if step == "note":
                cases.note(connection, 1, "Min", "Kim is at home, 010-1234-5678", site.at_ms)
            if step == "close":
                cases.close(connection, 1, "Min", "helped", site.at_ms, "Kim is well")
        if step == "again":
            site.rings()
            site.takes_in()
        if step != "note":
            said.append(made(site))
            hands_out(site)
        assert made(site) == said[-1]  # the same words whenever it is made
    found = [ElementTree.fromstring(one) for one in said]
    for one in said:
        schema.validate(one.decode())
        assert not [word for word in ("Kim", "Min", "1234") if word in one.decode()]
    assert [one.findtext(f"{NAME}msgType") for one in found] == ["Alert", "Update", "Update", "Cancel"]
    named = [
        f"ansim.example.org,{one.findtext(f'{NAME}identifier')},{one.findtext(f'{NAME}sent')}"
        for one in found
    ]
    assert found[0].find(f"{NAME}references") is None
    for number, one in enumerate(found[1:], 1):
        assert (one.findtext(f"{NAME}references") or "").split() == named[:number]
    assert len(set(named)) == len(named)


def hands_out(site: CaredSite, case: int = 1) -> None:
    with site.ledger.writing() as connection:
        step = cap.step_of(cases.notes(connection, case))
        given = cap.handed_out(step, WORDS.sender)
        cases.handed_out(connection, case, "Min", given, site.at_ms)


def test_what_is_handed_out_first_of_a_case_is_an_alert_that_names_nothing(
    site: CaredSite, schema: xmlschema.XMLSchema
) -> None:
    site.rings()
    site.takes_in()
    with site.ledger.writing() as connection:
        cases.close(connection, 1, "Min", "helped", site.at_ms)
    first = made(site)
    schema.validate(first.decode())
    assert b"<msgType>Alert</msgType>" in first
    assert b"<urgency>Past</urgency>" in first
    assert b"It is closed: helped." in first
    assert b"references" not in first
    hands_out(site)
    assert made(site) == first


def test_a_message_says_when_it_happened_with_an_offset_in_the_time_of_the_site(site: CaredSite) -> None:
    site.tells(records.TAMPERED)
    site.takes_in()
    (case,) = site.cases()
    alert = ElementTree.fromstring(made(site))
    effective = alert.findtext(f"{NAME}info/{NAME}effective") or ""
    assert effective == "2023-11-15T07:13:20+09:00"
    assert case.earliest_ms == 1_700_000_000_000
    assert alert.findtext(f"{NAME}info/{NAME}headline") == WORDS.headline
    assert alert.findtext(f"{NAME}info/{NAME}area/{NAME}areaDesc") == "mapo-3, cabinet 1"


def test_a_bell_is_always_actual_and_a_drill_of_something_else_says_so(
    site: CaredSite, schema: xmlschema.XMLSchema
) -> None:
    site.rings()
    site.tells(records.TAMPERED)
    site.takes_in()
    with pytest.raises(UserError, match="always Actual"):
        made(site, 1, status=cap.EXERCISE)
    exercise = made(site, 2, WORDS._replace(addresses="desk@example.org"), cap.EXERCISE).decode()
    schema.validate(exercise)
    assert "<status>Exercise</status>" in exercise
    assert "<scope>Private</scope>" in exercise
    with pytest.raises(UserError, match="A sender holds no blanks"):
        made(site, 2, WORDS._replace(sender="my desk"))
