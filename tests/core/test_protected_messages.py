"""Texts that belong to nobody's edition: whatever a member reads before a yes, whatever a coach makes of every text.

Every text of the content is changed at once, as no coach's edition ever could. Then a member goes wherever buttons
lead, and each screen that leads to something being given, taken, sent, left or deleted has to be as it was shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.core.advice.catalog import Catalog, Message
from bot.core.chat.commands import CommandGiven, CommandResult, Entry, newcomer, serve
from bot.core.chat.person import Person
from bot.core.chat.privacy import Operator
from bot.core.chat.reminders import BESIDE_OPTIONS
from bot.core.chat.retention import KEEP, Silence
from bot.core.coaching import group_chat, private_chat
from bot.core.coaching.cohort import ButtonPressed, Cohort, Member, MembershipChanged, sealed
from bot.core.coaching.context import CoachingContext, CoachingReply, Requester
from bot.core.coaching.privacy import shared_lines
from bot.core.coaching.speaker import Speaker
from bot.core.coaching.views import Panel, Shown
from bot.core.dialogue.session import Picked, Said, Session
from bot.core.issues import SourceLocations
from bot.core.library import Library
from bot.telegram.private_chat import PrivateChat
from bot.verification.check_protected import protected_kept
from tests.conftest import NOW
from tests.support.cohort_repository import Rolls as Kept
from tests.support.course_in_process import SHOWN

COACH, DANA, NUMBER, SECRET, CHANGED = 1, 10, 4, "s" * 22, "¤"
SHOWN_ITSELF = ("note.", "as_mail.", "word.", "faq.")
"""The words of a note, and topics of the edition's own: what is shown or sent itself, to the letter as it stands."""


def _changed(message: Message) -> Message:
    if isinstance(message, str):
        return message + CHANGED
    if isinstance(message, tuple):
        return tuple(text + CHANGED for text in message)
    return {form: text + CHANGED for form, text in message.items()}


@pytest.fixture(scope="module")
def attack(library: Library) -> Library:
    """Return an edition that changes every text there is, laid over the shipped content."""
    read = (*SHOWN_ITSELF[:3], "days.", "language.locale")
    made = {
        name: Catalog(name, {k: m if k.startswith(read) else _changed(m)
                               for k, m in one.messages.items()})
        for name, one in library.catalogs.items()
    }  # fmt: skip
    return replace(library, catalogs=made).bound_to(library).like(library)


def kept_of(cohorts: Mapping[int, Cohort]) -> Kept:
    """Return what is kept of some cohorts, and of Dana's interview, which has come to its note."""
    names = {"first": "Maria", "company": "Northwind", "me": "Sam"}
    return Kept(dict(cohorts), {DANA: {1: Session("after_interview", answers={**SHOWN, **names})}})


@dataclass
class Walk:
    """A member who taps every button of every screen; `said` is what stood on those that decide something."""

    library: Library
    said: dict[str, list[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)

    def desk(self, repository: Kept) -> private_chat.PrivateCoaching:
        requester = Requester(DANA, "Dana", "en", named=False, bot="b", dice="0" * 64, message=5)
        return private_chat.PrivateCoaching(CoachingContext(self.library, requester, repository, NOW))

    def from_(self, answer: CoachingReply, kept: Mapping[int, Cohort]) -> bool:
        """Go on from an answer; tell whether it decided something."""
        decides = bool(answer.cohorts or answer.told)
        after = {**kept, **{n: one for n, one in answer.cohorts.items() if one is not None}}
        for panel in answer.panels:
            if isinstance(panel, Panel):
                self.on(panel, after, decides)
        for shown in (panel for whom, panels in answer.told.items() if whom != COACH for panel in panels):
            self.note(shown)
        return decides

    def on(self, panel: Panel, kept: Mapping[int, Cohort], confirms: bool) -> None:
        look = _text(panel)
        if confirms:
            self.note(panel)
        if look in self.seen:
            return
        self.seen.add(look)
        for button in panel.buttons:
            if not button.about:
                continue
            verb, *about = button.about
            answer = self.desk(kept_of(kept)).pressed(ButtonPressed(verb, tuple(about)))
            if self.from_(answer, kept):
                self.decided.add(verb)
                self.note(panel)

    def note(self, panel: Shown) -> None:
        assert isinstance(panel, Panel)
        self.said.setdefault(panel.blocks[0].text, []).append(_text(panel))


def _text(panel: Panel) -> str:
    return "\n".join([*(block.text for block in panel.blocks), *(button.label for button in panel.buttons)])


def cohort(**more: Any) -> Cohort:
    invited = {"code": sealed(SECRET), "code_until": NOW + timedelta(days=9)}
    return Cohort("Spring", "en", {COACH: "Cleo"}, **{**invited, **more})


@pytest.fixture
def walk(attack: Library) -> Walk:
    walk = Walk(attack)
    for members in ({}, {DANA: Member(NOW)}):
        kept = {NUMBER: cohort(members=members, version=9)}
        desk = walk.desk(kept_of(kept))
        for asked in (
            CommandGiven("start", f"c_{NUMBER}_{SECRET}"),
            CommandGiven("cohort"),
            CommandGiven("hand"),
            CommandGiven("start", "hand"),
        ):
            walk.from_(desk.asked(asked), kept)
        for panel in desk.privacy():
            walk.on(panel, kept, confirms=True)
    return walk


def test_the_walk_comes_by_every_decision_that_a_member_can_make(walk: Walk) -> None:
    assert walk.decided == {"join", "give", "take", "left", "raise", "lower", "send", "back"}
    assert len(walk.said) >= 8


def test_nothing_that_a_member_reads_before_or_right_after_a_yes_is_an_editions(walk: Walk) -> None:
    for texts in walk.said.values():
        assert not [text for text in texts if CHANGED in text]


def test_a_new_topic_is_all_that_an_edition_adds_to_a_raised_hand(attack: Library) -> None:
    """A topic of an edition's own has its own words, which are what its coach sees; a shipped one keeps its own."""
    faq = {**attack.faq, "ours": ()}
    words = {**attack.catalogs["en"].messages, "faq.ours.question": "Our own exercise?"}
    version = replace(attack, faq=faq, catalogs={"en": Catalog("en", words)})
    answer = Walk(version).desk(kept_of({NUMBER: cohort(members={DANA: Member(NOW)})})).asked(CommandGiven("hand"))
    (panel,) = answer.panels
    assert isinstance(panel, Panel)
    labels = [button.label for button in panel.buttons]
    assert "Our own exercise?" in labels
    assert not [label for label in labels if CHANGED in label]


def test_what_the_shipped_content_hides_is_hidden_whatever_an_edition_makes_of_it(attack: Library) -> None:
    """An edition that calls a name a phrase would leave it in, above the words that say it is hidden."""
    facts = {name: replace(fact, phrase=True) for name, fact in attack.facts.by_name.items() if fact.kind == "text"}
    version = replace(attack, facts=replace(attack.facts, by_name={**attack.facts.by_name, **facts}))
    desk = Walk(version).desk(kept_of({NUMBER: cohort(members={DANA: Member(NOW)})}))
    (listed,) = desk.pressed(ButtonPressed("review", (str(NUMBER),))).panels
    assert isinstance(listed, Panel)
    note = next(button for button in listed.buttons if button.about[0] == "note")
    (preview,) = desk.pressed(ButtonPressed("note", note.about[1:])).panels
    assert isinstance(preview, Panel)
    assert "Hidden: the names" in _text(preview)
    assert "Maria" not in _text(preview)
    assert "Sam" not in _text(preview)


def test_what_a_group_is_promised_is_no_editions(attack: Library) -> None:
    speaker = Speaker(DANA, -5, 0, "b", reads_all=False)
    kept = kept_of({NUMBER: cohort(chat=-5)})
    came = group_chat.reply(attack, speaker, kept, MembershipChanged("left", "member", may_write=True))
    for reply in (
        came,
        *(group_chat.reply(attack, speaker, kept, CommandGiven(c)) for c in ("practice", "cohort", "hand", "x")),
    ):
        (panel,) = reply.panels
        assert isinstance(panel, Panel)
        assert CHANGED not in _text(panel)


# -- the desk ----------------------------------------------------------------------------------------------------------


def said(served: CommandResult) -> Iterator[str]:
    for message in served.messages:
        if message.kind in ("question", "advice"):
            return  # the conversation goes on
        yield from (block.text for block in message.blocks)
        yield from (option.label for option in message.options)


@pytest.fixture
def tells(attack: Library) -> Callable[[Person, Entry], CommandResult]:
    return lambda person, entry: serve(
        attack, "after_interview", person, entry, NOW, Operator("Ops", "ops@example.org")
    )


def test_privacy_export_and_forget_say_what_was_shipped(
    attack: Library, tells: Callable[[Person, Entry], CommandResult]
) -> None:
    dana = newcomer(attack, "en")
    full = cohort(members={DANA: Member(NOW, {"counts": NOW, "nudges": NOW})}, hands=((DANA, "should_i"),))
    shared = shared_lines(kept_of({NUMBER: full, 5: replace(full, coaches={DANA: "D"}, members={})}), DANA,
                          attack.catalog("en"))  # fmt: skip
    for asked in (
        CommandGiven("privacy"),
        CommandGiven("privacy", shared=shared),
        CommandGiven("export"),
        CommandGiven("forget"),
    ):
        served = tells(dana, asked)
        assert not [text for text in said(served) if CHANGED in text]
        assert not [effect for effect in served.effects if CHANGED in getattr(effect, "caption", "")]
    asked_first = tells(dana, CommandGiven("forget")).person
    assert asked_first is not None
    gone = tells(asked_first, Picked("forget_all", asked_first.turn))
    assert gone.person is None
    assert not [text for text in said(gone) if CHANGED in text]
    helped = [
        text for text in said(tells(dana, CommandGiven("help"))) if text.startswith(("/privacy", "/export", "/forget"))
    ]
    assert len(helped) == 3
    assert not [text for text in helped if CHANGED in text]


def test_the_offer_to_remind_and_what_stops_it_are_no_editions(
    attack: Library, tells: Callable[[Person, Entry], CommandResult]
) -> None:
    person = replace(newcomer(attack, "en"), zone="Europe/Berlin")
    for number in ("No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "Friday", "Not yet"):
        served = tells(person, Said(number))
        assert served.person is not None
        person = served.person
    (offer,) = [m for m in served.messages if m.name == "reminder offer"]
    for what in ("yes", "other", "no"):
        assert what in [option.id.split("_")[1] for option in offer.options]
    assert CHANGED not in str(offer)
    for key in BESIDE_OPTIONS:
        assert CHANGED not in str(attack.catalog("en").message(f"remind.options.{key}"))
    for entry in (Picked("m_stop_1", 0), Picked("m_delete_1", 0)):
        assert CHANGED not in str(tells(person, entry).messages[0])


def test_the_notice_before_somebody_is_deleted_is_no_editions(attack: Library) -> None:
    talking = PrivateChat(attack, "after_interview")
    days = [(NOW - timedelta(days=n)).date() for n in range(15)]
    turned = talking.silent(newcomer(attack, "en"), Silence(NOW - timedelta(days=200), None, None, False, days), NOW)
    assert turned is not None
    assert CHANGED not in str(turned.calls)
    assert KEEP in str(turned.calls)


# -- the finding -------------------------------------------------------------------------------------------------------


def test_an_edition_that_changes_a_protected_text_is_told_so(library: Library) -> None:
    words = {**library.catalogs["en"].messages, "cohort.review.names_shown": "The names are hidden."}
    del words["cohort.leave"]
    version = replace(library, catalogs={"en": Catalog("en", words)}, protected=("privacy",))
    found = list(protected_kept(version, SourceLocations({}), library, SourceLocations({})))
    assert [issue.code for issue in found] == ["protected-list", "protected-text", "protected-text"]
    text = str(found[2])
    assert "'cohort.review.names_shown' is changed" in text
    assert "before they agree" in text
    assert 'Put it back as it was: "The names are in it.' in text
    assert not list(protected_kept(library, SourceLocations({}), library, SourceLocations({})))
