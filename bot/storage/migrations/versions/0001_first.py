"""The first tables.

Revision: 0001, after none.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import AutoId, Encrypted, Id, Utc

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", Encrypted(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", AutoId, nullable=False),
        sa.Column("bot", Id(), nullable=False),
        sa.Column("chat", Id(), nullable=False),
        sa.Column("topic", Id(), nullable=False),
        sa.Column("person", Id(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("content", Encrypted(), nullable=False),
        sa.Column("panel", sa.Boolean(), nullable=False),
        sa.Column("reminder", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("not_before", Utc(), nullable=False),
        sa.Column("lease_until", Utc(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_bot_chat_id"), ["bot", "chat", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_reminder_id"), ["reminder", "id"], unique=False)

    op.create_table(
        "parked",
        sa.Column("id", AutoId, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("bot", Id(), nullable=False),
        sa.Column("update_id", Id(), nullable=True),
        sa.Column("chat", Id(), nullable=True),
        sa.Column("topic", Id(), nullable=True),
        sa.Column("person", Id(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("panel", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reminder", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("turn", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reason", Encrypted(), nullable=False),
        sa.Column("content", Encrypted(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "person",
        sa.Column("bot", Id(), autoincrement=False, nullable=False),
        sa.Column("person", Id(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("working_days", sa.String(), nullable=False),
        sa.Column("facts", Encrypted(), nullable=True),
        sa.Column("since", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "person", name=op.f("pk_person")),
    )
    op.create_table(
        "seen",
        sa.Column("bot", Id(), autoincrement=False, nullable=False),
        sa.Column("update_id", Id(), autoincrement=False, nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "update_id", name=op.f("pk_seen")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_at"), ["at"], unique=False)

    op.create_table(
        "session",
        sa.Column("id", AutoId, nullable=False),
        sa.Column("bot", Id(), nullable=False),
        sa.Column("chat", Id(), nullable=False),
        sa.Column("topic", Id(), nullable=False),
        sa.Column("person", Id(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("asking", sa.String(), nullable=False),
        sa.Column("run", Encrypted(), nullable=True),
        sa.Column("panel", Id(), nullable=False),
        sa.Column("blocked_at", Utc(), nullable=True),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot", "person"], ["person.bot", "person.person"], name=op.f("fk_session_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("bot", "chat", "topic", "person", name=op.f("uq_session_bot_chat_topic_person")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_bot_person"), ["bot", "person"], unique=False)

    op.create_table(
        "case_",
        sa.Column("session", AutoId, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", Encrypted(), nullable=False),
        sa.Column("opened_at", Utc(), nullable=False),
        sa.Column("updated_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_case__session"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session", "number", name=op.f("pk_case_")),
    )
    op.create_table(
        "ledger",
        sa.Column("session", AutoId, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session", "number"], ["case_.session", "case_.number"], name=op.f("fk_ledger_case_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session", "number", "kind", "day", name=op.f("pk_ledger")),
    )
    op.create_table(
        "reminder",
        sa.Column("session", AutoId, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("due", Utc(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session", "number"], ["case_.session", "case_.number"], name=op.f("fk_reminder_case_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session", "number", "kind", "day", name=op.f("pk_reminder")),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_status_due"), ["status", "due"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reminder_status_due"))

    op.drop_table("reminder")
    op.drop_table("ledger")
    op.drop_table("case_")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_bot_person"))

    op.drop_table("session")
    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seen_at"))

    op.drop_table("seen")
    op.drop_table("person")
    op.drop_table("parked")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_reminder_id"))
        batch_op.drop_index(batch_op.f("ix_outbox_bot_chat_id"))

    op.drop_table("outbox")
    op.drop_table("meta")
