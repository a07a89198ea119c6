"""Databases as earlier versions left them: the tables of a revision, and people amid talks, in that revision's SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, inspect, text

from bot.core.chat.person import Person, Preview
from bot.core.coaching.cohort import Cohort, Member
from bot.core.coaching.content_version import ContentVersion
from bot.core.dialogue.session import Session
from bot.core.reminders.schedule import CaseReminders, Reminder, ReminderSchedule
from bot.storage import dialects
from bot.storage.encryption import PROOF, Cipher
from bot.storage.migrate import migrate
from tests.support.dates import NOW

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
BOT: Final = 7
FIRST: Final = 5_000_000_001
"""The user id of the first person; the others follow."""
GROUP: Final = -1_001_234_567_890
DUE: Final = NOW + timedelta(days=2)
_SINCE: Final = {
    ("session", "agenda"): "0002", ("session", "wake"): "0002", ("session", "opens"): "0002",
    ("session", "fence"): "0002", ("cohort", ""): "0003", ("roll", ""): "0003", ("room", ""): "0003",
    ("cohort", "poll"): "0004", ("cohort", "wake"): "0005", ("room", "brought_by"): "0005", ("room", "title"): "0005",
    ("edition", ""): "0006", ("trial", ""): "0006", ("cohort", "edition"): "0006",
    ("person", "holidays"): "0007", ("session", "reminded"): "0007",
}  # fmt: skip
"""From which revision on a table, or a column of it, is there."""
_UNTIL: Final = {("reminder", ""): "0001", ("ledger", ""): "0001"}


def make(url: str, revision: str, people: int, cipher: Cipher, bot: int = BOT) -> None:
    """Make a database of a revision with so many people: one case each open, every third with a second one.

    Two of three have a reminder to come (as the revision knows it), every tenth is a member of a cohort.
    """
    engine = dialects.connect(dialects.read_url(url), 1)
    try:
        migrate(engine, revision)
        if revision == "0007" and engine.dialect.name == "sqlite":
            _lose_autoincrement(engine)
        with engine.begin() as connection:
            for table, row in _rows(revision, people, cipher):
                row |= {"bot": bot} if "bot" in row else {}
                put = {name: value for name, value in row.items() if _is_there(table, name, revision)}
                if _is_there(table, "", revision):
                    sqlite = engine.dialect.name == "sqlite"
                    values = {name: _micros(v) if sqlite else v for name, v in put.items()}
                    names = ", ".join(put)
                    marks = ", ".join(f":{name}" for name in put)
                    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT setval('session_id_seq', :n)"), {"n": people})
    finally:
        engine.dispose()


def counts(url: str) -> dict[str, int]:
    """Return how many rows each table has."""
    engine = dialects.connect_to_read(dialects.read_url(url))
    try:
        with engine.connect() as connection:
            names = set(inspect(connection).get_table_names()) - {"alembic_version"}
            return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}  # noqa: S608
    finally:
        engine.dispose()


def has_reminder(number: int) -> bool:
    """Tell whether this person has agreed to a reminder."""
    return number % 3 != 0


def _is_there(table: str, column: str, revision: str) -> bool:
    if (table, "") in _UNTIL and revision > _UNTIL[table, ""]:
        return False
    return all(revision >= _SINCE.get((table, name), "0001") for name in ("", column))


def _micros(value: Any) -> Any:
    """Return an instant as SQLite keeps it."""
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=value.tzinfo)) // timedelta(microseconds=1)
    return value.isoformat() if isinstance(value, date) else value


def _rows(revision: str, people: int, cipher: Cipher) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "meta", {"name": "proof", "value": cipher.seal(PROOF)}
    members = {}
    for number in range(people):
        yield from _person(revision, number, cipher)
        if number % 10 == 0:
            members[FIRST + number] = Member(since=NOW)
            yield "roll", {"bot": BOT, "number": 1, "person": FIRST + number}
            yield "trial", {"bot": BOT, "person": FIRST + number, "content": cipher.seal(_trial().to_json())}
    cohort = Cohort("Autumn", "en", {FIRST: "Coach"}, members, chat=GROUP)
    content, lesson = cipher.seal(cohort.to_json()), NOW + timedelta(days=3)
    yield "cohort", {
        "bot": BOT, "number": 1, "chat": GROUP, "content": content, "poll": "p1", "wake": lesson, "edition": 0,
    }  # fmt: skip
    draft = ContentVersion(FIRST, NOW, "refused", cohort=1, files={"faq.yaml": "faq: []"})
    yield "edition", {"bot": BOT, "number": 1, "cohort": 1, "coach": FIRST, "content": cipher.seal(draft.to_json())}
    standing = {"standing": "administrator", "may_write": True, "brought_by": FIRST, "title": cipher.seal("Autumn")}
    yield "room", {"bot": BOT, "chat": GROUP, **standing}


def _trial() -> Preview:
    return Preview(version=1, cohort=1, at=NOW, ahead=timedelta(0), person=Person())


def _person(revision: str, number: int, cipher: Cipher) -> Iterator[tuple[str, dict[str, Any]]]:
    who, row = FIRST + number, number + 1
    yield "seen", {"bot": BOT, "update_id": number, "at": NOW}
    yield "person", {
        "bot": BOT, "person": who, "language": "en", "zone": "Europe/Berlin", "working_days": "1,2,3,4,5",
        "holidays": "", "facts": cipher.seal({"account": "free"}), "since": NOW,
    }  # fmt: skip
    planned = (Reminder(1, "M2", DUE.date(), DUE.time(), DUE),) if has_reminder(number) else ()
    schedule = ReminderSchedule(planned=planned, lives={1: CaseReminders(NOW.date(), consent="yes")}, zone_known=True)
    yield "session", {
        "id": row, "bot": BOT, "chat": who, "topic": 0, "person": who, "current": 1, "turn": 1, "asking": "",
        "run": cipher.seal([]), "panel": 0, "reminded": 0, "updated_at": NOW,
        "agenda": cipher.seal(schedule.to_json()), "wake": schedule.wake, "opens": schedule.wake, "fence": 0,
    }  # fmt: skip
    for case in (1, 2)[: 1 + (number % 3 == 1)]:
        content = cipher.seal(_case(revision))
        yield "case_", {"session": row, "number": case, "content": content, "opened_at": NOW, "updated_at": NOW}
    # What the first version planned with an advice; nobody was asked, and nothing could send it.
    yield "reminder", {"session": row, "number": 1, "kind": "M2", "day": DUE.date(), "due": DUE, "status": "planned"}
    yield "outbox", {
        "bot": BOT, "chat": who, "topic": 0, "person": who, "method": "sendMessage",
        "content": cipher.seal({"text": "Hello"}), "panel": False, "reminder": False, "turn": 1,
        "not_before": NOW, "lease_until": NOW, "fence": 0, "attempts": 0, "created_at": NOW,
    }  # fmt: skip
    if number % 7 == 0:
        yield "parked", {
            "what": "call", "bot": BOT, "chat": who, "topic": 0, "person": who, "method": "sendMessage",
            "reason": cipher.seal("it fails"), "content": cipher.seal({"text": "x"}), "since": NOW,
        }  # fmt: skip


def _case(revision: str) -> dict[str, Any]:
    kept = Session("after_interview", zone="Europe/Berlin", answers={"relation": "none"}).to_json()
    if revision < "0007":
        del kept["holidays"]
        kept["format"] = 1
    return kept


def _lose_autoincrement(engine: Engine) -> None:
    """Leave the table of sessions as revision 0007 left it at first: made anew, and without AUTOINCREMENT."""
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        sql = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'session'").fetchone()[0]
        lost = sql.replace(" PRIMARY KEY AUTOINCREMENT", " PRIMARY KEY")
        indexes = raw.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'session' AND type = 'index' "
                              "AND sql IS NOT NULL").fetchall()  # fmt: skip
        for statement in ("PRAGMA foreign_keys=OFF", "DROP TABLE session", lost, *(one for (one,) in indexes)):
            raw.execute(statement)
