"""The schema's history: a database is brought to today's tables when it is opened."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    text,
)
from sqlalchemy.exc import DatabaseError

from breakhis_core.errors import UnavailableError
from breakhis_core.storage import trouble
from breakhis_core.storage.database import writing


def migrate(engine: Engine, lock_file: Path) -> None:
    """Bring the schema up to date; costs one small query when it is.

    Raises:
        UnavailableError: the database cannot be reached, is not ours or of a newer version, or the lock
            cannot be written.
    """
    try:
        # Two processes that open a new workspace at once must not both create its tables.
        with FileLock(lock_file):
            if _revision(engine) != HEAD:
                _upgrade(engine)
    except OSError as error:
        raise UnavailableError(
            f"The workspace {lock_file.parent} cannot be written ({error.strerror}), so nothing could "
            "be saved. Make the folder writable, or set BREAKHIS_WORKSPACE to one that is."
        ) from error
    except (UnavailableError, DatabaseError) as error:
        told = isinstance(error, UnavailableError) and str(error) != trouble.REFUSED
        raise UnavailableError(
            f"{_name(engine)} cannot be opened. {error if told else _NO_TABLES}"
        ) from error


def _name(engine: Engine) -> str:
    return f"The database {engine.url.database}" if engine.dialect.name == "sqlite" else "The database server"


_NO_TABLES = (
    "It holds tables of another program, or we may not make tables in it. Give us a database of our own."
)


HEAD = "0003"
"""The newest schema revision in ``migrations/versions``; a test holds it to that folder."""


VERSION_TABLE = "breakhis_version"
"""Holds our revision. Alembic's usual table is left to Optuna, which keeps its own revision there."""


_USUAL_TABLE = "alembic_version"


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return None
        return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def _take_over_revision(connection: Connection) -> None:
    """Move the revision of an older workspace from Alembic's usual table to ours."""
    tables = inspect(connection)
    if tables.has_table(VERSION_TABLE) or not tables.has_table(_USUAL_TABLE):
        return
    revision = connection.execute(text(f"SELECT version_num FROM {_USUAL_TABLE}")).scalar()
    # Optuna's revisions read v3.2.0.a: that table is not ours.
    if revision is None or not revision.isdigit():
        return
    # Renaming would leave the old name to the key's index, and Optuna needs that one too.
    version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
    version.create(connection)
    connection.execute(insert(version).values(version_num=revision))
    connection.execute(text(f"DROP TABLE {_USUAL_TABLE}"))


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        with writing(engine, "migrate") as connection:
            _take_over_revision(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise UnavailableError(
            "This workspace was written by another version of the program, most likely a newer one. "
            "Update the program, or set BREAKHIS_WORKSPACE to another folder."
        ) from error
