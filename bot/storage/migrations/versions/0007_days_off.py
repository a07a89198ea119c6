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
    # Plain ALTERs: as a batch this made both tables anew on SQLite, and every case was deleted with the old ones.
    op.add_column("person", sa.Column("holidays", sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("session", sa.Column("reminded", Id(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("session", "reminded")
    op.drop_column("person", "holidays")
