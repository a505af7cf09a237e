"""The database: its tables, how to reach it, and how to write to it safely.

SQLite in WAL mode is the embedded default, PostgreSQL comes by ``DATABASE_URL``; both run the same
statements. Times are text in ISO 8601, UTC, milliseconds: they sort as they stand, and are alike in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from breakhis_core.errors import UnavailableError
from breakhis_core.storage import trouble

CONNECTS_WITHIN = 10
"""Seconds that a PostgreSQL server has to answer."""


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
