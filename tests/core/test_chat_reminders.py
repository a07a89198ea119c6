"""Reminders at the desk: the whole arc, what is offered and stopped, and every order of what may happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from icalendar import Calendar

from bot.core.advice.calendar import instant, zone_named
from bot.core.advice.contact_history import WITHDRAWN
from bot.core.chat.commands import LocationShared
from bot.core.chat.turn import FileToSend
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.reminded import WEDNESDAY, Reminded
from tests.support.visitor import SLOTS, WARM

DAY = timedelta(days=1)


@pytest.fixture
def dana(library: Library) -> Reminded:
    reminded = Reminded(library)
    reminded.say(*WARM)
    return reminded


def test_the_first_reminder_is_asked_for_and_nothing_comes_unasked(dana: Reminded) -> None:
    offer = next(m for m in dana.served.messages if m.name == "reminder offer")
    assert offer.blocks[0].text == "Shall I remind you on Monday 23 November at 17:00?"
    assert [o.label for o in offer.options] == ["Yes, please", "Another day or time", "No, thanks"]
    assert dana.until(NOW + 60 * DAY) == []


def test_with_a_no_it_is_never_offered_again(dana: Reminded) -> None:
    dana.beside("no")
    dana.ask("cases")
    dana.say("1")
    assert "advice R19 thank_you_then_wait" in dana.names
    assert "reminder offer" not in dana.names


def test_the_whole_arc_from_the_interview_to_keeping_warm(dana: Reminded) -> None:
    dana.say(*SLOTS)
    dana.beside("yes")
    assert dana.names == ["reminder planned"]
    assert "Monday 23 November at 17:00" in dana.words
    assert dana.until(NOW + 9 * timedelta(hours=1)) == [
        (instant(date(2026, 11, 23), time(17), "Europe/Berlin"), "reminder M1")
    ]
    dana.say("I've sent the thank-you")
    assert dana.names == [
        "done thank_you",
        "note K2 warm 150/200",
        "menu",
    ]
    assert dana.until(WEDNESDAY) == [(WEDNESDAY, "note K2 warm 150/200"), (WEDNESDAY, "reminder M2")]
    assert "you've given them a few days, so today's the day for your request. Has it gone out?" in dana.words
    dana.beside("look")
    assert dana.names == ["question outcome"]
    dana.say("Good news", "No", "No")
    assert dana.names[:2] == ["notice changed", "advice R08 connect_now"]
    assert "It was: wait a few days, then connect. Now it's: connect now, because you got good news" in dana.words
    assert [name.split()[:2] for name in dana.names if name.startswith("note")] == [["note", "K3"]]
    dana.say("I've sent the request")
    assert dana.names == ["done request", "menu"]
    assert dana.until(dana.now + 20 * DAY) == [(WEDNESDAY + 14 * DAY, "reminder M7")]
    dana.beside("answer-relation-connected")
    assert "advice R01 keep_warm" in dana.names
    assert [name.split()[:2] for name in dana.names if name.startswith("message")] == [["message", "D1"]]
    dana.say("I've sent the message")
    assert dana.names == ["done message", "menu"]
    wrote = dana.now.date()
    assert [name for _, name in dana.until(dana.now + 120 * DAY)] == ["reminder M8"] * 3
    dana.ask("cases")
    dana.say("1")
    assert "I've sent the message" not in dana.labels, "one is enough"
    assert dict(dana.person.schedule.ledgers) == {
        1: (("thank_you", date(2026, 11, 23)), ("request", date(2026, 11, 25)), ("accepted", wrote), ("message", wrote))
    }


def test_whoever_has_lost_interest_is_left_in_peace(dana: Reminded) -> None:
    """Nothing heard, nothing from their side: "still interested?" is asked, and a no closes the case."""
    dana.say(*SLOTS, "I've sent the thank-you")
    dana.beside("yes")
    dana.until(WEDNESDAY)
    dana.beside("look")
    dana.say("Nothing yet", "No")
    assert dana.names == ["question interested"]
    dana.say("Not any more")
    assert dana.names[:3] == ["notice changed", "advice R24 let_go", "reminder closed"]
    assert "Now it's: let it go, because you're no longer interested." in dana.words
    closed = next(m for m in dana.served.messages if m.name == "reminder closed")
    assert [option.label for option in closed.options] == ["Delete all about them"]
    assert not [name for name in dana.names if name.startswith("note")]
    assert dana.until(dana.now + 60 * DAY) == []


def test_whoever_is_still_interested_hears_that_the_days_are_over(dana: Reminded) -> None:
    dana.say(*SLOTS, "I've sent the thank-you")
    dana.beside("yes")
    dana.until(WEDNESDAY)
    dana.beside("look")
    dana.say("Nothing yet", "No", "Yes")
    assert dana.names[0] == "advice R22 connect_now", "the day that was told has come, so nothing has changed"


def test_a_reminder_disturbs_no_conversation(dana: Reminded) -> None:
    """It comes between two questions; the buttons of the open one still count."""
    dana.beside("yes")
    turn = dana.person.turn
    assert len(dana.until(NOW + DAY / 2)) == 1
    assert dana.person.turn == turn
    dana.tap("free")
    assert dana.names == ["question profile"]


def test_where_somebody_lives_is_asked_once(library: Library) -> None:
    stranger = Reminded(library, at_home=False)
    stranger.person = replace(stranger.person, zone="UTC")
    stranger.say(*WARM)
    stranger.beside("yes")
    assert stranger.names == ["desk zone"]
    assert "10:00, Berlin" in stranger.labels
    stranger.say("el dorado city")
    assert stranger.names == ["notice no_zone", "desk zone"]
    stranger.say("18:00")
    assert stranger.names == ["reminder planned", "question account"]
    assert stranger.person.zone == "Asia/Tokyo"
    stranger.beside("stop")
    stranger.beside("yes")
    assert stranger.names == ["reminder planned"]


def test_a_city_may_be_typed_and_a_time_that_several_have_is_asked_about(library: Library) -> None:
    stranger = Reminded(library, at_home=False)
    stranger.say(*WARM)
    stranger.beside("yes")
    stranger.say("san")
    assert stranger.names == ["desk zone"]
    assert len(stranger.labels) > 1
    stranger.say("lisbon")
    assert stranger.person.zone == "Europe/Lisbon"


def test_a_shared_location_is_asked_about_and_taken_with_a_tap(library: Library) -> None:
    stranger = Reminded(library, at_home=False)
    stranger.say(*WARM)
    stranger.beside("yes")
    stranger.visit(LocationShared("Europe/Lisbon"))
    assert stranger.names == ["notice near", "desk zone"]
    assert stranger.labels == ["09:00, Lisbon"]
    stranger.tap("Europe/Lisbon")
    assert stranger.names == ["reminder planned", "question account"]
    assert stranger.person.zone == "Europe/Lisbon"


def test_another_day_and_time_can_be_asked_for(dana: Reminded) -> None:
    dana.beside("other")
    assert dana.labels[0] == "Tuesday 24 November, 10:00"
    dana.say("yesterday 10:00")
    assert dana.names[-1] == "desk day"
    dana.say("Friday 14:30")
    assert dana.names == ["reminder planned", "question account"]
    assert "Friday 27 November at 14:30" in dana.words


def test_one_tap_stops_a_case_and_another_deletes_it(dana: Reminded) -> None:
    dana.beside("yes")
    dana.beside("stop")
    assert dana.person.schedule.planned == ()
    dana.beside("delete")
    assert dict(dana.person.cases) == {}
    assert dana.beside("look").toast == "That one's already settled."


def test_it_can_be_put_off_twice(dana: Reminded) -> None:
    dana.beside("yes")
    for _ in range(2):
        dana.until(dana.now + 8 * DAY)
        assert dana.beside("snooze").toast == ""
    dana.until(dana.now + 8 * DAY)
    assert dana.beside("snooze").toast == "That one's already settled."


def test_it_is_offered_as_a_calendar_file(dana: Reminded) -> None:
    dana.beside("yes")
    dana.beside("ics")
    (document,) = [effect for effect in dana.served.effects if isinstance(effect, FileToSend)]
    assert document.name == "reminder.ics"
    assert "DTSTART:20261123T160000Z\r\n" in document.text
    event, *later = Calendar.from_ical(document.text).walk("VEVENT")
    assert [str(one["SUMMARY"]) for one in later] == [
        "Person 1: today's the day for your request", "Person 1: see if they accepted"
    ], "the whole plan"  # fmt: skip
    (alarm,) = event.walk("VALARM")
    assert event["SUMMARY"] == alarm["DESCRIPTION"] == "Person 1: has your thank-you gone out?"
    assert (event.end - event.start, alarm.TRIGGER) == (timedelta(minutes=15), timedelta(0))


def test_reminders_are_listed_moved_and_taken_off(dana: Reminded) -> None:
    dana.ask("reminders")
    assert dana.names == ["desk idle"]
    dana.beside("yes")
    dana.ask("reminders")
    assert dana.labels == [
        "Monday 23 November, 17:00: Person 1: has your thank-you gone out?",
        "Wednesday 25 November, 10:00: Person 1: today's the day for your request",
        "Pause all",
        "Go on",
    ]
    dana.say("2")
    dana.say("Another day or time", "27 Nov")
    assert [(r.kind, r.day.day) for r in dana.person.schedule.planned] == [("M1", 23), ("M2", 27)]
    dana.ask("reminders")
    dana.say("1", "It's done")
    assert [r.kind for r in dana.person.schedule.planned] == ["M2"]
    dana.say("Pause all")
    assert dana.person.schedule.wake > dana.now + 40 * DAY, "nothing but the end of the case is left to ring for"
    dana.ask("reminders")
    dana.say("Remind me again")
    assert dana.person.schedule.wake < dana.now + 40 * DAY


def test_settings_hold_the_zone_the_quiet_hours_and_the_working_days(dana: Reminded) -> None:
    dana.beside("yes")
    dana.ask("settings")
    assert dana.labels[1:4] == ["Your time: Berlin", "Quiet hours: 21:00 to 08:00", "Working days: Monday to Friday"]
    dana.say("Quiet hours: 21:00 to 08:00", "18:00 to 12:00")
    assert [r.due.astimezone(zone_named("Europe/Berlin")).hour for r in dana.person.schedule.planned] == [17, 12]
    dana.ask("settings")
    dana.say("Your time: Berlin", "new york")
    assert [r.due.astimezone(zone_named("America/New_York")).hour for r in dana.person.schedule.planned] == [17, 12]
    dana.ask("settings")
    dana.say("Working days: Monday to Friday", "Sunday to Thursday")
    assert dana.person.working_days == (1, 2, 3, 4, 7)
    assert dana.person.cases[1].working_days == (1, 2, 3, 4, 7)


def test_own_quiet_hours_and_working_days_can_be_typed(dana: Reminded) -> None:
    dana.beside("yes")
    dana.ask("settings")
    dana.say("Quiet hours: 21:00 to 08:00", "whenever")
    assert dana.names == ["notice no_quiet", "desk quiet"]
    dana.say("8 to 18")
    assert dana.names == ["notice no_quiet", "desk quiet"]
    dana.say("16:30 to 11")
    assert [r.due.astimezone(zone_named("Europe/Berlin")).hour for r in dana.person.schedule.planned] == [11, 11]
    dana.ask("settings")
    dana.say("Working days: Monday to Friday", "mon, wed-fri")
    assert dana.person.working_days == (1, 3, 4, 5)
    dana.ask("settings")
    assert "Working days: Mon, Wed, Thu, Fri" in dana.labels
    dana.say("3", "someday")
    assert dana.person.working_days == (1, 3, 4, 5)


def test_the_free_notes_of_the_month_are_counted_over_everybody(dana: Reminded) -> None:
    """Four requests went out this month: the fifth note says that it is the last, a sixth has other ways."""
    schedule = replace(
        dana.person.schedule, ledgers={9: tuple(("request", date(2026, 11, day)) for day in (2, 3, 4, 5))}
    )
    dana.person = replace(dana.person, schedule=schedule)
    dana.say(*SLOTS)
    assert "notice last" in dana.names
    assert "G3" not in dana.words
    used = (*schedule.ledgers[9], ("request", date(2026, 11, 6)))
    dana.person = replace(dana.person, schedule=replace(dana.person.schedule, ledgers={9: used}))
    dana.ask("cases")
    dana.say("1")
    assert "out of personalised notes this month" in dana.words
    assert "notice last" not in dana.names
    dana.now = datetime(2026, 12, 2, 10, tzinfo=UTC)
    dana.ask("cases")
    dana.say("1")
    assert "out of personalised notes this month" not in dana.words
    assert "notes_left" not in dana.person.cases[1].facts


def test_a_second_request_is_declined_with_its_reason(dana: Reminded) -> None:
    """Told that the request was withdrawn, the bot says from when on there may be another."""
    dana.say(*SLOTS)
    dana.now = WEDNESDAY
    dana.ask("cases")
    dana.say("1", "I've sent the thank-you")
    dana.now += 2 * DAY
    dana.ask("cases")
    dana.say("1", "I've sent the request")
    assert "done request" in dana.names
    dana.now += 10 * DAY
    dana.ask("change")
    dana.say("Connected already", "No")
    assert [what for what, _ in dana.person.schedule.ledgers[1]] == ["thank_you", "request", WITHDRAWN]
    assert "notice withdrawn" in dana.names
    assert not any(name.startswith("note") for name in dana.names)
    assert "from Monday 28 December" in dana.words
