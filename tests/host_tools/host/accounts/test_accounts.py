"""Accounts: whose command it is decides what it may do, and whom it sees."""

import ast
import json
import pwd
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyotp.totp import TOTP

from host_tools.cli import _acting, ansim
from host_tools.errors import UserError
from host_tools.host.accounts import accounts, audit, people, secrets, service, sight
from host_tools.host.accounts.people import Change
from host_tools.host.accounts.rights import ACT, RIGHTS, ROLES
from host_tools.host.fleet import doors
from host_tools.host.ledger import tables
from host_tools.host.ledger.actors import ITSELF, Actor
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from host_tools.host.ledger.places import Place
from host_tools.host.parcels import parcels, support, tickets
from host_tools.host.people import residents
from locker.contract import commands
from tests.kit import os_users
from tests.kit.letter_site import DOOR, Site

ROOT = Path(__file__).parents[4]
#: Acts that `_acting.note` or `_acting.check` notes, which know the command.
BY_ITS_COMMAND = {
    "backup", "cabinet retire", "key protect", "key unprotect", "link release", "restore", "site set"
}  # fmt: skip
AT_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
PASSWORD = "four random words"
OPERATOR = Change(("operator",), None, "jimin", None)


@pytest.fixture(autouse=True)
def users(monkeypatch: pytest.MonkeyPatch) -> None:
    os_users.there_are(monkeypatch, "jimin", "seo", "lee")


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    with open_ledger(home) as opened:
        yield opened


def act_as(ledger: Ledger, os_user: str) -> Actor:
    ledger.actor = accounts.who(ledger, os_user)
    return ledger.actor


class Desk:
    """People who type commands, each as a user of the operating system."""

    def __init__(self, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data = data
        self._patch = monkeypatch

    def types(self, os_user: str, *words: str) -> str:
        self._patch.setattr(_acting, "os_user", lambda: os_user)
        ended = CliRunner().invoke(ansim, [*words, "--data", str(self.data)])
        if isinstance(ended.exception, UserError):
            return str(ended.exception)
        assert ended.exit_code == 0, ended.output
        return ended.stdout


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(tmp_path / "data", monkeypatch)
    found.types("anyone", "resident", "add", "Kim")
    return found


def test_while_there_is_no_account_everything_is_allowed_and_noted(desk: Desk) -> None:
    assert "Kim" in desk.types("anyone", "resident", "list")
    rows = json.loads(desk.types("anyone", "audit", "list", "--json"))
    assert [(row["os_user"], row["account"], row["act"]) for row in rows] == [
        ("anyone", None, "resident add"),
        ("anyone", None, "resident list"),
        ("anyone", None, "audit list"),
    ]


def test_from_the_first_account_on_a_user_without_one_sees_nothing_of_people(desk: Desk) -> None:
    made = desk.types("anyone", "account", "add", "Han", "--role", "operator", "--os-user", "jimin")
    assert "24 h" in made
    for words in (("resident", "list"), ("parcel", "list"), ("audit", "list"), ("resident", "add", "Lee")):
        refused = desk.types("anyone", *words)
        assert "the user anyone has no account here" in refused
        assert "Kim" not in refused
    assert "site" in desk.types("anyone", "cabinet", "list")
    assert "needs a reason" in desk.types("jimin", "resident", "list")
    assert "no reason for" in desk.types("jimin", "resident", "list", "--reason", "curious")
    assert "Kim" in desk.types("jimin", "resident", "list", "--reason", "duty: the monthly count")
    assert "is for auditors, and your account is for operator" in desk.types("jimin", "audit", "list")
    desk.types("jimin", "account", "add", "Seo", "--role", "auditor", "--os-user", "seo")
    last = json.loads(desk.types("seo", "audit", "list", "--reason", "audit", "--json"))[-3]
    assert (last["account"], last["act"], last["reason"], last["text"]) == (
        "Han",
        "resident list",
        "duty",
        "the monthly count",
    )


def test_the_service_is_for_its_user_and_for_operators_and_says_so_where_it_tells_elsewhere(
    ledger: Ledger, home: Path
) -> None:
    ledger.actor = Actor(os_user="anyone")
    service.enter(ledger, "letters: --notify console")
    assert audit.listing(ledger) == []
    people.add(ledger, "Han", OPERATOR, AT_MS)
    people.add(ledger, "Seo", Change(("staff",), None, "seo", None), AT_MS)
    owner = pwd.getpwuid(home.stat().st_uid).pw_name
    for os_user in ("anyone", "seo"):
        act_as(ledger, os_user)
        with pytest.raises(UserError, match=f"for the user {owner}"):
            service.enter(ledger)
    for os_user in (owner, "jimin"):
        act_as(ledger, os_user)
        service.enter(ledger)
        assert ledger.actor == ITSELF
    act_as(ledger, owner)
    service.enter(ledger, "letters: --notify console")
    last = audit.listing(ledger)[-1]
    assert (last.act, last.os_user, last.text) == ("serve", owner, "letters: --notify console")
    (home / "settings.toml").write_text('service_user = "seo"\n')
    act_as(ledger, "seo")
    service.enter(ledger)
    act_as(ledger, owner)
    with pytest.raises(UserError, match="for the user seo"):
        service.enter(ledger)
    for words in ("service_user = 7", "service_user"):
        (home / "settings.toml").write_text(words)
        with pytest.raises(UserError, match=r"settings\.toml"):
            service.enter(ledger)


def test_serve_asks_whose_service_it_is(desk: Desk) -> None:
    desk.types("anyone", "account", "add", "Han", "--role", "operator", "--os-user", "jimin")
    assert "for the user" in desk.types("anyone", "serve", "--listen", "127.0.0.1:0")


def test_no_command_leaves_the_host_without_an_operator(desk: Desk) -> None:
    assert "no operator could" in desk.types("anyone", "account", "add", "Han", "--role", "staff")
    assert "no operator could" in desk.types("anyone", "account", "add", "Han", "--role", "operator")
    desk.types("anyone", "account", "add", "Han", "--role", "operator", "--os-user", "jimin")
    for words in (("end", "Han"), ("set", "Han", "--os-user", "")):
        assert "no operator could" in desk.types("jimin", "account", *words)
    assert "Would end" not in desk.types("jimin", "account", "end", "Han", "--dry-run")
    assert json.loads(desk.types("jimin", "account", "list", "--json"))[0]["ended"] is None


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_what_the_table_says(ledger: Ledger, role: str) -> None:
    actor = Actor(1, "Han", "jimin", frozenset((role,)))
    for act, right in RIGHTS.items():
        reason = right.reasons[0] if right.reasons else ""
        if not right.roles or role in right.roles:
            accounts.check(ledger, act, actor._replace(reason=reason))
        else:
            with pytest.raises(UserError, match="your account is for"):
                accounts.check(ledger, act, actor._replace(reason=reason))
    with pytest.raises(UserError) if role != "operator" else open_nothing():
        accounts.check(ledger, "a command of tomorrow", actor)


def open_nothing():
    return nullcontext()


def test_every_act_is_noted_where_it_is_done_or_by_the_command_before_it_acts() -> None:
    named: set[str] = set()
    for path in (ROOT / "host_tools").rglob("*.py"):
        if path.name == "rights.py":
            continue
        tree = ast.parse(path.read_text())
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        reasons = {
            id(one) for call in calls if ast.unparse(call.func) == "reason_option" for one in call.args
        }
        texts = [
            node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in reasons
        ]
        named |= {node.value for node in texts if isinstance(node.value, str)}
    assert {act for act, right in RIGHTS.items() if right.kind == ACT} - named == BY_ITS_COMMAND


def test_whoever_is_related_to_her_finds_no_such_resident(ledger: Ledger) -> None:
    site = Site(ledger)
    residents.add(ledger, "Lee", "lee@example.org")
    board = site.board()
    site.boards[board].deposit(DOOR, site.serial(), 1)
    site.hear(board)
    place = Place("mapo-3", 1, DOOR)
    people.add(ledger, "Han", OPERATOR, AT_MS)
    act_as(ledger, "jimin")
    assert [one.name for one in residents.everyone(ledger)] == ["Kim", "Lee"]
    with ledger.writing() as connection:
        her = residents.find(connection, "Kim").id
        sight.relate(connection, people.find(connection, "Han"), her, "barred", AT_MS)
        assert sight.is_related(connection, people.find(connection, "Han"), her)
    assert [one.name for one in residents.everyone(ledger)] == ["Lee"]
    assert residents.labels(ledger, [her]) == {}
    assert parcels.listing(ledger) == []
    assert tickets.listing(ledger) == []
    for attempt in (
        lambda: support.recall(ledger, place),
        lambda: residents.rename(ledger, "Kim", None, "Choi", None),
        lambda: tickets.issue(ledger, "Kim"),
    ):
        with pytest.raises(UserError, match=r"No parcel waits|no resident of that name"):
            attempt()
    with pytest.raises(UserError) as unknown:
        residents.rename(ledger, "Nobody", None, "Choi", None)
    with pytest.raises(UserError) as hers:
        residents.rename(ledger, "Kim", None, "Choi", None)
    assert str(hers.value) == str(unknown.value)
    with ledger.writing() as connection:
        sight.relate(connection, people.find(connection, "Han"), her, None, AT_MS)
    assert len(parcels.listing(ledger)) == 1


@pytest.mark.parametrize(
    ("command", "act", "order"),
    [
        ("door service", doors.arm_service, commands.ARM_SERVICE),
        ("door out", partial(doors.set_out, is_out=True), commands.SET_OUT),
        ("door in", partial(doors.set_out, is_out=False), commands.SET_OUT),
        ("door disarm", doors.disarm, commands.DISARM),
    ],
)
def test_an_order_at_her_door_of_whoever_is_related_is_in_vain_as_at_a_door_that_cannot(
    ledger: Ledger, command: str, act: Callable[..., None], order: int
) -> None:
    site = Site(ledger)
    board = site.board()
    site.boards[board].deposit(DOOR, site.serial(), 1)
    site.hear(board)
    hers, other = Place("mapo-3", 1, DOOR), Place("mapo-3", 1, DOOR + 1)
    people.add(ledger, "Han", OPERATOR, AT_MS)
    people.add(ledger, "Seo", OPERATOR._replace(os_user="seo"), AT_MS)
    with ledger.writing() as connection:
        her = residents.find(connection, "Kim").id
        sight.relate(connection, people.find(connection, "Han"), her, "barred", AT_MS)
    act_as(ledger, "jimin")
    act(ledger, hers)
    act(ledger, other)
    act_as(ledger, "seo")
    act(ledger, hers)
    with ledger.reading() as connection:
        table = tables.command.c
        rows = connection.execute(tables.command.select().where(table.kind == order)).all()
    found = [(row.door, row.state, row.a) for row in sorted(rows, key=lambda row: row.sequence)]
    argument = int(command not in ("door in", "door disarm"))
    assert found == [(DOOR, "impossible", 0), (DOOR + 1, "waiting", argument), (DOOR, "waiting", argument)]
    told = audit.about(ledger, her, now_ms() + 2 * 24 * HOUR_MS)
    shown = [(row.account, row.text == doors.NOT_DONE) for row in told if row.act == command]
    assert shown == [("Han", True), ("Seo", False)]


def test_an_account_that_is_paged_at_a_contact_of_hers_is_related_to_her_by_itself(ledger: Ledger) -> None:
    her = residents.add(ledger, "Kim", "kim@example.org").id
    with ledger.writing() as connection:
        connection.execute(tables.contact.delete())
        connection.execute(
            tables.contact.insert().values(resident=her, rank=1, address="han@example.org", since_ms=AT_MS)
        )
    people.add(ledger, "Han", OPERATOR._replace(contact="han@example.org"), AT_MS)
    act_as(ledger, "jimin")
    assert residents.everyone(ledger) == []


def test_an_account_of_one_site_sees_no_other(desk: Desk) -> None:
    with open_ledger(desk.data) as ledger:
        ledger.site("mapo-3")
        ledger.site("jongno-1")
    desk.types("anyone", "account", "add", "Han", "--role", "operator", "--os-user", "jimin")
    desk.types("jimin", "account", "add", "Seo", "--role", "operator", "--os-user", "seo", "--site", "mapo-3")
    refused = desk.types("seo", "ticket", "list", "--site", "jongno-1", "--reason", "duty")
    assert refused == "Your account is for mapo-3 only: ask an operator for more."
    assert "serial" in desk.types("seo", "ticket", "list", "--site", "mapo-3", "--reason", "duty")


def test_nobody_widens_an_account_beyond_his_own(ledger: Ledger) -> None:
    for name in ("mapo-3", "jongno-1"):
        ledger.site(name)
    people.add(ledger, "Han", OPERATOR, AT_MS)
    people.add(ledger, "Seo", Change(("operator",), ("mapo-3",), "seo", None), AT_MS)
    act_as(ledger, "seo")
    for wanted in (Change(sites=()), Change(sites=("jongno-1",)), Change(roles=("operator", "auditor"))):
        with pytest.raises(UserError, match="another operator"):
            people.change(ledger, "Seo", wanted, AT_MS)
        with pytest.raises(UserError, match="some sites only"):
            people.change(ledger, "Han", wanted, AT_MS)
    for sites in ((), ("jongno-1",), ("mapo-3", "jongno-1")):
        with pytest.raises(UserError, match="some sites only"):
            people.add(ledger, "Lee", Change(("operator",), sites, "lee", None), AT_MS)
    people.add(ledger, "Lee", Change(("staff",), ("mapo-3",), "lee", None), AT_MS)
    with pytest.raises(UserError, match="some sites only"):
        people.change(ledger, "Lee", Change(sites=()), AT_MS)
    with pytest.raises(UserError, match="some sites only"):
        people.end(ledger, "Han", AT_MS)
    act_as(ledger, "jimin")
    assert people.change(ledger, "Seo", Change(sites=()), AT_MS)[0].sites == ()


def test_a_new_account_of_the_same_user_is_related_to_whom_the_old_one_was(ledger: Ledger) -> None:
    her = residents.add(ledger, "Kim").id
    people.add(ledger, "Han", OPERATOR, AT_MS)
    people.add(ledger, "Seo", OPERATOR._replace(os_user="seo"), AT_MS)
    act_as(ledger, "seo")
    residents.add(ledger, "Lee")
    act_as(ledger, "jimin")
    with ledger.writing() as connection:
        sight.relate(connection, people.find(connection, "Seo"), her, "barred", AT_MS)
    people.end(ledger, "Seo", AT_MS)
    people.add(ledger, "Seo anew", OPERATOR._replace(os_user="seo"), AT_MS)
    act_as(ledger, "seo")
    assert [one.name for one in residents.everyone(ledger)] == ["Lee"]


def test_a_link_sets_password_and_second_factor_once_and_within_a_day(ledger: Ledger) -> None:
    _, token = people.add(ledger, "Han", OPERATOR, AT_MS)
    secret, uri = secrets.second_factor("Han")
    assert uri.startswith("otpauth://totp/Ansim:Han?")
    code = TOTP(secret).at(AT_MS // 1000)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert secrets.name_of(ledger, token, AT_MS + 24 * HOUR_MS) is None
    assert secrets.name_of(ledger, token, AT_MS) == "Han"
    for password in ("short", "x" * 129):
        with pytest.raises(UserError, match="12 to 128 characters"):
            secrets.hashed(password)
    kept = secrets.hashed(PASSWORD)
    with pytest.raises(UserError, match="shows now"):
        secrets.set_secrets(ledger, token, kept, secret, wrong, AT_MS)
    secrets.set_secrets(ledger, token, kept, secret, code, AT_MS)
    with pytest.raises(UserError, match="used or too old"):
        secrets.set_secrets(ledger, token, kept, secret, code, AT_MS)
    assert people.listing(ledger)[0].has_password
    with ledger.reading() as connection:
        row = connection.execute(tables.account.select()).one()
    assert row.password.startswith("$argon2id$")
    assert secret.encode() not in row.second_factor
    assert token.encode() not in repr(tuple(row)).encode()


def test_password_and_code_sign_in_once_and_nothing_else_does(ledger: Ledger) -> None:
    _, token = people.add(ledger, "Han", OPERATOR, AT_MS)
    secret, _ = secrets.second_factor("Han")
    kept = secrets.hashed(PASSWORD)
    secrets.set_secrets(ledger, token, kept, secret, TOTP(secret).at(AT_MS // 1000), AT_MS)
    now_ms = AT_MS + HOUR_MS
    code = TOTP(secret).at(now_ms // 1000)
    assert secrets.account_of(ledger, "Han", "another password") == 0
    assert secrets.account_of(ledger, "Lee", PASSWORD) == 0
    assert secrets.account_of(ledger, "Han", PASSWORD) == 1
    assert not secrets.is_second_factor(ledger, 0, code, now_ms)
    assert not secrets.is_second_factor(ledger, 1, "000000", now_ms)
    assert not secrets.is_second_factor(ledger, 1, code, now_ms + HOUR_MS)
    assert secrets.is_second_factor(ledger, 1, code, now_ms)
    assert not secrets.is_second_factor(ledger, 1, code, now_ms)
    people.add(ledger, "Seo", OPERATOR._replace(os_user="seo"), AT_MS)
    people.end(ledger, "Han", AT_MS)
    later = TOTP(secret).at(now_ms // 1000 + 60)
    assert secrets.account_of(ledger, "Han", PASSWORD) == 0
    assert not secrets.is_second_factor(ledger, 1, later, now_ms + 60_000)
    assert act_as(ledger, "jimin").roles == frozenset()
