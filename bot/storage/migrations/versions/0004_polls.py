"""The poll of a cohort that is being closed.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.add_column(sa.Column("poll", sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.create_index(batch_op.f("ix_cohort_bot_poll"), ["bot", "poll"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("cohort", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cohort_bot_poll"))
        batch_op.drop_column("poll")
