"""Where typed text goes that is no answer to the open question, which stays open.

To the message it replies to; to a reminder or an offer that waits; to the questions that many ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from bot.core.chat import reminders
from bot.core.chat.turn import DONE, RESUME, ChatTurn, Converse, Next
from bot.core.dialogue.answers import choose, read
from bot.core.dialogue.dates import Misread
from bot.core.dialogue.render import misread
from bot.core.dialogue.session import Block, Option, Outgoing, RepliedMessage, Said, Started
from bot.core.dialogue.view import SessionView
from bot.core.understanding.meaning import AnswerReader
from bot.core.understanding.phrases import PhraseSet
from bot.core.understanding.words import ASKED, BREAK, read_words

REPLIES = ("yes", "no", "done", "later")
"""What may be said to a reminder or an offer, as understanding.yaml has it."""
BESIDE = reminders.BESIDE


def route(turn: ChatTurn, said: Said) -> Next | None:
    """Return what follows from a text that is meant for something else than the open question; None where it is not."""
    if said.to and (found := _answer_replied(turn, said.text, said.to)):
        return found
    if _is_greeting(turn, said.text):
        return Converse(Started())
    return _answer_waiting(turn, said.text) or _answer_question(turn, said.text)


def _is_greeting(turn: ChatTurn, text: str) -> bool:
    """Tell whether somebody who has told nothing yet says hello."""
    words = [word.text for word in read_words(text) if word.text not in (ASKED, BREAK)]
    if turn.person.cases or turn.person.facts or turn.session.answers or not words:
        return False
    return any(found.end == len(words) for found in turn.catalog.understanding.beside.at(words, 0))


# -- the message that is replied to ------------------------------------------------------------------------------------


def _answer_replied(turn: ChatTurn, text: str, to: RepliedMessage) -> Next | None:
    """Take a text as the answer to the message it replies to: a reminder, an offer, or a question of before."""
    beside = [Option(tap.option, label) for label, tap in to.options if tap.option.startswith(BESIDE)]
    if beside:
        tapped = _meant(turn, text, beside)
        if tapped is None:
            turn.effects.append(misread(turn.catalog, Misread("choice")))
            return DONE
        return _tap(turn, tapped)
    about = next((tap.about for _, tap in to.options if tap.about), "") or _asked_in(turn, to.text)
    session = turn.session
    if not about or about == SessionView(turn.library, session, turn.now).position.fact:
        return None
    return Converse(Said(text), session.but(asking=about)) if about in session.facts else None


def _asked_in(turn: ChatTurn, text: str) -> str:
    """Return the fact that a message asked for, or that it shows as answered."""
    flow = turn.library.flows[turn.session.flow]
    for name in flow.asks:
        question, short = (turn.catalog.say(f"question.{name}.{part}") for part in ("text", "short"))
        if question in text or text.casefold().startswith(f"{short.casefold()}:"):
            return name
    return ""


def _tap(turn: ChatTurn, option: Option) -> Next:
    step = reminders.handle(turn, option.id)
    if step is None:
        turn.say("remind.over")
    return step or RESUME


# -- a reminder or an offer that waits ---------------------------------------------------------------------------------


def _answer_waiting(turn: ChatTurn, text: str) -> Next | None:
    """Take "done" or "not yet" as the answer to the reminder that came last, "yes" to an offer that is open."""
    word = _reply(turn, text)
    if not word:
        return None
    person = turn.person
    newest = person.reminded > person.panel
    if not newest and _answers_open_question(turn, text):
        return None
    options = _waiting(turn) if newest or person.reminded == 0 else []
    options = options or ([] if newest else reminders.offer_options(turn))
    tapped = _meant(turn, text, options)
    return _tap(turn, tapped) if tapped else None


def _waiting(turn: ChatTurn) -> list[Option]:
    """Return what can be answered to the last reminder, if it was about one case and has no answer yet."""
    schedule, cases = turn.schedule, turn.person.cases
    waiting = [case for case in schedule.spoken if case in cases and schedule.life(case, turn.today).asked]
    return reminders.asked_options(turn, waiting[0]) if len(waiting) == 1 else []


def _meant(turn: ChatTurn, text: str, options: Sequence[Option]) -> Option | None:
    """Return the option below a reminder or an offer that a text means."""
    if found := choose(text, options):
        return found
    by_what: dict[str, Option] = {}
    for option in options:
        what = option.id.removeprefix(BESIDE).rpartition("_")[0]
        by_what.setdefault(what.partition("-")[0], option)
        kind, _, about = what.partition("-")
        name, _, value = about.partition("-")
        if (
            kind == "answer"
            and read(turn.library.facts[name], text, turn.catalog, turn.today, turn.place.week) == value
        ):
            return option
    order = {"yes": ("yes", "sent"), "done": ("sent", "yes"), "no": ("no", "snooze"), "later": ("snooze", "other")}
    return next((by_what[what] for what in order.get(_reply(turn, text), ()) if what in by_what), None)


def _reply(turn: ChatTurn, text: str) -> str:
    """Return which common reply a text is; "" for anything else."""
    catalog = turn.catalog
    if "chat replies" not in catalog.worded:
        known = catalog.understanding.replies
        phrases = {name: (f"<{name}>",) for name in REPLIES if name in known}
        catalog.worded["chat replies"] = AnswerReader(catalog.understanding, phrases)
    return cast("AnswerReader", catalog.worded["chat replies"]).read(text).value or ""


def _answers_open_question(turn: ChatTurn, text: str) -> bool:
    """Tell whether the open question takes a text; one for a name or a topic would take anything and is not asked."""
    session = turn.session
    name = session.asking or SessionView(turn.library, session, turn.now).position.fact
    fact = turn.library.facts.by_name.get(name or "")
    if fact is None or fact.kind == "text":
        return False
    return isinstance(read(fact, text, turn.catalog, turn.today, turn.place.week), str)


# -- questions that many ask -------------------------------------------------------------------------------------------


def _answer_question(turn: ChatTurn, text: str) -> Next | None:
    """Answer a question by its words; a statement only where the open question could not take it."""
    name = question_of(turn, text)
    if not name:
        return None
    session = turn.session
    asked = session.asking or SessionView(turn.library, session, turn.now).position.fact
    fact = turn.library.facts.by_name.get(asked or "")
    if not _is_question(turn, text) and (fact is None or fact.kind == "text" or _answers_open_question(turn, text)):
        return None
    turn.effects.append(answer(turn, name))
    return RESUME


def answer(turn: ChatTurn, name: str) -> Outgoing:
    """Word the answer to a question that many ask."""
    catalog = turn.catalog
    blocks = [
        Block("title", catalog.say(f"faq.{name}.question")),
        Block("text", catalog.say(f"faq.{name}.answer", **turn.library.measures)),
    ]
    return Outgoing("notice", f"faq {name}", tuple(blocks))


def question_of(turn: ChatTurn, text: str) -> str:
    """Return the question that many ask which has these words, the most of them; "" for none."""
    catalog = turn.catalog
    if "faq" not in catalog.worded:
        keys = {name: f"faq.{name}.asks" for name in turn.library.faq}
        phrases = {name: catalog.alternatives(key) for name, key in keys.items() if catalog.has(key)}
        catalog.worded["faq"] = catalog.understanding.phrase_set(phrases)
    words = [word.text for word in read_words(text)]
    known = cast("PhraseSet", catalog.worded["faq"])
    found = [match for at in range(len(words)) for match in known.at(words, at)]
    best = max(found, key=lambda match: match.end - match.start, default=None)
    return best.meaning if best else ""


def _is_question(turn: ChatTurn, text: str) -> bool:
    """Tell whether a text asks something, with or without its mark."""
    words = [word.text for word in read_words(text)]
    return ASKED in words or bool(turn.catalog.understanding.asking.at(words, 0))
