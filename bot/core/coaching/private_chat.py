"""Cohorts in the private chat: joining, agreeing, leaving, and what a coach may do.

A member decides about themselves only, a coach about a cohort they coach; whatever else is asked for
meets the same words as what does not exist, so that guessing tells nothing. No case is changed here, nor read, but for
the counts of members who agreed to them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from bot.core.advice.text import units
from bot.core.chat.commands import CommandGiven
from bot.core.chat.person import COHORT_ASKS
from bot.core.coaching import coaches, content_editor, counts, drafts, office_hours, views
from bot.core.coaching.coaches import OPEN_VERBS, CoachesScreen
from bot.core.coaching.cohort import PURPOSES, ButtonPressed, Cohort, Member, Replied, sealed
from bot.core.coaching.content_editor import ContentEditor
from bot.core.coaching.context import CoachingContext, CoachingReply, CoachingScreen, asks_for
from bot.core.coaching.drafts import DraftScreen
from bot.core.coaching.export import exported
from bot.core.coaching.lesson_planner import VERBS, LessonPlanner
from bot.core.coaching.note_review import COACH_VERBS, MEMBER_VERBS, Review, gone, note_in
from bot.core.coaching.office_hours import OfficeHours
from bot.core.coaching.statistics import contribution, due, taken
from bot.core.coaching.views import Button, Panel, Shown, deep_link
from bot.core.coaching.weekly_message import next_monday

INVITED: Final = timedelta(days=14)
"""How long an invitation is good."""
QUOTES: Final = str.maketrans(dict.fromkeys('“”„«»"', " "))
LONGEST_NAME: Final = 60  # UTF-16 units; it stands on buttons
STAY: Final = timedelta(days=7)
"""How long members have to open a new invitation after the one they came by has got around."""
PLACES: Final = (6, 8, 12, 20, 30)
"""How many may join by an invitation, as it is offered."""
MOST_COHORTS: Final = 50  # of one coach
SECRET: Final = 22  # characters of an invitation's secret


def is_number(text: str) -> bool:
    """Tell whether a text can be the number of a cohort or a person."""
    return text.isascii() and text.isdecimal() and len(text) < 16


@dataclass(frozen=True)
class CohortScreen(CoachingScreen):
    """What is about a cohort as such: its members and coaches, its counts, its invitation, its end."""

    words = "cohort"

    def shown(self) -> CoachingReply:
        """Show a cohort to somebody of it; to a stranger it is not there."""
        person, requester, cohort = self.context.person, self.context.requester, self.cohort
        if person in cohort.coaches:
            met = cohort.coaches[person] or not requester.name
            after = cohort if met else replace(cohort, coaches={**cohort.coaches, person: requester.name})
            if after.monday is None or (person == after.lead and after.zone != requester.zone):
                zone = requester.zone
                after = replace(after, zone=zone, monday=next_monday(self.context.now, zone))
            changed = {} if after is cohort else {self.number: after}
            room = self.context.repository.room(cohort.chat) if cohort.chat else None
            panel = views.coaching(self.number, after, person, self.context.catalog, requester.bot, room)
            return CoachingReply((panel,), changed)
        if person not in cohort.members:
            return self.context.stale()
        panel = views.membership(self.number, cohort, person, self.context.catalog, requester.bot)
        return CoachingReply((panel,))

    def kept(self) -> CoachingReply:
        """Keep the cohort as it is now, and show it."""
        return replace(self.shown(), cohorts={self.number: self.cohort})

    def decided(self, verb: str, member: Member, rest: list[str]) -> CoachingReply:
        """Let a member agree, take that back, or leave."""
        person = self.context.person
        if verb == "leave":
            return CoachingReply((views.leaving(self.number, self.cohort, member, self.context.catalog),))
        if verb == "left":
            if rest[0] != str(member.turn):
                return self.not_done("left")
            left = self.context.said("cohort.has_left", name=self.cohort.name)
            return replace(left, cohorts={self.number: self.cohort.without_member(person)})
        purpose = rest[1] if len(rest) > 1 else ""
        if purpose not in PURPOSES:
            return self.context.stale()
        if rest[0] != str(member.turn_of(purpose)):
            as_asked = (verb == "give") == (purpose in member.agreed)
            return self.shown() if as_asked else self.not_done(f"{verb}_{purpose}")
        decided = member.deciding(purpose, yes=verb == "give", now=self.context.now)
        after = self.cohort.with_member(person, decided)
        after = after.uncounted(person) if (verb, purpose) == ("take", "counts") else after
        return replace(self, cohort=after).kept()

    def not_done(self, option: str) -> CoachingReply:
        """Say what a button of before their last decision did not do, and show how things stand."""
        return replace(self.shown(), toast=self.say("not_done", what=self.say(f"options.{option}")))

    def pressed(self, verb: str, rest: list[str]) -> CoachingReply:
        """Do what a coach's button says."""
        match verb:
            case "digest":
                return self.digest()
            case "table":
                table = counts.table_of(self.cohort, self.context.catalog)
                return CoachingReply((table,)) if table else self.context.stale()
            case "invite":
                return self.invite(int(rest[0])) if is_number(rest[0]) else self.inviting()
            case "renew" | "renewed" if self.cohort.members:
                return self.renew(sure=verb == "renewed")
            case "end":
                done = Button(self.say("options.ended"), ("ended", str(self.number)))
                panel = Panel.of(self.say("end", name=self.cohort.name), buttons=(done, self.back()))
                return CoachingReply((panel,))
            case "ended":
                return self.ended()
            case _:
                return self.context.stale()

    def ended(self) -> CoachingReply:
        """End a cohort, hand over what was counted, and tell its members."""
        told: dict[int, tuple[Shown, ...]] = {
            person: (Panel.of(self.context.catalog_of(person).say("cohort.was_ended", name=self.cohort.name)),)
            for person in self.cohort.members
        }
        for release in self.cohort.releases:
            told |= gone(self.context.library, self.context.repository, release)
        table = counts.table_of(self.counted(), self.context.catalog)
        over = self.context.said("cohort.is_ended", name=self.cohort.name)
        panels = (*over.panels, *([table] if table else []))
        return replace(over, panels=panels, cohorts={self.number: None}, told=told)

    def digest(self) -> CoachingReply:
        """Show the counts, taken anew once a week, in words and as a picture."""
        after = self.counted()
        panel = counts.digest_panel(self.number, after, self.context.catalog, self.context.requester.zone)
        plot = counts.plot_of(after, self.context.catalog)
        changed = {} if after is self.cohort else {self.number: after}
        return CoachingReply((panel, plot) if plot else (panel,), changed)

    def counted(self) -> Cohort:
        """Return the cohort with its counts taken anew, where it is time."""
        library, now = self.context.library, self.context.now
        if not due(self.cohort, now):
            return self.cohort
        cases = self.context.repository.cases(self.cohort.agreeing("counts"))
        answers = {person: contribution(library, own, now) for person, own in cases.items()}
        return taken(self.cohort, answers, now, self.context.requester.dice)

    def inviting(self) -> CoachingReply:
        """Ask how many may join: an invitation that reaches others is noticed by its number."""
        about, say = str(self.number), self.context.catalog.say
        buttons = [Button(say("cohort.invite_places", number=n), ("invite", about, str(n))) for n in PLACES]
        buttons.append(Button(self.say("invite_any"), ("invite", about, "0")))
        if any(member.link == self.cohort.link for member in self.cohort.members.values()):
            buttons.append(Button(self.say("invite_leaked"), ("renew", about)))
        panel = Panel.of(say("cohort.invite_many", name=self.cohort.name), buttons=(*buttons, self.back()))
        return CoachingReply((panel,))

    def renew(self, *, sure: bool) -> CoachingReply:
        """Make a new invitation that everybody has to open who came by the present one, or else they leave."""
        until = self.context.now + STAY
        if not sure:
            done = Button(self.say("invite_renew"), ("renewed", str(self.number)))
            panel = Panel.of(
                self.context.catalog.say("cohort.renew_sure", day=until.date()), buttons=(done, self.back("invite"))
            )
            return CoachingReply((panel,))
        asked = self.cohort.renewed(until)
        told: dict[int, tuple[Shown, ...]] = {}
        for person, member in asked.members.items():
            if member.stay_by == until:
                words = self.context.catalog_of(person).say("cohort.asked_again", name=asked.name, day=until.date())
                told[person] = (Panel.of(words),)
        return replace(replace(self, cohort=asked).invite(asked.places), told=told)

    def invite(self, places: int) -> CoachingReply:
        """Make a new invitation, good for so many (0: any number); the one before is over."""
        requester, until = self.context.requester, self.context.now + INVITED
        secret = requester.dice[8 : 8 + SECRET]
        after = replace(self.cohort, code=sealed(secret), code_until=until, places=places, joins=0,
                        link=self.cohort.link + 1)  # fmt: skip
        panel = Panel.of(
            self.context.catalog.say("cohort.invite", name=self.cohort.name, day=until.date()),
            deep_link(requester.bot, f"c_{self.number}_{secret}"),
            self.context.catalog.say("cohort.invite_good", number=places) if places else self.say("invite_open"),
            self.say("invite_how"),
            buttons=(self.back(),),
        )
        return CoachingReply((panel,), {self.number: after})


@dataclass(frozen=True)
class PrivateCoaching:
    """One request in the private chat."""

    context: CoachingContext

    # -- commands ------------------------------------------------------------------------------------------------------

    def asked(self, asked: CommandGiven) -> CoachingReply:
        """Answer /cohort, and /start with an invitation."""
        if "hand" in (asked.command, asked.argument):
            return self.hand()
        if asked.command == "start":
            return self.invited(asked.argument)
        word, _, rest = asked.argument.partition(" ")
        if word == "new":
            return self.new(rest)
        return self.overview()

    def invited(self, payload: str) -> CoachingReply:
        """Show an invitation; a wrong, an old and an invented one are told apart by nobody."""
        kind, number, secret = [*payload.split("_", 2), "", ""][:3]
        if not secret and kind == "cohort":
            return self.overview()
        if kind == "k":
            return self.invited_to_coach(number, secret)
        cohort = self._admitting(number, secret) if kind == "c" else None
        if cohort is None:
            return self.context.said("cohort.no_invitation")
        member = cohort.members.get(self.context.person)
        if member is not None and member.stay_by is not None:
            stays = cohort.with_member(self.context.person, replace(member, stay_by=None, link=cohort.link))
            return CohortScreen(self.context, int(number), replace(stays, joins=stays.joins + 1)).kept()
        if member is not None or self.context.person in cohort.coaches:
            return CohortScreen(self.context, int(number), cohort).shown()
        return CoachingReply((views.invitation(int(number), cohort, secret, self.context.catalog),))

    def hand(self) -> CoachingReply:
        """Let a member of one cohort raise a hand; whoever has several, or none, sees them first."""
        mine = self.context.repository.joined(self.context.person)
        if len(mine) != 1:
            return self.overview()
        ((number, cohort),) = mine.items()
        return OfficeHours(self.context, number, cohort).as_member("hand", []) or self.overview()

    def overview(self) -> CoachingReply:
        """Show the visitor's cohorts, or how to come by one."""
        person = self.context.person
        mine = {**self.context.repository.joined(person), **self.context.repository.coached(person)}
        if len(mine) > 1:
            return CoachingReply((views.several(mine, self.context.catalog),))
        if mine:
            return CohortScreen(self.context, *next(iter(mine.items()))).shown()
        if not self.context.requester.named:
            return self.context.said("cohort.stranger", number=person)
        open_ = Button(self.context.catalog.say("cohort.options.open"), ("open", "0"))
        return CoachingReply((Panel.of(self.context.catalog.say("cohort.none_yet"), buttons=(open_,)),))

    def new(self, name: str) -> CoachingReply:
        """Open a cohort; a name cannot end the quotation that it stands in."""
        name = " ".join(name.translate(QUOTES).split())
        own = self.context.repository.coached(self.context.person)
        if not self.context.requester.named and not own:
            return self.context.said("cohort.stranger", number=self.context.person)
        if not name or units(name) > LONGEST_NAME or len(own) >= MOST_COHORTS:
            asked = self.context.said("cohort.name_it", limit=LONGEST_NAME)
            return replace(asked, asking=asks_for("new", 0))
        number = int(self.context.requester.dice[:8], 16) + 1
        if self.context.repository.cohort(number) is not None:
            raise LookupError("two cohorts drew one number")  # one in four thousand million; the next try draws anew
        requester = self.context.requester
        cohort = Cohort(name, requester.language, {requester.person: requester.name}, founder=requester.person)
        return CohortScreen(self.context, number, cohort).kept()

    def invited_to_coach(self, number: str, secret: str, verb: str = "") -> CoachingReply:
        """Show an invitation to coach, or take an answer to it; a used one and an invented one look the same."""
        cohort = self._cohort(number)
        if cohort is None or not cohort.admits_coach(secret, self.context.now):
            return self.context.said("cohort.no_invitation")
        if self.context.person in cohort.coaches:
            return CohortScreen(self.context, int(number), cohort).shown()
        screen = CoachesScreen(self.context, int(number), cohort)
        return screen.answered(verb) if verb else screen.asked(secret)

    def written(self, asking: str, text: str) -> CoachingReply | None:
        """Take what a coach wrote where that was asked for; None where it is not theirs to write any more."""
        kind, number, about = asking.removeprefix(COHORT_ASKS).split("-", 2)
        if kind == "new":
            return self.new(text)
        cohort = self._cohort(number)
        if cohort is None or self.context.person not in cohort.coaches:
            return None
        if kind == "clock":
            return LessonPlanner(self.context, int(number), cohort).clock_written(text)
        return DraftScreen(self.context, int(number), cohort).written(kind, about, text)

    def replied(self, replied: Replied) -> CoachingReply | None:
        """Take what a coach wrote in reply to a note as a comment on it; None where it is no note."""
        coached = self.context.repository.coached(self.context.person)
        found = note_in(coached, self.context.person, replied.message)
        if found is None:
            return None
        number, release = found
        return DraftScreen(self.context, number, coached[number]).written("comment", str(release.number), replied.text)

    @property
    def editor(self) -> ContentEditor:
        """Where a coach works on the content."""
        return ContentEditor(self.context)

    # -- buttons -------------------------------------------------------------------------------------------------------

    def pressed(self, pressed: ButtonPressed) -> CoachingReply:
        """Do what a button says, if it is the visitor's to say."""
        number, *rest = (*pressed.about, "")
        if pressed.verb == "open" and self.context.requester.named:
            return self.new("")
        if pressed.verb == "join":
            return self.join(number, rest[0])
        if pressed.verb in OPEN_VERBS:
            return self.invited_to_coach(number, rest[0], pressed.verb)
        cohort = self._cohort(number)
        if cohort is None:
            return self.context.stale()
        if pressed.verb == "show":
            return CohortScreen(self.context, int(number), cohort).shown()
        if pressed.verb in ("give", "take", "leave", "left", *MEMBER_VERBS, *office_hours.MEMBER_VERBS):
            return self.as_member(pressed.verb, int(number), cohort, rest)
        if self.context.person not in cohort.coaches:
            return self.context.stale()
        return self.as_coach(pressed.verb, int(number), cohort, rest)

    def join(self, number: str, secret: str) -> CoachingReply:
        """Take the visitor in; they agree to nothing by it."""
        cohort, person = self._admitting(number, secret), self.context.person
        if cohort is None:
            return self.context.said("cohort.no_invitation")
        if person in cohort.members or person in cohort.coaches:
            return CohortScreen(self.context, int(number), cohort).shown()
        joined = replace(cohort, joins=cohort.joins + 1).with_member(person, Member(self.context.now, link=cohort.link))
        return CohortScreen(self.context, int(number), joined).kept()

    def as_member(self, verb: str, number: int, cohort: Cohort, rest: list[str]) -> CoachingReply:
        """Let a member decide for themselves."""
        person = self.context.person
        member = cohort.members.get(person)
        if member is not None and verb in office_hours.MEMBER_VERBS:
            return OfficeHours(self.context, number, cohort).as_member(verb, rest) or self.context.stale()
        if member is not None and verb in MEMBER_VERBS:
            return Review(self.context, number, cohort).as_member(verb, rest) or self.context.stale()
        if member is None:
            return self.context.stale()
        return CohortScreen(self.context, number, cohort).decided(verb, member, rest)

    def as_coach(self, verb: str, number: int, cohort: Cohort, rest: list[str]) -> CoachingReply:
        """Let a coach look after a cohort."""
        if verb in VERBS:
            return LessonPlanner(self.context, number, cohort).pressed(verb, rest) or self.context.stale()
        if verb in office_hours.COACH_VERBS:
            return OfficeHours(self.context, number, cohort).as_coach(verb, rest) or self.context.stale()
        if verb in content_editor.VERBS:
            return self.editor.pressed(verb, number, cohort, rest) or self.context.stale()
        if verb in coaches.COACH_VERBS:
            return CoachesScreen(self.context, number, cohort).as_coach(verb, rest) or self.context.stale()
        if verb in drafts.VERBS:
            return DraftScreen(self.context, number, cohort).pressed(verb, rest) or self.context.stale()
        if verb in COACH_VERBS:
            return Review(self.context, number, cohort).as_coach(verb, rest) or self.context.stale()
        return CohortScreen(self.context, number, cohort).pressed(verb, rest)

    # -- what belongs to the visitor -----------------------------------------------------------------------------------

    def privacy(self) -> tuple[Panel, ...]:
        """Show each cohort that the visitor is in, with what each purpose shows and a button to take it back."""
        person, catalog, bot = self.context.person, self.context.catalog, self.context.requester.bot
        mine = sorted(self.context.repository.joined(person).items())
        return tuple(views.membership(number, cohort, person, catalog, bot) for number, cohort in mine)

    def export(self) -> str:
        """Return what cohorts keep of the visitor, as JSON; empty where that is nothing."""
        return exported(self.context.repository, self.context.person)

    def _cohort(self, number: str) -> Cohort | None:
        return self.context.repository.cohort(int(number)) if is_number(number) else None

    def _admitting(self, number: str, secret: str) -> Cohort | None:
        cohort = self._cohort(number)
        return cohort if cohort is not None and cohort.admits(secret, self.context.now) else None
