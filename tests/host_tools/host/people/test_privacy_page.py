"""docs/privacy.md names every column that may hold a person's data."""

from pathlib import Path

from sqlalchemy import LargeBinary, String

from host_tools.host.ledger import tables

PAGE = Path(__file__).parents[4] / "docs" / "privacy.md"
#: Texts and bytes of these tables are of boards and of the service, and about nobody.
OF_NOBODY = {
    "site", "cabinet", "position", "boot", "event", "epoch", "command", "opening", "aside", "server", "link",
    "alarm", "pickup", "refusal", "site_pause", "absence", "stay", "stay_policy", "stay_look", "care",
    "proof_time", "lease",
}  # fmt: skip
#: Columns of the other tables that say nothing of a person.
STATES = {
    "asking.state",
    "outbox.id", "outbox.kind", "outbox.held", "parcel.state", "ticket.state", "contact.confirmed",
    "pending_change.kind", "pending_change.state", "account.roles",
    "contact.resident", "pending_change.resident",
    "related.resident", "resident_site.resident",  # gone with their rows
    "cases.key", "cases.kind", "cases.outcome", "cases.state", "case_note.what",
    "duty.from_date", "duty.until_date",
    "page.state", "page.tap", "page.reason", "proof.day", "proof.code",
    "silent.id", "silent.state", "silent.outcome",
    "delivery.channel", "delivery.flow", "delivery.state", "delivery.lease", "delivery.reason",
    "callback.channel", "callback.id",
    "audit_head.chain", "audit_head.seal",
    "audit.chain", "audit.act", "audit.reason", "audit.site", "audit.salt", "audit.commitment", "audit.link",
    "audit.emptied",
}  # fmt: skip


def named() -> set[str]:
    rows = [row.split("|")[1] for row in PAGE.read_text().splitlines() if row.startswith("| `")]
    groups = [group.split(":") for row in rows for group in row.split(";")]
    return {
        f"{table.strip(' `')}.{column.strip()}" for table, columns in groups for column in columns.split(",")
    }


def may_hold_a_person() -> set[str]:
    return {
        f"{table.name}.{column.name}"
        for table in tables.metadata.tables.values()
        if table.name not in OF_NOBODY
        for column in table.columns
        if isinstance(column.type, String | LargeBinary)
        or any(key.column.table is tables.resident for key in column.foreign_keys)
    }


def test_the_page_names_every_column_that_may_hold_a_persons_data() -> None:
    assert may_hold_a_person() - STATES - named() == set()


def test_the_page_names_no_column_that_is_not_there() -> None:
    there = {
        f"{table.name}.{column.name}" for table in tables.metadata.tables.values() for column in table.columns
    }
    assert named() <= there
