"""What providers report of letters: `/hooks/CHANNEL` hands it in, signed as Standard Webhooks are.

    {"type": "delivered", "data": {"reference": "..."}}

`type` is `delivered` or `failed`, `reference` the id that the channel gave when it took the letter, or `id`
the letter's own. A letter that nobody knows is answered as any other. A report that failed has the next
contact follow.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from host_tools.host.ledger import tables
from host_tools.host.ledger.database import is_inserted
from host_tools.host.ledger.ledger import Ledger
from host_tools.host.notify.deliveries import FAILED
from host_tools.host.notify.notifier import DELIVERED, HANDED_OVER
from host_tools.host.notify.routes import Routes

#: What is answered (HTTP): taken, also where it is about nothing that is known; not signed by who may;
#: no such channel; not understood.
TAKEN, FORGED, UNKNOWN, MALFORMED = 204, 401, 404, 400

TOLERANCE_MS = 300_000
_KEPT_MS = 4 * TOLERANCE_MS
_BYTES_MAX = 65_536
_ID_MAX = 128
_GOOD = ("delivered", "read")
_BAD = ("failed", "bounced", "undelivered", "rejected", "expired")

_delivery, _outbox, _callback = tables.delivery.c, tables.outbox.c, tables.callback.c


class Callbacks:
    """Takes reports for the channels of a host."""

    def __init__(self, routes: Routes) -> None:
        self._secrets = {
            name: secret for name, (_, told) in routes.kinds.items() if (secret := _secret(told))
        }

    @property
    def channels(self) -> list[str]:
        """Those whose providers can report."""
        return list(self._secrets)

    def __call__(
        self, ledger: Ledger, channel: str, headers: Mapping[str, str], body: bytes, at_ms: int
    ) -> int:
        """Checks who reports, and notes it; one of TAKEN, FORGED, UNKNOWN, MALFORMED.

        `at_ms` is the host's time (ms since 1970, UTC).
        """
        secret = self._secrets.get(channel)
        if secret is None:
            return UNKNOWN
        its = {name.lower(): value for name, value in headers.items()}
        name = its.get("webhook-id", "")
        if len(body) > _BYTES_MAX or not _is_signed(secret, its, body, at_ms):
            return FORGED
        report = _report(body)
        if report is None or not name or len(name) > _ID_MAX:
            return MALFORMED
        state, by, value = report
        with ledger.writing() as connection:
            connection.execute(delete(tables.callback).where(_callback.heard_ms < at_ms - _KEPT_MS))
            if is_inserted(connection, tables.callback, {"channel": channel, "id": name, "heard_ms": at_ms}):
                _note(connection, channel, state, by, value, at_ms)
        return TAKEN


def _secret(told: Mapping[str, Any]) -> str:
    found = told.get("callback_secret") or told.get("secret")
    return found.get_secret_value() if found is not None else ""


def _is_signed(secret: str, headers: Mapping[str, str], body: bytes, at_ms: int) -> bool:
    """Whether one of its signatures is right, of a time within TOLERANCE_MS of the host's."""
    import hmac

    from standardwebhooks import Webhook

    try:
        said_s = int(headers["webhook-timestamp"])
        text = body.decode()
        right = Webhook(secret).sign(headers["webhook-id"], datetime.fromtimestamp(said_s, UTC), text)
    except (KeyError, ValueError, OverflowError, OSError):
        return False
    given = headers.get("webhook-signature", "").split(" ")[:8]
    good = [hmac.compare_digest(one.encode(), right.encode()) for one in given]
    return any(good) and abs(at_ms - said_s * 1000) <= TOLERANCE_MS


def _report(body: bytes) -> tuple[str, str, str] | None:
    """The state, and by what (`reference` or `id`) the letter is named; None where it is not understood."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    data = told.get("data") if isinstance(told, dict) else None
    if not isinstance(data, dict) or not isinstance(told.get("type"), str):
        return None
    word = told["type"].lower().rpartition(".")[2]
    state = DELIVERED if word in _GOOD else FAILED if word in _BAD else ""
    by = next((one for one in ("reference", "id") if isinstance(data.get(one), str) and data[one]), "")
    return (state, by, data[by][:_ID_MAX]) if state and by else None


def _note(connection: Connection, channel: str, state: str, by: str, value: str, at_ms: int) -> None:
    row = _found(connection, channel, by, value)
    if row is None or row.state not in (HANDED_OVER, DELIVERED):
        return
    its = (_delivery.letter == row.letter) & (_delivery.rank == row.rank)
    if state == DELIVERED and row.state == HANDED_OVER:
        ended = {"state": DELIVERED, "ended_ms": at_ms}
        connection.execute(update(tables.delivery).where(its).values(**ended))
        if row.whole:
            connection.execute(
                update(tables.outbox)
                .where(_outbox.sequence == row.letter, _outbox.delivered_ms.is_(None))
                .values(delivered_ms=at_ms)
            )
    elif state == FAILED and row.state == HANDED_OVER:
        # The next contact follows with the next round of the post.
        lost = {"state": FAILED, "ended_ms": at_ms, "reason": "reported as lost", "passed": False}
        connection.execute(update(tables.delivery).where(its).values(**lost))


def _found(connection: Connection, channel: str, by: str, value: str) -> Row | None:
    wanted = select(tables.delivery).where(_delivery.channel == channel)
    if by == "reference":
        wanted = wanted.where(_delivery.reference == value, _delivery.reference != "")
    else:
        wanted = wanted.join(tables.outbox, _outbox.sequence == _delivery.letter).where(_outbox.id == value)
    return connection.execute(wanted.order_by(_delivery.letter.desc()).limit(1)).first()
