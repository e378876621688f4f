"""Somebody at the host who opens a door for a caller, at a terminal."""

import os
import pty
import re
import subprocess
import sys
from types import TracebackType
from typing import Self

from sqlalchemy import select, update

from host_tools.demo.stage import SITE
from host_tools.host.ledger import tables
from host_tools.host.ledger.ledger import open_ledger
from host_tools.host.parcels.asking import WINDOW_MS
from tests.system.faces.street import Street
from tests.system.relayed import wait_until

PATIENCE_S = 60


class Caller:
    """`ansim parcel open` for a door, as one types it."""

    def __init__(self, street: Street, door: int) -> None:
        self._street = street
        self._ours, self._theirs = pty.openpty()
        words = [
            "parcel",
            "open",
            "--site",
            SITE,
            "--cabinet",
            "1",
            "--door",
            str(door),
            "--reason",
            "caller",
        ]
        command = [sys.executable, "-m", "host_tools", *words, "--data", str(street.data)]
        self.process = subprocess.Popen(
            command, stdin=self._theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.said = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        os.close(self._ours)
        os.close(self._theirs)

    def hears(self, words: str) -> None:
        """Reads on until these words come; what is typed before a question is thrown away."""
        assert self.process.stderr
        while words.encode() not in self.said:
            heard = os.read(self.process.stderr.fileno(), 4096)
            assert heard, self.said
            self.said += heard

    def types(self, text: str) -> None:
        """A line."""
        os.write(self._ours, f"{text}\n".encode())

    def says_her_digits(self) -> None:
        """Repeats what her first contact was sent last."""
        count = len(self._digits())
        wait_until(lambda: len(self._digits()) > 0, "her contact is sent digits")
        self.hears("first contact")
        self.types(self._digits()[max(count - 1, -1)] if count > 1 else self._digits()[-1])
        self.hears("Right")

    def _digits(self) -> list[str]:
        texts = [one["text"] for one in self._street.letters() if one["kind"] == "digits"]
        return [digits for text in texts for digits in re.findall(r"\b\d{6}\b", text)]

    def ends(self) -> str:
        """What it said until its end."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return (self.said + out + err).decode()


def a_minute_passes(street: Street) -> None:
    """Her contacts were told a minute earlier than they were."""
    outbox, way = tables.outbox.c, tables.delivery
    asked = select(outbox.sequence).where(outbox.kind == "asked to open", outbox.sent_ms.is_not(None))
    with open_ledger(street.data) as ledger, ledger.writing() as connection:
        its = way.c.letter.in_(asked) & way.c.handed_ms.is_not(None)
        connection.execute(update(way).where(its).values(handed_ms=way.c.handed_ms - WINDOW_MS))
