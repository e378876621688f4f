"""Nothing that any command says tells somebody of parcels of a resident to whom that account is related, nor
of a site that it is not for: with and without them it is the same to the byte.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli import _acting, ansim
from host_tools.errors import UserError
from tests.host_tools.cli.test_command_tree import LOOKS, TREE
from tests.kit.cared_site import PLACE
from tests.kit.command_tree import has
from tests.kit.two_sites import ELSEWHERE, HERS, NOBODYS, OF_ELSEWHERE, OTHERS, TwoSites

Given = Mapping[str, list[tuple[str, ...]]]
CABINET = ("--site", PLACE, "--cabinet", "1")
DOOR = (*CABINET, "--door", str(HERS))
DRY = "--dry-run"
WHY = ("--reason", "duty")
#: What each command is given that shows something of the ledger.
SHOWN: dict[str, list[tuple[str, ...]]] = {
    "account list": [()],
    "alarm list": [(), ("--site", PLACE)],
    "audit about": [("Lee", *WHY), ("Kim", *WHY), ("Park", *WHY)],
    "audit list": [WHY],
    "audit verify": [()],
    "cabinet list": [()],
    "case export": [("1", "--cap", "--sender", "ansim.example.org"), ("9", "--cap")],
    "case list": [(), ("--state", "closed")],
    "case show": [("1",), ("9",)],
    "channel check": [()],
    "channel list": [()],
    "events": [
        (*place, *WHY) for place in (CABINET, DOOR, (*CABINET, "--last", "3"), (*CABINET, "--door", "9"))
    ],
    "letter list": [(*WHY, "--contacts")],
    "link": [()],
    "link aside": [()],
    "oncall list": [()],
    "oncall who": [("--site", PLACE)],
    "order list": [(), ("--last", "1")],
    "parcel list": [WHY],
    "resident change list": [()],
    "resident contact list": [(name, *WHY) for name in ("Lee", "Kim", "Park")],
    "resident list": [WHY],
    "site list": [()],
    "stay list": [WHY],
    "stay policy show": [("--site", PLACE)],
    "stay show": [(*DOOR, *WHY), (*CABINET, "--door", str(OTHERS), *WHY)],
    "ticket list": [WHY],
}
#: Acts that say what is there, tried dry.
ACTS: dict[str, list[tuple[str, ...]]] = {
    "cabinet retire": [(*CABINET, DRY)],
    "cabinet silence": [(*CABINET, DRY)],
    "door service": [(*DOOR, *WHY, DRY)],
    "link release": [("--site", PLACE, "--number", "1", DRY)],
    "parcel recall": [(*DOOR, *WHY, DRY), (*CABINET, "--door", str(NOBODYS), *WHY, DRY)],
    "resident export": [("-", *WHY, DRY)],
    "stay pause": [("--site", PLACE, "--reason", "storm", DRY)],
}
#: What shows nothing of a ledger, or of no person and no cabinet.
OF_NO_LEDGER = {
    "boards check", "boards list", "boards show", "decode", "doctor", "explain", "key status",
    "wording check", "wording export", "wording list", "wording preview", "wording show",
}  # fmt: skip


class Desk:
    """People who type commands at two ledgers."""

    def __init__(self, sites: TwoSites, patch: pytest.MonkeyPatch) -> None:
        self.sites, self._patch = sites, patch

    def hears(self, who: str, given: Given, *, happened: bool) -> dict[str, str]:
        """What each command says, as words and as JSON."""
        self._patch.setattr(_acting, "os_user", lambda: who)
        found = {}
        with self.sites.at(happened=happened) as data:
            for name, calls in given.items():
                for words in calls:
                    for form in ((), ("--json",)) if has(TREE[name], "--json") else ((),):
                        typed = (*name.split(), *words, *form)
                        found[" ".join(typed)] = said(data, *typed)
        return found

    def hears_once(self, who: str, *typed: str) -> str:
        self._patch.setattr(_acting, "os_user", lambda: who)
        with self.sites.at(happened=True) as data:
            return said(data, *typed)


def said(data: Path, *words: str) -> str:
    ended = CliRunner().invoke(ansim, [*words, "--data", str(data)])
    error = ended.exception
    assert error is None or isinstance(error, UserError | SystemExit), (words, error)
    text = ended.output + (str(error) if isinstance(error, UserError) else "")
    return text.replace(str(data), "DATA")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        yield Desk(TwoSites(tmp_path_factory.mktemp("two_sites")), patch)


def test_each_command_that_reports_is_looked_at() -> None:
    assert set(SHOWN) | OF_NO_LEDGER >= LOOKS
    assert set(ACTS) <= set(TREE)


def test_whoever_is_related_to_her_and_of_another_site_hears_the_same_as_if_nothing_were(
    desk: Desk,
) -> None:
    without = desk.hears("han", SHOWN | ACTS, happened=False)
    heard = desk.hears("han", SHOWN | ACTS, happened=True)
    assert [(typed, without[typed], heard[typed]) for typed in heard if heard[typed] != without[typed]] == []
    told = {typed: [word for word in OF_ELSEWHERE if word in text] for typed, text in heard.items()}
    assert [(typed, words) for typed, words in told.items() if words] == []
    assert all("is for" not in text for text in heard.values()), "and each command was for that account"


def test_somebody_else_hears_of_all_of_it_by_the_same_commands(desk: Desk) -> None:
    looks = ("alarm list", "cabinet list", "case list", "events", "letter list", "link", "order list")
    looks += ("parcel list", "stay list", "stay show")
    given = {name: SHOWN[name][:1] for name in looks}
    without = desk.hears("seo", given, happened=False)
    heard = desk.hears("seo", given, happened=True)
    assert [typed for typed in heard if heard[typed] == without[typed]] == []


REFUSED = [
    ("events", "--site", "WHERE", "--cabinet", "1", *WHY),
    ("cabinet", "retire", "--site", "WHERE", "--cabinet", "1"),
    ("stay", "pause", "--site", "WHERE", "--reason", "storm"),
    ("ticket", "new", "--resident", "Lee", "--site", "WHERE"),
    ("oncall", "who", "--site", "WHERE"),
    ("oncall", "set", "Han", "--site", "WHERE"),
    ("site", "set", "--site", "WHERE", "--language", "ko"),
    ("account", "add", "New", "--role", "staff", "--site", "WHERE"),
    ("account", "end", "WHO"),
    ("resident", "wishes", "WHO", "--language", "ko", *WHY),
    ("ticket", "new", "--resident", "WHO"),
    ("case", "take", "NUMBER"),
    ("oncall", "remove", "ENTRY"),
]


@pytest.mark.parametrize("typed", REFUSED, ids=" ".join)
def test_an_act_elsewhere_is_refused_by_the_sentence_for_what_is_nowhere(
    desk: Desk, typed: tuple[str, ...]
) -> None:
    whom = "Yun" if "account" in typed else "Park"
    there = {"WHERE": ELSEWHERE, "WHO": whom, "NUMBER": str(desk.sites.case_elsewhere()), "ENTRY": "2"}
    nowhere = {"WHERE": "nowhere", "WHO": "Nobody", "NUMBER": "99999", "ENTRY": "99"}

    def told(names: Mapping[str, str]) -> str:
        text = desk.hears_once("han", *(names.get(word, word) for word in typed))
        its = [name for word, name in names.items() if word in typed]
        return text.replace(its[0], "IT")

    assert told(there) == told(nowhere) != ""


@pytest.mark.parametrize("typed", ["backup x", "stay policy set --free 50", "oncall set Han"])
def test_an_act_for_all_sites_is_not_for_an_account_of_one(desk: Desk, typed: str) -> None:
    assert desk.hears_once("han", *typed.split()).startswith(f"Your account is for {PLACE} only")
