"""Office hours: members raise a hand with a topic, coaches call them one by one. Nudges, and questions to the group.

A hand says what about and nothing more; coaches see topics, not whose they are. A nudge goes to those
who agreed to nudges, once a week at most, and nobody is told who they are or how many.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.advice.calendar import local_date
from bot.core.advice.catalog import Catalog
from bot.core.coaching.cohort import Cohort
from bot.core.coaching.context import CoachingReply, CoachingScreen
from bot.core.coaching.views import Ballot, Button, Panel, Shown, deep_link
from bot.core.library import Library

MEMBER_VERBS: Final = frozenset({"hand", "raise", "lower"})
COACH_VERBS: Final = frozenset({"hands", "call", "uncall", "nudge", "nudged", "ask", "asked"})
WEEKLY: Final = ("thanks", "requests", "energy", "topic")
"""The questions that a coach can put to the group."""
CALLED: Final = timedelta(days=7)
"""So long a coach sees which topics they called."""
TOLD_APART: Final = timedelta(days=2)
"""Coaches hear of a first raised hand so far apart, or further; the queue shows them all."""
APART: Final = timedelta(days=7)
"""Nudges of a cohort are so far apart, or further."""


class OfficeHours(CoachingScreen):
    """One visit of a member or a coach of cohort `number`."""

    words = "cohort.hours"

    # -- the member ----------------------------------------------------------------------------------------------------

    def as_member(self, verb: str, rest: list[str]) -> CoachingReply | None:
        """Do what a member's button says; None where it is out of date."""
        person = self.context.person
        others = tuple(hand for hand in self.cohort.hands if hand[0] != person)
        if verb == "hand":
            return CoachingReply((self.raising(self.cohort),))
        if verb == "raise" and rest[0] not in self.context.library.faq:
            return None
        mine = ((person, rest[0]),) if verb == "raise" else ()
        after = replace(self.cohort, hands=(*others, *mine))
        told: dict[int, tuple[Shown, ...]] = {}
        if mine and not self.cohort.hands and self._is_news():
            after = replace(after, hand_told=self.context.now)
            told = {coach: (self._up(coach, rest[0]),) for coach, name in self.cohort.coaches.items() if name}
        return CoachingReply((self.raising(after),), {self.number: after}, told=told)

    def _is_news(self) -> bool:
        """Tell whether the coaches have not heard of a hand for a while; they are not told of each."""
        return self.cohort.hand_told is None or self.context.now >= self.cohort.hand_told + TOLD_APART

    def _up(self, coach: int, topic: str) -> Panel:
        theirs = self.context.catalog_of(coach)
        words = theirs.say("cohort.hours.up", name=self.cohort.name, topic=_topic(self.context.library, theirs, topic))
        return Panel.of(words, buttons=(Button(theirs.say("cohort.options.hands"), ("hands", str(self.number))),))

    def raising(self, cohort: Cohort) -> Panel:
        """Show a member their hand, or the topics to raise it with."""
        number = str(self.number)
        mine = next((topic for person, topic in cohort.hands if person == self.context.person), "")
        if mine:
            lower = Button(self.say("lower"), ("lower", number))
            return Panel.of(self.say("raised", topic=self._topic(mine)), buttons=(lower, self.back()))
        buttons = [Button(self._topic(topic), ("raise", number, topic)) for topic in self.context.library.faq]
        return Panel.of(self.say("which"), buttons=(*buttons, self.back()))

    # -- the coach -----------------------------------------------------------------------------------------------------

    def as_coach(self, verb: str, rest: list[str]) -> CoachingReply | None:
        """Do what a coach's button says; None where it is out of date."""
        match verb:
            case "hands":
                return CoachingReply((self.queue(self.cohort),))
            case "call":
                return self.called(rest)
            case "uncall":
                return self.uncalled(rest[0])
            case "ask":
                return self.asking()
            case "asked":
                return self.asked(rest[0])
            case _:
                return self.nudging(verb == "nudged")

    def queue(self, cohort: Cohort) -> Panel:
        """List the topics, the longest waiting first."""
        number = str(self.number)
        buttons = [
            Button(self.say("one", place=place, topic=self._topic(topic)), ("call", number, str(place), topic))
            for place, (_, topic) in enumerate(cohort.hands, 1)
        ]
        title = self.say("some" if buttons else "none", name=cohort.name)
        called = [one for one in cohort.called if one[2] > self.context.now - CALLED]
        lines = [self.say("was_called", topic=self._topic(topic), day=self._day(at)) for _, topic, at in called]
        if called:
            buttons.append(Button(self.say("uncall"), ("uncall", number, _stamp(called[-1][2]))))
        return Panel.of(title, items=lines, buttons=(*buttons, self.back()))

    def uncalled(self, stamp: str) -> CoachingReply | None:
        """Take the last call back: the hand is up again, first in the queue, and the member is told."""
        if not self.cohort.called or stamp != _stamp(self.cohort.called[-1][2]):
            return None
        person, topic, _ = self.cohort.called[-1]
        others = tuple(hand for hand in self.cohort.hands if hand[0] != person)
        after = replace(self.cohort, called=self.cohort.called[:-1], hands=((person, topic), *others))
        words = self.context.catalog_of(person).say("cohort.hours.uncalled", name=self.context.requester.name)
        return CoachingReply((self.queue(after),), {self.number: after}, told={person: (Panel.of(words),)})

    def _day(self, at: datetime) -> str:
        return self.context.catalog.shown(local_date(at, self.context.requester.zone))

    def called(self, rest: list[str]) -> CoachingReply | None:
        """Call the member who waits at a place, if the topic there is still the one that was shown."""
        place, topic = [*rest, ""][:2]
        known = place.isascii() and place.isdecimal() and 0 < int(place[:6]) <= len(self.cohort.hands)
        if not known or self.cohort.hands[int(place) - 1][1] != topic:
            return None
        person = self.cohort.hands[int(place) - 1][0]
        left = tuple(hand for hand in self.cohort.hands if hand[0] != person)
        lately = tuple(one for one in self.cohort.called if one[2] > self.context.now - CALLED)
        after = replace(self.cohort, hands=left, called=(*lately, (person, topic, self.context.now)))
        theirs = self.context.catalog_of(person)
        words = theirs.say(
            "cohort.hours.called", name=self.context.requester.name, topic=_topic(self.context.library, theirs, topic)
        )
        return CoachingReply((self.queue(after),), {self.number: after}, told={person: (Panel.of(words),)})

    def nudging(self, sure: bool) -> CoachingReply:
        """Show the nudge, or send it to those who agreed."""
        due = self.cohort.nudged is None or self.context.now >= self.cohort.nudged + APART
        if not due:
            return CoachingReply((Panel.of(self.say("nudged_lately"), buttons=(self.back(),)),))
        if not sure:
            send = Button(self.say("send"), ("nudged", str(self.number)))
            shown = self.say("nudge", name=self.cohort.name)
            return CoachingReply((Panel.of(self.say("nudge_sure"), shown, buttons=(send, self.back())),))
        after = replace(self.cohort, nudged=self.context.now)
        told = {person: (self._nudge(person),) for person in sorted(self.cohort.agreeing("nudges"))}
        return CoachingReply(
            (Panel.of(self.say("nudge_sent"), buttons=(self.back(),)),), {self.number: after}, told=told
        )

    def asking(self) -> CoachingReply:
        """Offer the questions that can be put to the group: anonymous polls, which serve a group of any size."""
        say, number = self.context.catalog.say, str(self.number)
        buttons = [Button(say(f"cohort.ask.{name}.title"), ("asked", number, name)) for name in WEEKLY]
        return CoachingReply((Panel.of(say("cohort.ask.which"), buttons=(*buttons, self.back())),))

    def asked(self, name: str) -> CoachingReply | None:
        """Post a question in the group, in its language."""
        if name not in WEEKLY or not self.cohort.chat:
            return None
        theirs = self.context.library.catalog(self.cohort.language)
        answers = tuple(theirs.alternatives(f"cohort.ask.{name}.answers"))
        ballot = Ballot(theirs.say(f"cohort.ask.{name}.question"), answers)
        panel = Panel.of(self.context.catalog.say("cohort.ask.posted"), buttons=(self.back(),))
        return CoachingReply((panel,), posted={(self.cohort.chat, self.cohort.topic): (ballot,)})

    def _nudge(self, person: int) -> Panel:
        theirs, turn = self.context.catalog_of(person), str(self.cohort.members[person].turn_of("nudges"))
        look = Button(theirs.say("cohort.options.own_case"), link=deep_link(self.context.requester.bot, "practice"))
        stop = Button(theirs.say("cohort.options.take_nudges"), ("take", str(self.number), turn, "nudges"))
        return Panel.of(theirs.say("cohort.hours.nudge", name=self.cohort.name), buttons=(look, stop))

    def _topic(self, topic: str) -> str:
        return _topic(self.context.library, self.context.catalog, topic)


def _stamp(at: datetime) -> str:
    return str(int(at.timestamp()))


def _topic(library: Library, catalog: Catalog, topic: str) -> str:
    """Return a topic as it was shipped: what a raised hand shows is worded by no edition, but for topics of its own."""
    key, shipped = f"faq.{topic}.question", library.shipped
    if shipped is not None and shipped.catalog(catalog.language).has(key):
        return shipped.catalog(catalog.language).say(key)
    return catalog.say(key) if catalog.has(key) else topic  # it may be gone from the content
