"""The tables of the database; their history is in ``migrations``."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

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
    Column("correction", String(2)),
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
