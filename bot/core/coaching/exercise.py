"""The case of the week: a group works through an invented interview, poll by poll, then reads what the rules say.

All that is known of anybody is how many chose what, as everybody in the group sees it; the polls are
anonymous. Nothing here is about anybody's own interview.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.advice.catalog import Catalog
from bot.core.advice.judge import reasons_of
from bot.core.advice.policy import Outcome
from bot.core.coaching.case_studies import CaseStudy, Exercise
from bot.core.coaching.views import Ballot, Button, Panel
from bot.core.dialogue.answers import options
from bot.core.dialogue.render import REASONS_SHOWN, sure_blocks
from bot.core.dialogue.session import Block
from bot.core.library import Library


@dataclass(frozen=True)
class ExerciseTurn:
    """One look at an exercise."""

    library: Library
    catalog: Catalog
    exercise: Exercise

    @property
    def study(self) -> CaseStudy | None:
        """The case, if the content still has it and asks as much as was answered."""
        study = self.library.cases.get(self.exercise.case)
        fits = study is not None and all(
            len(votes) == len(choices)
            for votes, choices in zip(self.exercise.votes, self._choices(study), strict=False)
        )
        return study if fits else None

    @property
    def running(self) -> bool:
        """Whether a poll is open."""
        return self.study is not None and len(self.exercise.votes) < self.study.questions

    def say(self, key: str, **values: str | int) -> str:
        """Word something of the exercise."""
        return self.catalog.say(f"group.case.{key}", **values)

    def _of(self, key: str) -> str:
        return self.catalog.say(f"case.{self.exercise.case}.{key}")

    # -- what is posted ------------------------------------------------------------------------------------------------

    def story(self) -> Panel:
        """Tell the case."""
        lines = self.catalog.alternatives(f"case.{self.exercise.case}.story")
        blocks = (Block("title", self._of("title")), *(Block("text", line) for line in lines))
        return Panel((*blocks, Block("aside", self.say("vote"))))

    def poll(self, number: int) -> Ballot:
        """Return the next poll; its button is for the coaches of cohort `number`."""
        study = self.study
        assert study is not None, "whoever asks has looked whether a poll is open"
        step, who = len(self.exercise.votes), self._of("who")
        where: dict[str, str | int] = {"number": step + 1, "of": study.questions, "who": who}
        if step < len(study.polls):
            text = self.say("reading", **where, question=self._question(study.polls[step]))
        else:
            text = self.say("advising", **where)
        close = Button(self.say("close"), ("close", str(number), str(self.exercise.turn)))
        return Ballot(text, tuple(self._choices(study)[step].values()), close)

    def _question(self, fact: str) -> str:
        return self.catalog.say(f"question.{fact}.text")

    def _choices(self, study: CaseStudy) -> list[dict[str, str]]:
        """Return the options of each poll: fact values, and at last verdicts, each with its words."""
        return choices_of(self.library, self.catalog, study)

    # -- how it came out -----------------------------------------------------------------------------------------------

    def verdict(self) -> Panel:
        """Say what the rules say of the case, why, and where the group saw it otherwise."""
        study = self.study
        assert study is not None, "whoever asks has looked whether all polls are closed"
        ruleset = self.library.rulesets[study.rules]
        outcome = self._outcome_of(study, {})
        name = self._verdict(outcome)
        lines = [Block("title", self.say("verdict", title=self._of("title"), verdict=name))]
        claims = reasons_of(outcome, ruleset)[:REASONS_SHOWN]
        lines += [Block("item", self.catalog.say(f"claim.{claim}")) for claim in claims]
        lines += sure_blocks(ruleset.rule[outcome.rule], self.catalog)
        lines.append(Block("text", self.say("yours")))
        seen = self._chosen(study)
        lines += self._readings(study, seen)
        other = self._outcome_of(study, {fact: seen[fact] for fact in study.polls if seen.get(fact)})
        if other.verdict != outcome.verdict:
            lines.append(Block("aside", self.say("otherwise", verdict=self._verdict(other))))
        return Panel(tuple(lines))

    def _outcome_of(self, study: CaseStudy, seen: Mapping[str, str]) -> Outcome:
        known = {**self.library.facts.cautious, **study.given, **seen}
        return self.library.outcomes[study.rules].outcome(known)

    def _verdict(self, outcome: Outcome) -> str:
        return self.catalog.say(f"verdict.{outcome.verdict}.name")

    def _chosen(self, study: CaseStudy) -> dict[str, str]:
        """Return what most chose in each poll; "" where they are divided or nobody voted."""
        questions = (*study.polls, "")
        return {
            fact: majority(votes, tuple(choices))
            for fact, votes, choices in zip(questions, self.exercise.votes, self._choices(study), strict=True)
        }

    def _readings(self, study: CaseStudy, seen: Mapping[str, str]) -> Iterator[Block]:
        truths = (*(study.given[fact] for fact in study.polls), study.verdict)
        for fact, truth, votes, words in zip(
            (*study.polls, ""), truths, self.exercise.votes, self._choices(study), strict=True
        ):
            chosen = seen[fact]
            how = "unvoted" if not sum(votes) else "divided" if not chosen else "agreed"
            how = "differed" if chosen and chosen != truth else how
            if fact:
                short = self.catalog.say(f"question.{fact}.short")
                key, values = how, {"what": short[:1].upper() + short[1:], "told": words[truth]}
            else:
                key, values = f"advice_{how}", {}
            tally: dict[str, str | int] = (
                {"answer": words[chosen], "count": max(votes), "of": sum(votes)} if chosen else {}
            )
            yield Block("caution" if how == "differed" else "item", self.say(key, **values, **tally))


def choices_of(library: Library, catalog: Catalog, study: CaseStudy) -> list[dict[str, str]]:
    """Return the options of each poll of a case by what they mean: values of the facts, and at last verdicts."""
    read = [
        {
            option.id: option.label
            for option in options(library.facts[fact], catalog)
            if option.id in library.facts[fact].values
        }
        for fact in study.polls
    ]
    return [*read, {verdict: capital(catalog.say(f"verdict.{verdict}.name")) for verdict in study.choices}]


def capital(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def majority(votes: Sequence[int], choices: Sequence[str]) -> str:
    """Return what most chose; "" where that is not one, or nobody voted."""
    most = max(votes, default=0)
    found = [choice for choice, count in zip(choices, votes, strict=True) if count == most]
    return found[0] if most and len(found) == 1 else ""


def list_panel(
    library: Library, catalog: Catalog, number: int, sitting: ExerciseTurn | None, played: Iterable[str]
) -> Panel:
    """List the cases for the coaches of cohort `number`; one that is under way can be gone on with."""
    buttons, lines = [], []
    if sitting is not None and sitting.running and sitting.study is not None:
        title = catalog.say(f"case.{sitting.exercise.case}.title")
        lines = [
            sitting.say("under_way", title=title, number=len(sitting.exercise.votes) + 1, of=sitting.study.questions)
        ]
        buttons = [Button(sitting.say("again"), ("again", str(number), str(sitting.exercise.turn)))]
    for case in library.cases:
        title = catalog.say(f"case.{case}.title")
        label = catalog.say("group.case.played", title=title) if case in played else title
        buttons.append(Button(label, ("case", str(number), case)))
    return Panel.of(catalog.say("group.case.list"), *lines, buttons=buttons)
