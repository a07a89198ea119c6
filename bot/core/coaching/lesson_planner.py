"""Lessons from the coach's side: choosing a channel, looking at each lesson, confirming; and posting what is due.

Nothing is posted that was not shown and confirmed before; a channel can be chosen only by the coach
who brought the bot there. What is posted is the same whoever is in the cohort, and if nobody is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final
from zoneinfo import available_timezones

from bot.core.advice.calendar import zone_named
from bot.core.advice.catalog import Catalog, fill
from bot.core.chat.places import NamedZone, city_of
from bot.core.chat.time_zones import CITIES, places_of
from bot.core.coaching.cohort import Cohort
from bot.core.coaching.context import CoachingReply, CoachingScreen, asks_for
from bot.core.coaching.lessons import Plan, Slot, drafted, moved
from bot.core.coaching.views import Button, Panel, channel_link
from bot.core.dialogue.session import Block
from bot.core.library import Library

MOVES: Final = {"earlier": (-1, 0), "later": (1, 0), "sooner": (0, -1), "after": (0, 1)}
"""How a lesson can be moved: days and hours."""
VERBS: Final = frozenset(
    {"lessons", "clock", "channel", "series", "lesson", "confirm", "stop", "stopped", "move", "out", "in", "plain"}
)


class LessonPlanner(CoachingScreen):
    """One visit of a coach to the lessons of cohort `number`."""

    words = "cohort.lessons"

    # -- what a button does --------------------------------------------------------------------------------------------

    def pressed(self, verb: str, rest: list[str]) -> CoachingReply | None:
        """Do what a button says; None where it is out of date."""
        plan = self.cohort.plan
        match verb, rest:
            case "lessons", _:
                return self.shown(self.cohort) if plan or self.context.requester.zone_known else self.clocks()
            case "clock", [zone, *_] if zone in available_timezones():
                return replace(self.shown(self.cohort), zone=zone)
            case "channel", [chat, *_] if plan is None and self._channel(chat):
                return CoachingReply((self.which_series(int(chat)),))
            case "series", [chat, series, *_] if (
                plan is None and self._channel(chat) and series in self.context.library.series
            ):
                made = drafted(
                    self.context.library.series[series],
                    int(chat),
                    self._channel(chat),
                    self.context.requester.zone,
                    self.context.now,
                )
                return self.kept(made)
            case "stop", _ if plan is not None:
                return CoachingReply((self.ask_stop(plan),))
            case "lesson", [number, *_] if plan is not None and (slot := _slot(plan, number)):
                return CoachingReply((self.lesson(plan, int(number), slot),))
            case _, [turn, *more] if plan is not None and turn == str(plan.turn):
                return self.changed(plan, verb, more)
        return None

    def changed(self, plan: Plan, verb: str, rest: list[str]) -> CoachingReply | None:
        """Change the plan."""
        if verb == "confirm" and not plan.confirmed:
            return self.kept(plan.begun(self.context.now))
        if verb == "stopped":
            after = replace(self.cohort, plan=None)
            return replace(self.shown(after), cohorts={self.number: after})
        slot = _slot(plan, rest[0]) if len(rest) > 1 else None  # a last, empty one is always there
        if slot is None or slot.state == "posted":
            return None
        number = int(rest[0])
        if verb == "move" and rest[1] in MOVES:
            return self.moved(plan, number, replace(moved(slot, *MOVES[rest[1]]), state="planned"))
        if verb == "in" and plan.instant(slot) <= self.context.now:
            return CoachingReply(toast=self.say("past"))
        made = {
            "out": replace(slot, state="left_out"),
            "in": replace(slot, state="planned"),
            "plain": replace(slot, words=""),
        }.get(verb)
        return self.with_slot(plan, number, made) if made else None

    def moved(self, plan: Plan, number: int, slot: Slot) -> CoachingReply:
        """Move a lesson, but not into the past."""
        if plan.instant(slot) <= self.context.now:
            return CoachingReply(toast=self.say("past"))
        return self.with_slot(plan, number, slot)

    def with_slot(self, plan: Plan, number: int, slot: Slot) -> CoachingReply:
        """Keep a lesson as it is now, and show it."""
        after = plan.with_slot(number, slot)
        cohort = replace(self.cohort, plan=after)
        return CoachingReply((self.lesson(after, number, slot),), {self.number: cohort})

    def worded(self, number: str, text: str) -> CoachingReply:
        """Put a lesson that can still be changed into the coach's own words; the first line is its title."""
        plan, slot = self.cohort.plan, self.open_slot(number)
        assert plan is not None, "a lesson is worded only where there is one"
        assert slot is not None, "a lesson is worded only where it can be changed"
        return self.with_slot(plan, int(number), replace(slot, words=text))

    def open_slot(self, number: str) -> Slot | None:
        """Return a lesson that can still be changed."""
        slot = _slot(self.cohort.plan, number) if self.cohort.plan else None
        return slot if slot and slot.state != "posted" else None

    def kept(self, plan: Plan) -> CoachingReply:
        """Keep a plan and show it."""
        cohort = replace(self.cohort, plan=plan)
        return replace(self.shown(cohort), cohorts={self.number: cohort})

    def _channel(self, chat: str) -> str:
        """Return the title of a channel that this coach may choose; empty where it is none."""
        rooms = self.context.repository.channels(self.context.person)
        return next((room.title for id_, room in rooms.items() if str(id_) == chat and room.may_write), "")

    # -- panels --------------------------------------------------------------------------------------------------------

    def shown(self, cohort: Cohort) -> CoachingReply:
        """Show the plan, or how to come by one."""
        plan = cohort.plan
        return CoachingReply((self.planning(plan) if plan else self.channels(),))

    def clocks(self, places: Iterable[NamedZone] = (), *, misread: bool = False) -> CoachingReply:
        """Ask once by which clock the coach lives: lessons go out by it."""
        now, say = self.context.now, self.context.catalog.say
        asked = tuple(places) or tuple(NamedZone(zone, city_of(zone)) for zone in CITIES)
        there = {place: now.astimezone(zone_named(place.zone)).replace(tzinfo=None) for place in asked}
        buttons = [
            Button(
                say("remind.here", time=there[place].time(), city=place.name), ("clock", str(self.number), place.zone)
            )
            for place in sorted(there, key=lambda place: there[place])
        ]
        title = self.say("no_clock" if misread else "which_clock")
        panel = Panel.of(title, buttons=(*buttons, self.back("show")))
        return CoachingReply((panel,), asking=asks_for("clock", self.number))

    def clock_written(self, text: str) -> CoachingReply:
        """Take a typed city or time of day as the coach's clock, or ask which of several it is."""
        places, meant = places_of(text, self.context.now, self.context.catalog)
        if meant:
            return replace(self.shown(self.cohort), zone=places[0].zone)
        return self.clocks(places, misread=not places)

    def channels(self) -> Panel:
        """Offer the channels into which this coach has brought the bot."""
        title = self.say("title", name=self.cohort.name)
        rooms = {
            chat: room for chat, room in self.context.repository.channels(self.context.person).items() if room.may_write
        }
        buttons = [Button(room.title, ("channel", str(self.number), str(chat))) for chat, room in sorted(rooms.items())]
        buttons.append(Button(self.say("add"), link=channel_link(self.context.requester.bot)))
        buttons.append(Button(self.say("refresh"), ("lessons", str(self.number))))
        return Panel.of(title, self.say("choose" if rooms else "no_channel"), buttons=(*buttons, self.back("show")))

    def which_series(self, chat: int) -> Panel:
        """Offer the series that there are."""
        buttons = [
            Button(self.context.catalog.say(f"series.{series}.title"), ("series", str(self.number), str(chat), series))
            for series in self.context.library.series
        ]
        title = self.say("which", channel=self._channel(str(chat)))
        return Panel.of(title, buttons=(*buttons, self.back("lessons")))

    def planning(self, plan: Plan) -> Panel:
        """Show a plan, a button for each lesson that can still be changed, and what was posted."""
        room, number, turn = self.context.repository.room(plan.channel), str(self.number), str(plan.turn)
        past = [self._line(slot.state, slot) for slot in plan.slots if slot.state != "planned"]
        buttons = [
            Button(self._line("line", slot), ("lesson", number, str(k)))
            for k, slot in enumerate(plan.slots)
            if slot.state != "posted"
        ]
        if not plan.confirmed:
            buttons.append(Button(self.say("confirm"), ("confirm", number, turn)))
            buttons.append(Button(self.say("deny"), ("stopped", number, turn)))
        else:
            buttons.append(Button(self.say("stop"), ("stop", number)))
        texts = [self.say("plan" if plan.confirmed else "draft", channel=plan.title, city=city_of(plan.zone))]
        if room is None or not room.may_write:
            texts.append(self.say("mute", channel=plan.title))
        title = self.say("title", name=self.cohort.name)
        return Panel.of(title, *texts, items=past, buttons=(*buttons, self.back("show")))

    def _line(self, key: str, slot: Slot) -> str:
        what = title_of(self.context.library.catalog(self.cohort.language), slot)
        times = {"time": self.context.catalog.shown(slot.wall)} if key == "line" else {}
        return self.say(key, day=self.context.catalog.shown(slot.day), what=what, **times)

    def lesson(self, plan: Plan, k: int, slot: Slot) -> Panel:
        """Show a lesson as it will be posted, and what can be done with it."""
        number, turn = str(self.number), str(plan.turn)
        buttons = [Button(self.say(move), ("move", number, turn, str(k), move)) for move in MOVES]
        verb, key = ("in", "take_in") if slot.state != "planned" else ("out", "leave_out")
        buttons.append(Button(self.say(key), (verb, number, turn, str(k))))
        if slot.words:
            buttons.append(Button(self.say("shipped"), ("plain", number, turn, str(k))))
        buttons.append(Button(self.say("own"), ("words", number, str(k))))
        shown = [*lesson_blocks(self.context.library, self.context.library.catalog(self.cohort.language), slot)]
        if cites := _cites(self.context.library, plan, slot):
            shown.append(Block("aside", self.say("rests", claims=", ".join(cites))))
        day, wall = self.context.catalog.shown(slot.day), self.context.catalog.shown(slot.wall)
        when = self.say("when", day=day, time=wall, channel=plan.title)
        return Panel((*shown, Block("aside", when)), (*buttons, self.back("lessons")))

    def ask_stop(self, plan: Plan) -> Panel:
        """Ask once more before a series is stopped."""
        stop = Button(self.say("stopped"), ("stopped", str(self.number), str(plan.turn)))
        return Panel.of(self.say("stop_sure", channel=plan.title), buttons=(stop, self.back("lessons")))


def _slot(plan: Plan, number: str) -> Slot | None:
    known = number.isascii() and number.isdecimal() and len(number) < 4
    return plan.slots[int(number)] if known and int(number) < len(plan.slots) else None


# -- what is posted ----------------------------------------------------------------------------------------------------


def title_of(catalog: Catalog, slot: Slot) -> str:
    """Return the title of a lesson."""
    key = f"lesson.{slot.lesson}.title"
    if slot.words or not catalog.has(key):  # it may be gone from the content
        return slot.words.partition("\n")[0] or slot.lesson
    return catalog.say(key)


def lesson_blocks(library: Library, catalog: Catalog, slot: Slot) -> Iterator[Block]:
    """Return a lesson as it is posted: in the coach's words, or in those of the content."""
    yield Block("title", title_of(catalog, slot))
    if slot.words:
        yield from (Block("text", line) for line in slot.words.split("\n")[1:])
        return
    measures = {name: str(number) for name, number in library.measures.items()}
    yield from (Block("text", fill(line, measures)) for line in catalog.alternatives(f"lesson.{slot.lesson}.text"))


def _cites(library: Library, plan: Plan, slot: Slot) -> tuple[str, ...]:
    """Return the claims that the content's words for a lesson rest on."""
    series = library.series.get(plan.series)
    return next((one.cites for one in series.lessons if one.id == slot.lesson), ()) if series and not slot.words else ()


def known(catalog: Catalog, slot: Slot) -> bool:
    """Tell whether there are words for a lesson."""
    return bool(slot.words) or catalog.has(f"lesson.{slot.lesson}.text")
