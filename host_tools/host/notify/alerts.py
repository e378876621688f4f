"""Alarms as CAP 1.2, by the channel that `cap` of channels.toml names: an Alert when one is opened, an Update
when it is taken, a Cancel when it is closed. The first about a case that the channel takes is an Alert.

They go out in the order in which the steps were noted; what the channel does not take is offered again, under
the same id and in the same words, before the next one. The ledger keeps how far that has come.
"""

import asyncio
import contextlib
from hashlib import sha256

from sqlalchemy import Connection, Row, func, select

from host_tools.host.care import cap, cases, kinds
from host_tools.host.care.duty import zone_of
from host_tools.host.ledger import tables
from host_tools.host.ledger.database import TransientError, insert_or_change, now_ms
from host_tools.host.ledger.event_time import Moment
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify import leases
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER, REFUSED, Channel, Message, Receipt
from host_tools.host.notify.wording import STAFF, Facts, Where, notice
from host_tools.host.notify.wording.changed import texts_of

CAP = "cap"
_LOOK_S, _AGAIN_S = 1.0, 10.0

_note, _case, _care = tables.case_note.c, tables.case.c, tables.care.c


class Alerts:
    """One job, which `run` does until it is cancelled."""

    def __init__(self, ledger: Ledger, channel: Channel, address: str = "") -> None:
        """`address` is where the channel hands them over, empty where it needs none."""
        self._ledger = ledger
        self._channel = channel
        self._address = address

    async def run(self) -> None:
        """Hands over each step of an alarm, at once or within seconds."""
        while True:
            pause_s = _LOOK_S
            with contextlib.suppress(TransientError):  # all is in the ledger
                while (receipt := await self.round()) is not None:
                    if not _is_settled(receipt):
                        pause_s = _AGAIN_S
                        break
            await asyncio.sleep(pause_s)

    async def round(self) -> Receipt | None:
        """Hands over the next step; what became of it, None where there is none.

        Raises UserError where the ledger is away.
        """
        found = await asyncio.to_thread(_next, self._ledger, self._address, self._channel.timeout_s)
        if found is None:
            return None
        note, message = found
        receipts = {}
        try:
            async with asyncio.timeout(self._channel.timeout_s):
                receipts = await self._channel.deliver([message])
        except OSError:  # a time-out is one, too
            pass
        finally:
            receipt = receipts.get(message.id, Receipt(""))
            await asyncio.to_thread(_ended, self._ledger, note, receipt.state)
        return receipt


def _is_settled(receipt: Receipt) -> bool:
    return receipt.state in (HANDED_OVER, DELIVERED, REFUSED)


def _ended(ledger: Ledger, note: int, state: str) -> None:
    """That step was passed, or not yet: another host may have the next one."""
    is_settled = _is_settled(Receipt(state))
    if not is_settled and ledger.is_in_a_file:
        return
    with ledger.writing() as connection:
        if is_settled:
            _passed(connection, note)
        if is_settled and state != REFUSED:
            _given(connection, note)
        leases.ended(connection, [CAP], leases.host_id(ledger.data))


def _given(connection: Connection, note: int) -> None:
    """Notes that the message about a step was handed out."""
    step = connection.execute(select(tables.case_note).where(_note.id == note)).one()
    site = select(tables.site).join(tables.case, _case.site == tables.site.c.id)
    sender = _sender(connection.execute(site.where(_case.id == step.case_id)).first())
    cases.handed_out(connection, step.case_id, "", cap.handed_out(step, sender), now_ms())


def _passed(connection: Connection, note: int) -> None:
    row = {"name": CAP, "at_ms": note, "secret": None}
    connection.execute(insert_or_change(connection.dialect.name, tables.care), row)


def _next(ledger: Ledger, address: str, limit_s: float) -> tuple[int, Message] | None:
    """The next step that is to be handed over, and its number; the first look ever begins at what is new.

    Hosts that share a ledger take turns: one has the next step, and `limit_s` to hand it over. The numbers
    of steps are in the order of their commits, for one program writes at a time.
    """
    with ledger.reading() as connection:
        last = _last(connection)
        found = None if last is None else _step(connection, ledger, last, address)
    if last is not None and (found is None or ledger.is_in_a_file):
        return found
    with ledger.writing() as connection:
        last = _last(connection)
        if last is None:
            _passed(connection, connection.scalar(select(func.max(_note.id))) or 0)
            return None
        at_ms = now_ms()
        until_ms = at_ms + int(limit_s * 1000) + leases.SPARE_MS
        if not leases.leased(connection, [CAP], leases.host_id(ledger.data), at_ms, until_ms):
            return None
        found = _step(connection, ledger, last, address)
        if found is None:
            leases.ended(connection, [CAP], leases.host_id(ledger.data))
        return found


def _last(connection: Connection) -> int | None:
    return connection.scalar(select(_care.at_ms).where(_care.name == CAP))


def _step(connection: Connection, ledger: Ledger, last: int, address: str) -> tuple[int, Message] | None:
    joined = tables.case_note.join(tables.case, _case.id == _note.case_id)
    wanted = select(_note.id, _note.case_id).select_from(joined)
    wanted = wanted.where(_note.id > last, _case.pages, _note.what.in_(cap.STEPS))
    row = connection.execute(wanted.order_by(_note.id).limit(1)).first()
    return None if row is None else (row.id, _message(connection, ledger, row.id, row.case_id, address))


def _message(connection: Connection, ledger: Ledger, note: int, case: int, address: str) -> Message:
    row = cases.find(connection, case)
    notes = cases.notes(connection, case)
    steps = [one for one in notes if one.id <= note or one.what == cap.HANDED_OUT]
    site = connection.execute(select(tables.site).where(tables.site.c.id == row.site)).first()
    language, zone = (site.language, site.zone) if site else ("", "")
    moment = Moment(row.earliest_ms, row.latest_ms, row.heard_ms)
    kind = "page bell" if row.kind == kinds.BELL else "page alarm"
    facts = Facts(number=str(case), what=row.kind if row.kind in kinds.KINDS else kinds.OTHER)
    where = Where(row.site_name or "-", row.cabinet_number or 0, row.door)
    told = notice(STAFF, kind, where, moment, language, zone=zone, facts=facts, texts=texts_of(ledger.data))
    made = cap.message(row, steps, cap.Words(language, told.title, _sender(site)), zone_of(zone)).decode()
    name = sha256(f"cap {row.opened_ms} {case} {note}".encode()).hexdigest()[:32]
    return Message(name, CAP, address, CAP, made, title=told.title)


def _sender(site: Row | None) -> str:
    return f"ansim-{site.site_id.hex()}" if site else "ansim"
