"""A course as Telegram sees it: a coach, three members, a stranger, a group with two topics, and the bot."""

from __future__ import annotations

from pathlib import Path

from tests.botapi import BotApiServer, Person
from tests.support.story import COACH, NAME, SLOW_MACHINE, asks, bot_for, invited, joins, taps

FINISHED = {
    "relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager", "invited": "no",
    "tone": "rapport", "interviewed_on": "2026-11-25", "thanks": "not_sent", "account": "free", "profile": "ready",
    "first": "Zoë", "job": "Data Analyst", "company": "Northwind", "topic": "what Zoë does with event billing",
    "me": "Dana Okafor",
}  # fmt: skip
"""Dana's interview, of which there is a note."""


class Course:
    """The people, the group and the bot; `practice` and `office` are the group's topics."""

    def __init__(self, telegram: BotApiServer, folder: Path) -> None:
        self.telegram = telegram
        self.bot = bot_for(telegram, folder, COACHES=str(COACH), AFTERWORD_NOW="2026-11-26T10:00+00:00")
        self.coach = telegram.person(COACH, first_name="Cleo")
        self.dana, self.emil, self.fay = (telegram.person(first_name=name) for name in ("Dana", "Emil", "Fay"))
        self.stan = telegram.person(first_name="Stan", started=True)
        self.group = telegram.group(forum=True)
        self.practice, self.office = self.group.topic("Practice"), self.group.topic("Office")

    @property
    def members(self) -> tuple[Person, ...]:
        return self.dana, self.emil, self.fay

    def gathers(self) -> None:
        """Let the coach open the cohort, the members join, and the group be set up in its topic."""
        payload = invited(self.coach)
        for member in self.members:
            joins(member, payload)
            self.group.add(member)
        self.group.add(self.stan, "administrator")
        asks(self.coach, f"/setup{NAME}", "has its group here", group=self.group, topic=self.practice)

    def restarts(self) -> None:
        """End the bot's process without warning, and start it again."""
        self.telegram.wait_until_drained(SLOW_MACHINE)
        self.bot.kill()
        self.bot.start()

    def sleeps(self, until: str) -> None:
        """Stop the bot and start it again as if it were that instant."""
        self.telegram.wait_until_drained(SLOW_MACHINE)
        self.bot.restart(until)

    def dana_shows_again(self) -> None:
        """Let Dana show her note, its names hidden."""
        asks(self.dana, "/cohort", "You are in")
        taps(self.dana, "Show a note to my coaches", "Which text should the coaches")
        taps(self.dana, "Note to Zoë", "Hidden: the names")
        taps(self.dana, "Show it like this", "Your coaches can read this:")

    def sees_polls(self, *, closed: list[bool]) -> None:
        """Wait until the group has these polls, some of them closed."""

        def polls() -> list[bool]:
            return [message.poll.closed for message in self.group.screen if message.poll]

        self.telegram.wait(lambda: polls() == closed, SLOW_MACHINE, f"polls {closed}")

    def closes(self, who: Person, *expected: str) -> str:
        """Let somebody close the open poll; return what the group sees then."""
        who.taps("Close this poll", chat=self.group, timeout=SLOW_MACHINE)
        return who.expects(*expected, chat=self.group, timeout=SLOW_MACHINE).text
