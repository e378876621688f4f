"""The ledger's migrations, run by alembic inside the transaction of the program that opens the file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known() -> set[str]:
    """The names of all migrations that this program carries."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def heads() -> list[str]:
    """The newest migrations; one, unless two were written side by side."""
    return ScriptDirectory.from_config(_config()).get_heads()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Brings the file behind an open transaction to a migration, the newest by default."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
