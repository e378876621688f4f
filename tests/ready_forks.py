"""Imported by the process that the commands of tests are forked from (tests.swift):
it has seen how a new ledger is made.
"""

from sqlalchemy import create_engine

from host_tools.host.ledger import migrations
from tests.fresh_ledgers import remembering

migrations.upgrade = remembering(migrations.upgrade)
_engine = create_engine("sqlite://")
with _engine.begin() as _connection:
    migrations.upgrade(_connection)
_engine.dispose()
