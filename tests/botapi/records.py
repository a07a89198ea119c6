"""What the server remembers: chats, messages, taps and calls.

What must live here: plain records and how the API writes them as JSON. What must not: rules about what may happen to
them; the world and the methods have these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.botapi.keyboards import Keyboard
from tests.botapi.texts import Formatted

Json = dict[str, Any]

MEDIA = frozenset(("photo", "sticker", "voice", "video", "animation", "audio"))  # their text is a caption


@dataclass
class Document:
    """A file that was sent, with its bytes."""

    file_id: str
    name: str
    mime_type: str
    content: bytes

    def as_json(self) -> Json:
        """Return the API's Document."""
        return {
            "file_id": self.file_id,
            "file_unique_id": f"unique-{self.file_id}",
            "file_name": self.name,
            "mime_type": self.mime_type,
            "file_size": len(self.content),
        }


@dataclass
class Poll:
    """A poll, and who chose which option; of an anonymous one the bot learns numbers only."""

    id: str
    question: str
    options: list[str]
    anonymous: bool
    votes: dict[int, int] = field(default_factory=dict)  # a person's id, the option's number
    closed: bool = False

    def as_json(self) -> Json:
        """Return the API's Poll."""
        counts = [sum(1 for vote in self.votes.values() if vote == number) for number in range(len(self.options))]
        options = [
            {"text": text, "voter_count": count, "persistent_id": text}
            for text, count in zip(self.options, counts, strict=True)
        ]
        poll = {"id": self.id, "question": self.question, "options": options, "total_voter_count": len(self.votes)}
        switches = dict.fromkeys(("allows_multiple_answers", "allows_revoting", "members_only"), False)
        return {**poll, "is_closed": self.closed, "is_anonymous": self.anonymous, "type": "regular", **switches}


@dataclass
class Topic:
    """A topic of a forum."""

    id: int
    name: str
    closed: bool = False


@dataclass
class Chat:
    """A chat as Telegram keeps it; for a private one `id` is the person's."""

    id: int
    type: str
    title: str = ""
    username: str = ""
    first_name: str = ""
    is_forum: bool = False
    bot_status: str = "member"  # a ChatMember's; in private chats also "unknown", "seen" elsewhere, "deactivated"
    members: dict[int, str] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)  # "typing" and the like
    migrated_to: int | None = None
    bot_may_post: bool = True  # in a channel, as an administrator
    polls_allowed: bool = True  # to ordinary members of a group
    bot_wrote_last: bool = True  # among bots; decides whether a bare command reaches this one

    @property
    def private(self) -> bool:
        """Whether it is the chat of one person with the bot."""
        return self.type == "private"

    @property
    def screen(self) -> list[Message]:
        """The messages that are visible now."""
        return [message for message in self.messages if not message.deleted]

    def find(self, message_id: int) -> Message | None:
        """Return a visible message, or None."""
        return next((message for message in self.screen if message.id == message_id), None)

    def as_json(self) -> Json:
        """Return the API's Chat."""
        named = {"title": self.title, "username": self.username, "first_name": self.first_name}
        chat: Json = {"id": self.id, "type": self.type} | {name: value for name, value in named.items() if value}
        return {**chat, "is_forum": True} if self.is_forum else chat


@dataclass
class Message:
    """A message; `text` is what the person sees, of a document its caption, of a poll its question."""

    id: int
    chat: Chat
    date: int
    sender: Json | None
    text: str = ""
    entities: list[Json] = field(default_factory=list)
    markup: Json | None = None
    document: Document | None = None
    poll: Poll | None = None
    content: Json = field(default_factory=dict)  # photo, sticker, voice … as the API writes them
    thread_id: int | None = None
    in_topic: bool = False
    reply_to: Message | None = None
    from_bot: bool = False
    silent: bool = False
    edited_count: int = 0
    edit_date: int | None = None
    deleted: bool = False
    changed: int = 0  # the world's counter when it was sent or last edited
    update_id: int | None = None  # of the last update about it
    texts: list[str] = field(default_factory=list)  # all that it ever said
    keyboards: list[Keyboard] = field(default_factory=list)  # all that it ever had

    @property
    def keyboard(self) -> Keyboard:
        """The inline keyboard under it, row by row; empty when there is none."""
        return self.markup.get("inline_keyboard", []) if self.markup else []

    @property
    def labels(self) -> list[str]:
        """The labels of its inline buttons, in reading order."""
        return [button["text"] for row in self.keyboard for button in row]

    def look(self, formatted: Formatted, markup: Json | None) -> None:
        """Take a new text and keyboard."""
        self.text, self.entities, self.markup = formatted.text, formatted.entities, markup
        self.texts.append(self.text)
        self.keyboards.append(self.keyboard)

    def same(self, formatted: Formatted, markup: Json | None) -> bool:
        """Tell whether an edit would change nothing."""
        inline = self.markup.get("inline_keyboard", []) if self.markup else []
        wanted = markup.get("inline_keyboard", []) if markup else []
        return (self.text, self.entities, inline) == (formatted.text, formatted.entities, wanted)

    def styled(self, kind: str) -> list[str]:
        """Return the parts of the text that carry an entity of a kind, as in `message.styled("bold")`."""
        units = self.text.encode("utf-16-le", "surrogatepass")
        found = [(one["offset"], one["length"]) for one in self.entities if one["type"] == kind]
        return [units[2 * at : 2 * (at + size)].decode("utf-16-le", "surrogatepass") for at, size in found]

    def _written(self) -> Json:
        below = self.document or MEDIA & set(self.content)
        text, entities = ("caption", "caption_entities") if below else ("text", "entities")
        written: Json = {text: self.text} if self.text else {}
        return written | ({entities: self.entities} if self.text and self.entities else {})

    def as_json(self, depth: int = 1) -> Json:
        """Return the API's Message; `depth` is how many replied-to messages are written inside it."""
        body: Json = {"message_id": self.id, "date": self.date, "chat": self.chat.as_json(), **self.content}
        if self.sender is not None:
            body["from"] = self.sender
        body |= {"poll": self.poll.as_json()} if self.poll else self._written()
        if self.document:
            body["document"] = self.document.as_json()
        if self.keyboard:
            body["reply_markup"] = {"inline_keyboard": self.keyboard}
        if self.thread_id is not None:
            body["message_thread_id"] = self.thread_id
        if self.in_topic:
            body["is_topic_message"] = True
        if self.edit_date is not None:
            body["edit_date"] = self.edit_date
        if self.reply_to and depth:
            body["reply_to_message"] = self.reply_to.as_json(depth - 1)
        return body


@dataclass
class Tap:
    """A press of an inline button and what came of it."""

    id: str
    person_id: int
    chat: Chat
    message: Message | None
    data: str
    at: float
    update_id: int | None = None
    answered: bool = False
    toast: str = ""
    alert: bool = False
    url: str = ""


@dataclass
class Address:
    """Where updates are posted to; an empty `url` means nowhere."""

    url: str = ""
    secret: str = ""
    connections: int = 0


@dataclass
class Call:
    """One request of the bot and what became of it."""

    method: str
    parameters: Json
    at: float
    outcome: str = "running"  # "ok", "refused", "cut", "page", "gone" (the caller hung up), "bug"
    applied: bool = False
    code: int = 0  # of the answer; 0 when there was none
    description: str = ""
    result: Any = None

    @property
    def chat_id(self) -> int | None:
        """The numeric chat it is about, or None."""
        value = str(self.parameters.get("chat_id", ""))
        return int(value) if re.fullmatch(r"-?\d+", value) else None
