"""A history as it is given from outside: what went out, what was told and what became of a request, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from bot.core.advice.contact_history import FATES, REQUEST, Courtesy, Entry, entered
from bot.core.issues import nearest

KEYS = ("sent", "told", "request")


class BadHistory(ValueError):
    """The history cannot be read, or cannot have happened."""


@dataclass(frozen=True)
class Told:
    """The answers as they stand after a history, and what went out."""

    answers: Mapping[str, object]
    ledger: tuple[Entry, ...]


def read_history(given: object, facts: Mapping[str, object], courtesy: Courtesy, today: date) -> Told:
    """Return the raw facts as they stand after the history; `facts` are what was known before its first entry.

    Raises `BadHistory`, which names the entry and why it cannot be.
    """
    if not isinstance(given, list):
        raise BadHistory('history is a list such as [{"on": "2026-11-24", "sent": "thank_you"}]')
    reader = _HistoryReader(dict(facts), courtesy, today)
    for number, entry in enumerate(given, start=1):
        reader.take(f"history entry {number}", entry)
    return Told(reader.answers, reader.ledger)


class _HistoryReader:
    """Takes one entry after the other."""

    def __init__(self, answers: dict[str, object], courtesy: Courtesy, today: date) -> None:
        self.answers = answers
        self.ledger: tuple[Entry, ...] = ()
        self._courtesy, self._today, self._last = courtesy, today, date.min

    def take(self, where: str, entry: object) -> None:
        """Read an entry and what it answers."""
        if not isinstance(entry, dict):
            raise BadHistory(f'{where} is no object such as {{"on": "2026-11-24", "sent": "thank_you"}}')
        what = [key for key in KEYS if key in entry]
        odd = sorted(entry.keys() - {"on", *KEYS})
        if odd:
            raise BadHistory(f"{where} has '{odd[0]}'. {nearest(odd[0], ('on', *KEYS))}")
        if len(what) != 1:
            raise BadHistory(f"{where} needs exactly one of {', '.join(KEYS)}")
        day = self._day(where, entry.get("on"))
        takes: Mapping[str, Callable[[str, date, object], None]] = {
            "sent": self._sent, "told": self._told, "request": self._fate
        }  # fmt: skip
        takes[what[0]](where, day, entry[what[0]])

    def _day(self, where: str, written: object) -> date:
        try:
            day = date.fromisoformat(written if isinstance(written, str) else "")
        except ValueError:
            raise BadHistory(f'{where} needs its day: "on": "2026-11-24"') from None
        if day > self._today:
            raise BadHistory(f"{where} is on {day}, which is still to come (today is {self._today})")
        if day < self._last:
            raise BadHistory(f"{where} is on {day}, before the entry above it ({self._last}). Put the oldest first.")
        self._last = day
        return day

    def _sent(self, where: str, day: date, sort: object) -> None:
        known = self._courtesy.sorts
        if not isinstance(sort, str) or sort not in known:
            raise BadHistory(f"{where}: '{sort}' is no sort of message. {nearest(str(sort), known)}")
        met = self.answers.get(self._courtesy.assumed_on)
        if isinstance(met, str) and _is_before(day, met):
            raise BadHistory(f"{where}: the {sort} went out on {day}, before the interview on {met}")
        if sort == REQUEST and self._is_out():
            raise BadHistory(f"{where}: a request is out already, so no other can be sent on {day}")
        self.ledger = entered(self.ledger, sort, day)
        self.answers |= known[sort].then

    def _told(self, where: str, _day: date, facts: object) -> None:
        if not isinstance(facts, dict) or not facts:
            raise BadHistory(f'{where}: what was told is an object such as {{"outcome": "positive"}}')
        self.answers |= facts

    def _fate(self, where: str, day: date, fate: object) -> None:
        if fate not in FATES:
            raise BadHistory(f"{where}: a request is {', '.join(FATES)}, not '{fate}'")
        if not self._is_out():
            raise BadHistory(f"{where}: no request was out on {day}, so none can be {fate}")
        assert isinstance(fate, str)
        self.ledger = entered(self.ledger, fate, day)
        self.answers |= self._courtesy.sorts[REQUEST].fates.get(fate, {})

    def _is_out(self) -> bool:
        last = [what for what, _ in self.ledger if what in (REQUEST, *FATES)]
        if last:
            return last[-1] == REQUEST
        then = self._courtesy.sorts[REQUEST].then
        return bool(then) and all(self.answers.get(name) == value for name, value in then.items())


def _is_before(day: date, met: str) -> bool:
    try:
        return day < date.fromisoformat(met)
    except ValueError:
        return False  # what is no day is said where the facts are read
