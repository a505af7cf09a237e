"""Alembic's entry: migrates the connection that ``migration.migrate`` hands over, in its transaction."""

from alembic import context

from breakhis_core.storage.migration import VERSION_TABLE
from breakhis_core.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
