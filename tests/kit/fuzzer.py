"""A board whose keys somebody else holds: what it says is sealed as it should be,
and means whatever chance makes of it.
"""

import random
import struct
from collections import Counter

from host_tools.host.ledger.ledger import Enrolment
from host_tools.link import messages
from locker.wire import batch
from tests.kit.host_board import Board

EDGES = (
    0,
    1,
    2,
    7,
    15,
    16,
    99,
    100,
    255,
    256,
    4095,
    65_535,
    65_536,
    131_071,
    131_072,
    262_143,
    262_144,
    2**31 - 1,
    2**31,
    2**32 - 2,
    2**32 - 1,
)
KINDS = [*range(1, 48)] * 3 + [99, 127, 128, 129, 132, 200, 255]


class Fuzzer(Board):
    """`kinds` counts its records by kind, `said` its messages by what they were."""

    def __init__(self, enrolled: Enrolment, seed: int, serials: list[int]) -> None:
        super().__init__(enrolled)
        self.rng = random.Random(seed)
        self.serials = serials
        self.kinds: Counter[int] = Counter()
        self.said: Counter[str] = Counter()
        self.next = 1

    def resume(self) -> None:
        """Reports truly again, and goes on behind what the host holds."""
        while not self._reported():
            self.tag = 0  # it was refused by a tag that it made up
        self.next = self.ask(messages.Status(100, self.next, 0, 0)) + 1

    def _reported(self) -> bool:
        """Whether the answer to this report, and to no earlier one, is that the board goes on."""
        self.journal.uptime += 1
        self.say(self.report()._replace(next_event=self.next, acknowledged=0))
        while True:
            for heard in self._hear():
                if isinstance(heard, messages.Resume):
                    self.tag = heard.tag
                    if heard.echo == self.journal.uptime:
                        return True
                if isinstance(heard, messages.Refused) and not self.arrived(0.5):
                    return False

    def number(self, most: int = 2**32 - 1) -> int:
        rng = self.rng
        value = rng.choice(EDGES) if rng.random() < 0.6 else rng.randrange(2 ** rng.randint(1, 32))
        return min(value, most)

    def record(self, number: int) -> bytes:
        """A record that could be, with some field of it changed as often as not."""
        rng = self.rng
        kind, door, serial = rng.choice(KINDS), rng.choice((0, rng.randint(1, 12))), rng.choice(self.serials)
        fields = [
            kind,
            door,
            rng.randint(1, 3),
            number,
            rng.randrange(10**6),
            rng.choice((serial, 0, 1)),
            rng.randint(0, 5),
        ]
        if rng.random() < 0.5:
            at = rng.choice((1, 2, 4, 5, 6))
            fields[at] = self.number((255, 65_535)[at - 1] if at < 3 else 2**32 - 1)
        self.kinds[kind] += 1
        return struct.pack("<BBHIIII", *fields)

    def plaintext(self) -> bytes:
        """The next thing to say."""
        rng = self.rng
        what = rng.choices(
            ("events", "urgent", "status", "challenge", "flipped", "garbage"), (70, 8, 6, 4, 6, 6)
        )[0]
        self.said[what] += 1
        if what == "events":
            run = tuple(self.record(self.next + at) for at in range(rng.randint(1, 8)))
            self.next += len(run)
            return bytes((2,)) + batch.pack(run, 8)
        if what == "urgent":
            return bytes((3,)) + batch.pack((self.record(rng.choice((self.next, self.number() or 1))),), 1)
        if what == "status":
            return bytes((4,)) + struct.pack(
                ">IIHH", *(self.number() for _ in range(2)), *(self.number(65_535) for _ in range(2))
            )
        if what == "challenge":
            return bytes((9,)) + struct.pack(">BI", self.number(255), self.number())
        if what == "flipped":
            text = bytearray(bytes((rng.choice((2, 4, 5, 9)),)) + batch.pack((self.record(self.next),), 1))
            text[rng.randrange(len(text))] ^= 1 << rng.randrange(8)
            return bytes(text)
        return rng.randbytes(rng.randint(1, 60))

    def report_oddly(self) -> None:
        """A report with one of its fields changed; the true one follows."""
        self.said["report"] += 1
        name = self.rng.choice([name for name in messages.Report._fields if name != "board_id"])
        text = messages.encode_message(self.report()._replace(next_event=self.next))
        at = {
            name: place
            for place, name in zip(
                (0, 8, 12, 16, 20, 24, 28, 32, 34, 38, 42), messages.Report._fields, strict=True
            )
        }[name] + 1
        width = {"boot": 2, "uid": 6}.get(name, 4)
        self.say_raw(text[:at] + self.number(256**width - 1).to_bytes(width, "big") + text[at + width :])
        self.drain()
        self.resume()

    def say_raw(self, plaintext: bytes) -> None:
        """Seals whatever it is."""
        session = self.session
        piv = batch.short(session._number)
        session._number += 1
        lead = session._lead
        self.write(session._sealed(session._keys, len(lead) | len(piv), lead + piv, piv, plaintext))

    def drain(self) -> None:
        """Hears the host out, so that it can go on."""
        while self.arrived(0):
            for heard in self._hear():
                if isinstance(heard, messages.Resume):
                    self.tag = heard.tag
