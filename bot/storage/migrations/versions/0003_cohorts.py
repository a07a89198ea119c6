"""Cohorts, who is in them, and the groups the bot is in.

Revision: 0003, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import Encrypted, Id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "cohort",
        sa.Column("bot", Id(), autoincrement=False, nullable=False),
        sa.Column("number", Id(), autoincrement=False, nullable=False),
        sa.Column("chat", Id(), nullable=False),
        sa.Column("content", Encrypted(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "number", name=op.f("pk_cohort")),
    )
    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cohort_bot_chat"), ["bot", "chat"], unique=False)

    op.create_table(
        "roll",
        sa.Column("bot", Id(), autoincrement=False, nullable=False),
        sa.Column("number", Id(), autoincrement=False, nullable=False),
        sa.Column("person", Id(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("bot", "number", "person", name=op.f("pk_roll")),
    )
    with op.batch_alter_table("roll", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roll_bot_person"), ["bot", "person"], unique=False)

    op.create_table(
        "room",
        sa.Column("bot", Id(), autoincrement=False, nullable=False),
        sa.Column("chat", Id(), autoincrement=False, nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "chat", name=op.f("pk_room")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("room")
    with op.batch_alter_table("roll", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roll_bot_person"))

    op.drop_table("roll")
    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cohort_bot_chat"))

    op.drop_table("cohort")
