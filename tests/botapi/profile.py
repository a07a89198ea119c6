"""The bot's profile and the members of chats: commands, names, descriptions, who is who.

What must live here: the methods that describe the bot or ask about chats, and the rules of commands.
What must not: messages (`methods`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.botapi.errors import bad
from tests.botapi.records import Chat, Json
from tests.botapi.state import World

Run = Callable[[World, dict[str, Any]], Any]

MOST_COMMANDS: Final = 100
COMMAND_DESCRIPTION: Final = 256
PLAIN_SCOPES: Final = frozenset(("default", "all_private_chats", "all_group_chats", "all_chat_administrators"))
CHAT_SCOPES: Final = frozenset(("chat", "chat_administrators", "chat_member"))
LONGEST: Final = {"name": 64, "description": 512, "short_description": 120}
RIGHTS: Final = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip
PERMISSIONS: Final = (
    "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos",
    "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
    "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
)  # fmt: skip
GIFTS: Final = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_me(world: World, _given: dict[str, Any]) -> Json:
    """Say who the bot is."""
    abilities = {
        "can_join_groups": True, "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": world.inline,
        "can_connect_to_business": False, "has_main_web_app": False, "has_topics_enabled": False,
    }  # fmt: skip
    return {**world.bot, **abilities}


# Commands


def _scope(world: World, scope: Any) -> str:
    """Return the scope as one word; raises Refused when it is none or its chat is unknown."""
    scope = {"type": "default"} if scope is None else scope
    kind = scope.get("type") if isinstance(scope, dict) else None
    if kind in PLAIN_SCOPES and set(scope) == {"type"}:
        return str(kind)
    if kind not in CHAT_SCOPES:
        raise bad("can't parse BotCommandScope: unsupported type specified")
    chat = world.chat(_number_or_name(scope.get("chat_id")))
    if chat.type == "channel":
        raise bad("can't change commands in channel chats")
    if chat.private and kind != "chat":
        raise bad(f"can't use scope {kind} in private chats")
    member = f" {scope['user_id']}" if kind == "chat_member" and "user_id" in scope else ""
    if kind == "chat_member" and not member:
        raise bad("can't parse BotCommandScope: user_id is missing")
    return f"{kind} {chat.id}{member}"


def _number_or_name(value: Any) -> int | str:
    if value is None:
        raise bad("chat_id is empty")
    return int(value) if re.fullmatch(r"-?\d+", str(value)) else str(value)


def _language(given: dict[str, Any]) -> str:
    code = str(given.get("language_code", ""))
    if not re.fullmatch(r"([a-z]{2})?", code):
        raise bad("invalid language code specified")
    return code


def set_my_commands(world: World, given: dict[str, Any]) -> bool:
    """Set the commands of a scope and language; an empty list deletes them."""
    place = (_scope(world, given.get("scope")), _language(given))
    commands = [_command(command) for command in given["commands"]]
    if len(commands) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    world.commands[place] = commands
    if not commands:
        del world.commands[place]
    world.touched()
    return True


def _command(command: Any) -> Json:
    if not isinstance(command, dict) or set(command) != {"command", "description"}:
        raise bad("can't parse BotCommand: expected an Object with command and description")
    name, description = (str(command[key]).strip() for key in ("command", "description"))
    name = name.removeprefix("/")
    if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
        raise bad("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= COMMAND_DESCRIPTION:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def get_my_commands(world: World, given: dict[str, Any]) -> list[Json]:
    """Return the commands of exactly this scope and language."""
    return world.commands.get((_scope(world, given.get("scope")), _language(given)), [])


def delete_my_commands(world: World, given: dict[str, Any]) -> bool:
    """Delete the commands of a scope and language; wider ones show again."""
    world.commands.pop((_scope(world, given.get("scope")), _language(given)), None)
    world.touched()
    return True


def visible_commands(world: World, chat: Chat, user_id: int, language: str) -> list[Json]:
    """Return the commands a person sees in a chat: the most specific scope wins, and lists do not merge."""
    administrator = chat.members.get(user_id) in ("administrator", "creator")
    scopes = [f"chat_member {chat.id} {user_id}"]
    scopes += [f"chat_administrators {chat.id}"] if administrator else []
    scopes += [f"chat {chat.id}"]
    scopes += ["all_chat_administrators"] if administrator else []
    scopes += ["all_private_chats" if chat.private else "all_group_chats", "default"]
    places = [(scope, code) for scope in scopes for code in (language, "")]
    return next((world.commands[place] for place in places if place in world.commands), [])


# Name and descriptions


def _setter(what: str) -> Run:
    def set_it(world: World, given: dict[str, Any]) -> bool:
        text = given.get(what, "")
        if len(text) > LONGEST[what]:
            raise bad(f"{what.replace('_', ' ')} is too long")
        world.profile[what, _language(given)] = text
        world.touched()
        return True

    return set_it


def _getter(what: str) -> Run:
    def get_it(world: World, given: dict[str, Any]) -> Json:
        default = world.bot["first_name"] if what == "name" else ""
        texts = [world.profile.get((what, code), "") for code in (_language(given), "")]
        return {what: next((text for text in texts if text), default)}

    return get_it


# Chats and members


def get_chat(world: World, given: dict[str, Any]) -> Json:
    """Describe a chat."""
    chat = world.readable_chat(given["chat_id"])
    gifts: Json = dict.fromkeys(GIFTS, False)
    details: Json = {"permissions": permissions(chat)} if chat.type in ("group", "supergroup") else {}
    return {**chat.as_json(), **details, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def permissions(chat: Chat) -> Json:
    """Return the API's ChatPermissions: what ordinary members of a group may do."""
    return {**dict.fromkeys(PERMISSIONS, True), "can_send_polls": chat.polls_allowed}


def get_chat_member(world: World, given: dict[str, Any]) -> Json:
    """Tell the standing of one person in a chat."""
    chat = world.readable_chat(given["chat_id"])
    user_id = given["user_id"]
    if user_id == world.bot["id"]:
        return member_json(world.bot, chat.bot_status)
    if user_id not in world.users:
        raise bad("invalid user_id specified")
    status = "member" if chat.private and user_id == chat.id else chat.members.get(user_id, "left")
    return member_json(world.users[user_id], status)


def get_chat_administrators(world: World, given: dict[str, Any]) -> list[Json]:
    """List the administrators; hidden ones are missing, as on the real server, and so are other bots."""
    chat = world.readable_chat(given["chat_id"])
    if chat.private:
        raise bad("there are no administrators in the private chat")
    known = {**chat.members, world.bot["id"]: chat.bot_status}
    leading = [(user_id, status) for user_id, status in known.items() if status in ("administrator", "creator")]
    return [member_json(world.users.get(user_id, world.bot), status) for user_id, status in leading]


def member_json(user: Json, status: str, may_post: bool | None = None) -> Json:
    """Return the API's ChatMember; `may_post` is for administrators of channels only."""
    status = status if status in ("creator", "administrator", "restricted", "left", "kicked") else "member"
    details: Json = {}
    if status == "creator":
        details = {"is_anonymous": False}
    elif status == "administrator":
        details = {**dict.fromkeys(RIGHTS, False), "can_manage_chat": True, "can_delete_messages": True}
        details |= {} if may_post is None else {"can_post_messages": may_post}
    elif status == "restricted":
        details = {"is_member": True, "can_send_messages": False, "until_date": 0}
    elif status == "kicked":
        details = {"until_date": 0}
    return {"user": user, "status": status, **details}


METHODS: Final[Mapping[str, Run]] = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
}
