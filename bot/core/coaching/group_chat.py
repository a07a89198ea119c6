"""Cohorts in the group: the bot introduces itself, is set up, and opens doors to the private chat.

Law of this file: nothing of anybody's is read here and nothing kept but where a cohort has its group, so nothing can
leak. Whoever is no person by their sender has no rights, and a group's administrator has none as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.core.advice.catalog import Catalogue
from bot.core.chat.commands import Asked
from bot.core.coaching.classroom import Classroom
from bot.core.coaching.cohort import ANONYMOUS, NOBODY, Cohort, Polled, Pressed, Rolls, Room, Stood
from bot.core.coaching.speaker import OUTSIDE, Reply, Speaker
from bot.core.coaching.views import Button, Panel, deep_link
from bot.core.library import Library

COMMANDS: Final = ("practice", "faq", "setup", "cohort", "case", "hand")
"""What is answered in a group even where no bot is named."""


def reply(library: Library, speaker: Speaker, rolls: Rolls, entry: object) -> Reply:
    """Return what something in a group leads to; nothing, where nobody asked."""
    tied = rolls.tied(speaker.chat)
    language = next((cohort.language for _, cohort in sorted(tied.items())), "")
    hall = _Hall(library, library.catalogue(language), speaker, rolls)
    found = _replied(hall, entry)
    asked = isinstance(entry, Asked) or (isinstance(entry, Pressed) and entry.verb == "faq")
    if not asked or found.cohorts or any(speaker.person in cohort.coaches for cohort in tied.values()):
        return found
    return replace(found, instead=hall.catalogue.say("group.busy"))  # however many ask, a coach is answered


def _replied(hall: _Hall, entry: object) -> Reply:
    library, speaker, rolls = hall.library, hall.speaker, hall.rolls
    match entry:
        case Stood():
            return hall.stood(entry)
        case Asked(command, argument):
            return hall.to_nobody(command) if speaker.person in NOBODY else hall.asked(command, argument)
        case Pressed("faq", (name, *_)):
            return hall.answered(name)
        case Pressed("case" | "again" | "close"):
            return Classroom(library, speaker, rolls).pressed(entry)
        case Polled():
            return Classroom(library, speaker, rolls).polled(entry)
        case _:
            return Reply()


@dataclass(frozen=True)
class _Hall:
    """One visit to the group."""

    library: Library
    catalogue: Catalogue
    speaker: Speaker
    rolls: Rolls

    def stood(self, event: Stood) -> Reply:
        """Keep how the bot stands, and introduce it where it has just come in."""
        if event.channel:  # nobody is spoken to there; what the coach may choose is kept
            known = self.rolls.room(self.speaker.chat)
            adding = self.speaker.person if self.speaker.person not in NOBODY else 0
            by = known.by if known and event.before not in OUTSIDE else adding
            return Reply(room=Room(event.after, event.may_write, event.channel, by))
        room = Room(event.after, event.may_write)
        came = event.before in OUTSIDE and event.after not in OUTSIDE and event.may_write
        if not came:
            return Reply(room=room)
        lines = self.catalogue.alternatives("group.hello")
        return Reply((Panel.of(lines[0], *(line for line in lines[1:])),), room=room)

    def asked(self, command: str, argument: str) -> Reply:
        """Answer a command."""
        match command:
            case "start":
                return self.begun(argument)
            case "setup":
                return self.setup("")
            case "practice" | "cohort" | "hand":
                return self.door(command)
            case "faq":
                return self.questions()
            case "case":
                return Classroom(self.library, self.speaker, self.rolls).asked()
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
        own = self.rolls.coached(self.speaker.person)
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
            self.catalogue.say("group.tied", name=cohort.name), self.catalogue.say(place), items=self.findings()
        )
        return Reply((panel,), {n: after})

    def _likely(self, own: Mapping[int, Cohort]) -> Mapping[int, Cohort]:
        """Return the cohorts that a bare /setup can mean: those of this chat, else those without one."""
        here = {n: cohort for n, cohort in own.items() if cohort.chat == self.speaker.chat}
        return here or {n: cohort for n, cohort in own.items() if not cohort.chat} or own

    def findings(self) -> list[str]:
        """Look at rights and privacy mode: a sentence each, with what to do."""
        room = self.rolls.room(self.speaker.chat)
        say = self.catalogue.say
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

    def door(self, what: str) -> Reply:
        """Open the private chat by one button."""
        button = Button(self.catalogue.say(f"group.options.{what}"), link=deep_link(self.speaker.bot, what))
        return Reply((Panel.of(self.catalogue.say(f"group.{what}"), buttons=(button,)),))

    def questions(self) -> Reply:
        return Reply((questions_panel(self.library, self.catalogue),))

    def answered(self, name: str) -> Reply:
        panel = answer_panel(self.library, self.catalogue, name)
        return Reply((panel,)) if panel else Reply(toast=self.catalogue.say("cohort.stale"))

    def said(self, key: str, **values: str | int) -> Reply:
        return Reply((Panel.of(self.catalogue.say(key, **values)),))


# -- questions that many ask -------------------------------------------------------------------------------------------


def questions_panel(library: Library, catalogue: Catalogue) -> Panel:
    """List the questions, a button each."""
    buttons = (Button(catalogue.say(f"faq.{name}.question"), ("faq", name)) for name in library.faq)
    return Panel.of(catalogue.say("group.questions"), buttons=buttons)


def answer_panel(library: Library, catalogue: Catalogue, name: str) -> Panel | None:
    """Answer a question, with the claims behind the answer; None for one that there is not."""
    if name == "all":
        return questions_panel(library, catalogue)
    cites = library.faq.get(name)
    if cites is None:
        return None
    claims = [catalogue.say("why.claim", id=claim, text=catalogue.say(f"claim.{claim}")) for claim in cites]
    back = Button(catalogue.say("group.options.all"), ("faq", "all"))
    title, text = catalogue.say(f"faq.{name}.question"), catalogue.say(f"faq.{name}.answer", **library.measures)
    return Panel.of(title, text, items=claims, buttons=(back,))
