"""A cohort as it is kept, and what a turn that concerns one leads to.

Values only. A cohort holds who coaches it, who is in it and what each member agreed to; never an
answer, a note or a name that somebody typed about a case. Rights are bound to user ids in `coaches`, and to nothing
else: no standing in a group gives any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, Final, Protocol

from bot.core.chat.person import Call, Key, TurnResult
from bot.core.coaching.case_studies import Exercise
from bot.core.coaching.content_version import ContentVersion
from bot.core.coaching.lessons import Plan
from bot.core.coaching.releases import Release
from bot.core.dialogue.session import RepliedMessage, Said, Session

FORMAT: Final = 1
"""The layout of a stored cohort."""
PURPOSES: Final = ("counts", "nudges")
"""What a member may agree to, each by itself; nobody agrees by joining."""
NOWHERE: Final = -1
"""Stands for the chat of what happens in none: how a poll came out says not where it stands."""
ANONYMOUS: Final = 1087968824
NOBODY: Final = frozenset({ANONYMOUS, 777000, 136817688})
"""Senders that are no person: the anonymous administrator, Telegram itself, and whoever writes as a channel."""

OUTSIDE: Final = frozenset({"left", "kicked"})
"""The standings of who is not in a chat."""


@dataclass(frozen=True)
class Member:
    """Somebody in a cohort; `turn` counts what they decided, so that an old button decides nothing.

    `turns` counts it for each purpose, so that two decisions made on one screen do not undo each other.
    """

    since: datetime
    agreed: Mapping[str, datetime] = field(default_factory=dict)
    turn: int = 0
    turns: Mapping[str, int] = field(default_factory=dict)
    link: int = 0
    """Which of the cohort's invitations they came by."""
    stay_by: datetime | None = None
    """Until when they have to open a newer invitation in order to stay; None: they stay."""

    def turn_of(self, purpose: str) -> int:
        """Return how often they decided about a purpose."""
        return self.turns.get(purpose, self.turn)

    def deciding(self, purpose: str, *, yes: bool, now: datetime) -> Member:
        """Return the member after they agreed to a purpose, or took that back."""
        agreed = {one: since for one, since in self.agreed.items() if one != purpose}
        if yes:
            agreed[purpose] = now
        turns = {one: self.turn_of(one) + (one == purpose) for one in PURPOSES}
        return replace(self, agreed=agreed, turn=self.turn + 1, turns=turns)


@dataclass(frozen=True)
class Count:
    """What a digest says about one question: the cells that may be shown, each with a number of members."""

    question: str
    cells: Mapping[str, int]


@dataclass(frozen=True)
class Digest:
    """The last counts that a coach was shown, and those before them; `people` is how many members took part."""

    at: datetime
    people: int
    counts: tuple[Count, ...] = ()
    before: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class CoachInvitation:
    """An invitation to coach: a digest of its secret (empty once it is used), who made it, and who accepted it.

    A `candidate` (0: nobody yet) coaches nothing before the coach who invited them has confirmed their name.
    """

    code: str
    until: datetime
    by: int
    candidate: int = 0
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {**vars(self), "until": self.until.isoformat()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CoachInvitation:
        """Read it back."""
        return cls(**{**stored, "until": datetime.fromisoformat(stored["until"])})


@dataclass(frozen=True)
class Draft:
    """What a coach has written and not sent yet: `kind` and `about` say what it is for."""

    kind: str
    about: str
    text: str


@dataclass(frozen=True)
class Cohort:
    """A coach's group of members; `chat` and `topic` are where its group is (0: none)."""

    name: str
    language: str
    coaches: Mapping[int, str]
    """User id to first name; empty until the bot has met them."""
    members: Mapping[int, Member] = field(default_factory=dict)
    chat: int = 0
    topic: int = 0
    code: str = ""
    """A digest of the invitation's secret; the secret itself is kept nowhere."""
    code_until: datetime | None = None
    places: int = 0
    """How many may join by the invitation; 0: any number."""
    joins: int = 0
    """How many have joined by it."""
    link: int = 0
    """The number of the present invitation."""
    monday: datetime | None = None
    """When its coaches are told next what waits; None until a coach has looked at it."""
    zone: str = "UTC"
    """The clock by which that is Monday."""
    digest: Digest | None = None
    digests: tuple[Digest, ...] = ()
    """All that were shown, the newest last, without what they were compared with."""
    counted: frozenset[int] = frozenset()
    """The members whose answers the last counts were made of, as far as they are still here and agree."""
    gone: int = 0
    """How many others they were made of."""
    exercise: Exercise | None = None
    """The case of the week that its group is or was at last."""
    played: tuple[str, ...] = ()
    """The cases it has worked through."""
    plan: Plan | None = None
    """The lessons that are posted in a channel."""
    releases: tuple[Release, ...] = ()
    """The notes that members show to the coaches."""
    hands: tuple[tuple[int, str], ...] = ()
    """Who waits for a coach, and with which topic; the longest waiting first."""
    called: tuple[tuple[int, str, datetime], ...] = ()
    """Who was called lately, with which topic and when; the newest last."""
    hand_told: datetime | None = None
    """When the coaches last heard of a raised hand."""
    nudged: datetime | None = None
    founder: int = 0
    """Who opened it (0: not known); no other coach can remove them."""
    coach_invitation: CoachInvitation | None = None
    drafts: Mapping[int, Draft] = field(default_factory=dict)
    """What coaches have written and not sent yet, by coach."""
    version: int = 0
    """The edition it talks with; 0: the shipped content."""
    past: tuple[int, ...] = ()
    """What it talked with before, the newest last, as far as it can be gone back to."""

    @property
    def poll(self) -> str:
        """Telegram's id of the poll that is being closed; empty where none is."""
        return self.exercise.closing if self.exercise else ""

    @property
    def wake(self) -> datetime | None:
        """The instant at which something of it is due; None where nothing is."""
        ends = [release.until for release in self.releases]
        due = [self.plan.wake] if self.plan and self.plan.wake else []
        monday = [self.monday] if self.monday else []
        stays = [member.stay_by for member in self.members.values() if member.stay_by]
        return min((*ends, *due, *monday, *stays), default=None)

    @property
    def lead(self) -> int:
        """The coach whom no other can remove: the founder, or else the first of those who are left."""
        return self.founder if self.founder in self.coaches else next(iter(self.coaches))

    def halted(self) -> Cohort:
        """Return the cohort without what is due longest: a shown note, Monday's message, or a lesson, missed."""
        over = [release for release in self.releases if release.until == self.wake]
        if over:
            return replace(self, releases=tuple(one for one in self.releases if one not in over))
        if any(member.stay_by == self.wake for member in self.members.values()):
            stay = {one: replace(member, stay_by=None) for one, member in self.members.items()}
            return replace(self, members=stay)
        if self.monday is not None and self.monday == self.wake:
            return replace(self, monday=self.monday + timedelta(days=7))
        return replace(self, plan=self.plan.missed()) if self.plan else self

    def renewed(self, until: datetime) -> Cohort:
        """Return the cohort with everybody asked to confirm by then who came by the present invitation."""
        asked = {
            one: replace(member, stay_by=until) if member.link == self.link else member
            for one, member in self.members.items()
        }
        return replace(self, members=asked)

    def with_member(self, person: int, member: Member) -> Cohort:
        """Return the cohort with this member as they are now."""
        return replace(self, members={**self.members, person: member})

    def without_member(self, person: int) -> Cohort:
        """Return the cohort after somebody left it: nothing of theirs is kept."""
        members = {one: member for one, member in self.members.items() if one != person}
        releases = tuple(one.over() if one.person == person else one for one in self.releases)
        hands = tuple(hand for hand in self.hands if hand[0] != person)
        called = tuple(one for one in self.called if one[0] != person)
        return replace(self, members=members, releases=releases, hands=hands, called=called).uncounted(person)

    def uncounted(self, person: int) -> Cohort:
        """Return the cohort with somebody taken out of what the next counts are compared with."""
        if person not in self.counted:
            return self
        return replace(self, counted=self.counted - {person}, gone=self.gone + 1)

    def without(self, person: int) -> Cohort | None:
        """Return the cohort with nothing left of somebody; None when nobody is left who coaches it."""
        coaches = {one: name for one, name in self.coaches.items() if one != person}
        asked = self.coach_invitation
        asked = asked if asked and person not in (asked.by, asked.candidate) else None
        left = self.without_member(person).without_draft(person)
        return replace(left, coaches=coaches, coach_invitation=asked) if coaches else None

    def with_draft(self, coach: int, draft: Draft) -> Cohort:
        """Return the cohort with what a coach has just written."""
        return replace(self, drafts={**self.drafts, coach: draft})

    def without_draft(self, coach: int) -> Cohort:
        """Return the cohort without what a coach had written and not sent."""
        return replace(self, drafts={one: draft for one, draft in self.drafts.items() if one != coach})

    def moved(self, chat: int) -> Cohort:
        """Return the cohort with its group under another id; messages have other ids there."""
        return replace(self, chat=chat, exercise=self.exercise and replace(self.exercise, posted=()))

    def polled(self, message: int) -> Cohort:
        """Return the cohort with one more message that holds an open poll."""
        if self.exercise is None:
            return self
        return replace(self, exercise=replace(self.exercise, posted=(*self.exercise.posted, message)))

    def unread(self, coach: int) -> int:
        """Return how many of the notes that a coach may read they have not opened."""
        seen = {release.number for release in self.releases for one, _ in release.seen if one == coach}
        return sum(release.is_for(coach) and release.number not in seen for release in self.releases)

    def agreeing(self, purpose: str) -> frozenset[int]:
        """Return who agreed to a purpose."""
        return frozenset(person for person, member in self.members.items() if purpose in member.agreed)

    def admits(self, secret: str, now: datetime) -> bool:
        """Tell whether an invitation's secret is the present one and still good."""
        good = self.code_until is not None and now < self.code_until and (not self.places or self.joins < self.places)
        return bool(self.code) and compare_digest(self.code, sealed(secret)) and good

    def admits_coach(self, secret: str, now: datetime) -> bool:
        """Tell whether the secret of an invitation to coach is the present one, unused and still good."""
        asked = self.coach_invitation
        good = asked is not None and bool(asked.code) and now < asked.until and asked.by in self.coaches
        return good and asked is not None and compare_digest(asked.code, sealed(secret))

    def to_json(self) -> dict[str, Any]:
        """Return the cohort as plain JSON values."""
        return {
            "format": FORMAT,
            "name": self.name,
            "language": self.language,
            "coaches": {str(person): name for person, name in self.coaches.items()},
            "members": {str(person): _member_json(member) for person, member in self.members.items()},
            "chat": self.chat,
            "topic": self.topic,
            "code": self.code,
            "code_until": _text(self.code_until),
            "places": self.places,
            "joins": self.joins,
            "link": self.link,
            "monday": _text(self.monday),
            "zone": self.zone,
            "digest": _digest_json(self.digest) if self.digest else None,
            "digests": [_digest_json(digest) for digest in self.digests],
            "counted": sorted(self.counted),
            "gone": self.gone,
            "exercise": self.exercise.to_json() if self.exercise else None,
            "played": list(self.played),
            "plan": self.plan.to_json() if self.plan else None,
            "releases": [release.to_json() for release in self.releases],
            "hands": [list(hand) for hand in self.hands],
            "called": [[person, topic, at.isoformat()] for person, topic, at in self.called],
            "hand_told": _text(self.hand_told),
            "nudged": _text(self.nudged),
            "founder": self.founder,
            "coach_invitation": self.coach_invitation.to_json() if self.coach_invitation else None,
            "drafts": {str(coach): list(vars(draft).values()) for coach, draft in self.drafts.items()},
            "edition": self.version,
            "past": list(self.past),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Cohort:
        """Read a cohort back; raises ValueError for a layout of another version."""
        if stored.get("format") != FORMAT:
            raise ValueError(f"a cohort of format {stored.get('format')!r} is not of this version ({FORMAT})")
        # What came later than the first version of this layout may be missing.
        return cls(
            name=stored["name"],
            language=stored["language"],
            coaches={int(person): name for person, name in stored["coaches"].items()},
            members={int(person): _member(member) for person, member in stored["members"].items()},
            chat=stored["chat"],
            topic=stored["topic"],
            code=stored["code"],
            code_until=_instant(stored["code_until"]),
            places=stored.get("places", 0),
            joins=stored.get("joins", 0),
            link=stored.get("link", 0),
            monday=_instant(stored.get("monday")),
            zone=stored.get("zone", "UTC"),
            digest=_digest(stored["digest"]) if stored["digest"] else None,
            digests=tuple(map(_digest, stored.get("digests", ()))),
            counted=frozenset(stored["counted"]),
            gone=stored["gone"],
            exercise=Exercise.from_json(exercise) if (exercise := stored.get("exercise")) else None,
            played=tuple(stored.get("played", ())),
            plan=Plan.from_json(plan) if (plan := stored.get("plan")) else None,
            releases=tuple(map(Release.from_json, stored.get("releases", ()))),
            hands=tuple((person, topic) for person, topic in stored.get("hands", ())),
            called=tuple((p, topic, datetime.fromisoformat(at)) for p, topic, at in stored.get("called", ())),
            hand_told=_instant(stored.get("hand_told")),
            nudged=_instant(stored.get("nudged")),
            # Cohorts without one were kept when each new coach was put in front of the others.
            founder=stored["founder"] if "founder" in stored else int(list(stored["coaches"])[-1]),
            coach_invitation=CoachInvitation.from_json(asked) if (asked := stored.get("coach_invitation")) else None,
            drafts={int(coach): Draft(*draft) for coach, draft in stored.get("drafts", {}).items()},
            version=stored.get("edition", 0),
            past=tuple(stored.get("past", ())),
        )


def sealed(secret: str) -> str:
    """Return what is kept of an invitation's secret."""
    return blake2b(secret.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class BotMembership:
    """A group or channel the bot is or was in: its standing there, and whether it may write.

    Of a channel its title is kept, and which person brought the bot there (0: not known).
    """

    standing: str
    may_write: bool = True
    title: str = ""
    by: int = 0


class CohortRepository(Protocol):
    """What is kept of cohorts, as the turn's own transaction sees it; people and chats are those of one bot."""

    def cohort(self, number: int) -> Cohort | None:
        """Return a cohort by its number."""

    def coached(self, person: int) -> Mapping[int, Cohort]:
        """Return the cohorts that somebody coaches, by number."""

    def joined(self, person: int) -> Mapping[int, Cohort]:
        """Return the cohorts that somebody is in."""

    def tied(self, chat: int) -> Mapping[int, Cohort]:
        """Return the cohorts whose group is a chat."""

    def polling(self, poll: str) -> Mapping[int, Cohort]:
        """Return the cohorts whose poll with this id is being closed."""

    def room(self, chat: int) -> BotMembership | None:
        """Return what is known about a group."""

    def version(self, number: int) -> ContentVersion | None:
        """Return an edition by its number."""

    def versions(self, coach: int) -> Mapping[int, ContentVersion]:
        """Return what somebody made of the content as a coach, published or not."""

    def channels(self, person: int) -> Mapping[int, BotMembership]:
        """Return the channels into which somebody brought the bot."""

    def language(self, person: int) -> str:
        """Return the language somebody speaks with the bot; empty for a stranger."""

    def cases(self, people: frozenset[int]) -> Mapping[int, Mapping[int, Session]]:
        """Return everybody's cases by number, of those who have any; only for who agreed to be counted, or who asks."""


@dataclass(frozen=True)
class Post:
    """A call to be made in a chat that need not be the turn's own."""

    key: Key
    call: Call
    once: bool = False
    """Where an equal one waits already, that one is enough."""


@dataclass(frozen=True)
class CohortTurn(TurnResult):
    """What a turn leads to that concerns cohorts: besides the person's own turn, cohorts as they are now, and posts.

    A cohort of None is over. In a group the person is None and nothing of anybody's is kept or forgotten.
    """

    cohorts: Mapping[int, Cohort | None] = field(default_factory=dict)
    posts: tuple[Post, ...] = ()
    room: BotMembership | None = None
    versions: Mapping[int, ContentVersion | None] = field(default_factory=dict)
    """Editions as they are now; one of None is gone."""
    speaker: int = 0
    """Whose turn it is."""
    instead: str = ""
    """The toast if what is posted is withheld, as too much is asked in a group; empty: it never is."""


# -- events --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Undelivered:
    """A call to a group or channel that cannot be made, and the kind of its reason (`runtime.refusals`)."""

    call: Call
    why: str


@dataclass(frozen=True)
class PollResult:
    """How a poll stands: Telegram's id of it, and the votes for each option."""

    poll: str
    votes: tuple[int, ...]


@dataclass(frozen=True)
class ButtonPressed:
    """Somebody taps a button of a cohort's: its verb, then what it is about; nothing in it is believed unchecked.

    `polled` is the poll above the button, if there is one, as far as Telegram had counted it.
    """

    verb: str
    about: tuple[str, ...] = ()
    polled: PollResult | None = None


@dataclass(frozen=True)
class Replied:
    """Somebody writes in reply to a message of the bot's, in private."""

    text: str
    message: int
    above: RepliedMessage | None = None

    @property
    def said(self) -> Said:
        """The same as part of their own conversation."""
        return Said(self.text, self.above)


@dataclass(frozen=True)
class MembershipChanged:
    """The bot's own standing in a group or channel has changed."""

    before: str
    after: str
    may_write: bool
    channel: str = ""
    """The title, where it is a channel."""


# -- JSON ----------------------------------------------------------------------------------------------------------


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _member_json(member: Member) -> dict[str, Any]:
    return {
        "since": member.since.isoformat(),
        "agreed": {purpose: since.isoformat() for purpose, since in member.agreed.items()},
        "turn": member.turn,
        "turns": dict(member.turns),
        "link": member.link,
        "stay_by": _text(member.stay_by),
    }


def _member(stored: Mapping[str, Any]) -> Member:
    return Member(
        datetime.fromisoformat(stored["since"]),
        {purpose: datetime.fromisoformat(since) for purpose, since in stored["agreed"].items()},
        stored["turn"],
        stored.get("turns", {}),
        stored.get("link", 0),
        _instant(stored.get("stay_by")),
    )


def _digest_json(digest: Digest) -> dict[str, Any]:
    return {
        "at": digest.at.isoformat(),
        "people": digest.people,
        "counts": [[count.question, dict(count.cells)] for count in digest.counts],
        "before": {question: dict(cells) for question, cells in digest.before.items()},
    }


def _digest(stored: Mapping[str, Any]) -> Digest:
    counts = tuple(Count(question, cells) for question, cells in stored["counts"])
    return Digest(datetime.fromisoformat(stored["at"]), stored["people"], counts, stored["before"])
