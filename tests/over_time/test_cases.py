"""Lives that went wrong once: what the bot said then stands beside what it has to say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.core.chat.commands import CommandGiven, newcomer, serve
from bot.core.dialogue.session import Said, Session, Started
from bot.core.library import Library
from tests.over_time.asking import asked_of
from tests.over_time.walker import Answer
from tests.support.candidate import Candidate

TUESDAY = date(2026, 11, 17)
WARM = {"relation": "none", "experience": "positive", "outcome": "none", "role": "hiring_manager", "invited": "no",
        "tone": "rapport"}  # fmt: skip
FORMAL = {**WARM, "tone": "reserved"}


def advised(library: Library, today: date, *history: dict[str, Any], **facts: str) -> Answer:
    """Return what is advised on a day after a history."""
    return asked_of(library)({**facts, "today": today.isoformat(), "history": list(history)})


def steps(answer: Answer) -> list[tuple[str, str | None]]:
    return [(step["do"], step["on"]) for step in answer["plan"] if step["do"] != "close"]


def on(day: int, month: int = 11, **what: object) -> dict[str, Any]:
    """Return an entry of a history."""
    return {"on": date(2026, month, day).isoformat(), **what}


@pytest.fixture
def dana(library: Library) -> Candidate:
    """Return somebody whose interview was today, a Tuesday, and who has not thanked yet."""
    talk = Candidate(
        library, Session(flow="after_interview", zone="Europe/Berlin"), datetime(2026, 11, 17, 9, tzinfo=UTC)
    )
    talk.answer(relation="No", experience="Well", outcome="Nothing yet", role="The hiring manager", invited="No",
                tone="Warm and lively", interviewed_on="Today", thanks="Not yet", account="Free",
                profile="Yes, it's ready")  # fmt: skip
    return talk


def names(talk: Candidate) -> list[str]:
    return [message.name for message in talk.turn.messages]


def words(talk: Candidate) -> str:
    return "\n".join(block.text for message in talk.turn.messages for block in message.blocks)


def test_t1_a_thank_you_that_went_out_as_told_leads_to_the_day_that_was_promised(dana: Candidate) -> None:
    """It was answered with "connect now, today is a good day", and the promised reminder was dropped."""
    dana.type(":remind yes")
    dana.type("I've sent the thank-you")
    assert names(dana)[0] == "done thank_you"
    assert "Next, Friday 20 November at 10:00: send the request." in words(dana)
    assert "Today's a good day" not in words(dana)
    assert [(r.kind, r.day) for r in dana.talk.person.schedule.planned] == [("M2", date(2026, 11, 20))]


def test_t1_the_day_of_the_request_brings_the_note_and_takes_yes_for_an_answer(dana: Candidate) -> None:
    dana.type(":remind yes", "I've sent the thank-you")
    due = dana.talk.wait("3d")
    assert due is not None
    texts = [message.name.split()[0] for _, turn in due for message in turn.messages]
    assert texts[:2] == ["note", "reminder"]
    dana.type(":remind yes, sent")
    assert names(dana)[0] == "done request"
    assert "Next, Friday 4 December at 10:00: see if they accepted." in words(dana)


def test_yes_sent_counts_once_however_often_it_is_tapped(dana: Candidate) -> None:
    """The button stays on the screen; a second tap, days later, is no second request."""
    dana.type(":remind yes", "I've sent the thank-you")
    dana.talk.wait("3d")
    below = dana.talk.below
    dana.type(":remind yes, sent")
    before = dana.talk.person.schedule.ledgers
    dana.talk.wait("2d")
    dana.talk.below = below
    dana.type(":remind yes, sent")
    assert dana.talk.person.schedule.ledgers == before
    assert names(dana)[0] == "notice toast"


def test_t10_yes_to_a_thank_you_of_saturday_brings_the_request_on_monday(library: Library) -> None:
    start = Session(flow="after_interview", zone="Europe/Berlin")
    talk = Candidate(library, start, datetime(2026, 11, 21, 9, tzinfo=UTC))
    talk.answer(relation="No", experience="Well", outcome="Nothing yet", role="The hiring manager", invited="No",
                tone="Warm and lively", interviewed_on="17 Nov", thanks="Not yet", account="Free",
                profile="Yes, it's ready")  # fmt: skip
    talk.type(":remind yes")
    talk.talk.wait("until 2026-11-23 10:30")
    talk.type(":remind yes, sent")
    assert "Next, today: send the request." in words(talk)
    assert [what for what, _ in talk.talk.person.schedule.ledgers[1]] == ["thank_you"]


def test_d5_no_time_is_promised_that_cannot_be_kept(dana: Candidate) -> None:
    """Saturday night is neither a working day nor an hour to speak."""
    dana.type(":remind another day or time", "Sat 22:30")
    assert "Monday 23 November at 09:00" in words(dana)
    assert next((r.day, r.wall.hour) for r in dana.talk.person.schedule.of(1)) == (date(2026, 11, 23), 9)


def test_d1_a_day_told_as_today_moves_with_the_zone_once_that_is_known(library: Library) -> None:
    """Thursday evening in Los Angeles is Friday by the clock of nobody knows where."""
    friday = datetime(2026, 3, 13, 3, tzinfo=UTC)
    person, served = newcomer(library, "en"), None
    for entry in (Started(), *map(Said, ("No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively",
                                         "Today", "Yes, sent")),
                  CommandGiven("settings"), Said("Your time: not set yet"), Said("Los Angeles")):  # fmt: skip
        served = serve(library, "after_interview", person, entry, friday)
        assert served.person is not None
        person = served.person
    assert served is not None
    assert person.cases[1].facts["interviewed_on"] == "2026-03-12"
    said = [block.text for message in served.messages for block in message.blocks]
    assert "Give it a few days. Connect from Tuesday 17 March." in said


def test_t2_a_request_that_waits_is_not_sent_again(library: Library) -> None:
    """It was answered with "connect now", a status mail, and "one is enough" below."""
    sent = on(24, sent="request")
    told = advised(library, date(2026, 12, 9), sent, **WARM, thanks="sent", interviewed_on="2026-11-17")
    assert (told["rule"], told["may_send"], steps(told)) == ("R04", [], [])
    assert told["mails"] == []


def test_t3_after_the_status_mail_there_is_nothing_more_to_send(library: Library) -> None:
    told = advised(library, date(2026, 12, 18), on(10, 12, sent="status"), **FORMAL, thanks="sent",
                   interviewed_on="2026-11-17")  # fmt: skip
    assert told["verdict"] == "nothing_more"
    assert (told["mails"], told["may_send"], steps(told)) == ([], [], [])
    assert "Let it rest, and tell me if they answer." in told["advice"]


@pytest.mark.parametrize("thanks", ["sent", "no_address"])
def test_t4_in_silence_there_is_one_thing_for_one_person_on_one_day(library: Library, thanks: str) -> None:
    told = advised(library, date(2026, 12, 9), **WARM, thanks=thanks, interviewed_on="2026-11-17")
    assert [do for do, _ in steps(told)] == ["request", "look"]


def test_t4_after_a_no_the_reply_goes_today_and_the_request_on_a_day_of_its_own(library: Library) -> None:
    told = advised(library, date(2026, 11, 24), **{**WARM, "outcome": "rejected"}, interviewed_on="2026-11-17")
    assert steps(told)[:2] == [("reply", "2026-11-24"), ("request", "2026-11-27")]
    assert "I'm sorry it was a no. You can still connect, from Friday 27 November." in told["advice"]
    none = advised(library, date(2026, 11, 24), **{**WARM, "outcome": "rejected"}, thanks="no_address",
                   interviewed_on="2026-11-17")  # fmt: skip
    assert [do for do, _ in steps(none)] == ["request", "look"], "nobody is told to write without an address"


def test_t5_what_would_change_an_advice_never_contradicts_its_plan(library: Library) -> None:
    told = advised(library, TUESDAY, **{**WARM, "invited": "yes"}, thanks="not_sent", interviewed_on="2026-11-17")
    assert steps(told)[:2] == [("thank_you", "2026-11-17"), ("request", "2026-11-18")]
    assert not [flip for flip in told["would_change"] if flip["fact"] in ("thanks", "elapsed")]


def test_t7_after_eight_weeks_a_case_is_cold(library: Library) -> None:
    told = advised(library, date(2026, 11, 24), **WARM, thanks="not_sent", interviewed_on="2026-09-01")
    assert (told["verdict"], told["mails"], steps(told)) == ("long_ago", [], [])


def test_t8_a_day_they_named_counts_before_any_silence(library: Library) -> None:
    told = advised(library, date(2026, 11, 24), **FORMAL, thanks="sent", interviewed_on="2026-11-02",
                   decision_date="2026-12-20")  # fmt: skip
    assert told["rule"] == "R17"
    assert steps(told)[0] == ("look", "2026-12-22")


def test_t10_where_one_morning_is_left_one_message_asks_both(library: Library) -> None:
    told = advised(library, date(2026, 11, 21), **WARM, thanks="not_sent", interviewed_on="2026-11-17")
    assert steps(told)[:2] == [("thank_you", "2026-11-21"), ("request", "2026-11-23")]
    first = [reminder for reminder in told["reminders"] if reminder["day"] == "2026-11-23"]
    assert [reminder["kind"] for reminder in first] == ["M3"]


def test_t12_whether_a_request_was_accepted_is_asked_only_once_it_is_out(dana: Candidate) -> None:
    dana.type(":remind yes")
    assert "M7" not in [reminder.kind for reminder in dana.talk.person.schedule.planned]
    dana.type("I've sent the thank-you")
    dana.talk.wait("3d")
    dana.type("I've sent the request")
    assert [reminder.kind for reminder in dana.talk.person.schedule.planned] == ["M7"]


def test_t13_without_an_address_no_mail_is_named(library: Library) -> None:
    told = advised(library, date(2026, 12, 9), **FORMAL, thanks="no_address", interviewed_on="2026-11-17")
    assert told["mails"] == []
    assert "ask HR or the scheduler to pass your words on" in told["advice"]


def test_t15_a_reason_is_never_false_for_who_reads_it(library: Library) -> None:
    told = advised(library, TUESDAY, **{**FORMAL, "invited": "yes"}, thanks="sent", interviewed_on="2026-11-16")
    assert told["rule"] == "R13"
    assert "clicked" not in told["advice"]


def test_a_request_that_was_withdrawn_may_go_out_once_more_after_three_weeks(library: Library) -> None:
    history = (on(20, sent="request"), on(23, request="withdrawn"))
    told = advised(library, date(2026, 11, 24), *history, **WARM, thanks="sent", interviewed_on="2026-11-02")
    assert steps(told)[0] == ("request", "2026-12-14")
    assert told["may_send"] == []
    twice = (*history, on(14, 12, sent="request"), on(15, 12, request="withdrawn"))
    told = advised(library, date(2026, 12, 20), *twice, **WARM, thanks="sent", interviewed_on="2026-11-02")
    assert (told["verdict"], steps(told)) == ("nothing_more", [])


def test_a_no_to_the_request_is_an_answer(library: Library) -> None:
    history = (on(20, sent="request"), on(23, request="declined"), on(24, told={"outcome": "positive"}))
    told = advised(library, date(2026, 11, 24), *history, **WARM, thanks="sent", interviewed_on="2026-11-10")
    assert (told["verdict"], told["may_send"]) == ("nothing_more", [])


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"on": "2026-11-16", "sent": "request"}, "before the interview on 2026-11-17"),
        ({"on": "2026-11-25", "sent": "request"}, "is still to come (today is 2026-11-24)"),
        ({"on": "2026-11-20", "sent": "letter"}, "'letter' is no sort of message"),
        ({"on": "2026-11-20", "request": "accepted"}, "no request was out"),
        ({"on": "yesterday", "sent": "request"}, "needs its day"),
        ({"sent": "request"}, "needs its day"),
        ({"on": "2026-11-20"}, "needs exactly one of sent, told, request"),
        ({"on": "2026-11-20", "sent": "request", "when": "now"}, "has 'when'"),
    ],
)
def test_a_history_that_cannot_have_happened_is_refused_with_its_reason(
    library: Library, entry: dict[str, Any], why: str
) -> None:
    ask = asked_of(library)
    with pytest.raises(AssertionError) as refused:
        ask({**WARM, "interviewed_on": "2026-11-17", "today": "2026-11-24", "history": [entry]})
    assert why in str(refused.value)


def test_a_history_out_of_order_is_refused(library: Library) -> None:
    with pytest.raises(AssertionError, match="Put the oldest first"):
        advised(library, date(2026, 11, 24), on(20, sent="thank_you"), on(19, told={"outcome": "positive"}), **WARM)
