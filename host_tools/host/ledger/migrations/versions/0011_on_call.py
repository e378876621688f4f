"""Cases, pages, and who is on call."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Makes room for who is paged. Alarms of before have become messages to staff, and no cases."""
    _cases()
    _notes()
    _people_on_call()
    _pages()
    op.add_column("site", sa.Column("zone", sa.String(length=64), nullable=False, server_default=""))
    for name in ("earliest_ms", "latest_ms"):
        op.add_column("alarm", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("alarm", sa.Column("case_id", sa.Integer(), nullable=True))
    op.execute("UPDATE alarm SET case_id = 0")
    op.create_index(
        "ix_alarm_new",
        "alarm",
        ["raised_ms"],
        unique=False,
        sqlite_where=sa.text("case_id IS NULL"),
        postgresql_where=sa.text("case_id IS NULL"),
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("site", sa.Integer(), nullable=True),
        sa.Column("cabinet", sa.Integer(), nullable=True),
        sa.Column("door", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pages", sa.Boolean(), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("earliest_ms", sa.BigInteger(), nullable=False),
        sa.Column("latest_ms", sa.BigInteger(), nullable=False),
        sa.Column("heard_ms", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("incarnation", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("taken_by", sa.String(length=64), nullable=True),
        sa.Column("taken_ms", sa.BigInteger(), nullable=True),
        sa.Column("shelved_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("step_due_ms", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'taken', 'shelved', 'closed')", name=op.f("ck_cases_state")),
        sa.ForeignKeyConstraint(["cabinet"], ["cabinet.id"], name=op.f("fk_cases_cabinet")),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_cases_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(
        "ix_cases_due",
        "cases",
        ["step_due_ms"],
        unique=False,
        sqlite_where=sa.text("step_due_ms IS NOT NULL"),
        postgresql_where=sa.text("step_due_ms IS NOT NULL"),
    )
    op.create_index(
        "uq_cases_cause",
        "cases",
        ["kind", "key"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )


def _notes() -> None:
    op.create_table(
        "case_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("words", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_note_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_note")),
    )
    op.create_index(op.f("ix_case_note_case_id"), "case_note", ["case_id"], unique=False)
    op.create_table(
        "silent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("taken_by", sa.String(length=64), nullable=True),
        sa.Column("taken_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("words", sa.String(length=500), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('taken', 'closed')", name=op.f("ck_silent_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silent")),
    )


def _people_on_call() -> None:
    op.create_table(
        "duty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.Integer(), nullable=True),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("from_minute", sa.Integer(), nullable=False),
        sa.Column("until_minute", sa.Integer(), nullable=False),
        sa.Column("from_date", sa.String(length=10), nullable=True),
        sa.Column("until_date", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_duty_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_table(
        "stand_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.Integer(), nullable=True),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_stand_in_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stand_in")),
    )
    op.create_table(
        "proof_time",
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_proof_time")),
    )
    op.create_table(
        "proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("handed_ms", sa.BigInteger(), nullable=True),
        sa.Column("proved_ms", sa.BigInteger(), nullable=True),
        sa.Column("missed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("account", "day", name=op.f("uq_proof_account")),
    )


def _pages() -> None:
    op.create_table(
        "page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handed_ms", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.String(length=128), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=128), server_default="", nullable=False),
        sa.Column("tap", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'handed', 'failed', 'void')", name=op.f("ck_page_state")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_page_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
        sa.UniqueConstraint("case_id", "round", "step", "account", name=op.f("uq_page_case_id")),
        sa.UniqueConstraint("tap", name=op.f("uq_page_tap")),
    )
    op.create_index(
        "ix_page_waiting",
        "page",
        ["due_ms"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "care",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_care")),
    )
