"""Residents of one name, told apart by their units; names in their normal form."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_CHARACTERS_MAX = 64


def upgrade() -> None:
    """Adds the unit, and makes one name of those that differ only in how they were typed."""
    with op.batch_alter_table("resident", recreate="auto") as batch:
        batch.add_column(sa.Column("unit", sa.String(length=32), nullable=False, server_default=""))
        batch.drop_constraint(op.f("uq_resident_name"), type_="unique")
        batch.create_unique_constraint(op.f("uq_resident_name"), ["name", "unit"])
    for table in ("resident", "site"):
        _normalise(table)


def _normalise(table: str) -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT id, name FROM {table} ORDER BY id")).all()  # noqa: S608 - one of two words
    taken = {row.name for row in rows if _normal(row.name) == row.name}
    for row in rows:
        name = _normal(row.name)
        if name == row.name or len(name) > _CHARACTERS_MAX:
            continue
        if name not in taken:
            taken.add(name)
            connection.execute(
                sa.text(f"UPDATE {table} SET name = :name WHERE id = :id"),  # noqa: S608
                {"name": name, "id": row.id},
            )
        elif table == "resident":  # entered twice: who is who, a person knows
            connection.execute(
                sa.text("UPDATE resident SET name = :name, unit = :unit WHERE id = :id"),
                {"name": name, "unit": f"entry {row.id}", "id": row.id},
            )


def _normal(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(character) == "Zs" else character for character in composed)
