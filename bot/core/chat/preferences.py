"""Managing reminders: what is planned, by date in words; another day, a pause; and where and when the candidate lives.

Law of this file: whatever is changed here, what is pending is worked out anew, and its local time stays as it was asked
for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time, timedelta

from bot.core.advice.calendar import Hours, add_business_days, business_day_from, zone_named
from bot.core.advice.judge import DEFAULT_TIME
from bot.core.chat.person import Person
from bot.core.chat.reminders import Reminding
from bot.core.chat.time_zones import CITIES, city, read_clock, read_span, zones_of
from bot.core.dialogue.dates import MOST_DAYS_OFF, Misread, parse_day, parse_days, parse_weekdays
from bot.core.dialogue.render import misread
from bot.core.dialogue.session import Option, Outgoing
from bot.core.reminders import schedule as schedules
from bot.core.reminders.schedule import ReminderSchedule

QUIET = {"quiet_21_08": (21, 8), "quiet_20_09": (20, 9), "quiet_22_07": (22, 7), "quiet_18_12": (18, 12)}
WEEKS = {"days_12345": (1, 2, 3, 4, 5), "days_71234": (1, 2, 3, 4, 7), "days_123456": (1, 2, 3, 4, 5, 6)}
AHEAD = (1, 2, 5)  # business days from today that are offered to tap


class Managing(Reminding):
    """What a visit has to do with managing reminders."""

    def list_reminders(self) -> None:
        """List what is planned, by date."""
        self.offer("reminders" if self.coming() else "idle")

    def offered(self) -> list[Option]:
        """Return what can be chosen where something about reminders is asked."""
        match self.person.asking.partition("-")[0]:
            case "reminders" | "idle":
                rows = [Option(f"{r.case}-{r.kind}", self.dated(r.day, r.wall, self.line(r))) for r in self.coming()]
                toggle = "resume" if self.agenda.paused else "pause"
                return [*rows, *([self.option(toggle)] if rows or self.agenda.paused else []), self.option("go_on")]
            case "reminder":
                case, _ = self.meant(self.person.asking.partition("-")[2])
                later = self.option("later", count=self.library.manners.snooze_business_days)
                own = [self.option(what) for what in ("move", "done", "unwanted", "go_on")]
                return [own[0], *([later] if self.may_put_off(case) else []), *own[1:]]
            case "day":
                days = [add_business_days(self.today, n, self.place.week) for n in AHEAD]
                return [Option(day.isoformat(), self.dated(day, DEFAULT_TIME)) for day in days]
            case "zone":
                return self.places(CITIES)
            case "quiet":
                return [self.option(what) for what in QUIET]
            case "days":
                return [self.option(what) for what in WEEKS]
            case "holidays":
                return [self.option(what) for what in ("no_holidays", "go_on")]
        return super().offered()

    def dated(self, day: date, wall: time, what: str = "") -> str:
        """Write a day and a time, and what for."""
        if what:
            return self.catalog.say("advice.date", day=day, time=wall, what=what)
        return self.catalog.say("remind.day", day=day, time=wall)

    def places(self, zones: tuple[str, ...]) -> list[Option]:
        """Return zones as options, by the time that it is there, the earliest first."""
        ordered = sorted(zones, key=lambda zone: self.now.astimezone(zone_named(zone)).replace(tzinfo=None))
        return [Option(zone, self.here(zone)) for zone in ordered]

    def here(self, zone: str) -> str:
        """Name a zone by its city and the time that it is there."""
        return self.catalog.say("remind.here", time=self.now.astimezone(zone_named(zone)).time(), city=city(zone))

    def settings(self) -> list[Option]:
        """Return the settings of reminders, each with what it is now."""
        zone = city(self.person.zone) if self.agenda.zone_known else self.catalog.say("remind.unknown")
        hours = self.agenda.hours
        shown = self.catalog.say("remind.quiet", begin=hours.quiet_from, end=hours.quiet_until)
        days = next((name for name, days in WEEKS.items() if days == tuple(sorted(self.person.working_days))), "")
        week = self.catalog.say(f"desk.options.{days}") if days else self.catalog.weekdays(self.person.working_days)
        named = {"zone": zone, "quiet": shown, "days": week, "holidays": self.days_off()}
        return [
            Option(
                f"set_{name}",
                self.catalog.say("change.line", what=self.catalog.say(f"remind.set.{name}"), answer=a),
            )
            for name, a in named.items()
        ]

    def days_off(self) -> str:
        """Write the days off to come, those in a row as one span."""
        spans: list[list[date]] = []
        for day in map(date.fromisoformat, self.person.holidays):
            if spans and day - spans[-1][-1] == timedelta(days=1):
                spans[-1][1:] = [day]
            elif day >= self.today:
                spans.append([day])
        if not spans:
            return self.catalog.say("remind.no_holidays")
        return "; ".join(" – ".join(self.catalog.dated(day, self.today) for day in span) for span in spans)

    def settle(self, asking: str, id_: str) -> bool:
        """Take what was chosen where something about reminders was asked; False where it was something else."""
        name, _, about = asking.partition("-")
        case, kind = self.meant(about)
        if id_.startswith("set_"):
            self.offer(id_.removeprefix("set_"))
        elif name in ("reminders", "idle") and id_ in ("pause", "resume"):
            self.plan(replace(self.agenda, paused=id_ == "pause"))
            self.say(f"remind.{id_}d")
            self.again()
        elif name == "reminders":
            self.offer(f"reminder-{id_}")
        elif name == "reminder":
            self.change(id_, case, kind)
        elif name == "day":
            self.move(case, kind, date.fromisoformat(id_), DEFAULT_TIME)
        elif name == "zone":
            self.live_in(id_, case)
        elif name == "quiet":
            begin, end = QUIET[id_]
            self.relocate(replace(self.agenda, hours=Hours(time(begin), time(end))))
        elif name == "days":
            self.work_on(WEEKS[id_])
        elif name == "holidays":
            self.take_off(())
        else:
            return False
        return True

    def change(self, how: str, case: int, kind: str) -> None:
        """Move one reminder, put it off, or take it off the list."""
        if how == "move":
            self.offer(f"day-{case}-{kind}")
        elif how == "later":
            self.put_off(case, kind)
        else:
            self.plan(schedules.settled(self.agenda, case, kind))
            self.say("remind.settled")
            self.list_reminders()

    def put_off(self, case: int, kind: str) -> None:
        """Put one reminder to come off by some business days; the others stay as they are."""
        agenda = schedules.delayed(self.agenda, case, kind, self.library.manners, self.place, self.today)
        if agenda is None:
            self.say("remind.over")
        else:
            self.plan(agenda)
            day = next(r.day for r in agenda.of(case) if r.kind == kind)
            self.say("remind.snoozed", day=day)
        self.list_reminders()

    def meant(self, about: str) -> tuple[int, str]:
        """Return the case and the kind of reminder that the desk's question was about."""
        number, _, kind = about.partition("-")
        return (int(number) if number.isdecimal() else 0), kind

    def relocate(self, agenda: ReminderSchedule) -> None:
        """Work all instants out anew, and go on."""
        self.plan(schedules.relocated(agenda, self.place))
        self.say("remind.kept")
        self.again()

    def live_in(self, zone: str, case: int) -> None:
        """Take a zone as where the person lives; with `case` it was asked to remind of that."""
        self.person = replace(self.person, zone=zone)
        self.plan(schedules.relocated(replace(self.agenda, zone_known=True), self.place))
        if case in self.person.cases:
            self.confirm(case)
        else:
            self.say("remind.kept")
        self.again()

    def move(self, case: int, kind: str, day: date, wall: time) -> None:
        """Remind of a case when the candidate chose: of this `kind`, or of whatever else would come before."""
        if case not in self.person.cases:
            self.again()
            return
        agenda, kinds = self.agenda, [kind]
        if not kind:
            agenda = self.agreed(case)
            chosen = schedules.due_at(day, wall, self.place, agenda.hours)
            planned = agenda.of(case)
            kinds = [r.kind for r in planned if r.due <= chosen] or [r.kind for r in planned[:1]]
        for moving in kinds:
            agenda = schedules.moved(agenda, case, moving, day, wall, self.place)
        self.plan(agenda)
        if self.agenda.zone_known:
            self.confirm(case)
            self.again()
        else:
            self.offer(f"zone-{case}")

    def typed(self, asking: str, text: str) -> bool:
        """Take what was typed where it is no option: a day, a city, a time; False where that cannot be typed."""
        name, _, about = asking.partition("-")
        if name == "day":
            self.read_day(asking, text)
        elif name == "zone":
            self.read_zone(about, text)
        elif name == "quiet":
            self.read_quiet(text)
        elif name == "days" and (days := parse_weekdays(text, self.catalog.text_of("language.locale"))):
            self.person = replace(self.person, asking="")
            self.work_on(days)
        elif name == "holidays":
            self.read_days_off(text)
        else:
            return False
        return True

    def read_quiet(self, text: str) -> None:
        """Read quiet hours of the candidate's own, which have to leave a time to speak."""
        span = read_span(text)
        try:
            hours = Hours(*span) if span else None
        except ValueError:
            hours = None
        if hours is None:
            self.effects.append(misread(self.catalog, Misread("no_quiet")))
            self.offer("quiet")
            return
        self.person = replace(self.person, asking="")
        self.relocate(replace(self.agenda, hours=hours))

    def read_days_off(self, text: str) -> None:
        """Read the days off to come; they take the place of those told before."""
        days = parse_days(text, self.today, self.catalog)
        if isinstance(days, Misread):
            self.effects.append(misread(self.catalog, days))
            self.offer("holidays")
            return
        self.person = replace(self.person, asking="")
        self.take_off(days)

    def take_off(self, days: Iterable[date]) -> None:
        """Take the days on which nothing counts as a working day; days that are counted are counted anew."""
        bygone = {day for day in map(date.fromisoformat, self.person.holidays) if day < self.today}
        kept = sorted(bygone | set(days))[-2 * MOST_DAYS_OFF :]  # days off that are over still were none to count
        self.recount(replace(self.person, holidays=tuple(day.isoformat() for day in kept)))
        self.say("remind.days_off", days=self.days_off())
        self.again()

    def work_on(self, days: Iterable[int]) -> None:
        """Take the days on which the candidate works; days that are counted are counted anew."""
        self.recount(replace(self.person, working_days=tuple(sorted(days))))
        self.say("remind.kept")
        self.again()

    def recount(self, person: Person) -> None:
        """Let `person` be whom this visit is about, and count anew what their advice counts in working days.

        What was moved by hand or put off stays where it was put, unless that is no working day any more.
        """
        before = self.place.week
        cases = {reminder.case for reminder in self.coming()}
        was = {case: self.advised(case) for case in cases}
        self.person = person
        now = {case: self.advised(case) for case in cases}
        planned = [
            replace(r, day=now[r.case][r.kind])
            if r.kind in now.get(r.case, {}) and was[r.case].get(r.kind) == r.day
            else r
            for r in self.agenda.planned
        ]
        week = self.place.week
        planned = [replace(r, day=business_day_from(r.day, week)) if before.works(r.day) else r for r in planned]
        self.plan(schedules.relocated(replace(self.agenda, planned=tuple(planned)), self.place))

    def advised(self, case: int) -> dict[str, date]:
        """Return the days on which the advice about a case asks to come back, by kind."""
        return {kind: day for kind, day, _ in self.wanted(case)}

    def read_day(self, asking: str, text: str) -> None:
        """Read a day with or without a time."""
        words = text.split()
        wall = read_clock(words[-1]) if words else None
        typed = " ".join(words[:-1]) if wall else text
        locale = self.catalog.text_of("language.locale")
        day: date | Misread = (
            self.today if wall and not typed else parse_day(typed, self.today, past=False, locale=locale)
        )
        if (
            isinstance(day, date)
            and schedules.due_at(day, wall or DEFAULT_TIME, self.place, self.agenda.hours) <= self.now
        ):
            day = Misread("passed", {"day": self.catalog.shown(day)})
        if isinstance(day, Misread):
            self.effects.append(misread(self.catalog, day))
            self.offer(asking)
            return
        self.person = replace(self.person, asking="")
        self.move(*self.meant(asking.partition("-")[2]), day, wall or DEFAULT_TIME)

    def locate(self, zone: str) -> None:
        """Ask whether the zone of a place that was shown is the right one: near a border it may not be."""
        name, _, about = self.person.asking.partition("-")
        self.say("remind.near")
        self.which_of((zone,), about if name == "zone" else "")

    def which_of(self, zones: tuple[str, ...], about: str) -> None:
        """Ask which of these zones it is."""
        self.offer(f"zone-{about}" if about else "zone")
        question = self.effects.pop()
        assert isinstance(question, Outgoing)
        self.effects.append(replace(question, options=tuple(self.places(zones))))

    def read_zone(self, about: str, text: str) -> None:
        """Read a city or the time it is there; where it may be several, ask which."""
        zones = zones_of(text, self.now)
        if len(zones) == 1:
            self.person = replace(self.person, asking="")
            self.live_in(zones[0], self.meant(about)[0])
        elif zones:
            self.which_of(zones, about)
        else:
            self.effects.append(misread(self.catalog, Misread("no_zone")))
            self.offer(f"zone-{about}" if about else "zone")
