"""What people at the host order happens at the cabinet:
the virtual board, the real host, and the commands that staff type.
"""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from host_tools.demo.stage import SITE
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels.asking import WINDOW_MS
from tests import swift
from tests.kit.command_tree import departures, page
from tests.swift_stage import ansim

from .conftest import PATIENCE_S
from .place import RESIDENT, Place
from .relayed import wait_until

HERE = ("--site", SITE, "--cabinet", "1")
NUMBER = re.compile(r"number: (\d{4})")


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with Place() as place:
        place.settle()
        yield place


def fresh(place: Place) -> tuple[int, str]:
    """A parcel: its door, and the code that its resident was sent."""
    count = len(place.codes("deposited"))
    place.deposit()
    return place.told("deposited", count + 1)[-1]


def order(place: Place, *words: str) -> str:
    return ansim(*words, *HERE, "--data", place.data)


def test_a_reissued_code_is_sent_opens_and_the_one_before_is_dead(place: Place) -> None:
    door, old = fresh(place)
    order(place, "parcel", "reissue", "--door", str(door))
    ((again, new),) = place.told("new code", 1)
    assert (again, new != old) == (door, True)
    place.is_refused(door, old)
    place.collect(door, new)


def test_staff_are_sent_a_code_that_takes_a_parcel_out_once(place: Place) -> None:
    door, _ = fresh(place)
    order(place, "parcel", "recall", "--door", str(door))
    wait_until(
        lambda: [one for one in place.messages() if one["kind"] == "recall code"], "staff are sent the code"
    )
    (message,) = [one for one in place.messages() if one["kind"] == "recall code"]
    assert message["to"] == "staff"
    code = "".join(re.findall(r"(\d{4}) (\d{4}) (\d{4})", message["text"])[0])
    place.collect(door, code)
    wait_until(
        lambda: [one for one in place.messages() if one["kind"] == "opened by staff"], "the resident is told"
    )
    place.is_refused(door, code)


def test_whoever_rings_sees_that_a_person_has_heard_her(place: Place) -> None:
    place.hands("bell")
    wait_until(lambda: [one for one in place.messages() if one["kind"] == "bell"], "staff are told")
    order(place, "bell", "ack")
    place.watch.until(lambda: "call was seen" in place.watch.screen(), "says that she was heard", 10)


def sent_digits(place: Place) -> str:
    """The six digits that the resident's contact was sent."""

    def sent() -> list[str]:
        texts = [one["text"] for one in place.messages() if one["kind"] == "digits"]
        return [digits for text in texts for digits in re.findall(r"\b\d{6}\b", text)]

    wait_until(lambda: bool(sent()), "her contact is sent digits")
    (digits,) = sent()
    return digits


def a_minute_passes(place: Place) -> None:
    """Her contacts were told a minute earlier than they were."""
    table = tables.outbox
    asked = (table.c.kind == "asked to open") & table.c.sent_ms.is_not(None)
    with open_ledger(place.data) as ledger:

        def told() -> bool:
            with ledger.reading() as connection:
                return connection.execute(select(table.c.id).where(asked)).first() is not None

        wait_until(told, "her contacts are told")
        with ledger.writing() as connection:
            way = tables.delivery
            its = way.c.letter.in_(select(table.c.sequence).where(asked)) & way.c.handed_ms.is_not(None)
            connection.execute(update(way).where(its).values(handed_ms=way.c.handed_ms - WINDOW_MS))


def test_a_person_at_the_host_opens_for_somebody_who_reads_the_digits_from_the_screen(place: Place) -> None:
    door, _ = fresh(place)
    ansim("resident", "contact", "add", RESIDENT, "minji@example.org", "--data", place.data)
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "host_tools",
        "parcel",
        "open",
        *HERE,
        "--door",
        str(door),
        "--data",
        str(place.data),
        "--json",
    ]
    asking = subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    digits = sent_digits(place)
    assert asking.stderr
    prompt = b""
    while b"first contact" not in prompt:  # what is typed before it is thrown away, as of any password
        heard = os.read(asking.stderr.fileno(), 4096)
        assert heard, prompt
        prompt += heard
    os.write(ours, f"{digits}\n".encode())
    a_minute_passes(place)
    place.watch.until(
        lambda: "press #" in place.watch.screen() and "Help would" in place.watch.screen(),
        "asks whoever is there",
        15,
    )
    place.hands("keys", "#")
    place.watch.until(lambda: bool(NUMBER.search(place.watch.screen())), "shows the number", 10)
    found = NUMBER.search(place.watch.read_screen())
    assert found
    os.write(ours, found[1].encode() + b"\n")
    place.watch.until(lambda: door in place.watch.open_doors(), "opens the door", 15)
    out, err = asking.communicate(timeout=PATIENCE_S)
    assert asking.returncode == 0, err
    assert departures(page()["parcel open"], json.loads(out)) == []
    place._use(door, "take")
    os.close(ours)
    os.close(theirs)


def test_what_cannot_be_ordered_is_said_in_one_sentence(place: Place) -> None:
    for words, sentence in (
        (("parcel", "reissue", "--door", "12"), "No parcel waits behind door 12"),
        (("parcel", "recall", "--door", "12"), "No parcel waits behind door 12"),
        (("parcel", "open", "--door", "12"), "needs a person at a terminal"),
    ):
        ended = swift.ansim(*words, *HERE, "--data", str(place.data))
        assert ended.returncode in (1, 2)
        assert sentence in ended.stderr
        assert ended.stderr.count("\n") == 1
