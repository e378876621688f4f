"""The ledger's tables.

Times are milliseconds since 1970 (UTC); secrets are sealed (see sealing.py); codes are nowhere.

The migrations build them; a test shows that the migrations and these files say the same.
"""

from host_tools.host.ledger.tables.alarms import alarm, case, case_note
from host_tools.host.ledger.tables.audit import audit, audit_head
from host_tools.host.ledger.tables.base import SCHEMA, metadata
from host_tools.host.ledger.tables.boards import (
    aside,
    boot,
    cabinet,
    command,
    epoch,
    event,
    link,
    opening,
    position,
    server,
)
from host_tools.host.ledger.tables.care import care, duty, page, proof, proof_time, silent, stand_in
from host_tools.host.ledger.tables.letters import callback, delivery, lease, outbox
from host_tools.host.ledger.tables.parcels import parcel, parcel_link, pickup, ticket
from host_tools.host.ledger.tables.people import (
    account,
    account_site,
    account_was,
    asking,
    contact,
    pending_change,
    related,
    resident,
    resident_site,
)
from host_tools.host.ledger.tables.sites import near, refusal, room, site
from host_tools.host.ledger.tables.stays import absence, site_pause, stay, stay_look, stay_policy

__all__ = [
    "SCHEMA",
    "absence",
    "account",
    "account_site",
    "account_was",
    "alarm",
    "aside",
    "asking",
    "audit",
    "audit_head",
    "boot",
    "cabinet",
    "callback",
    "care",
    "case",
    "case_note",
    "command",
    "contact",
    "delivery",
    "duty",
    "epoch",
    "event",
    "lease",
    "link",
    "metadata",
    "near",
    "opening",
    "outbox",
    "page",
    "parcel",
    "parcel_link",
    "pending_change",
    "pickup",
    "position",
    "proof",
    "proof_time",
    "refusal",
    "related",
    "resident",
    "resident_site",
    "room",
    "server",
    "silent",
    "site",
    "site_pause",
    "stand_in",
    "stay",
    "stay_look",
    "stay_policy",
    "ticket",
]
