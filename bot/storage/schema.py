"""The tables, for SQLite and PostgreSQL alike.

Plain columns hold ids, times and enums only; whatever a person said or is called stands in an
`Encrypted` column. A change here needs a migration (`migrations/versions`), and a test says so when it is missing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeEngine

from bot.storage.encryption import FERNET, VERSION

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every instant that is stored: "at once" for `not_before`, "by nobody" for `lease_until`."""
_MICROSECOND: Final = timedelta(microseconds=1)


def aware(instant: datetime) -> datetime:
    """Return the instant in UTC; raises ValueError for one without a zone."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone; give an aware instant such as datetime.now(UTC)")
    return instant.astimezone(UTC)


@lru_cache(maxsize=64)  # a turn writes its one instant several times
def _microseconds(instant: datetime) -> int:
    return (aware(instant) - EPOCH) // _MICROSECOND


class Utc(TypeDecorator[datetime]):
    """An instant: aware on the way in, aware UTC on the way out; on SQLite microseconds since 1970."""

    # SQLite's own DateTime drops the zone and thereby moves instants (seen: by five hours).
    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of the database at hand."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse naive values; raises ValueError."""
        if value is None:
            return None
        return _microseconds(value) if dialect.name == "sqlite" else aware(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return aware UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return EPOCH + timedelta(microseconds=value)
        return aware(value)


class Encrypted(TypeDecorator[bytes]):
    """A column of what `Cipher.seal` returns; all else is refused, so nothing is stored in the clear by mistake."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002  # SQLAlchemy's
        """Refuse what does not begin as `Cipher.seal` begins; raises ValueError."""
        if value is not None and not (isinstance(value, bytes) and value.startswith((VERSION, FERNET))):
            raise ValueError("an encrypted column takes sealed values only")
        return value


AutoId = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER numbers rows by itself there
Id = BigInteger  # Telegram's ids exceed 32 bits

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

seen: Final = Table(
    "seen",
    metadata,
    Column("bot", Id, primary_key=True, autoincrement=False),
    Column("update_id", Id, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Index(None, "at"),
    sqlite_with_rowid=False,
)

person: Final = Table(
    "person",
    metadata,
    Column("bot", Id, primary_key=True, autoincrement=False),
    Column("person", Id, primary_key=True, autoincrement=False),
    Column("language", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("working_days", String, nullable=False),
    Column("holidays", String, nullable=False, server_default=text("''")),
    # All in one value: they are read together at every turn, and nothing can be looked up in them anyway.
    Column("facts", Encrypted),
    Column("since", Utc, nullable=False),
)

session: Final = Table(
    "session",
    metadata,
    Column("id", AutoId, primary_key=True),
    Column("bot", Id, nullable=False),
    Column("chat", Id, nullable=False),
    Column("topic", Id, nullable=False),
    Column("person", Id, nullable=False),
    Column("current", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("asking", String, nullable=False),
    Column("run", Encrypted),
    Column("panel", Id, nullable=False),
    Column("reminded", Id, nullable=False, server_default=text("0")),
    # Of the chat, not of the person: a bot may be thrown out of a group and still be welcome in private.
    Column("blocked_at", Utc),
    Column("updated_at", Utc, nullable=False),
    # Silent for long, they were told then that they will be deleted.
    Column("told_at", Utc),
    # The reminders are due at `wake`, and may be claimed from `opens` on: later while it is claimed, and never
    # while the chat is shut. One row for a person, so whatever is due on a day is one message.
    Column("agenda", Encrypted),
    Column("wake", Utc),
    Column("opens", Utc),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("bot", "chat", "topic", "person"),
    ForeignKeyConstraint(["bot", "person"], [person.c.bot, person.c.person], ondelete="CASCADE"),
    Index(None, "bot", "person"),
    Index(None, "opens"),
    sqlite_autoincrement=True,
)

case_: Final = Table(
    "case_",
    metadata,
    Column("session", AutoId, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Encrypted, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    ForeignKeyConstraint(["session"], [session.c.id], ondelete="CASCADE"),
)

cohort: Final = Table(
    "cohort",
    metadata,
    Column("bot", Id, primary_key=True, autoincrement=False),
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("chat", Id, nullable=False),
    Column("content", Encrypted, nullable=False),
    # The poll that is being closed: how it came out is told by its id alone.
    Column("poll", String, nullable=False, server_default=text("''")),
    Column("wake", Utc),
    # What its people talk with: found at every turn of theirs. 0: the shipped content.
    Column("edition", Id, nullable=False, server_default=text("0")),
    Index(None, "bot", "chat"),
    Index(None, "bot", "poll"),
    Index(None, "wake"),
)

# Who is in which cohort, as coach or member: only to find it by; what they are in it stands in its content.
roll: Final = Table(
    "roll",
    metadata,
    Column("bot", Id, primary_key=True, autoincrement=False),
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("person", Id, primary_key=True, autoincrement=False),
    Index(None, "bot", "person"),
)

room: Final = Table(
    "room",
    metadata,
    Column("bot", Id, primary_key=True, autoincrement=False),
    Column("chat", Id, primary_key=True, autoincrement=False),
    Column("standing", String, nullable=False),
    Column("may_write", Boolean, nullable=False),
    # Of channels only: who brought the bot there, and what it is called.
    Column("brought_by", Id, nullable=False, server_default=text("0")),
    Column("title", Encrypted),
    Index(None, "bot", "brought_by"),
)

# What coaches changed of the content. It is to be checked from `opens` on: later while somebody checks it.
version: Final = Table(
    "edition",
    metadata,
    Column("bot", Id, primary_key=True, autoincrement=False),
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("cohort", Id, nullable=False),
    Column("coach", Id, nullable=False),
    Column("content", Encrypted, nullable=False),
    Column("opens", Utc),
    Index(None, "bot", "coach"),
    Index(None, "bot", "cohort"),
    Index(None, "opens"),
)

# What a coach tries out: somebody invented, kept apart from everybody real.
trial: Final = Table(
    "trial",
    metadata,
    Column("bot", Id, primary_key=True, autoincrement=False),
    Column("person", Id, primary_key=True, autoincrement=False),
    Column("content", Encrypted, nullable=False),
    ForeignKeyConstraint(["bot", "person"], [person.c.bot, person.c.person], ondelete="CASCADE"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", AutoId, primary_key=True),
    Column("bot", Id, nullable=False),
    Column("chat", Id, nullable=False),
    Column("topic", Id, nullable=False),
    Column("person", Id, nullable=False),
    Column("method", String, nullable=False),
    Column("content", Encrypted, nullable=False),
    Column("panel", Boolean, nullable=False),
    Column("reminder", Boolean, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("not_before", Utc, nullable=False),
    Column("lease_until", Utc, nullable=False),
    Column("worker", String),
    Column("fence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    # A claim walks the first and asks the second whether the chat has an older call.
    Index(None, "reminder", "id"),
    Index(None, "bot", "chat", "id"),
    # Ids are never used twice: they are the order of a chat, and a stale worker must not meet its number again.
    sqlite_autoincrement=True,
)

parked: Final = Table(
    "parked",
    metadata,
    Column("id", AutoId, primary_key=True),
    Column("what", String, nullable=False),
    # See service.refusals; empty for what was put aside before there were kinds.
    Column("kind", String, nullable=False, server_default=text("''")),
    Column("bot", Id, nullable=False),
    Column("update_id", Id),
    Column("chat", Id),
    Column("topic", Id),
    Column("person", Id),
    Column("method", String),
    Column("panel", Boolean, nullable=False, server_default=false()),
    Column("reminder", Boolean, nullable=False, server_default=false()),
    Column("turn", Integer, nullable=False, server_default=text("0")),
    Column("reason", Encrypted, nullable=False),
    Column("content", Encrypted, nullable=False),
    Column("since", Utc, nullable=False),
    Index(None, "kind", "since"),
    sqlite_autoincrement=True,
)

# What the operator did by `afterword people`, for whom and at whose hands: rows are added, and nothing else.
request: Final = Table(
    "request",
    metadata,
    Column("id", AutoId, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("what", String, nullable=False),
    # Who asked, by the system's name for them, and the pseudonym; never a user id, which outlives a deletion.
    Column("content", Encrypted, nullable=False),
    sqlite_autoincrement=True,
)

meta: Final = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Encrypted, nullable=False),
)

# Kept in the clear: an older Afterword, or one without the key, can say which version wrote a database it refuses.
upgrade: Final = Table(
    "upgrade",
    metadata,
    Column("revision", String, primary_key=True),
    Column("afterword", String, nullable=False),
    Column("at", Utc, nullable=False),
)
