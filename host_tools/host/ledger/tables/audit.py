"""Who did what, and who looked at whom: rows in chains, see accounts/audit.py."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from host_tools.host.ledger.tables.base import metadata

#: One act or look. The numbers of a chain have no gap; `resident` is no foreign key, because 0 is everybody.
#: An erasure takes `resident`, `text` and `salt`; what is left verifies by `commitment` and `link`.
audit = Table(
    "audit",
    metadata,
    Column("chain", String(8), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("account", ForeignKey("account.id")),  # None: a user without one, or the host itself
    Column("os_user", String(64), nullable=False),  # empty: the host itself
    Column("act", String(40), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("site", String(64), nullable=False),  # its name
    Column("cabinet", Integer, nullable=False),  # its number at the site; 0: none
    Column("door", Integer, nullable=False),
    Column("resident", Integer),  # about whom; 0: everybody; None: nobody, or erased
    Column("text", String(200), nullable=False),
    Column("salt", LargeBinary(16)),  # None: erased
    Column("emptied", LargeBinary(32)),  # by the host key, over chain, number and link: an erasure did it
    Column("commitment", LargeBinary(32), nullable=False),  # to resident and text
    Column("link", LargeBinary(32), nullable=False),  # over the row before and all of this one
    PrimaryKeyConstraint("chain", "number"),
    Index("ix_audit_resident", "resident"),
)

#: The last row of each chain that was written with the host key at hand.
audit_head = Table(
    "audit_head",
    metadata,
    Column("chain", String(8), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("seal", LargeBinary(32), nullable=False),  # by the host key, over chain, number and link
    PrimaryKeyConstraint("chain"),
)
