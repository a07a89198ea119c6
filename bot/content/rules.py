"""flows/rules/<name>.yaml and flows/reminders.yaml turned into a core ruleset and kinds of reminder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.content.conditions import Conditions
from bot.content.moments import read_moment, read_opening
from bot.content.references import References, refuse_reserved
from bot.content.rule_models import (
    ExampleEntry,
    GateEntry,
    LawEntry,
    LawOverTimeEntry,
    RemarkEntry,
    RemindersFile,
    RuleEntry,
    RulesFile,
    Trust,
    WantedEntry,
)
from bot.content.source_file import Names, SourceFile
from bot.content.yaml_reader import Path
from bot.core.advice.rules import (
    Conditional,
    Example,
    Gate,
    Law,
    LawOverTime,
    Manners,
    Remark,
    ReminderKind,
    Repeat,
    Rule,
    Ruleset,
    Sure,
    Verdict,
)
from bot.core.issues import SourceLocation

NO_NOTE = "none"
_SURE: Mapping[Trust, Sure] = {False: "article", True: "beyond", "judgement": "judgement"}
"""What laws and examples call a situation without a note."""
Check = Callable[[SourceFile, SourceLocation, str], None]


def read_reminders(source: SourceFile, file: RemindersFile, references: References) -> dict[str, ReminderKind]:
    """Return the kinds of reminder by id."""
    found = {}
    for id_, entry in file.reminders.items():
        path = ("reminders", id_)
        source.address(source.key(*path), "reminder", id_)
        due = read_moment(source, (*path, "due"), entry.due, references)
        cites = references.cites(source, (*path, "cites"), entry.cites)
        again = entry.again
        if again is not None and not again.business_days + again.days and source.whole(*path, "again"):
            what = "it comes again, but no day says when."
            why = "It would be said twice in one day."
            source.fault(source.key(*path, "again"), "no-step", what, why, "Add `business_days` or `days`.")
        for number, name in enumerate(entry.asks):
            _check_asked(source, (*path, "asks", number), name, references)
        found[id_] = ReminderKind(
            id_,
            due,
            entry.overdue_days,
            cites,
            entry.beyond,
            entry.overdue,
            Repeat(again.times, again.business_days, again.days) if again else None,
            entry.asks,
            entry.step,
        )
    return found


def _check_asked(source: SourceFile, path: Path, name: str, references: References) -> None:
    """See that a fact can be asked anew: it is asked at all, and some value of it may still come true."""
    fact = references.fact(source, source.at(*path), name)
    if fact is not None and (fact.derivation is not None or not fact.can_change):
        what = f"'{name}' cannot have changed meanwhile."
        instead = "Name a fact that is asked and lists `can_change`."
        source.fault(source.at(*path), "cannot-change", what, "", instead)


def read_manners(file: RemindersFile) -> Manners:
    """Return how often reminders may come."""
    entry = file.manners
    return Manners(entry.unanswered, entry.snoozes, entry.snooze_business_days, entry.close_after_days)


def read_rules(source: SourceFile, file: RulesFile, references: References) -> Ruleset:
    """Return the ruleset in `file`."""
    return RulesReader(source, file, references).read()


class RulesReader:
    """Reads one file of rules."""

    def __init__(self, source: SourceFile, file: RulesFile, references: References) -> None:
        self._source = source
        self._file = file
        self._references = references
        self._verdicts = source.names("verdicts")
        self._rules = source.ids("decide")
        self._gates = source.ids("gates") or frozenset()
        notes = references.notes
        self._notes: Names | None = None if notes is None else notes | {NO_NOTE}
        self._pseudo = {"verdict": self._verdicts, "rule": self._rules, "note": self._notes}
        self._conditions = Conditions(references)

    def read(self) -> Ruleset:
        """Return the ruleset."""
        source, file = self._source, self._file
        source.address(source.at("rules"), "rules", file.rules)
        for id_ in file.verdicts:
            source.address(source.key("verdicts", id_), "rules", file.rules, "verdict", id_)
        for part, entries in (("decide", file.decide), ("gates", file.gates)):
            source.refuse_twins(part, (entry.id for entry in entries))
        for part, names in (("remarks", [r.id for r in file.remarks]), ("laws", [law.id for law in file.laws])):
            source.refuse_twins(part, names)
            for number, name in enumerate(names):
                refuse_reserved(source, (part, number, "id"), name)
        source.refuse_twins("over_time", (law.id for law in file.over_time))
        source.refuse_twins("examples", (example.name for example in file.examples), name="name")
        return Ruleset(
            file.rules,
            {id_: Verdict(id_, verdict.open, verdict.beyond, verdict.closes) for id_, verdict in file.verdicts.items()},
            tuple(self._rule(("decide", n), entry) for n, entry in enumerate(file.decide)),
            tuple(self._gate(("gates", n), entry) for n, entry in enumerate(file.gates)),
            tuple(self._remark(("remarks", n), entry) for n, entry in enumerate(file.remarks)),
            tuple(self._law(("laws", n), entry) for n, entry in enumerate(file.laws)),
            tuple(self._law_over_time(("over_time", n), entry) for n, entry in enumerate(file.over_time)),
            tuple(self._example(("examples", n), entry) for n, entry in enumerate(file.examples)),
        )

    # -- rows --------------------------------------------------------------------------------------------------------

    def _rule(self, path: Path, entry: RuleEntry) -> Rule:
        source, references = self._source, self._references
        self._address(path, "rule", entry.id)
        self._check_verdicts(path, "verdict", [entry.verdict])
        return Rule(
            entry.id,
            self._conditions.read(source, (*path, "when"), entry.when),
            entry.verdict,
            self._wanted((*path, "note"), entry.note, references.note),
            self._wanted((*path, "override"), entry.override, references.note),
            self._wanted((*path, "mails"), entry.mails, references.mail),
            self._wanted((*path, "remind"), entry.remind, references.reminder),
            read_opening(source, (*path, "opens"), entry.opens, references) if entry.opens else None,
            references.cites(source, (*path, "reasons"), entry.reasons),
            references.cites(source, (*path, "cites"), entry.cites),
            _SURE[entry.beyond],
            entry.headline or "advice",
            entry.waits_for,
        )

    def _wanted(self, path: Path, entries: Sequence[WantedEntry], check: Check) -> tuple[Conditional, ...]:
        found = []
        for number, entry in enumerate(entries):
            here = (*path, number)
            check(self._source, self._source.at(*here, "kind"), entry.kind)
            found.append(Conditional(entry.kind, self._conditions.read(self._source, (*here, "when"), entry.when)))
        return tuple(found)

    def _gate(self, path: Path, entry: GateEntry) -> Gate:
        source = self._source
        self._address(path, "gate", entry.id)
        self._check_verdicts(path, "verdicts", entry.verdicts)
        if entry.with_mail is not None:
            self._references.mail(source, source.at(*path, "with_mail"), entry.with_mail)
        for number, kind in enumerate(entry.remind):
            self._references.reminder(source, source.at(*path, "remind", number), kind)
        return Gate(
            entry.id,
            self._conditions.read(source, (*path, "when"), entry.when),
            frozenset(entry.verdicts),
            entry.with_note,
            entry.with_mail,
            entry.before_note,
            entry.remind,
            self._references.cites(source, (*path, "cites"), entry.cites),
            entry.beyond,
        )

    def _remark(self, path: Path, entry: RemarkEntry) -> Remark:
        source = self._source
        self._address(path, "remark", entry.id)
        self._exactly_one(path, entry.id, entry.model_fields_set, "reason", "caution")
        self._check_verdicts(path, "verdicts", entry.verdicts)
        kind = "reason" if entry.reason is not None else "caution"
        claim = entry.reason or entry.caution or ""
        if claim:
            self._references.claim(source, source.at(*path, kind), claim)
        when = self._conditions.read(source, (*path, "when"), entry.when)
        return Remark(entry.id, "reason" if kind == "reason" else "caution", claim, when, frozenset(entry.verdicts))

    # -- what is proved and tried ------------------------------------------------------------------------------------

    def _law(self, path: Path, entry: LawEntry) -> Law:
        source, conditions = self._source, Conditions(self._references, self._pseudo)
        self._address(path, "law", entry.id)
        self._exactly_one(path, entry.id, entry.model_fields_set, "implies_one_of", "stays_open_when")
        always = conditions.read(source, (*path, "always"), entry.always)
        changes = entry.stays_open_when or {}
        for fact in sorted(always.reads - self._pseudo.keys()) if changes else ():
            what = f"a law with stays_open_when cannot read '{fact}' in `always`."
            instead = f"Use only {', '.join(self._pseudo)} there."
            source.fault(source.key(*path, "always", fact), "not-readable", what, "", instead)
        for fact, values in changes.items():
            self._conditions.values(source, (*path, "stays_open_when", fact), fact, values)
        implied = entry.implies_one_of
        return Law(
            entry.id,
            always,
            conditions.one_of(source, (*path, "implies_one_of"), implied) if implied else None,
            tuple(changes.items()),
            entry.why,
        )

    def _law_over_time(self, path: Path, entry: LawOverTimeEntry) -> LawOverTime:
        self._address(path, "over_time", entry.id)
        return LawOverTime(
            entry.id,
            entry.holds,
            entry.at_most,
            entry.apart,
            {(pair.after, pair.send): pair.business_days for pair in entry.sooner},
            frozenset(entry.sorts),
            self._conditions.read(self._source, (*path, "when"), entry.when),
            self._references.cites(self._source, (*path, "cites"), entry.cites),
            entry.why,
        )

    def _example(self, path: Path, entry: ExampleEntry) -> Example:
        source = self._source
        self._address(path, "example", entry.name)
        for fact, value in entry.given.items():
            self._conditions.values(source, (*path, "given", fact), fact, [value])
        words = self._references
        remarks = source.ids("remarks") or frozenset()
        known = {
            **self._pseudo,
            "gates": self._gates,
            "mails": words.mails,
            "remind": words.reminders,
            "remarks": remarks,
        }
        expected = {name: values for name in known if (values := getattr(entry.expect, name)) is not None}
        for name, values in expected.items():
            part = {"remind": "reminder"}.get(name, name.removesuffix("s"))
            for number, value in enumerate(values):
                place = source.at(*path, "expect", name, number)
                source.refer(place, value, known[name], f"unknown-{part}", f"no {part} of this content")
        return Example(entry.name, entry.given, expected)

    # -- shared ------------------------------------------------------------------------------------------------------

    def _address(self, path: Path, part: str, id_: str) -> None:
        address = ("rules", self._file.rules, part, id_)
        self._source.address(self._source.at(*path), *address)
        self._source.address(self._source.key(*path, "when"), *address, "when")

    def _check_verdicts(self, path: Path, key: str, verdicts: Iterable[str]) -> None:
        for number, verdict in enumerate(verdicts):
            place = self._source.at(*path, key, number)
            self._source.refer(place, verdict, self._verdicts, "unknown-verdict", "none of the verdicts of this file")

    def _exactly_one(self, path: Path, id_: str, given: set[str], *keys: str) -> None:
        found = [key for key in keys if key in given]
        if len(found) != 1 and self._source.whole(*path):
            what = f"'{id_}' has {' and '.join(found) if found else f'neither {keys[0]} nor {keys[1]}'}."
            place = self._source.key(*path, found[1] if found else "id")
            self._source.fault(place, "exactly-one", what, "It needs exactly one of them.", "Write one of the two.")
