"""Cohorts in the private chat: joining, agreeing, leaving, and what a coach may do.

Law of this file: a member decides about themselves only, a coach about a cohort they coach; whatever else is asked for
meets the same words as what does not exist, so that guessing tells nothing. No case is changed here, nor read, but for
the counts of members who agreed to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.advice.catalog import Catalog
from bot.core.advice.text import units
from bot.core.chat.commands import CommandGiven
from bot.core.coaching import content_editor, counts, office_hours, views
from bot.core.coaching.cohort import PURPOSES, ButtonPressed, Cohort, CohortRepository, Member, sealed
from bot.core.coaching.context import CoachingReply, Requester
from bot.core.coaching.export import exported
from bot.core.coaching.lesson_planner import VERBS, LessonPlanner
from bot.core.coaching.note_review import COACH_VERBS, MEMBER_VERBS, Review, gone
from bot.core.coaching.statistics import contribution, due, taken
from bot.core.coaching.views import Button, Panel, Shown, deep_link
from bot.core.library import Library

INVITED: Final = timedelta(days=14)
"""How long an invitation is good."""
LONGEST_NAME: Final = 60  # UTF-16 units; it stands on buttons
MOST_COHORTS: Final = 50  # of one coach
SECRET: Final = 22  # characters of an invitation's secret


@dataclass(frozen=True)
class PrivateCoaching:
    """One visit in private."""

    library: Library
    requester: Requester
    repository: CohortRepository
    now: datetime
    sources: Mapping[str, str] = field(default_factory=dict)
    """The shipped files."""

    @property
    def catalog(self) -> Catalog:
        """The messages in the visitor's language."""
        return self.library.catalog(self.requester.language)

    # -- commands ------------------------------------------------------------------------------------------------------

    def asked(self, asked: CommandGiven) -> CoachingReply:
        """Answer /cohort, and /start with an invitation."""
        if "hand" in (asked.command, asked.argument):
            return self.hand()
        if asked.command == "start":
            return self.invited(asked.argument)
        word, _, rest = asked.argument.partition(" ")
        if word == "new":
            return self.new(" ".join(rest.split()))
        if word == "coach":
            return self.name_coach(rest.strip())
        if word == "comment":
            return self.commented(rest)
        if word == "words":
            return self.worded(rest)
        return self.overview()

    def invited(self, payload: str) -> CoachingReply:
        """Show an invitation; a wrong, an old and an invented one are told apart by nobody."""
        kind, number, secret = [*payload.split("_", 2), "", ""][:3]
        if not secret and kind == "cohort":
            return self.overview()
        cohort = self._admitting(number, secret) if kind == "c" else None
        if cohort is None:
            return self.said("cohort.no_invitation")
        mine = self.requester.person in cohort.members or self.requester.person in cohort.coaches
        if mine:
            return self.shown(int(number), cohort)
        return CoachingReply((views.invitation(int(number), cohort, secret, self.catalog),))

    def hand(self) -> CoachingReply:
        """Let a member of one cohort raise a hand; whoever has several, or none, sees them first."""
        mine = self.repository.joined(self.requester.person)
        if len(mine) != 1:
            return self.overview()
        ((number, cohort),) = mine.items()
        return self._hours(number, cohort).as_member("hand", []) or self.overview()

    def overview(self) -> CoachingReply:
        """Show the visitor's cohorts, or how to come by one."""
        person = self.requester.person
        mine = {**self.repository.joined(person), **self.repository.coached(person)}
        if len(mine) > 1:
            return CoachingReply((views.several(mine, self.catalog),))
        if mine:
            return self.shown(*next(iter(mine.items())))
        return self.said("cohort.none_yet" if self.requester.named else "cohort.stranger", number=person)

    def new(self, name: str) -> CoachingReply:
        """Open a cohort."""
        own = self.repository.coached(self.requester.person)
        if not self.requester.named and not own:
            return self.said("cohort.stranger", number=self.requester.person)
        if not name or units(name) > LONGEST_NAME or len(own) >= MOST_COHORTS:
            return self.said("cohort.name_it", limit=LONGEST_NAME)
        number = int(self.requester.dice[:8], 16) + 1
        if self.repository.cohort(number) is not None:
            raise LookupError("two cohorts drew one number")  # one in four thousand million; the next try draws anew
        cohort = Cohort(name, self.requester.language, {self.requester.person: self.requester.name})
        return replace(self.shown(number, cohort), cohorts={number: cohort})

    def name_coach(self, number: str) -> CoachingReply:
        """Name another coach by user id, for the one cohort that the visitor coaches."""
        own = self.repository.coached(self.requester.person)
        if not own:
            return self.said("cohort.stranger", number=self.requester.person)
        if not (number.isascii() and number.isdecimal() and len(number) < 16):
            return self.said("cohort.which_coach")
        return CoachingReply((Panel.of(
            self.catalog.say("cohort.name_coach", number=int(number)),
            buttons=[Button(cohort.name, ("coach", str(n), number)) for n, cohort in sorted(own.items())],
        ),))  # fmt: skip

    def commented(self, rest: str) -> CoachingReply:
        """Pass on a coach's comment: the cohort's number, the note's, and the text."""
        number, _, text = rest.strip().partition(" ")
        cohort = self._cohort(number)
        if cohort is None or self.requester.person not in cohort.coaches:
            return self.said("cohort.review.no_note")
        which, _, words = text.strip().partition(" ")
        return self._review(int(number), cohort).commented(which, words)

    @property
    def editor(self) -> content_editor.ContentEditor:
        """Where a coach works on the content."""
        return content_editor.ContentEditor(self.library, self.requester, self.repository, self.now, self.sources)

    def _hours(self, number: int, cohort: Cohort) -> office_hours.OfficeHours:
        return office_hours.OfficeHours(self.library, self.requester, self.repository, self.now, number, cohort)

    def _review(self, number: int, cohort: Cohort) -> Review:
        return Review(self.library, self.requester, self.repository, self.now, number, cohort)

    def worded(self, rest: str) -> CoachingReply:
        """Put a lesson into a coach's own words: the cohort's number, the lesson's, and the text."""
        number, _, text = rest.strip().partition(" ")
        cohort = self._cohort(number)
        if cohort is None or self.requester.person not in cohort.coaches:
            return self.said("cohort.lessons.no_lesson")
        which, _, words = text.strip().partition(" ")
        planner = LessonPlanner(self.library, self.requester, self.repository, self.now, int(number), cohort)
        return planner.worded(which, words)

    # -- buttons -------------------------------------------------------------------------------------------------------

    def pressed(self, pressed: ButtonPressed) -> CoachingReply:
        """Do what a button says, if it is the visitor's to say."""
        number, *rest = (*pressed.about, "")
        if pressed.verb == "join":
            return self.join(number, rest[0])
        cohort = self._cohort(number)
        if cohort is None:
            return self.stale()
        if pressed.verb == "show":
            return self.shown(int(number), cohort)
        if pressed.verb in ("give", "take", "leave", "left", *MEMBER_VERBS, *office_hours.MEMBER_VERBS):
            return self.as_member(pressed.verb, int(number), cohort, rest)
        if self.requester.person not in cohort.coaches:
            return self.stale()
        return self.as_coach(pressed.verb, int(number), cohort, rest)

    def join(self, number: str, secret: str) -> CoachingReply:
        """Take the visitor in; they agree to nothing by it."""
        cohort, person = self._admitting(number, secret), self.requester.person
        if cohort is None:
            return self.said("cohort.no_invitation")
        if person in cohort.members or person in cohort.coaches:
            return self.shown(int(number), cohort)
        joined = cohort.with_member(person, Member(self.now))
        return replace(self.shown(int(number), joined), cohorts={int(number): joined})

    def as_member(self, verb: str, number: int, cohort: Cohort, rest: list[str]) -> CoachingReply:
        """Let a member decide for themselves; a button of before their last decision decides nothing."""
        person = self.requester.person
        member = cohort.members.get(person)
        if member is not None and verb in office_hours.MEMBER_VERBS:
            return self._hours(number, cohort).as_member(verb, rest) or self.stale()
        if member is not None and verb in MEMBER_VERBS:
            return self._review(number, cohort).as_member(verb, rest) or self.stale()
        if member is None or rest[0] != str(member.turn):
            return self.stale()
        if verb == "leave":
            return CoachingReply((views.leaving(number, cohort, member, self.catalog),))
        if verb == "left":
            after = cohort.without_member(person)
            return replace(self.said("cohort.has_left", name=cohort.name), cohorts={number: after})
        purpose = rest[1] if len(rest) > 1 else ""
        if purpose not in PURPOSES:
            return self.stale()
        agreed = {one: since for one, since in member.agreed.items() if one != purpose}
        if verb == "give":
            agreed[purpose] = self.now
        after = cohort.with_member(person, replace(member, agreed=agreed, turn=member.turn + 1))
        after = after.uncounted(person) if (verb, purpose) == ("take", "counts") else after
        return replace(self.shown(number, after), cohorts={number: after})

    def as_coach(self, verb: str, number: int, cohort: Cohort, rest: list[str]) -> CoachingReply:
        """Let a coach look after a cohort."""
        if verb in VERBS:
            planner = LessonPlanner(self.library, self.requester, self.repository, self.now, number, cohort)
            return planner.pressed(verb, rest) or self.stale()
        if verb in office_hours.COACH_VERBS:
            return self._hours(number, cohort).as_coach(verb, rest) or self.stale()
        if verb in content_editor.VERBS:
            return self.editor.pressed(verb, number, cohort, rest) or self.stale()
        if verb in COACH_VERBS:
            return self._review(number, cohort).as_coach(verb, rest, self.requester.message) or self.stale()
        return self.of_cohort(verb, number, cohort, rest)

    def of_cohort(self, verb: str, number: int, cohort: Cohort, rest: list[str]) -> CoachingReply:
        """Do what is about the cohort as such."""
        match verb:
            case "digest":
                return self.digest(number, cohort)
            case "table":
                table = counts.table_of(cohort, self.catalog)
                return CoachingReply((table,)) if table else self.stale()
            case "invite":
                return self.invite(number, cohort)
            case "coach" if rest[0].isascii() and rest[0].isdecimal() and len(rest[0]) < 16:
                after = replace(cohort, coaches={int(rest[0]): "", **cohort.coaches})
                after = after.without_member(int(rest[0]))  # a coach is counted by nobody
                return replace(self.shown(number, after), cohorts={number: after})
            case "end":
                done = Button(self.catalog.say("cohort.options.ended"), ("ended", str(number)))
                back = Button(self.catalog.say("cohort.options.back"), ("show", str(number)))
                return CoachingReply(
                    (Panel.of(self.catalog.say("cohort.end", name=cohort.name), buttons=(done, back)),)
                )
            case "ended":
                return self.ended(number, cohort)
            case _:
                return self.stale()

    def ended(self, number: int, cohort: Cohort) -> CoachingReply:
        """End a cohort, hand over what was counted, and tell its members."""
        told: dict[int, tuple[Shown, ...]] = {
            person: (Panel.of(self._to(person).say("cohort.was_ended", name=cohort.name)),) for person in cohort.members
        }
        for release in cohort.releases:
            told |= gone(self.library, self.repository, release)
        table = counts.table_of(self.counted(cohort), self.catalog)
        over = self.said("cohort.is_ended", name=cohort.name)
        return replace(over, panels=(*over.panels, *([table] if table else [])), cohorts={number: None}, told=told)

    def digest(self, number: int, cohort: Cohort) -> CoachingReply:
        """Show the counts, taken anew once a week, in words and as a picture."""
        after = self.counted(cohort)
        assert after.digest is not None
        panel = counts.digest_panel(number, after, self.catalog, after.digest.at.date())
        plot = counts.plot_of(after, self.catalog)
        return CoachingReply((panel, plot) if plot else (panel,), {} if after is cohort else {number: after})

    def counted(self, cohort: Cohort) -> Cohort:
        """Return the cohort with its counts taken anew, where it is time."""
        if not due(cohort, self.now):
            return cohort
        cases = self.repository.cases(cohort.agreeing("counts"))
        answers = {person: contribution(self.library, own, self.now) for person, own in cases.items()}
        return taken(cohort, answers, self.now, self.requester.dice)

    def invite(self, number: int, cohort: Cohort) -> CoachingReply:
        """Make a new invitation; the one before is over."""
        secret, until = self.requester.dice[8 : 8 + SECRET], self.now + INVITED
        after = replace(cohort, code=sealed(secret), code_until=until)
        link = deep_link(self.requester.bot, f"c_{number}_{secret}")
        panel = Panel.of(
            self.catalog.say("cohort.invite", name=cohort.name, day=until.date()),
            link,
            self.catalog.say("cohort.invite_how"),
            buttons=(Button(self.catalog.say("cohort.options.back"), ("show", str(number))),),
        )
        return CoachingReply((panel,), {number: after})

    # -- what belongs to the visitor -----------------------------------------------------------------------------------

    def privacy(self) -> tuple[Panel, ...]:
        """Show each cohort that the visitor is in, with what each purpose shows and a button to take it back."""
        found = []
        for number, cohort in sorted(self.repository.joined(self.requester.person).items()):
            found.append(views.membership(number, cohort, self.requester.person, self.catalog, self.requester.bot))
        return tuple(found)

    def export(self) -> str:
        """Return what cohorts keep of the visitor, as JSON; empty where that is nothing."""
        return exported(self.repository, self.requester.person)

    # -- words ---------------------------------------------------------------------------------------------------------

    def shown(self, number: int, cohort: Cohort) -> CoachingReply:
        """Show a cohort to somebody of it; to a stranger it is not there."""
        person = self.requester.person
        if person in cohort.coaches:
            met = cohort.coaches[person] or not self.requester.name
            after = cohort if met else replace(cohort, coaches={**cohort.coaches, person: self.requester.name})
            changed = {} if after is cohort else {number: after}
            return CoachingReply((views.coaching(number, after, self.catalog, self.requester.bot),), changed)
        if person not in cohort.members:
            return self.stale()
        return CoachingReply((views.membership(number, cohort, person, self.catalog, self.requester.bot),))

    def said(self, key: str, **values: str | int) -> CoachingReply:
        """Answer with a message."""
        return CoachingReply((Panel.of(self.catalog.say(key, **values)),))

    def stale(self) -> CoachingReply:
        """Refuse a button that is old, forged or somebody else's, in the words for an old one."""
        return CoachingReply(toast=self.catalog.say("cohort.stale"))

    def _to(self, person: int) -> Catalog:
        return self.library.catalog(self.repository.language(person))

    def _cohort(self, number: str) -> Cohort | None:
        known = number.isascii() and number.isdecimal() and len(number) < 16
        return self.repository.cohort(int(number)) if known else None

    def _admitting(self, number: str, secret: str) -> Cohort | None:
        cohort = self._cohort(number)
        return cohort if cohort is not None and cohort.admits(secret, self.now) else None
