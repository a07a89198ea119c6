"""A cohort from its first day: three members, a coach and a stranger, a group with topics, and the real bot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.botapi import BotApiServer, Person
from tests.support.bot_process import BotUnderTest
from tests.support.story import (
    COACH,
    NAME,
    SLOW_MACHINE,
    answer,
    asks,
    begin,
    bot_for,
    invited,
    joins,
    nothing_was_refused,
    taps,
)

pytestmark = pytest.mark.waits


@pytest.fixture
def bot(telegram: BotApiServer, tmp_path: Path) -> Iterator[BotUnderTest]:
    with bot_for(telegram, tmp_path, COACHES=str(COACH)) as bot:
        yield bot


@pytest.fixture
def coach(telegram: BotApiServer) -> Person:
    return telegram.person(COACH, first_name="Cleo")


def test_a_cohort_is_joined_agreed_to_and_left(telegram: BotApiServer, bot: BotUnderTest, coach: Person) -> None:
    del bot
    dana, stranger = telegram.person(first_name="Dana"), telegram.person(first_name="Stan")
    text = asks(stranger, "/cohort", "You're in no cohort")
    assert str(stranger.id) in text, "that is how they can become a coach"
    asks(stranger, "/cohort new Mine", "You're in no cohort")
    payload = invited(coach)
    joins(dana, payload)
    panel = dana.screen[-1]
    old_yes = panel.keyboard[0][0]["callback_data"]
    taps(dana, "Share counts", "Counts: shared")
    taps(dana, "Stop sharing counts", "Counts: not shared")
    dana.forges(old_yes, panel, timeout=SLOW_MACHINE)
    assert dana.toast.startswith("Not done: “Share counts”."), "an old yes is no yes"
    asks(dana, "/privacy", "You are in “Spring course”. Its coaches: Cleo.", "Counts: not shared")
    asks(dana, "/export", "What your cohorts keep of you")
    document = next(message.document for message in reversed(dana.screen) if message.document)
    assert json.loads(document.content)["cohorts"][0]["agreed"] == {}
    asks(coach, "/cohort", "You coach “Spring course”")
    assert "ewer than five" in taps(coach, "Counts", "ewer than five")
    taps(dana, "Leave", "Everything you agreed to there is taken back")
    taps(dana, "Yes, leave", "You've left")
    asks(dana, "/cohort", "You're in no cohort")
    asks(stranger, "/start c_1_0000000000000000000000", "This invitation isn't good")
    taps(coach, "‹ Back", "You coach")
    taps(coach, "New invitation", "How many people")
    taps(coach, "Any number", "good until")
    asks(stranger, f"/start {payload}", "This invitation isn't good")
    nothing_was_refused(telegram)


def test_the_bot_is_set_up_in_a_topic_and_answers_where_it_is_asked(
    telegram: BotApiServer, bot: BotUnderTest, coach: Person
) -> None:
    del bot
    invited(coach)
    number = re.search(r"startgroup=g_(\d+)", str(telegram.calls)).group(1)  # type: ignore[union-attr]
    group = telegram.group(forum=True)
    group.chat.bot_status = "left"
    dana = telegram.person(first_name="Dana", started=True)
    group.add(dana, "administrator")
    group.adds_bot(coach)
    assert "I answer in private" in coach.expects("I'm Afterword", chat=group, timeout=SLOW_MACHINE).text
    practice, office = group.topic("Practice"), group.topic("Office")
    asks(dana, f"/setup{NAME}", "Only a coach can set me up", group=group, topic=office)
    text = asks(coach, f"/start{NAME} g_{number}", "“Spring course” has its group here", group=group, topic=practice)
    assert "Privacy mode: on" in text
    assert "I may write here" in text
    assert "Polls: I may post them" in text
    asks(dana, f"/practice{NAME}", "Your answers stay between", group=group, topic=office)
    said = [message for message in group.screen if message.from_bot]
    assert [message.thread_id for message in said] == [None, office, practice, office]
    assert said[-1].keyboard[0][0]["url"] == "https://t.me/afterword_test_bot?start=practice"
    asks(dana, f"/faq{NAME}", "What many ask", group=group, topic=office)
    dana.taps("And if I get a no?", chat=group, timeout=SLOW_MACHINE)
    text = dana.expects("You can still connect", chat=group, timeout=SLOW_MACHINE).text
    assert len([message for message in group.screen if message.from_bot]) == 5, "edited, not sent anew"
    nothing_was_refused(telegram)


def test_nobody_without_a_name_has_any_right_and_chatter_meets_silence(
    telegram: BotApiServer, bot: BotUnderTest, coach: Person
) -> None:
    del bot
    invited(coach)
    group, channel = telegram.group(), telegram.channel()
    group.promotes_bot(coach)
    group.hears_channel(channel, f"/setup{NAME}")
    group.hears_channel(channel, f"/setup{NAME}", forwarded=True)
    group.hears_anonymous_admin(f"/setup{NAME}")
    coach.expects("You write as an anonymous administrator", chat=group, timeout=SLOW_MACHINE)
    coach.says_in(group, "hello everybody")
    coach.says_in(group, "/help")
    coach.says_in(group, f"/nonsense{NAME}")
    coach.says_in(group, "/practice@another_bot")
    group.hears_anonymous_admin("hello")
    coach.hears_nothing(1.0, chat=group)
    group.allows_polls(False)
    text = asks(coach, f"/setup{NAME}", "has its group here", group=group)
    assert "I'm an administrator, so I get everything" in text
    assert "Polls: I may post them" in text, "what members may not, administrators may"
    group.adds_bot(coach)
    text = asks(coach, f"/setup{NAME}", "Polls: I may not post any", group=group)
    assert "An administrator allows them in the group's Permissions" in text
    telegram.fault("502_html", method="getChat", chat=group.id)
    asks(coach, f"/setup{NAME}", "Polls: Telegram hasn't told me", group=group)
    group.allows_polls(True)
    asks(coach, f"/setup{NAME}", "Polls: I may post them", group=group)
    nothing_was_refused(telegram)


def test_a_group_moves_and_the_bot_goes_and_comes_back(
    telegram: BotApiServer, bot: BotUnderTest, coach: Person
) -> None:
    del bot
    invited(coach)
    old = telegram.group(basic=True)
    asks(coach, f"/setup{NAME}", "has its group here", "Remove me and add me again", group=old)
    new = old.migrates()
    asks(coach, f"/practice{NAME}", "Your answers stay", group=new)
    new.kicks_bot(coach)
    new.adds_bot(coach)
    coach.expects("I'm Afterword", chat=new, timeout=SLOW_MACHINE)
    asks(coach, f"/setup{NAME}", "I may write here", "Privacy mode: on", group=new)
    asks(coach, "/cohort", "Its group is set up")
    nothing_was_refused(telegram)


def test_a_member_works_on_their_own_and_forgets_it_all(
    telegram: BotApiServer, bot: BotUnderTest, coach: Person, tmp_path: Path
) -> None:
    dana = telegram.person(first_name="Dana")
    joins(dana, invited(coach))
    begin(dana)
    answer(dana, "No", "Well")
    dana.expects("Have you heard back", timeout=SLOW_MACHINE)
    asks(dana, "/faq", "What many ask")
    answer(dana, "Nothing yet")
    dana.expects("Who did you talk to?", timeout=SLOW_MACHINE)
    asks(dana, "/forget", "Delete everything: all")
    taps(dana, "Yes, delete everything", "Everything is deleted")
    asks(dana, "/cohort", "You're in no cohort")
    asks(coach, "/cohort", "You coach")
    taps(coach, "End the cohort", "Members are told")
    taps(coach, "Yes, end it", "is over, and nothing of it is kept")
    bot.stop()
    assert "Cleo" not in bot.log.read_text(encoding="utf-8")
    assert all(b"Spring" not in file.read_bytes() for file in (tmp_path / "data").iterdir())
    nothing_was_refused(telegram)
