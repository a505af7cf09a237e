"""Counting what is asked of the database: unlike a clock it says the same on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def sql_statements() -> Iterator[list[str]]:
    """Collect every SQL statement that is executed within the block, in order and on any database.

    Rows that are written by one call of ``executemany`` are one statement.
    """
    collected: list[str] = []

    def collect(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        collected.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield collected
    finally:
        event.remove(Engine, "before_cursor_execute", collect)
