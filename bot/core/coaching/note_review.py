"""Note review: a member shows one note to the coaches, who comment on it.

A member sees to the letter what would be shown before it is; coaches see the text and not whose it
is, in messages that are known, so that it can be taken off their screens again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import Final

from bot.core.advice.notes import Note, NoteKind
from bot.core.coaching.cohort import Cohort, CohortRepository
from bot.core.coaching.context import CoachingReply, CoachingScreen
from bot.core.coaching.note_text import NAMES, NoteText
from bot.core.coaching.releases import KEPT, Release
from bot.core.coaching.views import Button, Edited, Panel, Shown
from bot.core.dialogue.session import Block
from bot.core.dialogue.view import SessionView
from bot.core.library import Library

MEMBER_VERBS: Final = frozenset({"review", "note", "send", "back"})
COACH_VERBS: Final = frozenset({"notes", "read", "away"})
MOST: Final = 12  # texts offered to be shown, the newest interviews first


class Review(CoachingScreen):
    """One visit of a member or a coach of cohort `number`."""

    words = "cohort.review"

    # -- the member ----------------------------------------------------------------------------------------------------

    def as_member(self, verb: str, rest: list[str]) -> CoachingReply | None:
        """Do what a member's button says; None where it is out of date."""
        mine = next((one for one in self.cohort.releases if one.person == self.context.person), None)
        match verb, rest:
            case "review", _:
                return CoachingReply((self.released(mine) if mine else self.offered(),))
            case "note", [case, kind, hidden, *_] if mine is None:
                return self.preview(case, kind, hidden)
            case "send", [case, kind, hidden, seal, *_] if mine is None:
                return self.sent(case, kind, hidden, seal)
            case "back", [number, *_] if mine is not None and str(mine.number) == number:
                return self.taken_back(mine)
        return None

    def offered(self) -> Panel:
        """List the member's texts."""
        buttons = []
        for case, view in sorted(self._scenes().items(), reverse=True):
            who = view.session.facts.get("first") or self.say("unnamed", number=case)
            for kind, note in self._texts(view).items():
                label = self.say("mail" if note.subject else "note", who=who)
                buttons.append(Button(label, ("note", str(self.number), str(case), kind, NAMES)))
        title = self.say("which", name=self.cohort.name) if buttons else self.say("nothing")
        return Panel.of(title, buttons=(*buttons[:MOST], self.back()))

    def preview(self, case: str, kind: str, hidden: str) -> CoachingReply | None:
        """Show a text as coaches would see it, what in it they can read, and what may tell whose it is."""
        found = self._text(case, kind, hidden)
        if found is None:
            return None
        about = (str(self.number), case, kind)
        names = NAMES in found.hidden
        lines = [self.say("hidden_names" if names else "names_shown")]
        buttons = [Button(self.say("send"), ("send", *about, hidden, _seal(found.text)))]
        for code, part in found.parts.items():
            away = code in found.hidden
            what = self._named("part", part)
            lines.append(self.say("hidden", what=what) if away else self._readable(found, part, what))
            buttons.append(Button(self.say("show_part" if away else "hide_part", what=what),
                                  ("note", *about, _toggled(hidden, code))))  # fmt: skip
        buttons.append(
            Button(self.say("show_names" if names else "hide_names"), ("note", *about, _toggled(hidden, NAMES)))
        )
        tells = [Block("caution", self.say("tells", words=", ".join(words)))] if (words := found.telling_words) else []
        items = tuple(Block("item", line) for line in lines)
        blocks = (Block("title", self.say("preview")), *_quoted(found.text), *items, *tells)
        panel = Panel((*blocks, Block("aside", self.say("how"))), (*buttons, self.back("review")))
        return CoachingReply((panel,))

    def _readable(self, found: NoteText, part: str, what: str) -> str:
        if part == "outcome":
            return self.say("readable_outcome")
        return self.say("readable", what=what, answer=found.answer(part))

    def _named(self, sort: str, part: str) -> str:
        """Name a part of a note, or what stands for it; one that an edition added has no name of its own."""
        own = f"cohort.review.{sort}.{part}"
        return self.context.catalog.say(own if self.context.catalog.has(own) else f"cohort.review.{sort}.other")

    def sent(self, case: str, kind: str, hidden: str, seal: str) -> CoachingReply | None:
        """Release a text, if it is to the letter what was shown."""
        found = self._text(case, kind, hidden)
        if found is None:
            return None
        text = found.text
        if _seal(text) != seal:
            return self.preview(case, kind, hidden)
        number = max((one.number for one in self.cohort.releases), default=0) + 1
        readers = tuple(self.cohort.coaches)
        release = Release(number, self.context.person, text, self.context.now + KEPT, readers=readers)
        after = replace(self.cohort, releases=(*self.cohort.releases, release))
        told = {coach: (self._news(release, coach),) for coach, name in self.cohort.coaches.items() if name}
        return CoachingReply((self.released(release),), {self.number: after}, told=told)

    def _news(self, release: Release, coach: int) -> Panel:
        catalog = self.context.catalog_of(coach)
        read = Button(catalog.say("cohort.review.read"), ("read", str(self.number), str(release.number)))
        return Panel.of(catalog.say("cohort.review.news", name=self.cohort.name), buttons=(read,))

    def released(self, release: Release) -> Panel:
        """Show a member the note that is out."""
        back = Button(self.say("take_back"), ("back", str(self.number), str(release.number)))
        until = self.say("until", day=self.context.catalog.shown(release.until.date()))
        return Panel(
            (Block("title", self.say("out")), *_quoted(release.text), Block("aside", until)), (back, self.back())
        )

    def taken_back(self, release: Release) -> CoachingReply:
        """Take a note back, off every screen it is on."""
        left = tuple(one for one in self.cohort.releases if one.number != release.number)
        told = gone(self.context.library, self.context.repository, release)
        panel = Panel.of(self.say("is_back"), buttons=(self.back(),))
        return CoachingReply((panel,), {self.number: replace(self.cohort, releases=left)}, told=told)

    def _scenes(self) -> Mapping[int, SessionView]:
        person = self.context.person
        cases = self.context.repository.cases(frozenset({person})).get(person, {})
        return {
            number: SessionView(self.context.library, session, self.context.now)
            for number, session in cases.items()
            if session.flow in self.context.library.flows
        }

    def _texts(self, view: SessionView) -> Mapping[str, Note]:
        if view.position.fact is not None and not view.position.crossed:
            return {}
        made = {kind.id: view.compose(kind) for kind in view.kinds if all(map(view.session.facts.get, kind.slots))}
        return {kind: note for kind, note in made.items() if isinstance(note, Note)}

    def _text(self, case: str, kind: str, hidden: str) -> NoteText | None:
        """Return a text with the parts in `hidden` left out (`-`: none); None where there is no such text."""
        known = case.isascii() and case.isdecimal() and len(case) < 10
        view = self._scenes().get(int(case)) if known else None
        note = self._texts(view).get(kind) if view else None
        if view is None or note is None:
            return None
        masks = partial(self._named, "mask")
        found = NoteText(self.context.library, view, self._kind(view, kind), note, frozenset(hidden.strip("-")), masks)
        return found if found.hidden <= {NAMES, *found.parts} and hidden else None

    @staticmethod
    def _kind(view: SessionView, kind: str) -> NoteKind:
        return next(one for one in view.kinds if one.id == kind)

    # -- the coach -----------------------------------------------------------------------------------------------------

    def as_coach(self, verb: str, rest: list[str]) -> CoachingReply | None:
        """Do what a coach's button says; None where it is out of date."""
        if verb == "notes":
            return CoachingReply((self.waiting(),))
        release = self.release(rest[0])
        if release is None:
            return None
        coach, message = self.context.person, self.context.requester.message
        after = release.shown(coach, message) if verb == "read" else release.put_away(coach, message)
        panel = self.reading(release) if verb == "read" else self.waiting()
        return CoachingReply((panel,), {self.number: self._with(after)})

    def waiting(self) -> Panel:
        """List the notes that members show."""
        buttons = [
            Button(
                self.say("one", day=self.context.catalog.shown(one.until.date())),
                ("read", str(self.number), str(one.number)),
            )
            for one in self.cohort.releases
            if one.is_for(self.context.person)
        ]
        title = self.say("some" if buttons else "none", name=self.cohort.name)
        return Panel.of(title, buttons=(*buttons, self.back()))

    def reading(self, release: Release) -> Panel:
        """Show a coach a note."""
        about = (str(self.number), str(release.number))
        buttons = (Button(self.say("comment"), ("comment", *about)), Button(self.say("away"), ("away", *about)))
        how = self.say("comment_how", day=self.context.catalog.shown(release.until.date()))
        return Panel((Block("title", self.say("reading")), *_quoted(release.text), Block("aside", how)), buttons)

    def commented(self, number: str, text: str) -> CoachingReply:
        """Send a coach's comment to the member whose note it is about, which must be shown still."""
        release = self.release(number)
        assert release is not None, "a comment is sent only where its note is shown"
        theirs = self.context.catalog_of(release.person)
        title = theirs.say("cohort.review.answer", name=self.context.requester.name)
        panel = Panel((Block("title", title), *_quoted(text)))
        return CoachingReply((Panel.of(self.say("commented")),), told={release.person: (panel,)})

    def release(self, number: str) -> Release | None:
        """Return a note that is shown still."""
        mine = (one for one in self.cohort.releases if one.is_for(self.context.person))
        return next((one for one in mine if str(one.number) == number), None)

    def _with(self, release: Release) -> Cohort:
        found = (release if one.number == release.number else one for one in self.cohort.releases)
        return replace(self.cohort, releases=tuple(found))


def is_note(repository: CohortRepository, coach: int, message: int) -> bool:
    """Tell whether a message shows a coach a note."""
    return note_in(repository.coached(coach), coach, message) is not None


def note_in(coached: Mapping[int, Cohort], coach: int, message: int) -> tuple[int, Release] | None:
    """Return the note that stands in a message of a coach's, with the number of its cohort."""
    shown = ((number, one) for number, cohort in coached.items() for one in cohort.releases if one.person)
    return next(((number, one) for number, one in shown if (coach, message) in one.seen), None)


def gone(library: Library, repository: CohortRepository, release: Release) -> dict[int, tuple[Shown, ...]]:
    """Return what takes the place of a note on the screens of the coaches, by coach."""
    found: dict[int, tuple[Shown, ...]] = {}
    for coach, message in release.seen:
        words = library.catalog(repository.language(coach)).say("cohort.review.gone")
        found[coach] = (*found.get(coach, ()), Edited(message, Panel.of(words)))
    return found


def _toggled(hidden: str, code: str) -> str:
    """Return the parts that are hidden with one more, or one less; `-` where none is."""
    return "".join(sorted(set(hidden.strip("-")) ^ {code})) or "-"


def _seal(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def _quoted(text: str) -> tuple[Block, ...]:
    return tuple(Block("text", line) for line in text.split("\n") if line)
