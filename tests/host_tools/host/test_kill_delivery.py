"""A host that is killed between a peer's answer and its own note of it repeats that letter once,
under the same id: counted at the peer.
"""

import random
import signal
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import now_ms
from host_tools.host.ledger.ledger import Ledger, open_ledger
from tests.kit.host_board import Host
from tests.kit.letter_site import Site
from tests.kit.peers import PASSWORD, SECRET, USER, MailServer, Receiver

_SOON_S = 0.005  # for the answer to be on the line
_LATE_S = 0.04  # by then it is noted, or not


class Killer:
    """Kills the host at the first sight of each letter: half of the times it stands still from before the
    answer, so that it cannot have noted it; else at some instant behind it.
    """

    def __init__(self, seed: int) -> None:
        self.host: Host | None = None
        self.seen: Counter[str] = Counter()
        self.killed = threading.Event()
        self._chance = random.Random(seed)

    def takes(self, name: str) -> None:
        """A peer has a letter, and is about to answer."""
        self.seen[name] += 1
        host = self.host
        if self.seen[name] > 1 or host is None:
            return
        stands = self._chance.random() < 0.5
        if stands:
            host.process.send_signal(signal.SIGSTOP)
        delay_s = _SOON_S if stands else self._chance.uniform(0, _LATE_S)
        threading.Timer(delay_s, self._kill, (host,)).start()

    def _kill(self, host: Host) -> None:
        host.process.kill()
        self.killed.set()


class Peer:
    """A mail server or a receiver of webhooks, and the table of its channel."""

    def __init__(self, kind: str, folder: Path, killer: Killer) -> None:
        self.kind = kind
        self._peer: Any = MailServer(folder) if kind == "smtp" else Receiver()
        self._peer.taking = killer.takes

    def __enter__(self) -> "Peer":
        self._peer.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._peer.__exit__(*error)

    def writes(self, data: Path) -> None:
        """Into the data folder: its channel is the only one."""
        told = {
            "smtp": f'host = "127.0.0.1"\nport = {self._peer.port}\nuser = "{USER}"\n'
            f'password = "{PASSWORD}"\nsender = "ansim@example.org"\n'
            f'ca_file = "{getattr(self._peer, "certificate", "")}"\n',
            "webhook": f'url = "http://127.0.0.1:{self._peer.port}/"\nsecret = "{SECRET}"\n'
            "allow_private = true\n",
        }[self.kind]
        path = data / "channels.toml"
        path.write_text(
            'staff = {channel = "one", address = "desk@example.org"}\n'
            f'[one]\nkind = "{self.kind}"\nfor = ["email"]\nparallel = 1\n{told}'
        )
        path.chmod(0o600)


def queue(ledger: Ledger, count: int) -> None:
    """So many parcels have come for her."""
    site = Site(ledger)
    board = site.board()
    for counter in range(1, count + 1):
        serial = site.serial()
        site.boards[board].deposit(1 + counter % 12, serial, counter)
        site.boards[board].pickup(1 + counter % 12, serial, counter)
    site.heard_ms = now_ms()
    site.hear(board)
    with ledger.writing() as connection:  # only letters of deposits, which go out one by one
        connection.execute(tables.outbox.delete().where(tables.outbox.c.kind != "deposited"))
        connection.execute(tables.outbox.update().values(held=None))


def unsent(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return len(connection.execute(tables.outbox.select().where(tables.outbox.c.sent_ms.is_(None))).all())


@pytest.mark.parametrize("kind", ["smtp", "webhook"])
@pytest.mark.parametrize(
    ("home", "kills"),
    [
        ("sqlite", 5),
        ("postgresql", 5),
        pytest.param("sqlite", 50, marks=pytest.mark.soak),
        pytest.param("postgresql", 50, marks=pytest.mark.soak),
    ],
    indirect=["home"],
)
def test_a_kill_between_an_answer_and_its_note_repeats_a_letter_once_under_its_id(
    home: Path, kind: str, kills: int, tmp_path: Path
) -> None:
    killer = Killer(kills)
    with ExitStack() as held:
        peer = held.enter_context(Peer(kind, tmp_path, killer))
        ledger = held.enter_context(open_ledger(home))
        queue(ledger, kills)
        peer.writes(home)
        while len(killer.seen) < kills:  # a kill that comes late may follow the next letter
            killer.killed.clear()
            with Host(home) as host:
                killer.host = host
                assert killer.killed.wait(30)
                assert host.process.wait() == -signal.SIGKILL
        killer.host = None
        with Host(home) as host:
            host.wait_for("listening")
            host.listen_until(lambda: not unsent(ledger))
            assert host.end() == 0
        with ledger.reading() as connection:
            letters = connection.execute(tables.outbox.select()).all()
    assert len(letters) == kills
    assert set(killer.seen) == {row.id for row in letters}, "each has come, under its id"
    assert max(killer.seen.values()) <= 2
    assert sum(killer.seen.values()) > kills, "some were repeated, or nothing was tried here"
