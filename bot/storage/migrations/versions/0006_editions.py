"""What coaches changed of the content for their cohorts, and what they try out.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from bot.storage.schema import Encrypted, Id, Utc

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "edition",
        sa.Column("bot", Id(), autoincrement=False, nullable=False),
        sa.Column("number", Id(), autoincrement=False, nullable=False),
        sa.Column("cohort", Id(), nullable=False),
        sa.Column("coach", Id(), nullable=False),
        sa.Column("content", Encrypted(), nullable=False),
        sa.Column("opens", Utc(), nullable=True),
        sa.PrimaryKeyConstraint("bot", "number", name=op.f("pk_edition")),
    )
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_edition_bot_coach"), ["bot", "coach"], unique=False)
        batch_op.create_index(batch_op.f("ix_edition_bot_cohort"), ["bot", "cohort"], unique=False)
        batch_op.create_index(batch_op.f("ix_edition_opens"), ["opens"], unique=False)

    op.create_table(
        "trial",
        sa.Column("bot", Id(), autoincrement=False, nullable=False),
        sa.Column("person", Id(), autoincrement=False, nullable=False),
        sa.Column("content", Encrypted(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot", "person"], ["person.bot", "person.person"], name=op.f("fk_trial_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("bot", "person", name=op.f("pk_trial")),
    )

    op.add_column("cohort", sa.Column("edition", Id(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("cohort", "edition")
    op.drop_table("trial")
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_edition_opens"))
        batch_op.drop_index(batch_op.f("ix_edition_bot_cohort"))
        batch_op.drop_index(batch_op.f("ix_edition_bot_coach"))

    op.drop_table("edition")
