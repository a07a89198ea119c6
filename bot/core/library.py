"""All loaded content as one frozen value, and what is compiled from it once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.core.advice.catalog import Catalog
from bot.core.advice.contact_history import Courtesy
from bot.core.advice.facts import Answers, Facts
from bot.core.advice.notes import NoteBook, NoteKind
from bot.core.advice.plan import Policy
from bot.core.advice.policy import CompiledPolicy
from bot.core.advice.rules import Manners, ReminderKind, Ruleset
from bot.core.coaching.case_studies import CaseStudy
from bot.core.coaching.lessons import Series
from bot.core.dialogue.flow import Flow
from bot.core.dialogue.progress import Route

DEFAULT_MANNERS, ANY_COURTESY = Manners(), Courtesy()


@dataclass(frozen=True)
class Claim:
    """A statement of the article; a `rule` one must be carried somewhere, if only by `structure`."""

    id: str
    kind: str
    section: str
    structure: str = ""


@dataclass(frozen=True)
class Limit:
    """A platform's limit: one number, or one for each value of the fact `by`."""

    id: str
    values: Mapping[str, int]
    by: str = ""

    def of(self, facts: Facts, answers: Answers) -> int:
        """Return the limit for somebody with these answers; the cautious one when unknown."""
        if not self.by:
            return self.values[""]
        fact = facts[self.by]
        return self.values[fact.means(answers.get(self.by, fact.cautious or ""))]


@dataclass(frozen=True)
class Library:
    """Flows, rules, notes, limits, claims and messages; immutable, shared by everybody."""

    facts: Facts
    flows: Mapping[str, Flow]
    rulesets: Mapping[str, Ruleset]
    reminders: Mapping[str, ReminderKind]
    notebook: NoteBook
    limits: Mapping[str, Limit]
    claims: Mapping[str, Claim]
    catalogs: Mapping[str, Catalog]
    manners: Manners = DEFAULT_MANNERS
    courtesy: Courtesy = ANY_COURTESY
    faq: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The questions that many ask, by name, each with the claims behind its answer."""
    cases: Mapping[str, CaseStudy] = field(default_factory=dict)
    """Invented interviews that groups work through."""
    series: Mapping[str, Series] = field(default_factory=dict)
    """Lessons for channels."""
    protected: tuple[str, ...] = ()
    """The messages, or groups of them, that no coach's edition changes."""
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The files it was read from, by their name within the content, such as flows/facts.yaml."""

    shipped: Library | None = None
    """What a coach's edition is laid over; None: this is nobody's edition."""

    def is_protected(self, key: str) -> bool:
        """Tell whether no edition changes the message `key`."""
        return any(key == name or key.startswith(f"{name}.") for name in self.protected)

    def binds(self, language: str, key: str) -> bool:
        """Tell whether an edition has to say `key` as it is said here; a message of its own it may word."""
        return self.is_protected(key) and self.catalog(language).has(key)

    def bound_to(self, shipped: Library) -> Library:
        """Return this edition of `shipped` with every protected text as it was shipped, whatever the edition says."""
        catalogs: dict[str, Catalog] = {}
        for language in sorted(self.catalogs, key=lambda name: name != FALLBACK_LANGUAGE):
            own = {k: m for k, m in self.catalogs[language].messages.items() if not shipped.binds(language, k)}
            theirs = shipped.catalogs[language].messages if language in shipped.catalogs else {}
            kept = {**own, **{k: m for k, m in theirs.items() if shipped.is_protected(k)}}
            fallback = catalogs.get(FALLBACK_LANGUAGE)
            catalogs[language] = Catalog(language, kept, fallback, self.catalogs[language].understanding)
        return replace(self, catalogs=catalogs, protected=shipped.protected, shipped=shipped)

    def like(self, base: Library) -> Library:
        """Take over what is compiled in `base` where nothing but words is another here; return itself.

        A decision diagram takes a second and some 80 MB, and most editions change words only.
        """
        own, theirs = ({n: t for n, t in one.sources.items() if not n.startswith(WORDS)} for one in (self, base))
        if own and own == theirs:
            # As the cached properties would: the value goes where they keep theirs.
            self.__dict__.update(outcomes=base.outcomes, routes=base.routes)
        return self

    @cached_property
    def outcomes(self) -> Mapping[str, CompiledPolicy]:
        """Each ruleset compiled to its decision diagram."""
        return {id_: CompiledPolicy(r, self.facts, self.notebook, self.reminders) for id_, r in self.rulesets.items()}

    @cached_property
    def policies(self) -> Mapping[str, Policy]:
        """For each ruleset, all that an advice is worked out from."""
        return {
            id_: Policy(outcomes, self.facts, self.reminders, self.courtesy, self.manners)
            for id_, outcomes in self.outcomes.items()
        }

    @cached_property
    def routes(self) -> Mapping[str, Route]:
        """Each flow compiled to its machine."""
        return {id_: Route(flow, self.outcomes[flow.rules], self.facts) for id_, flow in self.flows.items()}

    def take_over(self, other: Library) -> None:
        """Take from `other` what is compiled of parts that are equal in both, so that it need not be compiled again.

        What a ruleset leads to depends on no wording, on notes only for their texts, conditions and blanks, and on
        reminders only for the facts that their days count from.
        """
        if self.facts.by_name != other.facts.by_name or self.notebook.decides != other.notebook.decides:
            return
        days, others = ({id_: kind.due.reads for id_, kind in one.reminders.items()} for one in (self, other))
        kept = {id_: o for id_, o in other.outcomes.items() if days == others and self.rulesets.get(id_) == o.ruleset}
        self.__dict__["outcomes"] = {**self.outcomes, **kept}
        ways = {id_: way for id_, way in other.routes.items() if way.flow.rules in kept}
        self.__dict__["routes"] = {**self.routes, **{i: w for i, w in ways.items() if self.flows.get(i) == w.flow}}

    def catalog(self, language: str) -> Catalog:
        """Return the messages of `language`, or of the language every other falls back on."""
        return self.catalogs.get(language) or self.catalogs[FALLBACK_LANGUAGE]

    @property
    def measures(self) -> dict[str, int]:
        """The numbers that lessons and answers may quote, by name: limits, and from which day on a fact has a value.

        Such as linkedin_note_free and elapsed_ready.
        """
        days = [(fact.name, fact.derivation.starts) for fact in self.facts.derived if fact.derivation]
        starts = {f"{name}_{value}": start for name, all_ in days for value, start in all_}
        limits = {id_: limit.values.items() for id_, limit in self.limits.items()}
        return starts | {f"{id_}_{value}".rstrip("_"): number for id_, all_ in limits.items() for value, number in all_}

    def limit_of(self, kind: NoteKind, answers: Answers) -> int:
        """Return the limit that a note of this kind has to keep for this person, in UTF-16 units."""
        return self.limits[kind.limit].of(self.facts, answers)


FALLBACK_LANGUAGE = "en"
WORDS = "messages/"
"""How the names of the files begin that hold words only."""
