"""The test server knows groups, topics, channels, members and the profile of the bot."""

from __future__ import annotations

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)
from telegram.error import (
    ChatMigrated,
)

from tests.botapi import BotApiServer, Person
from tests.support.api_calls import buttons, refused, updates

# Groups


async def test_privacy_mode_holds_back_what_does_not_concern_the_bot(
    server: BotApiServer, bot: Bot, dana: Person
) -> None:
    group = server.group()
    sent = await bot.send_message(group.id, "Hello all")
    own = next(message for message in group.screen if message.id == sent.message_id)
    heard = {
        "chatter": dana.says_in(group, "hello"),
        "mention": dana.says_in(group, "@afterword_test_bot hello"),
        "bare": dana.says_in(group, "/help"),
        "named": dana.says_in(group, "/help@Afterword_Test_Bot"),
        "foreign": dana.says_in(group, "/help@other_bot"),
        "reply": dana.says_in(group, "to you", reply_to=own),
    }
    assert [name for name, message in heard.items() if message.update_id] == ["bare", "named", "reply"]
    group.promotes_bot(dana)
    assert dana.says_in(group, "now heard").update_id is not None
    group.kicks_bot(dana)
    assert await refused(bot.send_message(group.id, "x")) == "Forbidden: bot was kicked from the supergroup chat"


async def test_a_migrated_group_names_its_new_id(server: BotApiServer, bot: Bot) -> None:
    old = server.group(basic=True)
    new = old.migrates()
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(old.id, "x")
    assert caught.value.new_chat_id == new.id
    await bot.send_message(new.id, "x")
    assert [message.migrate_to_chat_id for update in await updates(bot) if (message := update.message)] == [
        new.id,
        None,
    ]


async def test_topics_take_messages_until_they_are_closed_or_deleted(
    server: BotApiServer, bot: Bot, dana: Person
) -> None:
    forum = server.group(forum=True)
    topic = forum.topic("Interviews")
    sent = await bot.send_message(forum.id, "x", message_thread_id=topic)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic, True)
    said = dana.says_in(forum, "/help", topic=topic)
    assert (said.thread_id, dana.says_in(forum, "/help").thread_id) == (topic, None)
    assert await refused(bot.send_message(forum.id, "x", message_thread_id=1)) == "Message thread not found"
    await bot.send_chat_action(forum.id, "typing", message_thread_id=1)
    forum.closes_topic(topic)
    assert await refused(bot.send_message(forum.id, "x", message_thread_id=topic)) == "Topic_closed"
    forum.deletes_topic(topic)
    assert await refused(bot.send_message(forum.id, "x", message_thread_id=topic)) == "Message thread not found"
    assert await refused(bot.send_message(dana.id, "x", message_thread_id=5)) == "Message thread not found"
    plain = server.group()
    assert (await bot.send_message(plain.id, "x", message_thread_id=5)).message_thread_id is None


async def test_channels_and_hidden_senders_come_as_telegram_sends_them(server: BotApiServer, bot: Bot) -> None:
    server.privacy = False
    news, group = server.channel(), server.group()
    post = news.posts("Hiring")
    news.edits(post, "Hiring again")
    group.hears_anonymous_admin("Order!")
    group.hears_channel(news, "We forward")
    group.hears_channel(news, "Hiring", forwarded=True)
    posted, edited, hidden, channel, forwarded = await updates(bot)
    assert posted.channel_post is not None
    assert (posted.channel_post.text, posted.effective_user) == ("Hiring", None)
    assert edited.edited_channel_post is not None
    senders = [update.effective_user.id for update in (hidden, channel, forwarded) if update.effective_user]
    assert senders == [1087968824, 136817688, 777000]
    assert (await bot.send_message(news.id, "x")).from_user is None


# Profile


async def test_commands_are_kept_by_scope_and_language(server: BotApiServer, bot: Bot, dana: Person) -> None:
    start, hilfe, mine = BotCommand("start", "Begin"), BotCommand("hilfe", "Hilfe"), BotCommand("mine", "Only here")
    await bot.set_my_commands([start])
    await bot.set_my_commands([hilfe], scope=BotCommandScopeAllPrivateChats(), language_code="de")
    assert await bot.get_my_commands() == (start,)
    assert dana.commands() == ["start"]
    dana.speaks("de")
    assert dana.commands() == ["hilfe"]
    await bot.set_my_commands([mine], scope=BotCommandScopeChat(dana.id))
    assert dana.commands() == ["mine"]
    await bot.delete_my_commands(scope=BotCommandScopeChat(dana.id))
    assert (dana.commands(), dana.commands(server.group())) == (["hilfe"], ["start"])
    assert await refused(bot.set_my_commands([("Start", "x")])) == "Bot_command_invalid"
    assert await refused(bot.set_my_commands([("start", "x" * 257)])) == "Bot_command_description_invalid"
    assert await refused(bot.set_my_commands([(f"c{n}", "x") for n in range(101)])) == "Bot_commands_too_much"


async def test_names_and_descriptions_are_kept_by_language(bot: Bot) -> None:
    await bot.set_my_description("Helps after interviews")
    await bot.set_my_description("Hilft nach Interviews", language_code="de")
    await bot.set_my_short_description("Helps")
    assert (await bot.get_my_description("de")).description == "Hilft nach Interviews"
    assert (await bot.get_my_description("es")).description == "Helps after interviews"
    assert (await bot.get_my_short_description()).short_description == "Helps"
    assert (await bot.get_my_name()).name == "Afterword"
    await bot.set_my_name("Nachwort", language_code="de")
    assert (await bot.get_my_name("de")).name == "Nachwort"
    assert await refused(bot.set_my_short_description("x" * 121)) == "Short description is too long"


async def test_a_poll_is_voted_on_and_closed_and_nobody_is_named(server: BotApiServer, bot: Bot, dana: Person) -> None:
    group = server.group()
    group.add(dana)
    message = await bot.send_poll(group.id, "Well?", ["Yes", "No"], reply_markup=buttons("Close"))
    assert message.poll
    await server.play(lambda: dana.votes("Yes", group))
    (update,) = await updates(bot)
    assert update.poll
    assert [option.voter_count for option in update.poll.options] == [1, 0]
    assert str(dana.id) not in str(update.to_dict())
    stopped = await bot.stop_poll(group.id, message.message_id)
    assert (stopped.is_closed, stopped.total_voter_count, group.screen[-1].keyboard) == (True, 1, [])
    assert (await updates(bot, update.update_id + 1))[0].poll.is_closed  # type: ignore[union-attr]
    assert await refused(bot.stop_poll(group.id, message.message_id)) == "Poll has already been closed"
    assert await refused(bot.stop_poll(group.id, 1)) == "Message with poll to stop not found"
    assert await refused(bot.send_poll(group.id, "x" * 301, ["Yes"])) == "Poll question length must not exceed 300"
    assert await refused(bot.send_poll(group.id, "Well?", ["x" * 101])) == "Poll options length must not exceed 100"
    assert await refused(bot.send_poll(group.id, "Well?", ["x"] * 13)) == "Poll can't have more than 12 options"


async def test_the_bot_can_ask_who_is_who(server: BotApiServer, bot: Bot, dana: Person) -> None:
    group = server.group(title="Hunters")
    group.add(dana, "creator")
    assert (await bot.get_chat(group.id)).title == "Hunters"
    assert (await bot.get_chat_member(group.id, dana.id)).status == "creator"
    assert (await bot.get_chat_member(group.id, server.person(started=True).id)).status == "left"
    assert [one.user.id for one in await bot.get_chat_administrators(group.id)] == [dana.id]
    assert await refused(bot.get_chat_member(group.id, 5)) == "Invalid user_id specified"
    assert (await bot.get_me()).username == "afterword_test_bot"
