"""A firmware and a host of different builds live a parcel together,
both ways round, or refuse each other by name.

The other build is a copy of the tree in which it knows more:
records, messages, commands and fields that this one has never heard of.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.demo import service
from host_tools.demo.stage import SITE
from host_tools.host.fleet import orders
from host_tools.host.fleet.orders import Order
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import open_ledger
from tests.swift_stage import ansim

from .place import BOARD, Place
from .relayed import wait_until

REPOSITORY = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".hypothesis", ".*_cache", "build", "dist", ".demo", "*.egg-info", "tests"
)

NEW_RECORD = 99
NEW_TYPE = 63
NEW_COMMAND = 200

#: What a later build has besides, at each place of which there is one:
#: (file, what stands there, what stands there then).
LATER = (
    ("firmware/locker/shell/app.py", "BUILD = const(0x10000002)", "BUILD = const(4711)"),
    (
        "firmware/locker/wire/messages.py",
        "        out += raw\n    return out\n",
        "        out += raw\n    return out + b'later'\n",
    ),
    (
        "firmware/locker/wire/messages.py",
        "    kind: int = message[0]\n",
        f"    kind: int = message[0]\n    if kind == {NEW_TYPE}:\n        return b'?new'\n",
    ),
    (
        "firmware/locker/shell/link.py",
        "self._session.seal(message))\n        self._said_ms = now_ms\n",
        (
            f"self._session.seal(message))\n        self._carrier.write(self._session.seal(({NEW_TYPE},)))\n"
            "        self._said_ms = now_ms\n"
        ),
    ),
    (
        "firmware/locker/core/cabinet.py",
        "        if records.TOLD >> kind & 1:\n            self.effects.append(effects.Send",
        f"        if kind == records.DEPOSITED:\n            self.record({NEW_RECORD}, door, 0xFFFFFFFF)\n"
        "        if records.TOLD >> kind & 1:\n            self.effects.append(effects.Send",
    ),
    (
        "host_tools/link/session.py",
        "super().seal(typed(message))",
        f"super().seal(message if message == ({NEW_TYPE},) else typed(message))",
    ),
    (
        "host_tools/host/connections/links.py",
        "        link.send(meeting.answer)\n",
        f"        link.send(meeting.answer)\n        link.send(({NEW_TYPE},))\n",
    ),
)
NEXT_MAJOR = (("firmware/locker/wire/frame.py", "VERSION = const(1)", "VERSION = const(2)"),)


def another(folder: Path, changes: tuple[tuple[str, str, str], ...]) -> Path:
    """A copy of the tree with these changes."""
    copy = folder / "other"
    shutil.copytree(REPOSITORY, copy, ignore=LEFT_OUT)
    for file, before, after in changes:
        path = copy / file
        text = path.read_text()
        assert text.count(before) == 1, (file, before)
        path.write_text(text.replace(before, after))
    return copy


@contextlib.contextmanager
def within(tree: Path) -> Iterator[None]:
    """The commands that begin meanwhile are those of that tree."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{tree}{os.pathsep}{tree / 'firmware'}"
    try:
        with contextlib.chdir(tree):
            yield
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


class Mixed(Place):
    """A cabinet of one build and a host of another.

    The chip and all that staff type afterwards are of this one.
    """

    def __init__(self, cabinet: Path, host: Path) -> None:
        self._trees = (cabinet, host)
        super().__init__()

    def _set_up(self) -> None:
        cabinet, host = self._trees
        self.cabinet = self._start("virtual", "--board", BOARD, "--port", self.port, "--json")
        flash = ansim if cabinet == REPOSITORY else service.ansim
        with within(cabinet):
            flash("flash", "--port", self.port, "--board", BOARD)
        if host != REPOSITORY:
            self.service = service.Service
        with within(host):
            self.host = self._start("serve", "--data", self.data, "--listen", "127.0.0.1:0", "--json")
        way = f"{self.host.ready['address']}:{self.host.ready['port']}"
        with within(cabinet):
            flash(
                "provision",
                "--port",
                self.port,
                "--board",
                BOARD,
                "--site",
                SITE,
                "--data",
                self.data,
                "--host",
                way,
            )

    def ordered(self) -> str:
        """How the command of an unknown kind ended."""
        with open_ledger(self.data) as ledger, ledger.reading() as connection:
            row = connection.execute(
                tables.command.select().where(tables.command.c.kind == NEW_COMMAND)
            ).one()
        return row.state

    def events(self) -> list[int]:
        with open_ledger(self.data) as ledger, ledger.reading() as connection:
            return list(connection.scalars(tables.event.select().with_only_columns(tables.event.c.kind)))


@pytest.mark.parametrize("later", ["cabinet", "host"])
def test_builds_that_know_different_things_live_a_parcel_together(later: str, tmp_path: Path) -> None:
    other = another(tmp_path, LATER)
    trees = (other, REPOSITORY) if later == "cabinet" else (REPOSITORY, other)
    with Mixed(*trees) as place:
        place.settle()
        with open_ledger(place.data) as ledger, ledger.writing() as connection:
            orders.queue(connection, 1, [Order(NEW_COMMAND, 0, 0, 7)], now_ms())
        place.deposit()
        ((door, code),) = place.told("deposited", 1)
        place.collect(door, code)
        wait_until(lambda: place.states() == ["collected"], "the parcel is collected at both ends")
        wait_until(
            lambda: place.ordered() == orders.IMPOSSIBLE, "the board says that it does not know that command"
        )
        wait_until(lambda: place.link()["behind"] == 0, "all is told")
        assert (NEW_RECORD in place.events()) is (later == "cabinet")
        assert not [
            told
            for told in place.watch.heard
            if told["event"] in ("link down", "out of step", "refused", "record set aside")
        ]


def test_builds_of_another_major_version_refuse_each_other_by_name(tmp_path: Path) -> None:
    with Mixed(another(tmp_path, NEXT_MAJOR), REPOSITORY) as place:
        place.new_resident("Minji")
        line = place.host.readline()
        while "speaks version" not in line:
            line = place.host.readline()
            assert line, "the host ended"
        assert f"cabinet 1 of {SITE}, or somebody with its alias, speaks version 2 and this host 1" in line
        assert "ansim flash" in line
