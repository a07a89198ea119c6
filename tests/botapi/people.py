"""Scripted people: what a person does and sees, so that tests read as chats.

What must live here: speaking, tapping, blocking and looking, each as one word. What must not: what the bot may do, and
the affairs of groups (`groups`).

All methods are plain and thread-safe, and those that wait block their thread. A bot that runs in the same event loop
would stand still meanwhile: there, play the scene in a thread (`await server.play(scene)`). Say what the person
`expects` before they tap, or a label that an older message has too is pressed there.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, Final

from tests.botapi.groups import Group, reaches_bot, replied_thread
from tests.botapi.inline import Searched
from tests.botapi.keyboards import Keyboard
from tests.botapi.polls import told
from tests.botapi.profile import member_json, visible_commands
from tests.botapi.records import Chat, Document, Json, Message, Tap
from tests.botapi.state import World
from tests.botapi.texts import Formatted, typed

PATIENCE: Final = 60.0  # seconds, for what should come at once, however busy the machine is
_numbers = itertools.count(1)


class Person:
    """Somebody with Telegram on their phone."""

    def __init__(self, world: World, user: Json, chat: Chat) -> None:
        self.world = world
        self.user = user
        self.chat = chat
        self.last_tap: Tap | None = None
        self._since = 0  # the world's counter when the person last did something
        self._heard = 0  # and when what they expected had come

    @property
    def id(self) -> int:
        """The person's id, which is also that of their chat with the bot."""
        return int(self.user["id"])

    @property
    def name(self) -> str:
        """The first name."""
        return str(self.user["first_name"])

    def speaks(self, language_code: str) -> None:
        """Change the language of the application, from the next update on."""
        self.user["language_code"] = language_code

    # Speaking

    def says(self, text: str, *, reply_to: Message | None = None) -> Message:
        """Write to the bot in private; the first time this starts the conversation."""
        return self._send(self.chat, typed(text), reply_to=reply_to)

    def says_in(self, group: Group, text: str, *, topic: int | None = None, reply_to: Message | None = None) -> Message:
        """Write in a group; the bot gets it as far as its privacy mode lets it (then `update_id` is set)."""
        group.add(self)
        return self._send(group.chat, typed(text), topic=topic, reply_to=reply_to)

    def forwards(self, text: str, author: str = "Somebody") -> Message:
        """Forward somebody's text to the bot."""
        origin = {"type": "hidden_user", "date": int(self.world.now()), "sender_user_name": author}
        return self._send(self.chat, typed(text), forward_origin=origin)

    def sends_photo(self, caption: str = "") -> Message:
        """Send a photo."""
        return self._send(self.chat, typed(caption), photo=[_file("photo", width=90, height=60)])

    def sends_sticker(self) -> Message:
        """Send a sticker."""
        details = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._send(self.chat, Formatted(""), sticker=_file("sticker", **details))

    def sends_voice(self) -> Message:
        """Send a voice message."""
        return self._send(self.chat, Formatted(""), voice=_file("voice", duration=3))

    def sends_file(self, name: str, content: str | bytes, caption: str = "", *, album: str = "") -> Message:
        """Send a document; with `album` together with others."""
        raw = content.encode() if isinstance(content, str) else content
        with self.world.lock:
            document = Document(f"file-{len(self.world.documents) + 1}", name, "application/x-yaml", raw)
            self.world.documents[document.file_id] = document
        together = {"media_group_id": album} if album else {}
        return self._send(self.chat, typed(caption), document=document, **together)

    def sends_location(self) -> Message:
        """Send a place."""
        return self._send(self.chat, Formatted(""), location={"latitude": 52.52, "longitude": 13.4})

    def sends_poll(self) -> Message:
        """Send a poll."""
        options = [{"text": text, "voter_count": 0, "persistent_id": text} for text in ("Yes", "No")]
        switches = ("is_closed", "allows_multiple_answers", "allows_revoting", "members_only")
        poll = {"id": "1", "question": "Well?", "options": options, "total_voter_count": 0, "is_anonymous": True}
        return self._send(self.chat, Formatted(""), poll={**poll, "type": "regular", **dict.fromkeys(switches, False)})

    def edits(self, message: Message, text: str) -> None:
        """Change one of the person's own messages."""
        with self.world.lock:
            self._acts()
            self.world.edit(message, typed(text), None)
            self.world.push_message(message, "edited_message")

    def reacts(self, message: Message, emoji: str) -> None:
        """Put a reaction to a message of the private chat; bots hear of it only when they ask for it by name."""
        with self.world.lock:
            self._acts()
            reaction = {
                "chat": self.chat.as_json(),
                "message_id": message.id,
                "user": dict(self.user),
                "date": int(self.world.now()),
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": emoji}],
            }
            self.world.push("message_reaction", reaction, f"person {self.id}")

    def deletes(self, message: Message) -> None:
        """Take a message off the screen for both sides; the bot hears nothing of it."""
        with self.world.lock:
            self.world.delete(message)

    def _send(
        self,
        chat: Chat,
        formatted: Formatted,
        *,
        topic: int | None = None,
        reply_to: Message | None = None,
        document: Document | None = None,
        **content: Any,
    ) -> Message:
        with self.world.lock:
            self._acts()
            if chat.private:
                assert chat.bot_status not in ("kicked", "deactivated"), f"{self.name} can't write: {chat.bot_status}"
                chat.bot_status = "member"
            thread = replied_thread(chat, topic, reply_to)
            seen = {"document": document, "content": content}
            parts = {**seen, "reply_to": reply_to, "in_topic": topic is not None, **thread}
            message = self.world.post(chat, dict(self.user), formatted, **parts)
            if reaches_bot(self.world, message):
                self.world.push_message(message)
            return message

    # Tapping

    def taps(self, label: str, *, chat: Group | None = None, timeout: float = PATIENCE) -> Tap:
        """Press the button in the newest message that has it, waiting for the message and then for the answer.

        With `timeout=0` the button must be there, and nobody waits for the answer.
        """
        where = chat.chat if chat else self.chat
        message = self.world.wait(lambda: _newest_with(where, label), timeout)
        assert message, f"{self.name} finds no button {label!r} on the screen:\n{_described(where)}"
        return self._press(message, _button(message.keyboard, label), timeout)

    def taps_old(self, message: Message | int, label: str, *, timeout: float = PATIENCE) -> Tap:
        """Press a button that a message has or once had, as on a phone that was offline; it may be deleted by now."""
        wanted = message if isinstance(message, int) else message.id
        where = self.chat if isinstance(message, int) else message.chat
        found = next((one for one in where.messages if one.id == wanted), None)
        assert found, f"there never was a message {wanted}"
        kept = [row for keyboard in reversed(found.keyboards) for row in keyboard]
        return self._press(found, _button(kept, label), timeout)

    def forges(self, data: str, message: Message, *, timeout: float = PATIENCE) -> Tap:
        """Press a button that never was, as a forged client can."""
        return self._press(message, {"text": "", "callback_data": data}, timeout)

    def votes(self, label: str, chat: Group, *, timeout: float = PATIENCE) -> None:
        """Choose an option of the newest open poll that has it, or another one than before; takes no second vote."""

        def offered() -> Message | None:
            newest = reversed(chat.chat.screen)
            return next((one for one in newest if one.poll and not one.poll.closed and label in one.poll.options), None)

        message = self.world.wait(offered, timeout)
        assert message, f"{self.name} finds no open poll with {label!r} on the screen:\n{_described(chat.chat)}"
        assert message.poll
        with self.world.lock:
            self._acts()
            message.poll.votes[self.id] = message.poll.options.index(label)
            told(self.world, message)
            self.world.touched()

    def copies(self, label: str) -> str:
        """Press a copy button and return what is in the clipboard then; the bot hears nothing of it."""
        message = self.world.wait(lambda: _newest_with(self.chat, label), PATIENCE)
        assert message, f"{self.name} finds no button {label!r} on the screen:\n{_described(self.chat)}"
        return str(_button(message.keyboard, label)["copy_text"]["text"])

    def searches(self, typed: str, *, timeout: float = PATIENCE) -> Searched:
        """Type something behind the bot's name, in whatever chat, and wait for what is found."""
        with self.world.lock:
            self._acts()
            number = str(self.world.dice.getrandbits(62))
            searched = self.world.searches[number] = Searched(self.world.now())
            query = {"id": number, "from": dict(self.user), "query": typed, "offset": "", "chat_type": "group"}
            self.world.push("inline_query", query, f"person {self.id}")
        assert self.world.wait(lambda: searched.answered, timeout), f"nobody answered the search for {typed!r}{_hint()}"
        return searched

    @property
    def toast(self) -> str:
        """The text of the answer to the last tap."""
        return self.last_tap.toast if self.last_tap else ""

    def _press(self, message: Message, button: Json, timeout: float) -> Tap:
        assert "callback_data" in button, f"the button {button['text']!r} does not call the bot: {button}"
        with self.world.lock:
            self._acts()
            shown = None if message.deleted else message
            tap = self.world.new_tap(dict(self.user), message.chat, shown, button["callback_data"], message.id)
            self.last_tap = tap
        if timeout > 0:
            answered = self.world.wait(lambda: tap.answered, timeout)
            assert answered, f"nobody answered the tap on {button['text']!r} within {timeout} s{_hint()}"
        return tap

    # Standing

    def blocks(self) -> None:
        """Block the bot."""
        self._stands("kicked")

    def unblocks(self) -> None:
        """Let the bot write again."""
        self._stands("member")

    def deactivates(self) -> None:
        """Delete the account; the bot finds out when it writes."""
        with self.world.lock:
            self.chat.bot_status = "deactivated"

    def _stands(self, status: str) -> None:
        with self.world.lock:
            self._acts()
            before, self.chat.bot_status = self.chat.bot_status, status
            member = {
                "chat": self.chat.as_json(),
                "from": dict(self.user),
                "date": int(self.world.now()),
                "old_chat_member": member_json(self.world.bot, before),
                "new_chat_member": member_json(self.world.bot, status),
            }
            self.world.push("my_chat_member", member, f"chat {self.chat.id}")

    # Looking

    @property
    def screen(self) -> list[Message]:
        """The visible messages of the chat with the bot, the person's own included."""
        with self.world.lock:
            return self.chat.screen

    def sees(self) -> str:
        """Return the text of the bot's last visible message."""
        return next((message.text for message in reversed(self.screen) if message.from_bot), "")

    def news(self, chat: Group | None = None) -> list[Message]:
        """Return the bot's messages that came or changed since the person last did something."""
        with self.world.lock:
            screen = chat.chat.screen if chat else self.chat.screen
            return [message for message in screen if message.from_bot and message.changed > self._since]

    def expects(self, *words: str, chat: Group | None = None, timeout: float = PATIENCE) -> Message:
        """Wait until one of the newest messages contains all the words, and return it."""

        def found() -> Message | None:
            return next((one for one in reversed(self.news(chat)) if all(word in one.text for word in words)), None)

        message = self.world.wait(found, timeout)
        if message is None:
            seen = "\n".join(f"  {one.text!r}" for one in self.news(chat)) or "  nothing new"
            raise AssertionError(f"{self.name} waited {timeout} s for {words} and saw:\n{seen}{_hint()}")
        self._heard = max(self._heard, message.changed)
        return message

    def hears_nothing(self, seconds: float, chat: Group | None = None) -> None:
        """Wait so long and find nothing new but what was expected before."""

        def unexpected() -> list[Message]:
            return [message for message in self.news(chat) if message.changed > self._heard]

        news = self.world.wait(unexpected, seconds)
        assert not news, f"{self.name} expected silence and saw {news[0].text!r}"

    def commands(self, chat: Group | None = None) -> list[str]:
        """Return the commands in the person's menu."""
        with self.world.lock:
            where = chat.chat if chat else self.chat
            found = visible_commands(self.world, where, self.id, self.user.get("language_code", ""))
            return [command["command"] for command in found]

    def _acts(self) -> None:
        """From now on only later messages are new."""
        self._since = self.world.changes


def _newest_with(chat: Chat, label: str) -> Message | None:
    return next((message for message in reversed(chat.screen) if label in message.labels), None)


def _button(keyboard: Keyboard, label: str) -> Json:
    buttons = [button for row in keyboard for button in row]
    found = next((button for button in buttons if button["text"] == label), None)
    assert found, f"no button {label!r}, only {[button['text'] for button in buttons]}"
    return found


def _described(chat: Chat) -> str:
    return "\n".join(f"  {message.text!r} {message.labels}" for message in chat.screen[-5:]) or "  (empty)"


def _file(kind: str, **details: Any) -> Json:
    number = next(_numbers)
    return {"file_id": f"{kind}-{number}", "file_unique_id": f"unique-{number}", **details}


def _hint() -> str:
    """Return a word on the likely reason when a loop stands still because of us."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ""
    return " (a bot in this event loop stands still meanwhile: use `await server.play(scene)`)"
