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
    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wake", Utc(), nullable=True))
        batch_op.create_index(batch_op.f("ix_cohort_wake"), ["wake"], unique=False)

    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.add_column(sa.Column("brought_by", Id(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("title", Encrypted(), nullable=True))
        batch_op.create_index(batch_op.f("ix_room_bot_brought_by"), ["bot", "brought_by"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_bot_brought_by"))
        batch_op.drop_column("title")
        batch_op.drop_column("brought_by")

    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cohort_wake"))
        batch_op.drop_column("wake")
