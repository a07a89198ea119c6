"""Every statement, compiled once; the two databases get the same ones.

SQL expressions only, no execution. Parameters are named after what they mean; where a name would
clash with a column that is set, it ends in an underscore.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    Insert,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    not_,
    null,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from bot.runtime.refusals import NO_FAULT
from bot.storage.compiled import CompiledStatement
from bot.storage.schema import (
    EPOCH,
    Utc,
    case_,
    cohort,
    meta,
    outbox,
    parked,
    person,
    roll,
    seen,
    session,
    trial,
)

KEPT: Final = ("bot", "chat", "topic", "person", "method", "content", "panel", "reminder", "turn")
"""What an outbox row and a parked call have in common."""
OF_PERSON: Final = ("language", "zone", "working_days", "holidays", "facts")
"""What belongs to somebody, whichever chat they write in."""
OF_SESSION: Final = ("current", "turn", "asking", "run", "panel", "reminded", "agenda", "wake")
"""What belongs to them in one chat."""
BITE: Final = 2000
"""Rows that are tidied away at once: few enough to delay nobody."""


def _load() -> Any:
    """Read a person with their session here, its current case, their newest content version and what they try."""
    of_key = and_(
        session.c.bot == person.c.bot,
        session.c.person == person.c.person,
        session.c.chat == bindparam("chat"),
        session.c.topic == bindparam("topic"),
    )
    current = and_(case_.c.session == session.c.id, case_.c.number == session.c.current)
    theirs = (roll.c.bot == person.c.bot, roll.c.person == person.c.person)
    newest = (
        select(func.max(cohort.c.edition))
        .where(*theirs, cohort.c.bot == roll.c.bot, cohort.c.number == roll.c.number)
        .scalar_subquery()
        .label("edition")
    )
    tried = select(trial.c.content).where(trial.c.bot == person.c.bot, trial.c.person == person.c.person)
    return (
        select(
            *(person.c[name] for name in OF_PERSON),
            session.c.id,
            *(session.c[name] for name in OF_SESSION),
            *(session.c[name] for name in ("blocked_at", "updated_at", "told_at")),
            case_.c.content,
            newest,
            tried.scalar_subquery().label("trial"),
        )
        .select_from(person.outerjoin(session, of_key).outerjoin(case_, current))
        .where(person.c.bot == bindparam("bot"), person.c.person == bindparam("person"))
    )


class Statements:
    """The statements for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        # The two constructs are alike in all that is used here; only their compilers differ.
        self._upsert: Any = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
        self._turns()
        self._people()
        self._outbox()
        self._reminders()
        self._chats()
        self._put_aside()
        self._upkeep()

    def _made(self, statement: ClauseElement, *columns: str) -> CompiledStatement:
        return CompiledStatement(statement, self._dialect, columns)

    def _turns(self) -> None:
        self.lock = self._made(
            select(func.pg_advisory_xact_lock(bindparam("number", type_=BigInteger)).label("locked"))
        )
        self.see = self._made(self._upsert(seen).on_conflict_do_nothing())
        self.load = self._made(_load())
        self.put_trial = self._made(self._kept(trial, "content"))
        of_trial = (trial.c.bot == bindparam("bot_"), trial.c.person == bindparam("person_"))
        self.drop_trial = self._made(delete(trial).where(*of_trial))
        self._cases()
        self._sessions()

    def _cases(self) -> None:
        of_session = case_.c.session == bindparam("session")
        one = and_(of_session, case_.c.number == bindparam("number"))
        self.one_case = self._made(select(case_.c.content).where(one))
        self.all_cases = self._made(select(case_.c.number, case_.c.content).where(of_session).order_by(case_.c.number))
        self.drop_case = self._made(delete(case_).where(one))
        self.put_case = self._made(self._kept(case_, "content", "updated_at"))

    def _sessions(self) -> None:
        kept: dict[str, Any] = {name: bindparam(name) for name in (*OF_SESSION, "updated_at", "told_at")}
        this = session.c.id == bindparam("id_")
        # Whoever speaks can be written to, whatever was heard before: their schedule opens again, too. SQLite has one
        # writer, so what was heard was read in this turn, and an index is not written for nothing.
        reopened = case((session.c.blocked_at.is_not(None), bindparam("wake", type_=Utc())), else_=session.c.opens)
        heard: dict[str, Any] = {} if self._dialect.name == "sqlite" else {"blocked_at": null(), "opens": reopened}
        self.put_session = self._made(update(session).where(this).values({**kept, **heard}))
        # A wake that is another one can be claimed from then on, whoever holds the old one.
        opened = {"opens": bindparam("wake"), "blocked_at": null()}
        self.put_wake = self._made(update(session).where(this).values({**kept, **opened}))

    def _kept(self, table: Table, *changing: str) -> ClauseElement:
        """Return an INSERT that rewrites the columns `changing` of a row that is there already."""
        new = self._upsert(table)
        kept: ClauseElement = new.on_conflict_do_update(
            index_elements=list(table.primary_key.columns), set_={name: new.excluded[name] for name in changing}
        )
        return kept

    def _people(self) -> None:
        self.put_person = self._made(self._kept(person, *OF_PERSON))
        new = [column.name for column in session.c if column.name not in ("id", "blocked_at", "told_at", "fence")]
        self.add_session = self._made(insert(session).returning(session.c.id), *new)
        # Sessions with their schedule, and cases, go with the person (ON DELETE CASCADE).
        self.forget = tuple(
            self._made(delete(table).where(table.c.bot == bindparam("bot_"), table.c.person == bindparam("person_")))
            for table in (person, outbox, parked)
        )

    def _outbox(self) -> None:
        fresh = {"not_before": EPOCH, "lease_until": EPOCH, "fence": 0, "attempts": 0}
        new: dict[str, Any] = {name: bindparam(name) for name in (*KEPT, "created_at")}
        self.post = self._made(insert(outbox).inline().values({**fresh, **new}))
        ours = {"not_before": EPOCH, "fence": 1, "attempts": 1, **{n: bindparam(n) for n in ("worker", "lease_until")}}
        self.post_claimed = self._made(insert(outbox).values({**ours, **new}).returning(outbox.c.id))
        self.waits = self._made(select(outbox.c.id).where(_of_chat(outbox)).limit(1))
        same = (outbox.c.topic == bindparam("topic_"), outbox.c.method == bindparam("method_"))
        self.alike = self._made(select(outbox.c.content).where(_of_chat(outbox), *same))
        older = outbox.alias("older")
        head = not_(
            select(literal(1))
            .where(older.c.bot == outbox.c.bot, older.c.chat == outbox.c.chat, older.c.id < outbox.c.id)
            .exists()
        )
        self.claim = self._made(_claim(head))
        self.claim_next = self._made(_claim_next())
        mine = and_(outbox.c.id == bindparam("id_"), outbox.c.fence == bindparam("fence_"))
        self.finish = self._made(delete(outbox).where(mine).returning(*(outbox.c[name] for name in KEPT)))
        self.drop = self._made(delete(outbox).where(mine))
        free = {"lease_until": EPOCH, "worker": None}
        self.take_back = self._made(update(outbox).where(outbox.c.lease_until > EPOCH).values(**free))
        self.delay = self._made(update(outbox).where(mine).values(not_before=bindparam("at"), **free))
        earlier = outbox.c.not_before < bindparam("at")
        self.delay_chat = self._made(update(outbox).where(_of_chat(outbox), earlier).values(not_before=bindparam("at")))
        here = (session.c.topic == bindparam("topic_"), session.c.person == bindparam("person_"))
        # The message of an older turn must not take the place of a newer one's.
        self.put_panel = self._made(
            update(session)
            .where(
                _of_chat(session),
                *here,
                session.c.turn <= bindparam("turn_"),
            )
            .values(panel=bindparam("message"))
        )
        self.put_reminded = self._made(
            update(session).where(_of_chat(session), *here).values(reminded=bindparam("message"))
        )
        self.panels = self._made(
            select(outbox.c.content).where(_of_chat(outbox), outbox.c.panel, not_(outbox.c.reminder))
        )
        opens = case((outbox.c.lease_until > outbox.c.not_before, outbox.c.lease_until), else_=outbox.c.not_before)
        self.next_at = self._made(select(type_coerce(func.min(opens), Utc()).label("at")).where(head))
        oldest = func.min(outbox.c.created_at).label("oldest")
        self.waiting = self._made(select(func.count().label("waiting"), oldest).select_from(outbox))

    def _reminders(self) -> None:
        now: Any = bindparam("now", type_=Utc())
        chosen = (
            select(session.c.id)
            .where(session.c.opens <= now)
            .order_by(session.c.opens)
            .limit(bindparam("limit"))
            .with_for_update(skip_locked=True, of=session)
            .cte("chosen")
            .prefix_with("MATERIALIZED", dialect="postgresql")
        )
        self.claim_due = self._made(
            update(session)
            .where(session.c.id.in_(select(chosen.c.id)))
            .values(opens=bindparam("lease_until"), fence=session.c.fence + 1)
            .returning(*(session.c[name] for name in ("id", "bot", "chat", "topic", "person", "wake", "fence")))
        )
        self.held = self._made(
            select(session.c.fence).where(session.c.id == bindparam("id_"), session.c.fence == bindparam("fence_"))
        )
        this = session.c.id == bindparam("id_")
        self.reopen = self._made(update(session).where(this).values(opens=bindparam("opens_")))
        self.schedule_of = self._made(select(session.c.agenda).where(this))
        self.put_schedule = self._made(
            update(session)
            .where(this)
            .values(agenda=bindparam("agenda_"), wake=bindparam("wake_"), opens=bindparam("wake_"))
        )
        self.next_due = self._made(select(type_coerce(func.min(session.c.opens), Utc()).label("at")))
        self.revive = self._made(
            update(session)
            .where(_of_chat(session), session.c.person == bindparam("person_"))
            .values(opens=session.c.wake)
        )
        whose = ("what", "kind", "bot", "chat", "topic", "person", "reason", "content", "since")
        self.park_due = self._made(insert(parked).inline(), *whose)
        self._claims_taken_back()

    def _claims_taken_back(self) -> None:
        claimed = session.c.opens > session.c.wake
        # Claims end soon: the index finds them among very many schedules. One made by a clock that was ahead does not.
        self.take_back_due = self._made(
            update(session)
            .where(claimed, session.c.opens <= bindparam("until", type_=Utc()))
            .values(opens=session.c.wake)
        )
        some = (session.c.id > bindparam("after"), session.c.id <= bindparam("last"))
        self.take_back_far = self._made(
            update(session)
            .where(*some, claimed, session.c.opens > bindparam("beyond", type_=Utc()))
            .values(opens=session.c.wake)
        )
        page = select(session.c.id).where(some[0]).order_by(session.c.id).limit(bindparam("limit")).subquery()
        self.page_end = self._made(select(func.max(page.c.id).label("id")))
        self.of_others = self._made(select(session.c.id).where(session.c.bot != bindparam("bot")).limit(1))

    def _chats(self) -> None:
        free = outbox.c.lease_until <= bindparam("now")
        taken = (outbox.c.id, *(outbox.c[name] for name in KEPT))
        self.take_chat = self._made(delete(outbox).where(_of_chat(outbox), free).returning(*taken))
        shut: dict[str, Any] = {"blocked_at": bindparam("at"), "opens": None}
        self.mark_blocked = self._made(update(session).where(_of_chat(session)).values(shut))
        self.mark_open = self._made(
            update(session).where(_of_chat(session)).values(blocked_at=None, opens=session.c.wake)
        )
        self.move_outbox, self.move_parked = (
            self._made(update(table).where(_of_chat(table)).values(chat=bindparam("new"))) for table in (outbox, parked)
        )
        this = session.c.id == bindparam("id_")
        self.move_session = self._made(update(session).where(this).values(chat=bindparam("new")))
        self.drop_session = self._made(delete(session).where(this))
        there = session.alias("there")
        same = and_(
            there.c.bot == session.c.bot,
            there.c.chat == bindparam("new"),
            there.c.topic == session.c.topic,
            there.c.person == session.c.person,
        )
        self.to_move = self._made(
            select(session.c.id, there.c.id.label("there"))
            .select_from(session.outerjoin(there, same))
            .where(_of_chat(session))
        )
        newest = func.coalesce(func.max(case_.c.number), 0).label("newest")
        self.newest_case = self._made(select(newest).where(case_.c.session == bindparam("session")))
        self.join = self._made(_moved(case_))

    def _put_aside(self) -> None:
        self.park_call = self._made(insert(parked).inline(), "what", "kind", *KEPT, "reason", "since")
        of_update = ("what", "kind", "bot", "update_id", "reason", "content", "since")
        self.park_update = self._made(insert(parked).inline(), *of_update)
        self.parked = self._made(select(parked).order_by(parked.c.id).limit(bindparam("limit")))
        faults = select(parked).where(parked.c.kind.not_in([literal(kind) for kind in sorted(NO_FAULT)]))
        self.faults = self._made(faults.order_by(parked.c.id).limit(bindparam("limit")))
        updates = and_(parked.c.bot == bindparam("bot_"), parked.c.what == literal("update"))
        self.parked_updates = self._made(select(parked.c.id, parked.c.content).where(updates))
        self.unpark = self._made(delete(parked).where(parked.c.id == bindparam("id_")).returning(parked))
        self.count_parked = self._made(select(parked.c.kind, func.count().label("parked")).group_by(parked.c.kind))
        of_kind = parked.c.kind == bindparam("kind_")
        old = select(parked.c.id).where(of_kind, parked.c.since < bindparam("before", type_=Utc())).limit(BITE)
        self.expire = self._made(delete(parked).where(parked.c.id.in_(old)))
        self.discard = self._made(delete(parked).where(parked.c.id == bindparam("id_")))
        self.unnamed = self._made(select(parked.c.id, parked.c.reason).where(parked.c.kind == literal("")).limit(BITE))
        self.put_kind = self._made(
            update(parked).where(parked.c.id == bindparam("id_")).values(kind=bindparam("kind_"))
        )
        this = and_(seen.c.bot == bindparam("bot_"), seen.c.update_id == bindparam("update_"))
        self.unsee = self._made(delete(seen).where(this))

    def _upkeep(self) -> None:
        old = select(seen.c.bot, seen.c.update_id).where(seen.c.at < bindparam("before")).limit(BITE)
        self.tidy = self._made(delete(seen).where(tuple_(seen.c.bot, seen.c.update_id).in_(old)))
        self.proof = self._made(select(meta.c.value).where(meta.c.name == literal("proof")))
        self.zones = self._made(select(person.c.zone).distinct())
        self.rules = self._made(select(meta.c.value).where(meta.c.name == literal("zones")))
        self.value = self._made(select(meta.c.value).where(meta.c.name == bindparam("name_")))
        self.put_rules = self._made(self._kept(meta, "value"))
        same = and_(session.c.bot == person.c.bot, session.c.person == person.c.person)
        self.zoned = self._made(
            select(session.c.id, person.c.zone)
            .select_from(session.join(person, same))
            .where(session.c.id > bindparam("after"), session.c.id <= bindparam("last"))
        )
        self.make_due = self._made(
            update(session)
            .where(session.c.id == bindparam("id_"), session.c.opens > bindparam("now_", type_=Utc()))
            .values(wake=bindparam("now_", type_=Utc()), opens=bindparam("now_", type_=Utc()))
        )
        self.noted = self._made(select(meta.c.value).where(meta.c.name == literal("instant")))
        self.put_noted = self._made(self._kept(meta, "value"))
        self.put_proof = self._made(self._upsert(meta).on_conflict_do_nothing())


_made: dict[str, Statements] = {}


def statements_for(dialect: Dialect) -> Statements:
    """Return the statements for a kind of database; compiling them takes some 50 ms, once per process."""
    if dialect.name not in _made:
        _made[dialect.name] = Statements(dialect)
    return _made[dialect.name]


def _of_chat(table: Table) -> ColumnElement[bool]:
    return and_(table.c.bot == bindparam("bot_"), table.c.chat == bindparam("chat_"))


def _claim(head: ColumnElement[bool]) -> ClauseElement:
    """Return the claim: the oldest calls of chats whose oldest is free and due, answers before reminders."""
    now: Any = bindparam("now", type_=Utc())
    # MATERIALIZED: PostgreSQL may run a sub-select again and thereby exceed the limit. SQLite drops FOR UPDATE, which
    # it does not need: its writer is alone.
    chosen = (
        select(outbox.c.id)
        .where(head, outbox.c.not_before <= now, outbox.c.lease_until <= now)
        .order_by(outbox.c.reminder, outbox.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True, of=outbox)
        .cte("chosen")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return update(outbox).where(outbox.c.id.in_(select(chosen.c.id))).values(_CLAIMED).returning(*_TAKEN)


def _claim_next() -> ClauseElement:
    """Return the claim of a chat's oldest call, if it is free and due."""
    now: Any = bindparam("now", type_=Utc())
    oldest = select(func.min(outbox.c.id)).where(_of_chat(outbox)).scalar_subquery()
    free = and_(outbox.c.not_before <= now, outbox.c.lease_until <= now)
    return update(outbox).where(outbox.c.id == oldest, free).values(_CLAIMED).returning(*_TAKEN)


_CLAIMED: Final[dict[str, Any]] = {
    "lease_until": bindparam("lease_until"),
    "worker": bindparam("worker"),
    "fence": outbox.c.fence + 1,
    "attempts": outbox.c.attempts + 1,
}
_TAKEN: Final = tuple(outbox.c[name] for name in ("id", *KEPT, "attempts", "fence"))


def _moved(table: Table) -> Insert:
    """Return the copy of a session's rows into another session, with case numbers counted on from `after_`."""
    columns: dict[str, Any] = dict(table.c.items())
    columns["session"] = bindparam("new_", type_=table.c.session.type)
    columns["number"] = table.c.number + bindparam("after_", type_=Integer)
    rows = select(*columns.values()).where(table.c.session == bindparam("old_"))
    return insert(table).from_select(list(columns), rows)
