"""The database: its tables, how to reach it, and how to write to it safely.

SQLite in WAL mode is the embedded default, PostgreSQL comes by ``DATABASE_URL``; both run the same
statements. Times are text in ISO 8601, UTC, milliseconds: they sort as they stand, and are alike in both.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    text,
)
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from breakhis_core import trouble
from breakhis_core.errors import UnavailableError

CONNECTS_WITHIN = 10
"""Seconds that a PostgreSQL server has to answer."""

metadata = MetaData()

datasets = Table(
    "datasets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("root", Text, nullable=False, unique=True),
    Column("phantom", Boolean, nullable=False),
    Column("catalogued_at", String(24), nullable=False),
)

images = Table(
    "images",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset", Integer, ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    Column("hash", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("subtype", String(2), nullable=False),
    Column("side", String(9), nullable=False),
    Column("slide", Text, nullable=False),
    Column("case", Text, nullable=False),
    Column("magnification", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Index("images_by_hash", "hash"),
    Index("images_by_name", "name"),
    Index("images_by_dataset", "dataset"),
)

problems = Table(
    "problems",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("dataset", Integer, ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Index("problems_by_dataset", "dataset"),
)

review_events = Table(
    "review_events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("topic", String(10), nullable=False),
    Column("hash", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("action", String(8), nullable=False),
    Column("reason", String(32)),
    Column("note", Text, nullable=False),
    Column("run", Text),
    Column("predicted", String(2)),
    Column("confidence", Float(53)),
    Column("seconds", Float(53)),
    Column("shown", Text),
    Column("batch", String(32)),
    Column("source", Text),
    Column("undoes", Integer, ForeignKey("review_events.id")),
    # Id of the answer that stands after this event for its image and reviewer: NULL is this one, 0 is none.
    # So the newest event of each pair leads to what stands, however much was undone and redone before.
    Column("stands", Integer),
    Index("review_events_by_image", "topic", "hash", "reviewer", "id"),
    Index("review_events_by_reviewer", "reviewer", "id"),
    Index("review_events_by_undone", "undoes"),
    Index("review_events_by_batch", "batch"),
    sqlite_autoincrement=True,
)

# What was chosen for the whole workspace, by whom and when. The newest row of a subject counts.
choices = Table(
    "choices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("subject", String(16), nullable=False),
    Column("value", Text, nullable=False),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", String(24), nullable=False),
    Column("started", String(24)),
    Column("ended", String(24)),
    Column("attempt", Integer, nullable=False),
    Column("host", Text),
    Column("pid", Integer),
    Column("result", JSON),
    Column("error", Text),
    Index("jobs_by_state", "state"),
    sqlite_autoincrement=True,
)


def now() -> str:
    """Return this moment as ISO 8601 text in UTC with milliseconds."""
    return time_text(datetime.now(UTC))


def time_text(moment: datetime) -> str:
    """Return a moment as it stands in the database.

    >>> time_text(datetime(2024, 5, 1, 12, 30, tzinfo=UTC))
    '2024-05-01T12:30:00.000Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def connect(url: str | None, sqlite_file: Path) -> Engine:
    """Return an engine for a PostgreSQL address, or for the SQLite file when there is none.

    What stands in the way of its connections and statements is raised as ``UnavailableError``.
    """
    engine = _engine(url, sqlite_file)
    event.listen(engine, "handle_error", _say_what_stands_in_the_way)
    return engine


def _engine(url: str | None, sqlite_file: Path) -> Engine:
    if url is None:
        engine = create_engine(
            f"sqlite:///{sqlite_file}", pool_size=24, max_overflow=40, connect_args={"timeout": 30}
        )
        prepare_sqlite(engine)
        return engine
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise UnavailableError(
            "DATABASE_URL is not an address; it reads postgresql://user@host/database."
        ) from error
    if address.get_backend_name() not in ("postgres", "postgresql"):
        raise UnavailableError(
            f"DATABASE_URL names {address.drivername}; use a postgresql:// address or unset it."
        )
    address = address.set(drivername="postgresql+psycopg")
    return create_engine(
        address,
        pool_size=24,
        max_overflow=40,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECTS_WITHIN},
    )


def _say_what_stands_in_the_way(context: ExceptionContext) -> None:
    """Turn an error of the database's surroundings into a sentence; faults of the program stay."""
    error = context.sqlalchemy_exception
    # Plainly DatabaseError is what SQLite raises of a damaged or foreign file.
    surroundings = isinstance(error, OperationalError) or type(error) is DatabaseError
    if surroundings and not context.is_pre_ping:  # The pool makes a new connection when that fails.
        raise UnavailableError(trouble.of_database(context.original_exception)) from error


def prepare_sqlite(engine: Engine) -> None:
    """Make an engine's SQLite connections wait for each other, keep what was answered, and begin as told."""
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


@contextmanager
def writing(engine: Engine, lock: str) -> Iterator[Connection]:
    """Open a transaction that writes, alone among those with the same lock.

    SQLite has one writer at a time anyway (``BEGIN IMMEDIATE`` waits for its turn, so that what is read in
    the transaction is still true when it writes); PostgreSQL takes an advisory lock by name.
    """
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:lock))"), {"lock": lock})
        yield connection


def migrate(engine: Engine, lock_file: Path) -> None:
    """Bring the schema up to date; costs one small query when it is.

    Raises:
        UnavailableError: the database cannot be reached, is not ours or of a newer version, or the lock
            cannot be written.
    """
    try:
        # Two processes that open a new workspace at once must not both create its tables.
        with lock_file.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
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
HEAD = "0002"
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


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy's own BEGIN (below) must be the only one: the driver would begin late, and only for writes.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: an answered click is on disk before the reviewer sees the next picture, whatever dies then.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
