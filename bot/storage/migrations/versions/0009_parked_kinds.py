"""Why something was put aside, by kind, so that it can be counted and expire by it.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    op.add_column("parked", sa.Column("kind", sa.String(), nullable=False, server_default=sa.text("''")))
    op.create_index("ix_parked_kind_since", "parked", ["kind", "since"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_parked_kind_since", "parked")
    op.drop_column("parked", "kind")
