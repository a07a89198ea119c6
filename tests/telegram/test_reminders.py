"""The whole arc in Telegram: the real bot, started again under another time whenever days have gone by."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.botapi import BotApiServer, Person
from tests.support.story import SLOW_MACHINE, answer, begin, bot_for, type_in

pytestmark = pytest.mark.waits


def every_call_was_right(server: BotApiServer) -> None:
    """See that nothing was refused; a poll that the stopped process left open is cut off by the next one (409)."""
    assert [call for call in server.refused if call.method != "getUpdates"] == []
    assert server.violations == []


def reminded(dana: Person, *words: str) -> None:
    dana.expects(*words, timeout=SLOW_MACHINE)


def test_from_the_interview_to_the_answer_and_on_to_keeping_warm(telegram: BotApiServer, tmp_path: Path) -> None:
    with bot_for(telegram, tmp_path, AFTERWORD_NOW="2026-11-23T13:00+00:00") as bot:
        dana = telegram.person(first_name="Dana")
        begin(dana)
        answer(dana, "No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "Today", "Not yet")
        reminded(dana, "Shall I remind you on Monday 23 November at 17:00?")
        answer(dana, "Yes, please")
        reminded(dana, "What time is it where you are?")
        dana.says("Berlin")
        reminded(dana, "I'll write to you on Monday 23 November at 17:00 (Berlin time)")
        answer(dana, "Add to my calendar")
        telegram.wait(lambda: any(m.document and m.document.name == "reminder.ics" for m in dana.screen), SLOW_MACHINE)
        answer(dana, "Free", "Yes, it's ready")
        type_in(dana, first_name="Zoë", Which_job="Data Analyst", Which_company="Northwind",
                stuck_with_you="event billing", your_name="Sam")  # fmt: skip
        reminded(dana, "What next?")

        bot.restart("2026-11-23T15:59:58+00:00")
        reminded(dana, "Zoë, Northwind: has your thank-you gone out?")
        answer(dana, "I've sent the thank-you")
        reminded(dana, "Next, Thursday 26 November at 10:00: send the request.")

        bot.restart("2026-11-26T08:59:58+00:00")  # the third business day after the interview, ten o'clock in Berlin
        reminded(dana, "Zoë, Northwind: you've given them a few days")
        answer(dana, "Something has changed")
        reminded(dana, "Have you heard back")
        answer(dana, "Good news", "No")
        reminded(dana, "another interview round")
        answer(dana, "No")
        reminded(dana, "Now it's: connect now, because you got good news")
        reminded(dana, "good news about the Data Analyst role")
        answer(dana, "I've sent the request")
        reminded(dana, "Nice, your request is out.")

        bot.restart("2026-12-10T08:59:58+00:00")
        reminded(dana, "Zoë, Northwind: have they accepted your request?")
        answer(dana, "Yes, accepted")
        reminded(dana, "keep in touch lightly")
        answer(dana, "I've sent the message")
        reminded(dana, "Leave it at that one.")
        dana.says("/reminders")
        reminded(dana, "your reminders")
        assert any("react to one of their posts" in label for label in dana.screen[-1].labels)
        answer(dana, "Go on")
        every_call_was_right(telegram)


def test_a_reminder_comes_between_two_questions_and_both_kinds_of_buttons_serve(
    telegram: BotApiServer, tmp_path: Path
) -> None:
    with bot_for(telegram, tmp_path, AFTERWORD_NOW="2026-11-23T15:59:50+00:00") as bot:
        dana = telegram.person(first_name="Dana")
        begin(dana)
        answer(dana, "No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "Today", "Not yet")
        answer(dana, "Yes, please")
        dana.says("London")
        reminded(dana, "Which LinkedIn account")

        bot.restart("2026-11-24T09:29:58+00:00")  # it was too late for today, so tomorrow at half past nine
        asked = dana.expects("has your thank-you gone out?", timeout=SLOW_MACHINE)
        answer(dana, "Free")
        reminded(dana, "Is your LinkedIn profile")
        dana.reacts(asked, "👍")
        reminded(dana, "Nice, that's done")
        answer(dana, "Stop these reminders")
        reminded(dana, "okay, no more reminders about them")
        answer(dana, "Yes, it's ready")
        reminded(dana, "first name")
        every_call_was_right(telegram)
