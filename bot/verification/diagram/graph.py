"""The picture of a conversation for the people who write it: first a model, then DOT or Mermaid text.

Drawn from the same `Flow` and `Ruleset` that the engine runs, so it can tell no other story.
A message that is missing is replaced by its id: drawing never fails. How it is written down is in `picture.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Literal

from bot.core.advice.catalog import Catalog, fill
from bot.core.advice.conditions import Clause, Condition
from bot.core.advice.facts import NO_DATE, NOT_SURE, Derivation, Fact
from bot.core.advice.rules import Conditional, Rule, Ruleset
from bot.core.dialogue.answers import OTHER_DAY
from bot.core.dialogue.flow import END, Flow, Step
from bot.core.library import Library
from bot.verification.diagram.formats import Box, Edge, FlowChart, to_dot, to_mermaid

__all__ = ["Edge", "diagram", "to_dot", "to_mermaid"]

START = "start:"  # no step can have such an id

WORDS: Mapping[str, str] = {
    "start": "Read from top to bottom. A question is left out once its answer could change nothing.",
    "question": "Question {number}",
    "on_request": "On request",
    "only_on_request": "only if it would change something",
    "only_if": "only if: {condition}",
    "hint_if": "with a hint if: {condition}",
    "goes_if": "if: {condition}",
    "otherwise": "otherwise",
    "back": "back",
    "is": "{question} = {answers}",
    "is_not": "{question} = anything but {answers}",
    "and": "and",
    "or": "or",
    "never": "never",
    "numbered": "{question} ({number})",
    "counts_as": "{answer} (counts as: {value})",
    "free_text": "free text up to {count} characters",
    "typed_day": "or a typed day",
    "number": "a number: {answers}",
    "optional": "may be left out",
    "business_days_ago": "{days} business days ago",
    "days_ago": "{days} days ago",
    "one_business_days_ago": "1 business day ago",
    "one_days_ago": "1 day ago",
    "or_more": "{days} or more",
    "judge": "Advice",
    "judge_title": "The rules decide",
    "judge_line": "The first rule that fits, from the top, leads to one of these verdicts.",
    "verdict": "Verdict",
    "rules": "rules: {ids}",
    "no_rule": "no rule leads here",
    "notes": "notes: {ids}",
    "mails": "e-mails: {ids}",
    "override": "only if they go ahead anyway: {ids}",
    "compose": "Texts",
    "compose_title": "Ready to send",
    "compose_line": "The note and e-mails that the verdict calls for.",
    "end": "End",
    "here": "The talk stands here",
    "passed": "{number}. {what}",
    "decided": "{number}. Row {what}",
    "handed": "{number}. {what}",
    "finding": "Finding: {what}",
    "new": "New",
    "gone": "Gone",
    "changed": "Changed",
    "was": "was: {text}",
    "gains": "+{count} situations, from: {name}",
    "loses": "−{count} situations, to: {name}",
}
"""The picture's own words; a message `drawing.<id>` takes the place of one, so they can be translated."""


def diagram(library: Library, flow_id: str, language: str) -> FlowChart:
    """Draw the flow `flow_id` in the words of `language`; raises KeyError for a flow that is not there."""
    return _Drawing(library, library.flows[flow_id], library.catalog(language)).diagram


def in_words(library: Library, flow_id: str, language: str) -> FlowChart:
    """Draw a flow as `diagram` does, but with no question's number within another box, so that two can be compared."""
    return _Drawing(library, library.flows[flow_id], library.catalog(language), numbered=False).diagram


def own_word(catalog: Catalog, word: str, **values: str | int) -> str:
    """Say one of the picture's own words."""
    key = f"drawing.{word}"
    if catalog.has(key):
        return catalog.say(key, **values)
    return fill(WORDS[word], {name: str(value) for name, value in values.items()})


class Phrases:
    """Conditions and answers in words, without the numbers of a diagram."""

    def __init__(self, library: Library, flow_id: str, language: str) -> None:
        self._drawing = _Drawing(library, library.flows[flow_id], library.catalog(language), numbered=False)

    def condition(self, when: Condition) -> str:
        """Return a condition in words; empty where it always holds."""
        return self._drawing._said(when)

    def answer(self, fact: str, value: str) -> str:
        """Return an answer as its button says it; of what follows from a day, how long ago that is."""
        derivation = self._drawing.library.facts[fact].derivation
        return self._drawing._band(derivation, value) if derivation else self._drawing._label(fact, value)


class _Drawing:
    """One flow on its way to becoming a diagram."""

    def __init__(self, library: Library, flow: Flow, catalog: Catalog, *, numbered: bool = True) -> None:
        self.library = library
        self.flow = flow
        self.catalog = catalog
        self.numbered = numbered

    @cached_property
    def diagram(self) -> FlowChart:
        """The whole picture."""
        nodes = [Box(START, "start", self.flow.id, lines=(self._word("start"),))]
        edges = [Edge(START, self.flow.steps[0].id)]
        for step in self.flow.steps:
            nodes += self._boxes(step)
            edges += self._ways(step)
        nodes.append(Box(END, "end", self._word("end")))
        offered = [self._offer(fact) for fact in self.flow.offers]
        return FlowChart(self.flow.id, (*nodes, *offered), tuple(edges))

    # -- words ---------------------------------------------------------------------------------------------------------

    def _word(self, word: str, **values: str | int) -> str:
        return own_word(self.catalog, word, **values)

    def _text(self, key: str, otherwise: str) -> str:
        return self.catalog.text_of(key) if self.catalog.has(key) else otherwise

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """The number of each fact that is asked, in reading order."""
        asked = dict.fromkeys(step.fact for step in self.flow.steps if step.kind == "ask" and self.numbered)
        return {fact: number for number, fact in enumerate(asked, 1)}

    def _short(self, fact: str) -> str:
        """Name a question within another box: in short, with its number where it has one."""
        name = self._text(f"question.{fact}.short", self._text(f"question.{fact}.text", fact))
        return self._word("numbered", question=name, number=self._numbers[fact]) if fact in self._numbers else name

    def _label(self, fact: str, value: str) -> str:
        if value == NOT_SURE:
            return self._text("option.not_sure", value)
        return self._text(f"question.{fact}.options.{value}", value)

    # -- conditions ----------------------------------------------------------------------------------------------------

    def _said(self, when: Condition) -> str:
        """Put a condition into words; empty where it always holds."""
        if not when.clauses:
            return self._word("never")
        if not all(when.clauses):
            return ""
        return f"; {self._word('or')} ".join(self._clause(clause) for clause in when.clauses)

    def _clause(self, clause: Clause) -> str:
        return f" {self._word('and')} ".join(self._allowed(fact, values) for fact, values in clause)

    def _allowed(self, name: str, allowed: frozenset[str]) -> str:
        """Say which answers are allowed, or which are not where these are fewer."""
        fact = self.library.facts.by_name.get(name)
        domain = fact.values if fact else ()
        chosen = [*(v for v in domain if v in allowed), *sorted(allowed - set(domain))]
        others = [v for v in domain if v not in allowed]
        word, shown = ("is_not", others) if 0 < len(others) < len(chosen) else ("is", chosen)
        derivation = fact.derivation if fact else None
        labels = [self._band(derivation, v) if derivation else self._label(name, v) for v in shown]
        asked = derivation.source if derivation else name
        return self._word(word, question=self._short(asked), answers=" / ".join(labels))

    def _band(self, derivation: Derivation, value: str) -> str:
        """Say how long ago a band of a derived fact is."""
        for first, last in derivation.spans((value,)):
            days = self._word("or_more", days=first) if last is None else str(first)
            if (first, last) == (1, 1):
                return self._word(f"one_{derivation.count}_ago")
            return self._word(f"{derivation.count}_ago", days=days if last in (None, first) else f"{first}–{last}")
        return value

    # -- boxes ---------------------------------------------------------------------------------------------------------

    def _boxes(self, step: Step) -> list[Box]:
        if step.kind == "ask":
            return [self._question(step)]
        condition = self._if("only_if", step.when)
        if step.kind == "judge":
            rules = self.library.rulesets[self.flow.rules]
            head = f"{self._word('judge')} · {step.id}"
            judge = Box(step.id, "judge", self._word("judge_title"), head, condition, lines=(self._word("judge_line"),))
            return [judge, *(self._verdict(step, rules, verdict) for verdict in rules.verdicts)]
        head = f"{self._word('compose')} · {step.id}"
        line = self._word("compose_line")
        return [Box(step.id, "compose", self._word("compose_title"), head, condition, lines=(line,))]

    def _question(self, step: Step) -> Box:
        head = f"{self._word('question', number=self._numbers.get(step.fact, ''))} · {step.id}"
        hints = tuple(line for hint in step.hints for line in self._if("hint_if", hint.when))
        fact = self.library.facts[step.fact]
        text = self._text(f"question.{step.fact}.text", step.fact)
        return Box(step.id, "question", text, head, self._if("only_if", step.when), self._answers(fact), hints)

    def _offer(self, name: str) -> Box:
        text = self._text(f"question.{name}.text", name)
        head = f"{self._word('on_request')} · {name}"
        answers = self._answers(self.library.facts[name])
        return Box(f"on request: {name}", "question", text, head, (self._word("only_on_request"),), answers)

    def _if(self, word: str, when: Condition) -> tuple[str, ...]:
        said = self._said(when)
        return (self._word(word, condition=said),) if said else ()

    def _answers(self, fact: Fact) -> tuple[str, ...]:
        """Return what can be answered, in the order of the buttons."""
        found: list[str] = []
        if fact.kind == "text":
            found.append(self._word("free_text", count=fact.max_length))
        elif fact.kind == "number":
            found.append(self._word("number", answers=", ".join(fact.values)))
        elif fact.kind == "date":
            ids = (*(shortcut.id for shortcut in fact.shortcuts), NO_DATE if fact.optional else OTHER_DAY)
            found += [self._label(fact.name, id_) for id_ in ids] + [self._word("typed_day")]
        else:
            found += [self._label(fact.name, value) for value in fact.values]
        if fact.offer_not_sure:
            found.append(self._not_sure(fact))
        if fact.optional and fact.kind == "text":
            found.append(self._word("optional"))
        return tuple(found)

    def _not_sure(self, fact: Fact) -> str:
        label = self._label(fact.name, NOT_SURE)
        if fact.cautious is None:
            return label
        return self._word("counts_as", answer=label, value=self._label(fact.name, fact.cautious))

    def _verdict(self, step: Step, rules: Ruleset, verdict: str) -> Box:
        leading = [rule for rule in rules.rules if rule.verdict == verdict]
        ids = ", ".join(rule.id for rule in leading)
        lines = [self._word("rules", ids=ids) if leading else self._word("no_rule")]
        kinds = {
            "notes": self._kinds(leading, "notes"),
            "mails": self._kinds(leading, "mails"),
            "override": self._kinds(leading, "override"),
        }
        lines += [self._word(word, ids=", ".join(found)) for word, found in kinds.items() if found]
        name = self._text(f"verdict.{verdict}.name", verdict)
        head = f"{self._word('verdict')} · {verdict}"
        return Box(
            _below(step.id, verdict), "verdict", name[:1].upper() + name[1:], head, lines=tuple(lines), group=step.id
        )

    def _kinds(self, rules: Iterable[Rule], part: Literal["notes", "mails", "override"]) -> list[str]:
        """Return the kinds that rules ask for and those that may stand in for them, in the order of the notebook."""
        asked: Sequence[Conditional] = [item for rule in rules for item in getattr(rule, part)]
        found = {item.item for item in asked}
        for swap in self.library.notebook.replacements:
            if found & swap.of:
                found.add(swap.use)
        known = [kind for kind in self.library.notebook.kinds if kind in found]
        return [*known, *sorted(found - set(known))]

    # -- ways ----------------------------------------------------------------------------------------------------------

    def _ways(self, step: Step) -> list[Edge]:
        sources, ways = [step.id], []
        if step.kind == "judge":
            sources = [_below(step.id, verdict) for verdict in self.library.rulesets[self.flow.rules].verdicts]
            ways = [Edge(step.id, source) for source in sources]
        order = [*(s.id for s in self.flow.steps), END]
        for branch in self.flow.after(step):
            back = branch.go in order and order.index(branch.go) <= order.index(step.id)
            words = [*self._if("goes_if", branch.when)] or ([self._word("otherwise")] if len(step.next) > 1 else [])
            label = ", ".join([*words, self._word("back")] if back else words)
            ways += [Edge(source, branch.go, label, back) for source in sources]
        return ways


def _below(judge: str, verdict: str) -> str:
    return f"{judge}: {verdict}"
