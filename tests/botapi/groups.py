"""Groups, forums and channels: their members, topics and what happens to them.

What must live here: changes of a group, its service messages, and what the privacy mode lets through.
What must not: what single people say and see (`people`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.botapi.profile import member_json
from tests.botapi.records import Chat, Json, Message, Topic
from tests.botapi.state import World
from tests.botapi.texts import Formatted, typed

if TYPE_CHECKING:
    from tests.botapi.people import Person

ANONYMOUS: Final = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
SERVICE: Final = 777000  # forwards channel posts into the discussion group


class Group:
    """A group or supergroup, seen from outside."""

    def __init__(self, world: World, chat: Chat) -> None:
        self.world = world
        self.chat = chat

    @property
    def id(self) -> int:
        """The id of the chat."""
        return self.chat.id

    @property
    def screen(self) -> list[Message]:
        """The visible messages."""
        with self.world.lock:
            return self.chat.screen

    def sees(self) -> str:
        """Return the text of the bot's last visible message."""
        return next((message.text for message in reversed(self.screen) if message.from_bot), "")

    # Members

    def add(self, person: Person, status: str = "") -> None:
        """Add a person, or change their standing; from then on the bot has seen them."""
        with self.world.lock:
            self.chat.members[person.id] = status or self.chat.members.get(person.id, "member")
            if person.chat.bot_status == "unknown":
                person.chat.bot_status = "seen"

    def adds_bot(self, by: Person) -> None:
        """Add the bot, or take it back."""
        self._bot_becomes("member", by)

    def promotes_bot(self, by: Person) -> None:
        """Make the bot an administrator."""
        self._bot_becomes("administrator", by)

    def kicks_bot(self, by: Person) -> None:
        """Throw the bot out."""
        self._bot_becomes("kicked", by)

    def mutes_bot(self, by: Person) -> None:
        """Take from the bot the right to write."""
        self._bot_becomes("restricted", by)

    def allows_polls(self, allowed: bool) -> None:
        """Let ordinary members post polls, or not; the bot is not told."""
        with self.world.lock:
            self.chat.polls_allowed = allowed

    def _bot_becomes(self, status: str, by: Person, *, may_post: bool = True) -> None:
        with self.world.lock:
            before, self.chat.bot_status = self.chat.bot_status, status
            posted, self.chat.bot_may_post = self.chat.bot_may_post, may_post
            channel = self.chat.type == "channel"
            member = {
                "chat": self.chat.as_json(),
                "from": dict(by.user),
                "date": int(self.world.now()),
                "old_chat_member": member_json(self.world.bot, before, posted if channel else None),
                "new_chat_member": member_json(self.world.bot, status, may_post if channel else None),
            }
            self.world.push("my_chat_member", member, f"chat {self.id}")

    # Special senders

    def hears_anonymous_admin(self, text: str) -> Message:
        """Let an administrator write who hides behind the group."""
        return self._says(ANONYMOUS, text, sender_chat=self.chat.as_json())

    def hears_channel(self, channel: Channel, text: str, *, forwarded: bool = False) -> Message:
        """Let a channel write here, or have its post forwarded as into a discussion group."""
        if not forwarded:
            author = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
            return self._says(author, text, sender_chat=channel.chat.as_json())
        telegram = {"id": SERVICE, "is_bot": False, "first_name": "Telegram"}
        return self._says(telegram, text, sender_chat=channel.chat.as_json(), is_automatic_forward=True)

    def _says(self, sender: Json, text: str, **content: Any) -> Message:
        with self.world.lock:
            message = self.world.post(self.chat, dict(sender), typed(text), content=content)
            if reaches_bot(self.world, message):
                self.world.push_message(message)
            return message

    # Topics

    def topic(self, name: str) -> int:
        """Open a topic and return its id."""
        with self.world.lock:
            created = {"name": name, "icon_color": 7322096}
            message = self.world.post(self.chat, None, Formatted(""), content={"forum_topic_created": created})
            message.thread_id, message.in_topic = message.id, True
            self.chat.topics[message.id] = Topic(message.id, name)
            self.world.push_message(message)
            return message.id

    def closes_topic(self, topic: int) -> None:
        """Close a topic: only administrators may write there."""
        with self.world.lock:
            self.chat.topics[topic].closed = True

    def deletes_topic(self, topic: int) -> None:
        """Delete a topic and all that was said in it."""
        with self.world.lock:
            del self.chat.topics[topic]
            for message in self.chat.messages:
                message.deleted = message.deleted or message.thread_id == topic
            self.world.touched()

    # Migration

    def migrates(self) -> Group:
        """Become a supergroup with a new id; the old one is refused with `migrate_to_chat_id` from now on."""
        with self.world.lock:
            old = self.chat
            new = Chat(
                -1000000000000 - self.world.dice.randrange(10**9, 4 * 10**9),
                "supergroup",
                old.title,
                bot_status=old.bot_status,
                members=dict(old.members),
            )
            self.world.add_chat(new)
            leaving = self.world.post(old, None, Formatted(""), content={"migrate_to_chat_id": new.id})
            arriving = self.world.post(new, None, Formatted(""), content={"migrate_from_chat_id": old.id})
            self.world.push_message(leaving)
            self.world.push_message(arriving)
            old.migrated_to = new.id
            return Group(self.world, new)


class Channel(Group):
    """A channel: its posts have no sender, and the bot is an administrator or not there."""

    def adds_bot(self, by: Person) -> None:
        """Add the bot, as an administrator who may post."""
        self._bot_becomes("administrator", by)

    def forbids_posting(self, by: Person) -> None:
        """Leave the bot an administrator, and take from it the right to post."""
        self._bot_becomes("administrator", by, may_post=False)

    def posts(self, text: str) -> Message:
        """Publish a post."""
        with self.world.lock:
            message = self.world.post(self.chat, None, typed(text))
            self.world.push_message(message, "channel_post")
            return message

    def edits(self, message: Message, text: str) -> None:
        """Change a post."""
        with self.world.lock:
            self.world.edit(message, typed(text), None)
            self.world.push_message(message, "edited_channel_post")


def replied_thread(chat: Chat, topic: int | None, reply_to: Message | None) -> Json:
    """Return the thread fields of a person's message: its topic, or in plain supergroups the root of the replies."""
    if topic is not None:
        assert topic in chat.topics, f"{chat.title} has no topic {topic}"
        return {"thread_id": topic}
    if reply_to is not None and chat.type == "supergroup" and not chat.is_forum:
        return {"thread_id": reply_to.thread_id or reply_to.id}
    return {}


def reaches_bot(world: World, message: Message) -> bool:
    """Tell whether the bot gets a message: in groups, privacy mode holds back all that does not concern it.

    A command for this bot, a bare command when it was the last bot to write, and a reply to its message concern it.
    """
    chat = message.chat
    if chat.private or not world.privacy or chat.bot_status == "administrator":
        return chat.private or chat.bot_status not in ("kicked", "left")
    if chat.bot_status in ("kicked", "left"):
        return False
    if message.reply_to is not None and message.reply_to.from_bot:
        return True
    commands = [command.lower() for command in message.styled("bot_command")]
    addressed = f"@{world.bot['username']}".lower()
    if any(command.endswith(addressed) for command in commands):
        return True
    return chat.bot_wrote_last and any("@" not in command for command in commands)
