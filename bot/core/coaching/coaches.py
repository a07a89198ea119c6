"""Who coaches a cohort: another coach is invited by a link, accepts, and is confirmed by name; and coaches are removed.

Nobody becomes a coach by a number that somebody typed, and nobody before both sides have said yes. Members and the
other coaches hear of it, since a member's yes is given to coaches they know.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.core.coaching.cohort import CoachInvitation, Cohort, sealed
from bot.core.coaching.context import CoachingReply, CoachingScreen
from bot.core.coaching.views import Button, Edited, Panel, Shown, coaches_of, deep_link

COACH_VERBS: Final = frozenset({"coaches", "cocoach", "accept", "refuse", "remove", "uncoach"})
OPEN_VERBS: Final = frozenset({"willing", "unwilling"})
"""What somebody may tap who is no coach yet, with the secret of an invitation."""
GOOD: Final = timedelta(days=3)
"""How long an invitation to coach is good; it is good once."""
SECRET: Final = slice(8, 30)


class CoachesScreen(CoachingScreen):
    """What is about the coaches of cohort `number`."""

    words = "cohort.coaches"

    # -- the coach who invites -----------------------------------------------------------------------------------------

    def as_coach(self, verb: str, rest: list[str]) -> CoachingReply | None:
        """Do what a coach's button says; None where it is out of date."""
        match verb:
            case "coaches":
                return CoachingReply((self.listed(),))
            case "cocoach":
                return self.invited()
            case "accept" | "refuse":
                asked = self.cohort.coach_invitation
                if asked is None or not asked.candidate or str(asked.candidate) != rest[0]:
                    return None
                return self.accepted(asked) if verb == "accept" else self.refused(asked)
            case _:
                gone = next((one for one in self.cohort.coaches if str(one) == rest[0]), None)
                if gone is None:
                    return None
                return self.removed(gone) if verb == "uncoach" else self.removing(gone)

    def listed(self) -> Panel:
        """List the coaches, each with a way to remove them; who founded the cohort is removed by nobody else."""
        number, lead = str(self.number), self.cohort.lead
        buttons = [
            Button(self.say("remove", name=self._name(coach)), ("remove", number, str(coach)))
            for coach in self.cohort.coaches
            if coach != lead or self.context.person == lead
        ]
        lines = [self.say("lead" if coach == lead else "one", name=self._name(coach)) for coach in self.cohort.coaches]
        invite = Button(self.say("invite"), ("cocoach", number))
        title = self.say("title", name=self.cohort.name)
        return Panel.of(title, items=lines, buttons=(invite, *buttons, self.back()))

    def invited(self) -> CoachingReply:
        """Make an invitation for one more coach; the one before is over."""
        secret, until = self.context.requester.dice[SECRET], self.context.now + GOOD
        asked = CoachInvitation(sealed(secret), until, self.context.person)
        link = deep_link(self.context.requester.bot, f"k_{self.number}_{secret}")
        day = self.context.catalog.shown(until.date())
        panel = Panel.of(
            self.say("invitation", name=self.cohort.name, day=day), link, self.say("invitation_how"),
            buttons=(self.back("coaches"),),
        )  # fmt: skip
        return CoachingReply((panel,), {self.number: replace(self.cohort, coach_invitation=asked)})

    def accepted(self, asked: CoachInvitation) -> CoachingReply:
        """Make somebody a coach who accepted; members and the other coaches hear of it."""
        person, name = asked.candidate, asked.name
        after = self.cohort.without_member(person)  # a coach is counted by nobody
        after = replace(after, coaches={**self.cohort.coaches, person: name}, coach_invitation=None)
        told = self._told(after, "new_coach", name, {person, self.context.person})
        theirs = self.context.catalog_of(person)
        look = Button(theirs.say("cohort.coaches.look"), ("show", str(self.number)))
        told[person] = (Panel.of(theirs.say("cohort.coaches.welcome", name=after.name), buttons=(look,)),)
        panel = replace(self, cohort=after).listed()
        return CoachingReply((panel,), {self.number: after}, told=told)

    def refused(self, asked: CoachInvitation) -> CoachingReply:
        """Let an invitation end that somebody accepted who was not meant."""
        theirs = self.context.catalog_of(asked.candidate)
        told: dict[int, tuple[Shown, ...]] = {
            asked.candidate: (Panel.of(theirs.say("cohort.coaches.not_you", name=self.cohort.name)),)
        }
        after = replace(self.cohort, coach_invitation=None)
        panel = Panel.of(self.say("is_refused", name=asked.name), buttons=(self.back("coaches"),))
        return CoachingReply((panel,), {self.number: after}, told=told)

    def removing(self, coach: int) -> CoachingReply | None:
        """Ask once more before a coach is removed."""
        if reply := self._kept(coach):
            return reply
        done = Button(self.say("remove", name=self._name(coach)), ("uncoach", str(self.number), str(coach)))
        words = self.say("remove_sure", coach=self._name(coach), name=self.cohort.name)
        return CoachingReply((Panel.of(words, buttons=(done, self.back("coaches"))),))

    def removed(self, gone: int) -> CoachingReply | None:
        """Remove a coach, and the notes from their screen."""
        if reply := self._kept(gone):
            return reply
        coaches = {one: name for one, name in self.cohort.coaches.items() if one != gone}
        seen = [message for release in self.cohort.releases for one, message in release.seen if one == gone]
        left = tuple(
            replace(release, seen=tuple(one for one in release.seen if one[0] != gone))
            for release in self.cohort.releases
        )
        after = replace(self.cohort.without_draft(gone), coaches=coaches, releases=left)
        theirs = self.context.catalog_of(gone)
        words = Panel.of(theirs.say("cohort.review.gone"))
        told = self._told(after, "no_coach", self._name(gone), {self.context.person}, members=False)
        if gone != self.context.person:
            told[gone] = (Panel.of(theirs.say("cohort.coaches.you_are_out", name=after.name)),)
        told[gone] = (*told.get(gone, ()), *(Edited(message, words) for message in seen))
        panel = Panel.of(self.say("removed", coach=self._name(gone), name=after.name))
        return CoachingReply((panel,), {self.number: after}, told=told)

    def _kept(self, coach: int) -> CoachingReply | None:
        """Refuse to remove the last coach, or the founder unless it is they who go."""
        if len(self.cohort.coaches) == 1:
            return CoachingReply(toast=self.say("last"))
        return None if coach != self.cohort.lead or coach == self.context.person else self.context.stale()

    def _told(
        self, after: Cohort, key: str, coach: str, spared: set[int], *, members: bool = True
    ) -> dict[int, tuple[Shown, ...]]:
        """Tell coaches, and members if it concerns them, who coaches them now."""
        whom = {*(one for one, name in after.coaches.items() if name), *(after.members if members else ())} - spared
        told: dict[int, tuple[Shown, ...]] = {}
        for person in sorted(whom):
            theirs = self.context.catalog_of(person)
            look = Button(theirs.say("cohort.coaches.look"), ("show", str(self.number)))
            words = theirs.say(f"cohort.coaches.{key}", coach=coach, name=after.name, coaches=coaches_of(after, theirs))
            told[person] = (Panel.of(words, buttons=(look,)),)
        return told

    def _name(self, coach: int) -> str:
        return self.cohort.coaches[coach] or self.context.catalog.say("cohort.unmet")

    # -- the coach who is invited --------------------------------------------------------------------------------------

    def asked(self, secret: str) -> CoachingReply:
        """Ask somebody who followed an invitation whether they want to coach, and say what that means."""
        about = (str(self.number), secret)
        by = self.cohort.coaches[self.cohort.coach_invitation.by] if self.cohort.coach_invitation else ""
        buttons = (Button(self.say("will"), ("willing", *about)), Button(self.say("will_not"), ("unwilling", *about)))
        means = self.context.catalog.alternatives("cohort.coaches.means")
        return CoachingReply(
            (Panel.of(self.say("asked", coach=by, name=self.cohort.name), items=means, buttons=buttons),)
        )

    def answered(self, verb: str) -> CoachingReply:
        """Take the answer of somebody who is invited; the inviter confirms who it was. The link is used up."""
        asked, requester = self.cohort.coach_invitation, self.context.requester
        assert asked is not None, "whoever answers has a good invitation"
        if verb == "unwilling":
            return CoachingReply((Panel.of(self.say("declined")),))
        name = requester.name or str(requester.person)
        after = replace(self.cohort, coach_invitation=replace(asked, code="", candidate=requester.person, name=name))
        theirs = self.context.catalog_of(asked.by)
        about = (str(self.number), str(requester.person))
        buttons = (
            Button(theirs.say("cohort.coaches.accept"), ("accept", *about)),
            Button(theirs.say("cohort.coaches.refuse"), ("refuse", *about)),
        )
        words = theirs.say("cohort.coaches.confirm", coach=name, name=self.cohort.name)
        told: dict[int, tuple[Shown, ...]] = {asked.by: (Panel.of(words, buttons=buttons),)}
        panel = Panel.of(self.say("waiting", coach=self.cohort.coaches[asked.by]))
        return CoachingReply((panel,), {self.number: after}, told=told)
