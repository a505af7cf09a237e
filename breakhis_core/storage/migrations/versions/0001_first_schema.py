"""First schema: catalogue, review events, jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "datasets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("root", sa.Text, nullable=False, unique=True),
        sa.Column("phantom", sa.Boolean, nullable=False),
        sa.Column("catalogued_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "images",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.Integer, sa.ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("subtype", sa.String(2), nullable=False),
        sa.Column("side", sa.String(9), nullable=False),
        sa.Column("slide", sa.Text, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("magnification", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Index("images_by_hash", "hash"),
        sa.Index("images_by_name", "name"),
        sa.Index("images_by_dataset", "dataset"),
    )
    op.create_table(
        "problems",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.Integer, sa.ForeignKey("datasets.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Index("problems_by_dataset", "dataset"),
    )
    op.create_table(
        "review_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("topic", sa.String(10), nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("run", sa.Text),
        sa.Column("predicted", sa.String(2)),
        sa.Column("confidence", sa.Float(53)),
        sa.Column("seconds", sa.Float(53)),
        sa.Column("shown", sa.Text),
        sa.Column("batch", sa.String(32)),
        sa.Column("source", sa.Text),
        sa.Column("undoes", sa.Integer, sa.ForeignKey("review_events.id")),
        sa.Column("stands", sa.Integer),
        sa.Index("review_events_by_image", "topic", "hash", "reviewer", "id"),
        sa.Index("review_events_by_reviewer", "reviewer", "id"),
        sa.Index("review_events_by_undone", "undoes"),
        sa.Index("review_events_by_batch", "batch"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created", sa.String(24), nullable=False),
        sa.Column("started", sa.String(24)),
        sa.Column("ended", sa.String(24)),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("host", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.Text),
        sa.Index("jobs_by_state", "state"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("jobs", "review_events", "problems", "images", "datasets"):
        op.drop_table(table)
