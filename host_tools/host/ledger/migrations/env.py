"""Alembic's entry: it works on the connection that it is handed, inside that connection's transaction."""

from alembic import context

from host_tools.host.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
