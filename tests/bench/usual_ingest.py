"""The usual way to keep what devices say: JSON messages, an async handler,
SQLAlchemy's ORM, a commit for each before it is acknowledged.

It keeps what our host keeps of the same lives of parcels: the event once, the parcel, the ticket, the letter.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, UniqueConstraint, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

_DEVICES = 250
_TICKETS = 3000


class Base(DeclarativeBase):
    """What all models share."""


class Device(Base):
    __tablename__ = "device"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    seen_at: Mapped[datetime | None]


class Event(Base):
    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("device_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    number: Mapped[int]
    kind: Mapped[str]
    door: Mapped[int]
    uptime: Mapped[float]
    ticket: Mapped[int | None]
    counter: Mapped[int]
    received_at: Mapped[datetime]


class Ticket(Base):
    __tablename__ = "ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(unique=True)
    resident: Mapped[str]
    state: Mapped[str]


class Parcel(Base):
    __tablename__ = "parcel"
    __table_args__ = (UniqueConstraint("device_id", "door", "counter"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    door: Mapped[int]
    counter: Mapped[int]
    state: Mapped[str]
    deposited_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Letter(Base):
    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcel.id"))
    kind: Mapped[str]
    sent_at: Mapped[datetime | None]


class Message(NamedTuple):
    """What a broker's client hands over."""

    topic: str
    payload: bytes


class UsualIngest:
    """The stack over a fresh database of SQLite, with the settings that our ledger has."""

    def __init__(self, path: Path) -> None:
        self._engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _configure)
        Base.metadata.create_all(self._engine)
        self._sessions = sessionmaker(self._engine)
        with self._sessions() as session:
            session.add_all([Device(name=f"board-{number}") for number in range(_DEVICES)])
            session.add_all(
                [Ticket(serial=serial, resident="Kim", state="open") for serial in range(_TICKETS)]
            )
            session.commit()
        self._lives = 0

    async def cost(self, lives: int) -> float:
        """Microseconds of CPU time for an event of so many lives of parcels."""
        said = [message for _ in range(lives) for message in self._life()]
        began = time.process_time()
        async for message in _messages(said):
            await self.handle(message)
        return (time.process_time() - began) * 1e6 / len(said)

    async def handle(self, message: Message) -> None:
        """Keeps one event; the broker has its acknowledgement when it returns."""
        told = json.loads(message.payload)
        with self._sessions() as session:
            device = session.scalars(select(Device).where(Device.name == message.topic.split("/")[1])).one()
            known = select(Event).where(Event.device_id == device.id, Event.number == told["number"])
            if session.scalars(known).first() is not None:
                return
            now = datetime.now(UTC)
            device.seen_at = now
            session.add(Event(device_id=device.id, received_at=now, **told))
            self._follow(session, device, told, now)
            session.commit()

    def _follow(self, session: Session, device: Device, told: dict[str, Any], now: datetime) -> None:
        place = {"device_id": device.id, "door": told["door"], "counter": told["counter"]}
        if told["kind"] == "deposited":
            ticket = session.scalars(select(Ticket).where(Ticket.serial == told["ticket"])).one()
            ticket.state = "used"
            parcel = Parcel(ticket_id=ticket.id, state="waiting", deposited_at=now, **place)
            session.add(parcel)
            session.flush()
            session.add(Letter(parcel_id=parcel.id, kind="deposited"))
        elif told["kind"] in ("opened", "collected"):
            parcel = session.scalars(select(Parcel).filter_by(**place)).one()
            if told["kind"] == "opened":
                session.add(Letter(parcel_id=parcel.id, kind="opened"))
            else:
                parcel.state, parcel.ended_at = "collected", now

    def _life(self) -> list[Message]:
        turn, device = divmod(self._lives, _DEVICES)
        life, self._lives = self._lives, self._lives + 1
        kinds = ("deposit_started", "pulsed", "deposited", "code_tried", "opened", "collected")
        said = [
            {
                "number": 6 * turn + at,
                "kind": kind,
                "door": 1,
                "uptime": 4.0 * at,
                "ticket": life,
                "counter": turn + 1,
            }
            for at, kind in enumerate(kinds, 1)
        ]
        return [Message(f"lockers/board-{device}/events", json.dumps(one).encode()) for one in said]

    def close(self) -> None:
        self._engine.dispose()


async def _messages(said: list[Message]) -> AsyncIterator[Message]:
    """As a client's `async for message in client.messages` gives them: each through a queue."""
    queue: asyncio.Queue[Message] = asyncio.Queue()
    for message in said:
        queue.put_nowait(message)
    while not queue.empty():
        yield await queue.get()


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()
