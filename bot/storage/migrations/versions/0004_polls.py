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
    op.add_column("cohort", sa.Column("poll", sa.String(), server_default=sa.text("''"), nullable=False))
    op.create_index(op.f("ix_cohort_bot_poll"), "cohort", ["bot", "poll"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_cohort_bot_poll"), "cohort")
    op.drop_column("cohort", "poll")
