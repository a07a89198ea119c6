"""Somebody who walks a case to its end through `advise --batch` alone, and says where the advice breaks a law.

It knows nothing of the rules or of how a plan is made: it reads the plan, does what it says on its day, or does not,
and compares what it is told then with what it was told before.
"""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

Answer = Mapping[str, Any]
Ask = Callable[[Mapping[str, Any]], Answer]

MET = date(2026, 11, 17)  # a Tuesday
DOMAINS: Mapping[str, tuple[str, ...]] = {
    "relation": (*["none"] * 7, "pending", "they_invited", "connected"),
    "experience": ("positive", "positive", "positive", "neutral", "negative"),
    "wants": ("yes", "no"),
    "outcome": (*["none"] * 6, "positive", "constructive", "rejected", "offer"),
    "role": ("hiring_manager", "hiring_manager", "hiring_manager", "panel_member", "recruiter_internal", "via_agency"),
    "invited": ("no", "no", "yes"),
    "tone": ("rapport", "ordinary", "reserved"),
    "thanks": ("sent", "not_sent", "no_address"),
    "country": ("us", "de"),
}
SORTS = ("thank_you", "request", "status", "reply", "message")
APART, SOON = 3, {("thank_you", "request"): 1}


def asking(lines_in: Callable[[io.StringIO, io.StringIO], None]) -> Ask:
    """Return who answers one line of JSON with another."""

    def ask(given: Mapping[str, Any]) -> Answer:
        out = io.StringIO()
        lines_in(io.StringIO(json.dumps(given) + "\n"), out)
        found: Answer = json.loads(out.getvalue())
        assert "error" not in found, (given, found)
        return found

    return ask


class Case:
    """One case as the walker lives it."""

    def __init__(self, ask: Ask, facts: Mapping[str, Any], today: date) -> None:
        self.ask, self.facts, self.today = ask, dict(facts), today
        self.history: list[dict[str, Any]] = []

    def told(self, today: date | None = None) -> Answer:
        """Return what is advised on a day."""
        day = (today or self.today).isoformat()
        return self.ask({**self.facts, "today": day, "history": self.history})

    def sends(self, sort: str) -> None:
        """Say that something went out today."""
        self.history.append({"on": self.today.isoformat(), "sent": sort})


def days(steps: list[Answer]) -> list[tuple[str, str | None]]:
    """Return what is done when, the rest of a step apart."""
    return [(step["do"], step["on"]) for step in steps]


def situations(count: int, dice: random.Random) -> Iterator[tuple[dict[str, Any], date]]:
    """Give random situations, each with the day on which it is told."""
    for _ in range(count):
        facts: dict[str, Any] = {name: dice.choice(values) for name, values in DOMAINS.items()}
        facts["interviewed_on"] = MET.isoformat()
        if dice.random() < 0.3:
            facts["decision_date"] = (MET + timedelta(days=dice.randrange(1, 40))).isoformat()
        yield facts, MET + timedelta(days=dice.choice((*range(16), 20, 30, 50, 80)))


def walk(ask: Ask, facts: Mapping[str, Any], today: date) -> Iterator[str]:
    """Do what is advised on its day until the case ends; give each breach of a law, with the day."""
    case = Case(ask, facts, today)
    for _ in range(20):
        told = case.told()
        yield from of_one_day(told, case)
        plan = told["plan"]
        first = plan[0]
        if first["do"] == "close":
            return
        if first["on"] is None:
            return  # only the candidate knows that day
        day = date.fromisoformat(first["on"])
        for between in {case.today + (day - case.today) // 2, day}:
            if between > case.today and days(case.told(between)["plan"]) != days(plan):
                yield f"P2 {case.today} promised {days(plan)}; on {between}: {days(case.told(between)['plan'])}"
        case.today = day
        if first["do"] == "look":
            case.today += timedelta(days=1)
            then = case.told()["plan"]
            if days(then) != days(plan[1:]):
                yield f"P2 after looking on {day}: {days(plan[1:])} became {days(then)}"
            continue
        case.sends(first["do"])
        then = case.told()["plan"]
        if days(then) != days(plan[1:]):
            yield f"P8 after {first['do']} on {day}: {days(plan[1:])} became {days(then)}"
    yield "P7 it never ends"


def wander(ask: Ask, facts: Mapping[str, Any], today: date, dice: random.Random) -> Iterator[str]:
    """Do what is advised late, or not at all, and hear news at random; give each breach of what holds on any day."""
    case = Case(ask, facts, today)
    for _ in range(12):
        told = case.told()
        yield from of_one_day(told, case)
        due = [step["do"] for step in told["plan"] if step["do"] in SORTS and step["on"] == case.today.isoformat()]
        out = [e for e in case.history if e.get("sent") == "request" or "request" in e][-1:]
        news = dice.random()
        if due and news < 0.4:
            case.sends(due[0])
        elif news < 0.55:
            told_now = dice.choice(
                ({"outcome": dice.choice(DOMAINS["outcome"][6:])}, {"invited": "yes"}, {"tone": "ordinary"})
            )
            case.history.append({"on": case.today.isoformat(), "told": told_now})
        elif out and "sent" in out[0] and news < 0.75:
            fate = dice.choice(("accepted", "declined", "withdrawn"))
            case.history.append({"on": case.today.isoformat(), "request": fate})
        yield from of_one_day(case.told(), case)
        case.today += timedelta(days=dice.choice((1, 1, 2, 3, 5, 9, 20)))


def of_one_day(told: Answer, case: Case) -> Iterator[str]:
    """Give what breaks a law in one answer."""
    yield from of_today(told, case.today.isoformat())
    for step in told["plan"]:
        on = date.fromisoformat(step["on"]) if step["on"] else case.today
        if step["do"] in SORTS and step["do"] != "message" and not step["note"]:
            yield f"P4 {step['do']} without a text"
        if on < case.today:
            yield f"P2 a step lies behind: {step}"
        if on > case.today and step["do"] != "close" and on.weekday() > 4:
            yield f"P3 a step on a weekend: {step}"
    sent = [(entry["sent"], date.fromisoformat(entry["on"])) for entry in case.history if "sent" in entry]
    steps = [
        (step["do"], date.fromisoformat(step["on"])) for step in told["plan"] if step["do"] in SORTS and step["on"]
    ]
    for (was, on), (then, day) in pairwise([*sent, *steps]):
        if business_days(on, day) < SOON.get((was, then), APART):
            yield f"P5 {was} on {on}, {then} on {day}"
    if is_asked_while_out(case, [sort for sort, _ in steps]):
        yield "P5 a status mail while a request is out"
    for sort in ("thank_you", "status", "reply"):
        if sum(what == sort for what, _ in [*sent, *steps]) > 1:
            yield f"P8 a second {sort}"


def is_asked_while_out(case: Case, planned: list[str]) -> bool:
    """Tell whether a status mail is planned while a request waits for its answer."""
    fates = [entry for entry in case.history if entry.get("sent") == "request" or "request" in entry]
    out = bool(fates) and "sent" in fates[-1]
    return "status" in planned and (out or "request" in planned[: planned.index("status")])


def of_today(told: Answer, today: str) -> Iterator[str]:
    """Give what breaks a law in what is said for today."""
    plan = told["plan"]
    if not plan or plan[-1]["do"] != "close":
        yield f"P7 the plan of {today} has no end"
    due = [step["do"] for step in plan if step["do"] in SORTS and step["on"] == today]
    if not set(due) <= set(told["may_send"]):
        yield f"P1 {due} is planned for {today}, and only {told['may_send']} may go out"
    if len(due) > 1:
        yield f"P5 {due} on one day"
    if told["open"] != ("request" in due):
        yield f"P1 open is {told['open']} on {today}, and the plan says {due}"


def business_days(start: date, end: date) -> int:
    """Count the working days after `start` up to `end`."""
    return sum((start + timedelta(days=n)).weekday() < 5 for n in range(1, (end - start).days + 1))
