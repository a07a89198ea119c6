"""Cohorts in the group: the bot introduces itself, is set up, and leads to the private chat.

Nothing of anybody's is read here and nothing kept but where a cohort has its group, so nothing can
leak. Whoever is no person by their sender has no rights, and a group's administrator has none as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.core.advice.catalog import Catalog
from bot.core.chat.commands import CommandGiven
from bot.core.coaching.classroom import Classroom
from bot.core.coaching.cohort import (
    ANONYMOUS,
    NOBODY,
    OUTSIDE,
    BotMembership,
    ButtonPressed,
    Cohort,
    CohortRepository,
    MembershipChanged,
    PollResult,
)
from bot.core.coaching.speaker import Reply, Speaker
from bot.core.coaching.views import Button, Panel, Shown, deep_link
from bot.core.library import Library

COMMANDS: Final = ("practice", "faq", "setup", "cohort", "case", "hand")
"""What is answered in a group even where no bot is named."""


def reply(library: Library, speaker: Speaker, repository: CohortRepository, entry: object) -> Reply:
    """Return what something in a group leads to; nothing, where nobody asked."""
    tied = repository.tied(speaker.chat)
    language = next((cohort.language for _, cohort in sorted(tied.items())), "")
    turn = _GroupTurn(library, library.catalog(language), speaker, repository)
    found = _replied(turn, entry)
    asked = isinstance(entry, CommandGiven) or (isinstance(entry, ButtonPressed) and entry.verb == "faq")
    if not asked or found.cohorts or any(speaker.person in cohort.coaches for cohort in tied.values()):
        return found
    return replace(found, instead=turn.catalog.say("group.busy"))  # however many ask, a coach is answered


def _replied(turn: _GroupTurn, entry: object) -> Reply:
    library, speaker, repository = turn.library, turn.speaker, turn.repository
    match entry:
        case MembershipChanged():
            return turn.stood(entry)
        case CommandGiven(command, argument):
            return turn.to_nobody(command) if speaker.person in NOBODY else turn.asked(command, argument)
        case ButtonPressed("faq", (name, *_)):
            return turn.answered(name)
        case ButtonPressed("case" | "again" | "close"):
            return Classroom(library, speaker, repository).pressed(entry)
        case PollResult():
            return Classroom(library, speaker, repository).polled(entry)
        case _:
            return Reply()


@dataclass(frozen=True)
class _GroupTurn:
    """One visit to the group."""

    library: Library
    catalog: Catalog
    speaker: Speaker
    repository: CohortRepository

    def stood(self, event: MembershipChanged) -> Reply:
        """Keep how the bot stands, and introduce it where it has just come in."""
        known = self.repository.room(self.speaker.chat)
        wrote = known.may_write if known else event.before not in OUTSIDE
        if event.channel:  # nobody is spoken to there; what the coach may choose is kept
            adding = self.speaker.person if self.speaker.person not in NOBODY else 0
            by = known.by if known and event.before not in OUTSIDE else adding
            room = BotMembership(event.after, event.may_write, event.channel, by)
            lost = wrote and not event.may_write
            return Reply(room=room, told=self._without_posts(event.channel, by) if lost else {})
        room = BotMembership(event.after, event.may_write)
        if event.after in OUTSIDE and event.before not in OUTSIDE:
            return Reply(room=room, told=self._to_coaches("cohort.group.is_out", again=True))
        if wrote and not event.may_write:
            return Reply(room=room, told=self._to_coaches("cohort.group.is_mute"))
        came = event.before in OUTSIDE and event.after not in OUTSIDE and event.may_write
        if not came:
            return Reply(room=room)
        lines = self.catalog.alternatives("group.hello")
        return Reply((Panel.of(lines[0], *(line for line in lines[1:])),), room=room)

    def _to_coaches(self, key: str, *, again: bool = False) -> dict[int, tuple[Shown, ...]]:
        """Tell the coaches whose group this is, but for the one whose doing it was; `again`: with a way back in."""
        told: dict[int, tuple[Shown, ...]] = {}
        for number, cohort in self.repository.tied(self.speaker.chat).items():
            for coach in self._others(cohort):
                theirs = self.library.catalog(self.repository.language(coach))
                link = deep_link(self.speaker.bot, f"g_{number}", "startgroup")
                buttons = (Button(theirs.say("cohort.options.group"), link=link),) if again else ()
                panel = Panel.of(theirs.say(key, name=cohort.name), buttons=buttons)
                told[coach] = (*told.get(coach, ()), panel)
        return told

    def _without_posts(self, channel: str, by: int) -> dict[int, tuple[Shown, ...]]:
        """Tell the coaches whose lessons are posted in this channel that they cannot be."""
        told: dict[int, tuple[Shown, ...]] = {}
        for cohort in self.repository.coached(by).values():
            if cohort.plan is None or cohort.plan.channel != self.speaker.chat:
                continue
            for coach in self._others(cohort):
                theirs = self.library.catalog(self.repository.language(coach))
                told[coach] = (Panel.of(theirs.say("cohort.group.no_posts", name=cohort.name, channel=channel)),)
        return told

    def _others(self, cohort: Cohort) -> list[int]:
        return [coach for coach, name in cohort.coaches.items() if name and coach != self.speaker.person]

    def asked(self, command: str, argument: str) -> Reply:
        """Answer a command."""
        match command:
            case "start":
                return self.begun(argument)
            case "setup":
                return self.setup("")
            case "practice" | "cohort" | "hand":
                return self.handler(command)
            case "faq":
                return self.questions()
            case "case":
                return Classroom(self.library, self.speaker, self.repository).asked()
            case _:
                return self.said("group.help")

    def to_nobody(self, command: str) -> Reply:
        """Tell an anonymous administrator why nothing happens; Telegram itself and channels are not answered."""
        hidden = self.speaker.person == ANONYMOUS
        return self.said("group.hidden") if hidden and command in (*COMMANDS, "start") else Reply()

    def begun(self, argument: str) -> Reply:
        """Tie a cohort whose coach added the bot by the cohort's link; a plain start is the introduction."""
        if not argument.startswith("g_"):
            return self.said("group.help")
        return self.setup(argument.removeprefix("g_"))

    def setup(self, number: str) -> Reply:
        """Tie a cohort to this chat and topic, and say what is missing here."""
        own = self.repository.coached(self.speaker.person)
        if not own:
            return self.said("group.not_coach")
        wanted = {n: cohort for n, cohort in own.items() if str(n) == number} if number else self._likely(own)
        if len(wanted) != 1:
            return self.said("group.which_cohort")
        ((n, cohort),) = wanted.items()
        after = replace(cohort, chat=self.speaker.chat, topic=self.speaker.topic)
        if cohort.exercise and cohort.chat != self.speaker.chat:  # its polls are elsewhere
            after = replace(after, exercise=replace(cohort.exercise, case="", closing="", posted=()))
        place = "group.here_topic" if self.speaker.topic else "group.here"
        panel = Panel.of(
            self.catalog.say("group.tied", name=cohort.name), self.catalog.say(place), items=self.findings()
        )
        return Reply((panel,), {n: after})

    def _likely(self, own: Mapping[int, Cohort]) -> Mapping[int, Cohort]:
        """Return the cohorts that a bare /setup can mean: those of this chat, else those without one."""
        here = {n: cohort for n, cohort in own.items() if cohort.chat == self.speaker.chat}
        return here or {n: cohort for n, cohort in own.items() if not cohort.chat} or own

    def findings(self) -> list[str]:
        """Look at rights and privacy mode: a sentence each, with what to do."""
        room = self.repository.room(self.speaker.chat)
        say = self.catalog.say
        if room is None:
            return [say("group.check.unknown")]
        found = [say("group.check.writes" if room.may_write else "group.check.mute")]
        if room.standing == "administrator":
            found.append(say("group.check.admin"))
        elif self.speaker.reads_all:
            found.append(say("group.check.reads_all"))
        else:
            found.append(say("group.check.private"))
        polls = {True: "polls", False: "no_polls", None: "polls_unknown"}[self.speaker.may_poll]
        return [*found, say(f"group.check.{polls}")]

    def handler(self, what: str) -> Reply:
        """Open the private chat by one button."""
        button = Button(self.catalog.say(f"group.options.{what}"), link=deep_link(self.speaker.bot, what))
        return Reply((Panel.of(self.catalog.say(f"group.{what}"), buttons=(button,)),))

    def questions(self) -> Reply:
        return Reply((questions_panel(self.library, self.catalog),))

    def answered(self, name: str) -> Reply:
        panel = answer_panel(self.library, self.catalog, name)
        return Reply((panel,)) if panel else Reply(toast=self.catalog.say("cohort.stale"))

    def said(self, key: str, **values: str | int) -> Reply:
        return Reply((Panel.of(self.catalog.say(key, **values)),))


# -- questions that many ask -------------------------------------------------------------------------------------------


def questions_panel(library: Library, catalog: Catalog) -> Panel:
    """List the questions, a button each."""
    buttons = (Button(catalog.say(f"faq.{name}.question"), ("faq", name)) for name in library.faq)
    return Panel.of(catalog.say("group.questions"), buttons=buttons)


def answer_panel(library: Library, catalog: Catalog, name: str) -> Panel | None:
    """Answer a question, with what the answer rests on; None for one that there is not."""
    if name == "all":
        return questions_panel(library, catalog)
    cites = library.faq.get(name)
    if cites is None:
        return None
    claims = [catalog.say(f"claim.{claim}") for claim in cites]
    back = Button(catalog.say("group.options.all"), ("faq", "all"))
    title, text = catalog.say(f"faq.{name}.question"), catalog.say(f"faq.{name}.answer", **library.measures)
    beyond = () if cites else (catalog.say("advice.beyond"),)
    return Panel.of(title, text, *beyond, items=claims, buttons=(back,))
