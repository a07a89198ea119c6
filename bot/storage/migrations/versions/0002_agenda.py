"""One agenda for each session, in place of rows for single reminders and ledger entries.

The old rows are dropped: what stood in `reminder` was planned by the bot with each advice, but nobody had been asked
and nothing could send it (to send it now would be a message that nobody agreed to), and nothing ever wrote to `ledger`.
Whoever is amid a case is offered reminders with their next advice.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import AutoId, Encrypted, Utc

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
DROPS = ("reminder", "ledger")
"""The tables that go on purpose; a row missing from any other takes the upgrade back (see migrate.py)."""


def upgrade() -> None:
    """Bring the agenda in."""
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reminder_status_due"))

    op.drop_table("reminder")
    op.drop_table("ledger")
    # Plain ALTERs: a batch would copy a SQLite table and drop the old one, and all cases with it (ON DELETE CASCADE).
    op.add_column("session", sa.Column("agenda", Encrypted(), nullable=True))
    op.add_column("session", sa.Column("wake", Utc(), nullable=True))
    op.add_column("session", sa.Column("opens", Utc(), nullable=True))
    op.add_column("session", sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_index(op.f("ix_session_opens"), "session", ["opens"], unique=False)


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_session_opens"), "session")
    for name in ("fence", "opens", "wake", "agenda"):
        op.drop_column("session", name)
    for table, extra in (
        ("ledger", [sa.Column("at", Utc(), nullable=False)]),
        ("reminder", [sa.Column("due", Utc(), nullable=False), sa.Column("status", sa.String(), nullable=False)]),
    ):
        op.create_table(
            table,
            sa.Column("session", AutoId, autoincrement=False, nullable=False),
            sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("kind", sa.String(), nullable=False),
            sa.Column("day", sa.Date(), nullable=False),
            *extra,
            sa.ForeignKeyConstraint(
                ["session", "number"],
                ["case_.session", "case_.number"],
                name=op.f(f"fk_{table}_case_"),
                ondelete="CASCADE",
            ),
            sa.PrimaryKeyConstraint("session", "number", "kind", "day", name=op.f(f"pk_{table}")),
        )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_status_due"), ["status", "due"], unique=False)
