"""The comparison of two versions in plain sentences, with a conversation before and after for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.advice.catalog import Catalog
from bot.core.advice.rules import Moment
from bot.core.dialogue.flow import Step
from bot.core.issues import Issue, Shown, SourceLocations, counted
from bot.core.library import FALLBACK_LANGUAGE, Library
from bot.verification.context import CheckContext
from bot.verification.counterexample import MONDAY, Calendar
from bot.verification.diff import ADVICE, Cube, Difference, SituationChange, compare
from bot.verification.labels import label, short_name, verdict_name
from bot.verification.state_space import Stand

PARTS: Mapping[str, str] = {
    "note": "the note",
    "wordings": "the wordings of the note",
    "mails": "the e-mails",
    "gates": "the gates",
    "claims": "the reasons and cautions",
    "remind": "the reminders",
    "sure": "on whose word it stands",
}


@dataclass(frozen=True)
class ChangeText:
    """One change in words: `head` says from what to what, `lines` for whom; and a conversation of each version."""

    situations: int
    head: str
    lines: tuple[str, ...]
    before: Shown | None
    after: Shown | None


@dataclass(frozen=True)
class Report:
    """All that differs between two versions; `others` is what differs beside the situations, a sentence each.

    `lacks` says what of the old version could not be compared.
    """

    situations: int
    changed: int
    told: tuple[ChangeText, ...]
    others: tuple[str, ...]
    lacks: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """The whole in one sentence."""
        if not self.changed:
            return f"0 of {self.situations:,} situations change: the advice is the same for everybody."
        return f"{self.changed:,} of {self.situations:,} situations change."


def lacking(name: str, issues: Sequence[Issue]) -> tuple[str, ...]:
    """Say what of the version `name` cannot be compared, a sentence for each kind of issue that earlier content has."""
    files = [issue.place.file for issue in issues if issue.code == "missing-file"]
    missing = len({issue.what for issue in issues if issue.code == "message-missing"})  # in each language alike
    odd = len(issues) - len(files) - sum(issue.code == "message-missing" for issue in issues)
    said = [f"'{name}' has no {' and no '.join(files)} yet; what stands there is not compared."] if files else []
    if missing:
        said.append(f"'{name}' lacks {counted(missing, 'message')} that {_are(missing)} needed by now; {AS_FAR}")
    if odd:
        said.append(f"'{name}' has {counted(odd, 'message')} worded in a way that is not understood any more; {AS_FAR}")
    return tuple(said)


AS_FAR = "its wording is compared as far as it goes, and no conversation is shown that would need more."


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def report(old: Library, new: Library, lacks: tuple[str, ...] = ()) -> Report:
    """Compare two versions of the content; `lacks` is what the old one is known to lack."""
    others = [*_absent("ruleset", old.rulesets, new.rulesets), *_flows(old, new), *_words(old, new)]
    compared = [compare(old, new, rules) for rules in new.rulesets if rules in old.rulesets]
    told = tuple(_Telling(old, new, part.rules).told(change) for part in compared for change in part.changes)
    return Report(sum(c.situations for c in compared), sum(c.changed for c in compared), told, tuple(others), lacks)


class _Telling:
    """Words the changes of one ruleset."""

    def __init__(self, old: Library, new: Library, rules: str) -> None:
        self.versions = (old, new)
        self.rules = rules
        self.proofs = [CheckContext(library, SourceLocations({})) for library in self.versions]

    def told(self, change: SituationChange) -> ChangeText:
        lines = [self._line(cube) for cube in change.cubes]
        shown = [self._shown(n, change) for n in (0, 1)]
        more = ("and further ones, too scattered to name in a few lines",) if change.untold else ()
        return ChangeText(change.situations, self._head(change.difference), (*lines, *more), shown[0], shown[1])

    def _head(self, differs: Difference) -> str:
        return "; ".join(self._part(*part) for part in differs)

    def _part(self, part: str, was: object, now: object) -> str:
        if part == ADVICE:
            return f"from {self._advice(0, was)} to {self._advice(1, now)}"
        return f"{PARTS[part]}: from {_listed(was)} to {_listed(now)}"

    def _advice(self, version: int, advice: object) -> str:
        if not isinstance(advice, tuple):
            return "no advice at all"
        verdict, opens = advice
        catalog = self.versions[version].catalog(FALLBACK_LANGUAGE)
        day = f" ({_moment(opens)})" if isinstance(opens, Moment) else ""
        return f"*{verdict_name(catalog, verdict)}*{day}"

    def _line(self, cube: Cube) -> str:
        library = self.versions[1]
        catalog = library.catalog(FALLBACK_LANGUAGE)
        return "; ".join(
            f"{short_name(catalog, fact)}: {_values(catalog, library, fact, v)}" for fact, v in cube.items()
        )

    def _shown(self, version: int, change: SituationChange) -> Shown | None:
        library = self.versions[version]
        sample = change.sample[version]
        known = {f: v for f, v in sample.items() if f in library.facts.by_name and v in library.facts[f].values}
        routes = [route for route in library.routes.values() if route.flow.rules == self.rules]

        def same(at: Stand) -> bool:
            return at.outcome is not None and all(at.told.get(fact) == value for fact, value in known.items())

        bands = change.bands
        today = MONDAY + timedelta(days=max((band.weekday for band in bands.values()), default=0))
        on = Calendar(today, {source: today - timedelta(days=band.gone) for source, band in bands.items()})
        return self.proofs[version].show(routes, same, known, known, along=known, on=on if bands else None)


def _values(catalog: Catalog, library: Library, fact: str, values: frozenset[str]) -> str:
    order = library.facts[fact].values if fact in library.facts.by_name else ()
    named = [value for value in order if value in values] or sorted(values)
    return " or ".join(label(catalog, fact, value) for value in named)


def _listed(value: object) -> str:
    if isinstance(value, tuple):
        words = [f"{part[0]} {_moment(part[1])}" if isinstance(part, tuple) else str(part) for part in value]
        return ", ".join(words) or "none"
    return "none" if value is None else str(value)


def _moment(moment: Moment) -> str:
    count = (moment.business_days, "business day"), (moment.days, "day")
    words = [counted(number, word) for number, word in count if number]
    words += [f"when {' is '.join(moment.becomes)}"] if moment.becomes else []
    at = f" at {moment.at:%H:%M}" if moment.at else ""
    return f"{' and '.join(words)} from {moment.start}{at}" if words else f"on {moment.start}{at}"


# -- beside the situations ---------------------------------------------------------------------------------------------


def _absent(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    yield from (f"The {what} '{id_}' is gone." for id_ in old if id_ not in new)
    yield from (f"The {what} '{id_}' is new." for id_ in new if id_ not in old)


def _flows(old: Library, new: Library) -> Iterator[str]:
    yield from _absent("conversation", old.flows, new.flows)
    for id_ in (id_ for id_ in new.flows if id_ in old.flows):
        was, now = old.flows[id_], new.flows[id_]
        yield from (f"'{id_}': the step '{step}' is gone." for step in was.step if step not in now.step)
        yield from (f"'{id_}': the step '{step}' is new." for step in now.step if step not in was.step)
        kept = [step for step in was.step if step in now.step]
        if kept != [step for step in now.step if step in was.step]:
            yield f"'{id_}': the questions come in another order."
        for step in kept:
            if _routing(was.step[step]) != _routing(now.step[step]):
                yield f"'{id_}': the step '{step}' is reached, asked or left in another way."
        if set(was.offers) != set(now.offers):
            yield f"'{id_}': other facts are asked on request."


def _routing(step: Step) -> tuple[object, ...]:
    return step.kind, step.fact, step.when, step.next, step.hints


def _words(old: Library, new: Library) -> Iterator[str]:
    yield from _absent("language", old.catalogs, new.catalogs)
    for language in (name for name in new.catalogs if name in old.catalogs):
        was, now = old.catalogs[language].messages, new.catalogs[language].messages
        counts = [
            (sum(was[key] != now[key] for key in was if key in now), "worded anew"),
            (len(now.keys() - was.keys()), "new"),
            (len(was.keys() - now.keys()), "gone"),
        ]
        said = [f"{number} {what}" for number, what in counts if number]
        if said:
            yield f"Messages in '{language}': {', '.join(said)}."


def in_text(found: Report) -> str:
    """Return the report for a terminal."""
    lines = [found.headline, *found.lacks]
    for told in found.told:
        lines += ["", f"{told.situations:,}: {told.head}", *(f"  - {line}" for line in told.lines)]
        lines += [f"    {when}: {shown}" for when, shown in (("before", told.before), ("after", told.after)) if shown]
    return "\n".join([*lines, *([""] if found.others else []), *found.others])


def in_markdown(found: Report) -> str:
    """Return the report for a pull request."""
    lines = [f"**{found.headline}**", *(f"\n{line}" for line in found.lacks)]
    for told in found.told:
        lines += ["", f"### {told.situations:,}: {told.head}", "", *(f"- {line}" for line in told.lines), ""]
        lines += [f"> {when}: {shown}\n" for when, shown in (("before", told.before), ("after", told.after)) if shown]
    return "\n".join([*lines, "", *(f"- {line}" for line in found.others)]).rstrip() + "\n"
