"""Alembic's entry: migrates the connection that ``database.migrate`` hands over, in its transaction."""

from alembic import context

from breakhis_core.database import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
