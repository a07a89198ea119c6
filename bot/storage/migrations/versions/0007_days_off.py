"""Days off, and which message the last reminder is.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import Id

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("holidays", sa.String(), server_default=sa.text("''"), nullable=False))

    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminded", Id(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_column("reminded")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("holidays")
