"""When something of a cohort is due, and the channels that coaches may choose.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import Encrypted, Id, Utc

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    op.add_column("cohort", sa.Column("wake", Utc(), nullable=True))
    op.create_index(op.f("ix_cohort_wake"), "cohort", ["wake"], unique=False)
    op.add_column("room", sa.Column("brought_by", Id(), server_default=sa.text("0"), nullable=False))
    op.add_column("room", sa.Column("title", Encrypted(), nullable=True))
    op.create_index(op.f("ix_room_bot_brought_by"), "room", ["bot", "brought_by"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_room_bot_brought_by"), "room")
    op.drop_column("room", "title")
    op.drop_column("room", "brought_by")
    op.drop_index(op.f("ix_cohort_wake"), "cohort")
    op.drop_column("cohort", "wake")
