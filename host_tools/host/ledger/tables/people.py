"""Residents, where they are reached, and the people who work at the host."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from host_tools.host.ledger.tables.base import metadata

resident = Table(
    "resident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False),  # see names.py
    Column("unit", String(32), nullable=False, server_default=""),  # tells residents of one name apart
    Column("contact", String(254), nullable=False),  # the address of her first contact, or empty
    Column("tail", LargeBinary),  # sealed: her safe tail, None while she has none
    Column("since_ms", BigInteger, nullable=False),
    # Her name and unit are gone: what is left is a number that parcels of hers had.
    Column("erased_ms", BigInteger),
    Column("language", String(8), nullable=False, server_default=""),  # of her letters; empty: her site's
    # Her letters hold no code: she asks for it where she can prove who she is.
    Column("code_left_out", Boolean, nullable=False, server_default=false()),
    Column("low_doors", Boolean, nullable=False, server_default=false()),  # she needs a door within reach
    Column("hold_until_ms", BigInteger),  # no tickets are issued for her until then
    UniqueConstraint("name", "unit"),
)

#: Where a resident is reached, in the order in which it is tried.
contact = Table(
    "contact",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("resident", ForeignKey("resident.id"), nullable=False),
    Column("rank", Integer, nullable=False),  # from 1
    Column("address", String(254), nullable=False),  # see people/contacts.py
    # She has said that this contact, which is not her first, may have her whole letters.
    Column("confirmed", Boolean, nullable=False, server_default=false()),
    Column("since_ms", BigInteger, nullable=False),
    UniqueConstraint("resident", "rank"),
)

#: A change of a resident's contacts or wishes, which each of her contacts can stop before it takes effect.
pending_change = Table(
    "pending_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("resident", ForeignKey("resident.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # people/changes.py
    Column("value", String(2000), nullable=False),  # what is to be, in JSON; empty once it has ended
    Column("asked_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),
    Column("ended_ms", BigInteger),
    CheckConstraint("state IN ('waiting', 'done', 'stopped')", name="state"),
    Index(
        "ix_pending_change_due",
        "due_ms",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

#: A caller who asks for a door (parcels/asking.py). The six digits that she repeats are nowhere.
asking = Table(
    "asking",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parcel", ForeignKey("parcel.id"), nullable=False),
    Column("account", ForeignKey("account.id")),  # who speaks with her
    Column("state", String(9), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("confirmed_ms", BigInteger),
    Column("ended_ms", BigInteger),
    CheckConstraint(
        "state IN ('asked', 'confirmed', 'opened', 'stopped', 'failed', 'expired')", name="state"
    ),
    Index("ix_asking_parcel", "parcel"),
)

#: A person who works at the host.
account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("contact", String(254), nullable=False, server_default=""),  # where this person is paged
    Column("roles", String(64), nullable=False),  # operator, dispatcher, staff, auditor; blanks between
    Column("os_user", String(64), unique=True),  # whose commands are this person's
    Column("token", LargeBinary(32)),  # the hash of a link that lets its owner set the two below, once
    Column("token_until_ms", BigInteger),
    Column("password", String(128)),  # hashed with argon2id; None: none is set
    Column("second_factor", LargeBinary),  # sealed: the secret of a TOTP (RFC 6238)
    Column("second_factor_step", BigInteger),  # of its last code that was taken: none counts twice
    Column("since_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
)

#: The sites that an account sees; one without a row sees all.
account_site = Table(
    "account_site",
    metadata,
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("site", ForeignKey("site.id"), nullable=False),
    PrimaryKeyConstraint("account", "site"),
)

#: The sites that a resident is of.
resident_site = Table(
    "resident_site",
    metadata,
    Column("resident", ForeignKey("resident.id"), nullable=False),
    Column("site", ForeignKey("site.id"), nullable=False),
    PrimaryKeyConstraint("resident", "site"),
)

#: By what the person of an account is known again in another one: its user or contact that it has no more,
#: as a MAC under the host key, which names nobody.
account_was = Table(
    "account_was",
    metadata,
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("mark", LargeBinary(32), nullable=False),
    PrimaryKeyConstraint("account", "mark"),
)

#: The residents whom an account neither sees nor hears of, and why.
related = Table(
    "related",
    metadata,
    Column("account", ForeignKey("account.id"), nullable=False),
    Column("resident", ForeignKey("resident.id"), nullable=False),
    Column("why", String(16), nullable=False),  # accounts/related.py
    Column("since_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("account", "resident"),
)
