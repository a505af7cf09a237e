"""Which sub-type is right, where a reviewer says that an image's label is wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("review_events", sa.Column("correction", sa.String(2)))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("review_events", "correction")
