"""A small, strict, local Telegram Bot API server for tests, with scripted people on top.

It answers as the open-source Bot API server does, or refuses more (unknown parameters, several actions in one button),
never less within what it emulates. A test reads as a chat:

    with BotApiServer() as server:
        start_the_bot(server.base_url, server.token)
        dana = server.person(first_name="Dana")
        dana.says("/start")
        dana.expects("How was your interview?")
        dana.taps("Great")
        assert server.refused == server.violations == server.unanswered_taps() == []

Not emulated, and refused in so many words where a bot would ask for it: Markdown, business accounts,
payments, media other than documents and pictures, reactions, ephemeral and rich messages. Not emulated in silence:
links, mentions and hashtags that Telegram finds in plain text by itself, the rights of single administrators, slow
mode, and the pause it forces on a getUpdates repeated at once.
"""

from tests.botapi.faults import Fault
from tests.botapi.groups import Channel, Group
from tests.botapi.limits import Violation
from tests.botapi.people import Person
from tests.botapi.records import Call, Chat, Document, Message, Tap
from tests.botapi.server import TOKEN, BotApiServer

__all__ = [
    "TOKEN",
    "BotApiServer",
    "Call",
    "Channel",
    "Chat",
    "Document",
    "Fault",
    "Group",
    "Message",
    "Person",
    "Tap",
    "Violation",
]
