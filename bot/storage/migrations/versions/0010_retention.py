"""When somebody was told that they will be deleted, and the log of requests about people.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import AutoId, Encrypted, Utc

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    # A plain ALTER: a batch would copy a SQLite table and drop the old one, and all cases with it (ON DELETE CASCADE).
    op.add_column("session", sa.Column("told_at", Utc(), nullable=True))
    op.create_table(
        "request",
        sa.Column("id", AutoId, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("content", Encrypted(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("request")
    op.drop_column("session", "told_at")
