"""Going ahead against the advice, the progress that is promised, and what an edited flow leaves behind."""

from dataclasses import replace
from random import Random

import pytest

from bot.core.advice.notes import Note, as_mail, compose
from bot.core.dialogue.engine import advance
from bot.core.dialogue.session import Back, Change, Said, Session, TimePassed
from bot.core.dialogue.view import SessionView
from bot.core.library import Library
from tests.conftest import NOW
from tests.support.candidate import YESTERDAY_WARM, Candidate, plain


@pytest.mark.parametrize(
    ("answers", "rule"),
    [
        ({"interviewed_on": "2026-11-16", "thanks": "Yes, sent"}, "R22"),
        ({"outcome": "A job offer"}, "R05"),
        ({"invited": "Yes, they did", "interviewed_on": "2026-11-16"}, "R13"),
    ],
    ids=["R22", "R05", "R13"],
)
def test_nobody_is_offered_to_go_ahead_against_a_yes(library: Library, answers: dict[str, str], rule: str) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, **answers})
    assert SessionView(library, candidate.session, NOW).outcome.rule == rule
    assert "override" not in [option.id for option in candidate.turn.messages[-1].options]
    leaked = replace(candidate.session, answers={**candidate.session.answers, "overridden": "yes"}, said={})
    said = Candidate(library, leaked).said()
    assert "against my advice" not in said
    assert "go ahead" not in said


def gone_ahead(library: Library) -> Candidate:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    candidate.type("I'll connect now anyway")
    return candidate


def test_going_ahead_is_taken_back_by_going_back(library: Library) -> None:
    candidate = gone_ahead(library)
    candidate.hear(Back())
    assert "overridden" not in candidate.session.answers
    assert candidate.session.answers["thanks"] == "not_sent"
    assert "override" in [option.id for option in candidate.turn.messages[-1].options]


def test_going_ahead_can_be_changed(library: Library) -> None:
    candidate = gone_ahead(library)
    candidate.answer(**YESTERDAY_WARM)
    candidate.type(":change", "Going ahead anyway", "No")
    assert candidate.session.answers["overridden"] == "no"
    assert "override" in [option.id for option in candidate.turn.messages[-1].options]


def test_going_ahead_is_forgotten_once_the_advice_is_another(library: Library) -> None:
    candidate = gone_ahead(library)
    candidate.answer(**YESTERDAY_WARM)
    candidate.type(":change", "How it felt", "Strictly formal")
    assert candidate.turn.messages[1].name == "advice R15 thank_you_then_hold"
    assert "overridden" not in candidate.session.answers
    assert "against my advice" not in candidate.said()


def test_the_progress_never_grows_by_answering(library: Library) -> None:
    """After a change or a step back it is counted anew; from there on it only falls."""
    typed = plain(library)
    typed.type("No", "Well", "Nothing yet", "Someone through", ":change", "How it went", "Badly")
    assert "Question 3 of up to 6" in typed.said()
    typed.type("Yes")
    assert "Question 5 of up to 6" in typed.said()
    dice = Random(11)  # noqa: S311 - seeded, so that a failure comes again
    for _ in range(200):
        session, bound = Session(flow="after_interview"), 99
        for _ in range(30):
            turn = advance(library, session, TimePassed(), NOW)
            last = turn.messages[-1]
            roll = dice.random() if session.answers else 1.0
            if roll < 0.1:
                session, bound = advance(library, session, Back(), NOW).session, 99
                continue
            if roll < 0.2:
                session, bound = advance(library, session, Change(), NOW).session, 99
                continue
            if last.kind == "question" and last.blocks[0].role == "progress":
                words = last.blocks[0].text
                if not words.startswith("Question "):
                    break
                number, at_most = (int(word) for word in words.removeprefix("Question ").split(" of up to "))
                assert number <= at_most <= bound, (session.answers, words)
                bound = at_most
            elif not session.asking:
                break
            chosen = dice.choice([o.label for o in last.options if o.id != "other_day"])
            session = advance(library, session, Said(chosen), NOW).session


@pytest.mark.parametrize("asking", ["gone", "elapsed", "overridden", "change"])
def test_what_an_edited_flow_no_longer_asks_kills_no_session(library: Library, asking: str) -> None:
    resumed = Candidate(library, Session(flow="after_interview", asking=asking))
    assert resumed.asked == "relation"
    assert resumed.session.asking == ""


def test_a_fact_that_was_taken_out_of_the_offers_is_no_longer_asked(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**YESTERDAY_WARM)
    candidate.type("Add a detail", "My search is a secret")
    flow = replace(library.flows["after_interview"], offers=())
    resumed = Candidate(replace(library, flows={"after_interview": flow}), candidate.session)
    assert resumed.turn.messages[-1].kind == "menu"


def test_the_note_as_an_email_is_offered_only_where_it_says_something_new(library: Library) -> None:
    for answers, offered in (
        ({"outcome": "Good news", "more_rounds": "No"}, True),
        ({"outcome": "A rejection"}, False),  # a reply by e-mail is advised anyway
        ({"invited": "Yes", "interviewed_on": "2026-11-16", "thanks": "Not yet"}, True),
        ({"thanks": "I don't have their email", "interviewed_on": "2026-11-16"}, False),
        ({"thanks": "Yes, sent", "interviewed_on": "2026-11-16"}, False),
        ({}, False),
    ):
        candidate = plain(library)
        candidate.answer(**{**YESTERDAY_WARM, **answers})
        assert ("as_mail" in [option.id for option in candidate.turn.messages[-1].options]) == offered, answers


def test_the_note_as_an_email_has_words_of_its_own(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "outcome": "Good news", "more_rounds": "No"})
    note = candidate.said()
    candidate.type("The note as an email")
    mail = candidate.turn.messages[0]
    assert mail.name == "mail K3 mail"
    subject, body = (block.text for block in mail.blocks if block.role == "copy")
    assert "Dana" in subject
    assert body.startswith("Hi Dana,\n\n")
    assert " here" not in body
    assert body not in note


def test_members_of_a_panel_get_emails_in_different_voices(library: Library) -> None:
    kind = library.notebook.kinds["K7"]
    catalog = library.catalog("en")
    slots = {"first": "Dana", "job": "Data Analyst", "topic": "Kubernetes", "me": "Sam"}
    seen: list[str] = []
    taken: frozenset[str] = frozenset()
    for _ in range(6):
        note = compose(kind, slots, 200, catalog, wordings=["full"], taken=taken)
        assert isinstance(note, Note)
        taken |= {note.trace}
        mail = as_mail(note, kind, slots, catalog, "Staying in touch")
        assert mail
        seen.append(mail.text)
    assert len(set(seen)) == 6


def test_after_an_offer_the_note_is_for_when_it_is_signed(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "outcome": "A job offer"})
    assert "for when you've signed" in candidate.said()
    assert "ready to paste" not in candidate.said()


def test_an_offer_speaks_of_the_panel_only_where_one_was_met(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(relation="No", experience="Well", outcome="A job offer")
    assert "panel" not in candidate.said()
    other = plain(library)
    other.answer(**{**YESTERDAY_WARM, "role": "Another interviewer"})
    other.type(":change", "Their answer", "A job offer")
    assert "connect with others on the panel" in other.said()


def test_the_members_of_a_panel_hear_different_voices(library: Library) -> None:
    """C61: whoever compares what they got must not read one letter twice."""
    candidate = plain(library)
    panel = {**YESTERDAY_WARM, "role": "Another interviewer", "invited": "No", "thanks": "Not yet"}
    notes, mails = [], []
    for name, topic in (("Dana", "Kubernetes"), ("Ahmed", "your hiring plans"), ("Zoë", "Kubernetes")):
        candidate.answer(**{**panel, "first": name, "topic": topic})
        texts = candidate.copies()
        mails.append(texts[1].replace(name, "").replace(topic, ""))
        notes.append(texts[-1].replace(name, "").replace(topic, ""))
        candidate.type("Another interviewer there")
    assert len(set(mails)) == len(set(notes)) == 3


def test_a_stop_at_the_end_of_a_phrase_does_not_stand_in_the_note(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(**{**YESTERDAY_WARM, "topic": "event-driven billing.", "company": "Acme Inc."})
    assert candidate.session.answers["topic"] == "event-driven billing"
    assert candidate.session.answers["company"] == "Acme Inc."
    assert ".." not in "".join(candidate.copies())


def test_an_offer_opens_the_way_once_it_is_signed_and_nothing_else_is_expected(library: Library) -> None:
    candidate = plain(library)
    candidate.answer(relation="No", experience="Well", outcome="A job offer", tone="Strictly formal")
    assert "once you've signed" in candidate.said()
    assert "good news" not in candidate.said()
