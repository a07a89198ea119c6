"""The world behind the server: who exists, what was said, and what the bot may do where.

What must live here: all that is remembered, under one lock, and the questions every method asks (does the chat exist,
may the bot write there). Whoever touches it holds `lock`; `touched()` wakes all who wait.
What must not: parameters, HTTP, and the scripted people's way of speaking.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from tests.botapi.errors import Refused, bad, forbidden, too_many
from tests.botapi.faults import Fault
from tests.botapi.limits import FloodLimits, Violation, whole_seconds
from tests.botapi.records import Address, Call, Chat, Document, Json, Message, Tap
from tests.botapi.texts import Formatted
from tests.botapi.updates import FIRST_IDS, PRESS_SECONDS, UpdateQueue
from tests.support.virtual_time import VirtualTime

T = TypeVar("T")

KICKED_FROM: Final = {
    "private": "bot was blocked by the user",
    "group": "bot was kicked from the group chat",
    "supergroup": "bot was kicked from the supergroup chat",
    "channel": "bot was kicked from the channel chat",
}
GLANCE_SECONDS: Final = 0.05
QUERY_SECONDS: Final = 15.0  # undocumented: reports say 10 to 20


class World:
    """Everything that is remembered."""

    def __init__(
        self,
        token: str,
        *,
        clock: Callable[[], float] = time.time,
        virtual: VirtualTime | None = None,
        seed: int | None = None,
        query_seconds: float = QUERY_SECONDS,
        press_seconds: float = PRESS_SECONDS,
    ) -> None:
        self.token = token
        self.clock = clock if virtual is None else virtual.timestamp
        self.virtual = virtual
        self.dice = random.Random(seed)  # noqa: S311 - for ids only, repeatable with a seed
        self.query_seconds = query_seconds
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)
        if virtual is not None:
            virtual.share_lock(self.lock)
        self.bells: list[Callable[[], None]] = []
        self.bot: Json = {
            "id": int(token.split(":")[0]), "is_bot": True, "first_name": "Afterword", "username": "afterword_test_bot",
        }  # fmt: skip
        self.privacy = True  # in groups the bot sees only what concerns it
        self.inline = True  # switched on at @BotFather
        self.enforce_limits = False
        self.chats: dict[int, Chat] = {}
        self.users: dict[int, Json] = {}
        self.documents: dict[str, Document] = {}
        self.searches: dict[str, Any] = {}
        self.taps: dict[str, Tap] = {}
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.violations: list[Violation] = []
        self.limits = FloodLimits()
        self.updates = UpdateQueue(self.dice.choice(FIRST_IDS), press_seconds)
        self.webhook = Address()
        self.commands: dict[tuple[str, str], list[Json]] = {}
        self.profile: dict[tuple[str, str], str] = {}
        self._counter = 0
        self._last_message_id: dict[int, int] = {}

    # Time and waking

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self.clock()

    def touched(self) -> int:
        """Wake all who wait and return the number of this change."""
        self._counter += 1
        self.news.notify_all()
        for bell in self.bells:
            bell()
        return self._counter

    def wait(self, ready: Callable[[], T], timeout: float) -> T:
        """Return what `ready` gives as soon as it is true, or its last value after `timeout` seconds.

        It is asked under the lock at every change, and every 50 ms for what happens outside of this world.
        """
        if self.virtual is not None:
            return self.virtual.wait(ready, timeout)
        ends = time.monotonic() + timeout
        with self.lock:
            while True:
                value = ready()
                left = ends - time.monotonic()
                if value or left <= 0:
                    return value
                self.news.wait(min(left, GLANCE_SECONDS))

    @property
    def changes(self) -> int:
        """The number of the latest change."""
        return self._counter

    # Chats

    def add_chat(self, chat: Chat) -> Chat:
        """Add a chat, or return the one with its id."""
        return self.chats.setdefault(chat.id, chat)

    def chat(self, chat_id: int | str) -> Chat:
        """Return the chat the bot means; raises Refused when it knows none."""
        chat = self.chats.get(chat_id) if isinstance(chat_id, int) else self._public(chat_id.removeprefix("@"))
        if chat is None or chat.bot_status == "unknown":
            raise bad("chat not found")
        if chat.migrated_to is not None:
            words = "group chat was upgraded to a supergroup chat"
            raise Refused(400, words, migrate_to_chat_id=chat.migrated_to)
        return chat

    def _public(self, username: str) -> Chat | None:
        named = (chat for chat in self.chats.values() if not chat.private and chat.username)
        return next((chat for chat in named if chat.username.lower() == username.lower()), None)

    def readable_chat(self, chat_id: int | str) -> Chat:
        """Return a chat the bot takes part in; raises Refused."""
        chat = self.chat(chat_id)
        if chat.bot_status == "seen":
            raise forbidden("bot can't initiate conversation with a user")
        if chat.bot_status == "deactivated":
            raise forbidden("user is deactivated")
        if chat.bot_status == "kicked":
            raise forbidden(KICKED_FROM[chat.type])
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.type} chat")
        return chat

    def writable_chat(self, chat_id: int | str) -> Chat:
        """Return a chat the bot may write to; raises Refused."""
        chat = self.readable_chat(chat_id)
        if chat.type == "channel" and not (chat.bot_status == "administrator" and chat.bot_may_post):
            raise bad("need administrator rights in the channel chat")
        if chat.bot_status == "restricted":
            raise bad("not enough rights to send text messages to the chat")
        return chat

    def thread(self, chat: Chat, thread_id: int | None) -> int | None:
        """Return the topic a message goes to, or None; raises Refused when there is no such topic.

        Plain supergroups ignore the id; the General topic has none, so 1 is refused.
        """
        if thread_id is None or (chat.type == "supergroup" and not chat.is_forum):
            return None
        topic = chat.topics.get(thread_id)
        if topic is None:
            raise bad("message thread not found")
        if topic.closed and chat.bot_status != "administrator":
            raise bad("TOPIC_CLOSED")
        return thread_id

    # Messages

    def post(self, chat: Chat, sender: Json | None, formatted: Formatted, **parts: Any) -> Message:
        """Put a message into a chat; `parts` are fields of Message."""
        message = Message(self._message_id(chat), chat, int(self.now()), sender, **parts)
        message.look(formatted, parts.get("markup"))
        chat.messages.append(message)
        message.changed = self.touched()
        return message

    def edit(self, message: Message, formatted: Formatted, markup: Json | None) -> None:
        """Change what a message shows."""
        message.look(formatted, markup)
        message.edited_count += 1
        message.edit_date = int(self.now())
        message.changed = self.touched()

    def delete(self, message: Message) -> None:
        """Take a message off the screen."""
        message.deleted = True
        self.touched()

    def _message_id(self, chat: Chat) -> int:
        """Return the next id: channels and supergroups count apart, all other chats of the bot together."""
        counter = chat.id if chat.type in ("supergroup", "channel") else 0
        first = self.dice.randint(2, 500) if counter else self.dice.randint(1000, 5000)
        self._last_message_id[counter] = self._last_message_id.get(counter, first) + 1
        return self._last_message_id[counter]

    # Updates

    def push(self, kind: str, payload: Json, lane: str) -> int | None:
        """Queue an update for the bot; returns its id, or None when the bot does not get it."""
        update_id = self.updates.add(kind, payload, lane, self.now())
        self.touched()
        return update_id

    def push_message(self, message: Message, kind: str = "message") -> None:
        """Tell the bot of a message."""
        message.update_id = self.push(kind, message.as_json(), f"chat {message.chat.id}")

    def new_tap(self, person: Json, chat: Chat, message: Message | None, data: str, message_id: int) -> Tap:
        """Record the press of a button and tell the bot of it; of a message that is gone it hears only the id."""
        tap_id = str(self.dice.getrandbits(62))
        gone = {"chat": chat.as_json(), "message_id": message_id, "date": 0}
        shown = gone if message is None else message.as_json()
        query = {"id": tap_id, "from": person, "message": shown, "chat_instance": str(chat.id), "data": data}
        tap = Tap(tap_id, person["id"], chat, message, data, self.now())
        self.taps[tap_id] = tap
        tap.update_id = self.push("callback_query", query, f"person {person['id']}")
        return tap

    # Limits and faults

    def heed(self, chat_id: int | None) -> None:
        """Notice a call to a chat that the bot was told to leave alone; enforced limits refuse it and start anew."""
        violation = self.limits.hushed(chat_id, self.now())
        if violation:
            self.violations.append(violation)
            if self.enforce_limits:
                raise self._later(violation)

    def _later(self, violation: Violation) -> Refused:
        seconds = whole_seconds(violation.seconds)
        self.limits.hush(violation.chat_id, seconds, violation.at)
        return too_many(seconds)

    def admit(self, chat: Chat) -> None:
        """Count a message to the chat against the flood limits; raises Refused when they are enforced and exceeded."""
        now = self.now()
        violation = self.limits.judge(chat.id, chat.private, now)
        if violation:
            self.violations.append(violation)
            if self.enforce_limits:
                raise self._later(violation)
        self.limits.count(chat.id, chat.private, now)

    def fault_for(self, method: str, chat_id: int | None) -> Fault | None:
        """Return the planned fault that hits this call, if any."""
        return next((fault for fault in self.faults if fault.hit(method, chat_id)), None)
