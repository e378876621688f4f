"""A control room gets each step of an alarm as CAP 1.2, once and in order, whatever its receiver does."""

import asyncio
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from host_tools.errors import UserError
from host_tools.host.care import cap, cases
from host_tools.host.notify import alerts
from host_tools.host.notify.alerts import Alerts
from host_tools.host.notify.channels.webhook import WebhookChannel
from host_tools.host.notify.notifier import LATER, REFUSED
from host_tools.host.notify.routes import Routes
from locker.contract import records
from tests.host_tools.host.care.conftest import site as site  # the fixture
from tests.kit.cared_site import MINUTE_MS, CaredSite
from tests.kit.peers import Receiver
from tests.schemas import cap_schema

NAME = f"{{{cap.NAMESPACE}}}"


def rounds(site: CaredSite, peer: Receiver, most: int = 20) -> list[str]:
    """What became of all that there is, until there is nothing or it is to be tried again."""

    async def work() -> list[str]:
        channel, found = WebhookChannel(peer.settings()), []
        job = Alerts(site.ledger, channel)
        for _ in range(most):
            receipt = await job.round()
            if receipt is None or receipt.state in ("", LATER):
                break
            found.append(receipt.state)
        await channel.close()
        return found

    return asyncio.run(work())


def steps(peer: Receiver) -> list[str]:
    schema, found = xmlschema.XMLSchema(cap_schema()), []
    for one in peer.taken.values():
        text = one["data"]["text"]
        schema.validate(text)
        assert not [word for word in ("Kim", "Min", "1234") if word in text]
        found.append(ElementTree.fromstring(text).findtext(f"{NAME}msgType") or "")
    return found


def test_a_bells_story_reaches_the_control_room_step_by_step(site: CaredSite) -> None:
    site.tells(records.TAMPERED)
    site.takes_in()
    with Receiver() as peer:
        assert rounds(site, peer) == []  # what was before the first server with such a channel
        site.rings()
        site.tells(records.LAMP_FAILED)  # no alarm
        site.takes_in()
        assert len(rounds(site, peer)) == 1
        (bell,) = [one.id for one in site.cases() if one.kind == "bell"]
        site.at_ms += MINUTE_MS
        with site.ledger.writing() as connection:
            cases.take(connection, bell, "Min", site.at_ms)
            cases.note(connection, bell, "Min", "Kim, 010-1234-5678", site.at_ms)
            cases.close(connection, bell, "Min", "helped", site.at_ms, "Kim is well")
        assert len(rounds(site, peer)) == 2
        assert rounds(site, peer) == []
        assert steps(peer) == ["Alert", "Update", "Cancel"]


def test_a_receiver_that_is_away_misses_nothing_and_a_kill_repeats_under_the_same_id(
    site: CaredSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_away = True
    with Receiver(lambda _: (503, {}, b"") if is_away else (200, {}, b"")) as peer:
        rounds(site, peer)
        site.rings()
        site.takes_in()
        with site.ledger.writing() as connection:
            cases.take(connection, 1, "Min", site.at_ms)
        assert rounds(site, peer) == []
        is_away = False
        with monkeypatch.context() as killed:
            killed.setattr(alerts, "_ended", lambda *_: None)
            assert len(rounds(site, peer, 2)) == 2
        assert len(rounds(site, peer)) == 2
        assert steps(peer) == ["Alert", "Update"]
        assert len(set(peer.heard)) == 2


def test_what_is_refused_for_good_holds_up_nothing(site: CaredSite) -> None:
    with Receiver(lambda ordinal: (200 if ordinal else 400, {}, b"")) as peer:
        rounds(site, peer)
        site.rings()
        site.takes_in()
        with site.ledger.writing() as connection:
            cases.take(connection, 1, "Min", site.at_ms)
        assert rounds(site, peer)[0] == REFUSED
        assert steps(peer) == ["Alert"]  # nothing that it could update was taken


def test_its_channel_is_for_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "channels.toml"
    table = 'staff = {{ channel = "desk" }}\ncap = {{ channel = "{}" }}\n[desk]\nkind = "file"\n'
    path.write_text(table.format("desk"))
    path.chmod(0o600)
    with pytest.raises(UserError, match=r"cap: \[desk\] is for others too"):
        Routes.of(tmp_path)
    path.write_text(table.format("room") + '[room]\nkind = "file"\n')
    with pytest.raises(UserError, match="a `path` of its own"):
        Routes.of(tmp_path)
    path.write_text(table.format("room") + '[room]\nkind = "file"\npath = "cap.jsonl"\n')
    found = Routes.of(tmp_path)
    assert found is not None
    assert found.cap is not None
    assert found.cap.channel == "room"
