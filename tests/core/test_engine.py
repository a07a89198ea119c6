"""Conversations as people have them. Between any two turns the session is written out and read back."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.advice.judge import Advice
from bot.core.dialogue.engine import advance
from bot.core.dialogue.session import Back, Cancelled, Picked, Remind, Said, Session, Started, TimePassed
from bot.core.dialogue.view import SessionView
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.candidate import YESTERDAY_WARM, Candidate, plain


def test_the_first_screen_says_what_this_is_and_what_it_will_not_do(library: Library) -> None:
    candidate = plain(library)
    assert len(candidate.turn.messages[0].blocks) == 2
    assert "never send anything" in candidate.said()
    assert "can't see LinkedIn" in candidate.said()
    assert "Question 1 of up to 8" in candidate.said()


def test_the_day_after_a_warm_interview(library: Library) -> None:
    """Friday, warm, no thank-you yet: thanks now, the request on Wednesday, both texts in hand."""
    candidate = plain(library)
    candidate.answer(**{k: v for k, v in YESTERDAY_WARM.items() if k not in ("format", "account", "profile")})
    advice = candidate.named("advice")[0]
    assert advice.name == "advice R19 thank_you_then_wait"
    assert "Wednesday 25 November" in advice.blocks[0].text
    assert "If they suggest staying in touch" in candidate.said()
    reminders = [e for e in candidate.turn.effects if isinstance(e, Remind)]
    assert [(r.kind, r.day.isoformat()) for r in reminders] == [("M1", "2026-11-23"), ("M2", "2026-11-25")]
    candidate.answer(**YESTERDAY_WARM)
    assert [m.name.split()[:2] for m in candidate.named("note")] == [["mail", "E1"], ["note", "K2"]]
    subject, body, note = candidate.copies()
    assert len(note) <= 200
    assert "Hi Dana" in note
    assert "event-driven billing" in note
    assert "Sam Okafor" in body
    assert "{" not in subject + body + note


def test_every_way_through_ends_in_advice_after_at_most_eight_questions(library: Library) -> None:
    """Walked by answering, not by looking at the flow: every option of every question before the advice."""
    done: dict[str, int] = {}

    def walk(session: Session, taps: int, last_at_most: int) -> None:
        turn = advance(library, session, TimePassed(), NOW)
        question = turn.messages[-1]
        assert question.kind == "question"
        fact = question.name.removeprefix("question ")
        typed = ["2026-11-16", "2026-11-02"] if fact == "interviewed_on" else []  # a week ago, three weeks ago
        for label in [*(option.label for option in question.options if option.id != "other_day"), *typed]:
            after = advance(library, session, Said(label), NOW)
            asked = after.messages[-1]
            advice = [m for m in after.messages if m.kind == "advice"]
            if advice:
                done[",".join([fact, label, advice[0].name])] = taps + 1
                assert taps + 1 <= 8
                assert taps + 1 <= last_at_most
                continue
            progress = asked.blocks[0].text
            number, at_most = (int(word) for word in progress.replace("Question ", "").split(" of up to "))
            again = asked.name == question.name  # of last week, say: which day was it? It is the same question still
            assert number == taps + (1 if again else 2), progress
            assert at_most <= last_at_most, "the number of questions never grows"
            walk(after.session, taps if again else taps + 1, at_most)

    walk(advance(library, Session(flow="after_interview"), Started(), NOW).session, 0, 8)
    assert max(done.values()) == 8
    assert min(done.values()) == 2, "how it went decides whether a message is handed over"
    rules = {name.split("advice ")[1].split()[0] for name in done}
    assert rules == {f"R{n:02}" for n in range(1, 24)}


def test_only_the_slots_of_the_note_are_asked_and_what_is_mine_only_once(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    first = set(candidate.session.answers)
    assert {"me", "account", "company"} <= first  # the thank-you e-mail names the company
    assert "field" not in first
    candidate.type("A new interview")
    candidate.answer(**YESTERDAY_WARM)
    assert not {"me", "account"} & candidate.session.answers.keys()
    assert "Sam Okafor" in "".join(candidate.copies())


def test_another_person_from_the_same_interview_is_asked_only_what_differs(library: Library) -> None:
    candidate = plain(library)
    panel = {**YESTERDAY_WARM, "role": "Another interviewer", "thanks": "sent", "interviewed_on": "2026-11-16"}
    candidate.answer(**panel)
    one = candidate.copies()[-1]
    candidate.type("Another interviewer there")
    assert not {"outcome", "interviewed_on", "job", "me"} - candidate.session.carried.keys()
    candidate.answer(**{**panel, "first": "Kim"})
    other = candidate.copies()[-1]
    assert one.replace("Dana", "") != other.replace("Kim", "")
    assert {"outcome", "interviewed_on", "job", "me"} & candidate.session.answers.keys() == set()


def test_six_panel_members_with_the_same_topic_get_six_texts(library: Library) -> None:
    """C61, and for a seventh an honest request for another topic."""
    candidate = plain(library)
    panel = {**YESTERDAY_WARM, "role": "Another interviewer", "thanks": "sent", "interviewed_on": "2026-11-16"}
    panel["tone"] = "Friendly, nothing special"
    texts = []
    for name in ("Ana", "Bo", "Cy", "Di", "Ed", "Flo"):
        candidate.answer(**{**panel, "first": name, "topic": "Kubernetes"})
        texts.append(candidate.copies()[-1].replace(name, ""))
        candidate.type("Another interviewer there")
    assert len(set(texts)) == 6


def advice_of(candidate: Candidate) -> Advice:
    return SessionView(candidate.talk.library, candidate.session, candidate.talk.now).advice


def test_back_and_forth_from_every_question_gives_the_same_advice(library: Library) -> None:
    straight = plain(library)
    straight.answer(**YESTERDAY_WARM)
    for stop in range(1, 17):
        candidate = plain(library)
        for _ in range(stop):
            if candidate.asked:
                candidate.type({**YESTERDAY_WARM, "first": "Dana"}.get(candidate.asked) or "Northwind")
        asked = candidate.asked
        candidate.hear(Back())
        assert candidate.asked != asked or stop == 0
        candidate.type({**YESTERDAY_WARM, "first": "Dana"}.get(candidate.asked) or "Northwind")
        assert candidate.asked == asked
        candidate.answer(**YESTERDAY_WARM, **dict.fromkeys(("first", "job", "company", "topic", "me"), "Northwind"))
        assert advice_of(candidate) == advice_of(straight)


def test_back_takes_a_detail_back_first(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    before = candidate.session.answers
    candidate.type("Add a detail", "My search is a secret", "Yes, it's a secret")
    candidate.hear(Back())
    assert candidate.session.answers == before


def test_back_at_the_first_question_changes_nothing(library: Library) -> None:
    candidate = plain(library)
    candidate.hear(Back())
    assert candidate.asked == "relation"
    assert "first question" in candidate.said()


def test_a_kill_between_any_two_turns_loses_nothing(library: Library) -> None:
    """Only what was serialised goes on; here into a library loaded anew, as after a restart."""
    from bot.app.content import open_library

    candidate = plain(library)
    answers = {**YESTERDAY_WARM}
    fresh = open_library(None)
    while candidate.asked:
        asked = candidate.asked
        stored = json.dumps(candidate.session.to_json())
        resumed = Candidate(fresh, Session.from_json(json.loads(stored)))
        assert resumed.asked == asked
        candidate = resumed
        candidate.type(answers.get(asked) or {"first": "Dana", "me": "Sam"}.get(asked, "Northwind"))
    assert candidate.turn.messages[-1].kind == "menu"


def test_an_answer_can_be_changed_and_the_change_is_said(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    candidate.type(":change", "Their answer", "A job offer")
    assert "notice changed" in [m.name for m in candidate.turn.messages]
    assert "thank-you now, request later" in candidate.said()
    assert candidate.named("advice")[0].name == "advice R05 connect_now"
    candidate.answer()
    assert candidate.named("note")[0].name.startswith("note K10")


def test_going_ahead_anyway_gives_the_note_with_the_caution(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    candidate.type("I'll connect now anyway")
    assert candidate.session.answers["overridden"] == "yes"
    assert "against my advice" in candidate.said()
    candidate.answer(**YESTERDAY_WARM)  # the first thanks are in this note, so it matters how they met
    assert any(m.name.startswith("note K1 ") for m in candidate.named("note"))
    assert "override" not in [option.id for option in candidate.turn.messages[-1].options]


def test_a_bad_interview_can_be_left_and_the_note_for_the_contact_stays_neutral(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(relation="No", experience="Badly", wants="No")
    assert candidate.named("advice")[0].name == "advice R02 skip"
    candidate.type(":change", "Still want to connect", "Yes")
    candidate.answer(
        outcome="A rejection", tone="Friendly, nothing special", account="Premium", profile="Yes, it's ready"
    )
    note = candidate.copies()[-1]
    assert candidate.named("note")[0].name.startswith("note K8")
    for word in ("interview", "met", "meeting", "conversation", "role", "position", "candidate", "feedback"):
        assert word not in note.lower().split()


def test_a_neutral_note_refuses_a_word_that_would_give_the_interview_away(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(
        relation="No", experience="Badly", wants="Yes", outcome="A rejection", tone="Friendly, nothing special",
        account="Free", profile="Yes, it's ready",
    )  # fmt: skip
    candidate.type(":change", "the company", "Interview Kickstart")
    assert candidate.asked == "company"
    assert "shouldn't say" in candidate.said()
    candidate.answer(company="IK")
    assert candidate.named("note")


def test_a_profile_that_is_not_ready_gets_its_checklist_before_the_note(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "profile": "Not yet"})
    kinds = [m.kind for m in candidate.turn.messages]
    assert kinds.index("checklist") < len(kinds) - 1 - kinds[::-1].index("note")
    assert "photo" in candidate.said()


def test_no_notes_left_offers_the_other_ways(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "interviewed_on": "2026-11-16", "outcome": "Good news", "more_rounds": "No"})
    candidate.type("Add a detail", "Notes left this month", "0")
    assert "out of personalised notes" in candidate.said()
    assert any(isinstance(e, Remind) and e.kind == "M9" for e in candidate.turn.effects)
    candidate.type("The note as an email")
    assert candidate.copies()[0] == "Staying in touch, Dana"


def test_details_are_offered_only_where_they_change_something(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(relation="Yes, connected")
    offered = [option.id for option in candidate.turn.messages[-1].options]
    assert "detail" not in offered
    assert "override" not in offered


def test_a_day_they_named_moves_the_reminder(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "tone": "Strictly formal", "thanks": "Yes, sent"})
    candidate.type("Add a detail", "The day they'll decide", "4 Dec")
    reminders = {e.kind: e.day.isoformat() for e in candidate.turn.effects if isinstance(e, Remind)}
    assert reminders["M4"] == "2026-12-08"
    assert reminders["M5"] == "2026-12-11"  # silence counts from that day too, after the question for news


def test_the_longer_note_is_offered_and_fits_premium(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    short = candidate.copies()[-1]
    candidate.type("A longer note (Premium)")
    long = candidate.copies()[-1]
    assert len(short) <= 200 < len(long) <= 300
    assert f"{len(long)}/300" in candidate.said()


def test_time_passes_and_the_advice_follows(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    candidate.talk.wait("3d")
    assert [line.text for line in candidate.talk.lines if line.text.startswith("advice")][
        -1
    ] == "advice R21 thank_you_first"


def test_an_old_button_is_answered_politely_and_not_obeyed(library: Library) -> None:
    candidate = plain(library)
    old = candidate.session.turn
    candidate.type("No")
    before = candidate.session.answers
    candidate.hear(Picked("connected", old))
    assert candidate.session.answers == before
    assert "already answered" in candidate.said()
    candidate.hear(Picked("positive", candidate.session.turn))
    assert candidate.session.answers["experience"] == "positive"


def test_stopping_keeps_the_answers_and_anything_goes_on(library: Library) -> None:
    candidate = plain(library)
    candidate.type("No", "Well")
    candidate.hear(Cancelled())
    assert candidate.session.stage == "cancelled"
    assert "Your answers are safe" in candidate.said()
    candidate.hear(Started())
    assert candidate.asked == "outcome"


def test_the_first_words_after_stopping_only_resume(library: Library) -> None:
    candidate = plain(library)
    candidate.type("No", "Well")
    for event in (Said("A job offer"), Picked("offer", candidate.session.turn)):
        candidate.hear(Cancelled())
        candidate.hear(event)
        assert "outcome" not in candidate.session.answers
        assert candidate.asked == "outcome"


def test_why_is_answered_at_every_question_and_at_the_end(library: Library) -> None:
    candidate = plain(library)
    while candidate.asked:
        asked = candidate.asked
        candidate.type(":why")
        assert candidate.asked == asked
        candidate.type({**YESTERDAY_WARM, "first": "Dana"}.get(asked) or "Northwind")
    candidate.type(":why")
    assert "What decided it: Interview day: Friday 20 November; Thank-you email: Not yet." in candidate.said()
    assert not re.search(r"\b[CR]\d\d\b|the article", candidate.said())
    candidate.type(":why full")
    assert "(C53)" in candidate.said()
    assert "R19" in candidate.said()


def test_an_edited_flow_resumes_at_the_first_answer_that_no_longer_fits(library: Library) -> None:
    """A coach takes a step out and renames an answer while somebody is in the middle."""
    candidate = plain(library)
    candidate.type("No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively")
    assert candidate.asked == "interviewed_on"
    session = candidate.session
    renamed = replace(session, answers={**session.answers, "outcome": "no_news_yet"})  # a value that is gone
    resumed = Candidate(library, renamed)
    assert resumed.asked == "outcome"
    resumed.type("Nothing yet")
    assert resumed.asked == "interviewed_on"  # the later answers were kept
    flow = library.flows["after_interview"]
    shorter = replace(flow, steps=tuple(step for step in flow.steps if step.id != "invited"))
    edited = replace(library, flows={"after_interview": shorter})
    assert Candidate(edited, session).asked == "interviewed_on"


@pytest.mark.parametrize(
    "text", ["", "   ", "\x00", "🙂" * 3000, "{0.__class__}", "%(a)s", "{{7*7}}", "[/red]", "<b>", ":"]
)
def test_nothing_that_can_be_typed_breaks_a_conversation(library: Library, text: str) -> None:
    candidate = plain(library)
    while candidate.asked:
        asked = candidate.asked
        candidate.hear(Said(text))
        if candidate.asked == asked:
            candidate.type({**YESTERDAY_WARM, "first": "Dana"}.get(asked) or "Northwind")
    assert candidate.named("note")
    candidate.hear(Said(text))
    assert candidate.turn.messages[-1].kind == "menu"


def test_what_people_type_reaches_the_note_unchanged(library: Library) -> None:
    candidate = plain(library)
    topic = "{first} & <b>%(x)s</b> {{7*7}}"
    candidate.answer(**{**YESTERDAY_WARM, "topic": topic, "first": "O'Brien"})
    assert topic in candidate.copies()[-1]
    assert "Hi O'Brien," in candidate.copies()[-1]


def test_the_same_answers_and_clock_give_the_same_dialogue(library: Library) -> None:
    """P10."""
    one, other = plain(library), plain(library)
    one.answer(**YESTERDAY_WARM)
    other.answer(**YESTERDAY_WARM)
    assert one.turn == other.turn
    later = Candidate(library, now=NOW + timedelta(days=400))
    assert later.turn == plain(library).turn


def test_the_note_comes_in_other_words_warmer_and_more_formal_and_keeps_them(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "tone": "Friendly, nothing special"})
    seen = [candidate.copies()[-1]]
    for wish in ("Another wording", "Warmer", "Another wording", "More formal", "Another wording"):
        candidate.type(wish)
        seen.append(candidate.copies()[-1])
        assert candidate.turn.messages[0].kind == "note", "one text, and nothing said twice"
        assert len(candidate.turn.messages) == 2
    assert len(set(seen)) == 6
    assert all("event-driven billing" in text for text in seen)
    kept = candidate.session
    assert kept.said["menu:voice"].startswith("K2 ")


def test_who_remembers_no_topic_gets_a_note_without_one(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "topic": "Nothing special"})
    mail, note = candidate.copies()[1], candidate.copies()[-1]
    assert "Data Analyst" in note
    for text in (mail, note):
        assert "about ." not in text
        assert "Nothing special" not in text
