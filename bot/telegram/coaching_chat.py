"""What concerns cohorts as Telegram holds it: an update goes to the screens of the private chat or of a group. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.chat import preferences
from bot.core.chat.commands import CommandGiven, UnsupportedMessage
from bot.core.chat.person import COHORT_ASKS, Call, Key, Person
from bot.core.chat.turn import ChatTurn
from bot.core.coaching.cohort import ButtonPressed, Cohort, CohortRepository, CohortTurn, Post, Replied, Undelivered
from bot.core.coaching.content_version import CheckResult, FileUploaded
from bot.core.coaching.context import CoachingContext, CoachingReply, Requester
from bot.core.coaching.due import due_of
from bot.core.coaching.group_chat import answer_panel, questions_panel, reply
from bot.core.coaching.privacy import shared_lines
from bot.core.coaching.private_chat import PrivateCoaching
from bot.core.coaching.speaker import Speaker
from bot.core.coaching.undelivered import told
from bot.core.coaching.views import Ballot, Button, Closing, Edited, FileToHandOver, Plot, Shown
from bot.core.dialogue.session import Said
from bot.core.library import Library
from bot.runtime.ports import IncomingUpdate
from bot.telegram.group_updates import BUTTON, PLAYED
from bot.telegram.private_chat import PrivateChat
from bot.telegram.render import Json, html_of, shown

EXPORT = "afterword-cohorts.json"


@dataclass(frozen=True)
class CoachingChat:
    """Cohorts over one library; `coaches` are the user ids that the operator named.

    `shipped` is what coaches' editions are laid over; None: the library itself.
    """

    talking: PrivateChat
    coaches: frozenset[int]
    shipped: Library | None = None

    def cohort_respond(
        self, incoming: IncomingUpdate, person: Person | None, repository: CohortRepository, now: datetime, dice: str, /
    ) -> CohortTurn:
        """Return what an update leads to; see `Application.cohort_respond`."""
        if incoming.key.chat == incoming.key.person:
            return self._in_private(incoming, person or self.talking.newcomer(incoming), repository, now, dice)
        if isinstance(incoming.event, Undelivered):
            return self._undelivered(incoming.key, incoming.event, repository)
        extra, key = incoming.extra, incoming.key
        speaker = Speaker(
            key.person, key.chat, key.topic, extra["bot"], extra["reads_all"], extra.get("may_poll"), extra["message"]
        )
        found = reply(self.talking.library, speaker, repository, incoming.event)
        place, message = (key, extra["message"])
        if found.place is not None:
            place, message = replace(key, chat=found.place[0], topic=found.place[1]), 0
        once = isinstance(incoming.event, CommandGiven) and not found.cohorts
        posts = (*(Post(place, call, once) for call in _calls(found.panels, message)), *_privately(key.bot, found.told))
        return CohortTurn(
            None, (), toast=found.toast, cohorts=found.cohorts, posts=posts, room=found.room, speaker=key.person,
            instead=found.instead,
        )  # fmt: skip

    def _undelivered(self, key: Key, event: Undelivered, repository: CohortRepository) -> CohortTurn:
        """Tell the coaches in private what could not be posted; see `UpdateHandler.undelivered`."""
        found = told(self.talking.library, repository, key.chat, key.person, first_line(event.call), event.why)
        posts = tuple(
            Post(Key(key.bot, coach, 0, coach), call, once=True)
            for coach, panel in found.panels.items()
            for call in _calls((panel,))
        )
        return CohortTurn(None, (), cohorts=found.cohorts, posts=posts)

    def cohort_due(
        self, name: str, bot: int, number: int, cohort: Cohort, repository: CohortRepository, now: datetime, /
    ) -> CohortTurn:
        """Return what is due of a cohort; see `Application.cohort_due`."""
        held = due_of(self.talking.library, number, cohort, repository, name, now)
        posts = tuple(
            Post(Key(bot, chat, 0, chat if chat > 0 else 0), _unasked(call))
            for chat, panels in held.told.items()
            for call in _calls(panels)
        )
        return CohortTurn(None, (), cohorts=held.cohorts, posts=posts)

    def _in_private(
        self, incoming: IncomingUpdate, person: Person, repository: CohortRepository, now: datetime, dice: str
    ) -> CohortTurn:
        key, extra, library = incoming.key, incoming.extra, self.talking.library
        named = key.person in self.coaches
        requester = Requester(
            key.person,
            extra["name"],
            person.language,
            named,
            extra["bot"],
            dice,
            extra["message"],
            person.zone,
            person.schedule.zone_known,
        )
        context = CoachingContext(library, requester, repository, now, (self.shipped or library).sources)
        coaching = PrivateCoaching(context)
        match incoming.event:
            case CommandGiven("privacy"):
                shared = shared_lines(repository, key.person, library.catalog(person.language))
                return self._after_own(
                    replace(incoming, event=CommandGiven("privacy", shared=shared)),
                    person,
                    now,
                    _calls(coaching.privacy()),
                )
            case CommandGiven("export"):
                return self._after_own(incoming, person, now, self._export(coaching))
            case CommandGiven("practice"):
                return self._after_own(replace(incoming, event=CommandGiven("start")), person, now, ())
            case FileUploaded() if not repository.coached(key.person):
                return self._after_own(replace(incoming, event=UnsupportedMessage("other")), person, now, ())
            case Said() | Replied() as wrote:
                written = _written(coaching, person, wrote)
                if written is None:
                    plain = replace(incoming, event=wrote if isinstance(wrote, Said) else wrote.said)
                    return self._after_own(plain, person.but(asking=_own_question(person)), now, ())
                answer = written
            case event:
                answer = _answered(coaching, event)
        if answer.zone:
            turn = ChatTurn(library, self.talking.flow, person, now)
            preferences.handle_choice(turn, "zone", answer.zone)
            person = turn.person
        return self._told(key, person, answer, extra["message"])

    def _told(self, key: Key, person: Person, answer: CoachingReply, message: int) -> CohortTurn:
        """Return the turn that says an answer, to whom it is about as well."""
        calls = tuple(_calls(answer.panels, message))
        posted = (
            Post(replace(key, chat=chat, topic=topic), call)
            for (chat, topic), panels in answer.posted.items()
            for call in _calls(panels)
        )
        told = (*_privately(key.bot, answer.told), *posted)
        asking = answer.asking or _own_question(person)
        after = person if asking == person.asking else person.but(asking=asking)
        after = after if answer.trial is None else after.but(trial=answer.trial)
        return CohortTurn(
            after, calls, answer.toast, cohorts=answer.cohorts, versions=answer.versions, posts=told, speaker=key.person
        )

    def _after_own(self, incoming: IncomingUpdate, person: Person, now: datetime, more: Iterable[Call]) -> CohortTurn:
        """Say what the conversation itself says, and then what cohorts add to it."""
        own = self.talking.respond(incoming, person, now)
        return CohortTurn(**{**vars(own), "calls": (*own.calls, *more)}, speaker=incoming.key.person)

    def _export(self, coaching: PrivateCoaching) -> tuple[Call, ...]:
        text = coaching.export()
        if not text:
            return ()
        caption = coaching.context.catalog.say("cohort.export")
        return (Call("document", {"document": {"name": EXPORT, "text": text}, "caption": caption}),)


def _privately(bot: int, told: Mapping[int, tuple[Shown, ...]]) -> Iterator[Post]:
    """Return what people are told in private, unasked."""
    for person, panels in told.items():
        yield from (Post(Key(bot, person, 0, person), _unasked(call)) for call in _calls(panels))


def _own_question(person: Person) -> str:
    """Return what somebody is asked in their own conversation, if that is what they are asked."""
    return "" if person.asking.startswith(COHORT_ASKS) else person.asking


def _written(coaching: PrivateCoaching, person: Person, wrote: Said | Replied) -> CoachingReply | None:
    """Take plain words of a coach's; None where they belong to their own conversation."""
    found = coaching.replied(wrote) if isinstance(wrote, Replied) else None
    if found is None and person.asking.startswith(COHORT_ASKS):
        found = coaching.written(person.asking, wrote.text)
    return found


def _answered(coaching: PrivateCoaching, event: object) -> CoachingReply:
    """Return what is answered to a member, a coach, or somebody who may become one."""
    context = coaching.context
    match event:
        case FileUploaded() as document:
            return coaching.editor.handed(document)
        case CheckResult() as found:
            return coaching.editor.examined(found)
        case CommandGiven("faq") | CommandGiven("start", "faq"):
            return CoachingReply((questions_panel(context.library, context.catalog),))
        case ButtonPressed("faq", (name, *_)):
            panel = answer_panel(context.library, context.catalog, name)
            return CoachingReply((panel,)) if panel else context.stale()
        case ButtonPressed() as pressed:
            return coaching.pressed(pressed)
        case CommandGiven() as asked:
            return coaching.asked(asked)
    raise TypeError(f"{type(event).__name__} does not concern cohorts")


def _calls(panels: Sequence[Shown], message: int = 0) -> Iterator[Call]:
    """Return the calls that show panels; the first takes the place of the tapped message."""
    for number, panel in enumerate(panels):
        if isinstance(panel, Edited):
            yield from _calls((panel.panel,), panel.message)
            continue
        if isinstance(panel, Closing):
            yield Call("close_poll", {"message_id": panel.message or message})
            continue
        if isinstance(panel, FileToHandOver):
            document = {"name": panel.name, "text": panel.text}
            yield Call("document", {"document": document, "caption": panel.caption})
            continue
        if isinstance(panel, Plot):
            groups = [[title, [[bar.label, bar.number, bar.before] for bar in bars]] for title, bars in panel.groups]
            yield Call("photo", {"photo": {"groups": groups}, "caption": panel.caption})
            continue
        if isinstance(panel, Ballot):
            yield Call("poll", _poll(panel))
            continue
        values = shown("\n".join(html_of(block) for block in panel.blocks), _keyboard(panel.buttons))
        if message and not number:
            yield Call("edit", {"message_id": message, **values})
        else:
            yield Call("message", values)


def first_line(call: Call) -> str:
    """Return how a call's message begins, without its markup."""
    values = call.values
    said = next((str(values[name]) for name in ("question", "text", "caption") if values.get(name)), "")
    return html.unescape(re.sub(r"<[^>]+>", "", said)).strip().partition("\n")[0]


def _unasked(call: Call) -> Call:
    """Let what somebody did not ask for wait behind answers; what takes something off a screen goes at once."""
    return replace(call, reminder=not call.edits)


def _poll(ballot: Ballot) -> Json:
    poll = {
        "question": ballot.question,
        "options": [{"text": option} for option in ballot.options],
        "is_anonymous": True,  # Telegram's default; who chose what must never reach us
    }
    return {**poll, "reply_markup": {"inline_keyboard": _keyboard((ballot.button,))}} if ballot.button else poll


def _keyboard(buttons: Iterable[Button]) -> list[list[Json]]:
    rows: list[list[Json]] = []
    for button in buttons:
        if button.copy:
            rows.append([{"text": button.label, "copy_text": {"text": button.copy}}])
        elif button.link:
            rows.append([{"text": button.label, "url": button.link}])
        else:
            data = PLAYED + button.played if button.played else BUTTON + ":".join(button.about)
            assert len(data.encode()) <= 64, data
            rows.append([{"text": button.label, "callback_data": data}])
    return rows
