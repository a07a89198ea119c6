"""Which version of Afterword made which tables, and the numbers of sessions never dealt twice again on SQLite.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import Utc

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "upgrade",
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("afterword", sa.String(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_upgrade")),
    )
    if _sessions_lost_their_sequence():
        with op.batch_alter_table("session", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
            pass


def _sessions_lost_their_sequence() -> bool:
    """Tell whether 0007 made the table of sessions anew, as it did on SQLite at first, and without AUTOINCREMENT."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return False
    made = connection.execute(sa.text("SELECT sql FROM sqlite_master WHERE name = 'session'")).scalar_one()
    return "AUTOINCREMENT" not in made


def downgrade() -> None:
    """Take it back."""
    op.drop_table("upgrade")
