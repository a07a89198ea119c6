"""The test server: messages, updates and taps, asked for by the real python-telegram-bot over real HTTP."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest
from telegram import (
    Bot,
    CopyTextButton,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import Conflict, NetworkError

from tests.botapi import BotApiServer, Person
from tests.support.api_calls import buttons, connected, refused, updates

# Talking


async def test_a_message_arrives_as_the_person_sees_it(server: BotApiServer, bot: Bot, dana: Person) -> None:
    sent = await bot.send_message(
        dana.id, "<b>Hello</b> 🙂 <i>you</i>  \n", parse_mode="HTML", reply_markup=buttons("Yes")
    )
    assert dana.sees() == "Hello 🙂 you"
    shown = dana.screen[-1]
    assert (shown.id, shown.labels, shown.styled("bold"), shown.styled("italic")) == (
        sent.message_id,
        ["Yes"],
        ["Hello"],
        ["you"],
    )
    assert sent.parse_entities() == {sent.entities[0]: "Hello", sent.entities[1]: "you"}
    assert sent.entities[1].offset == 9  # UTF-16: the emoji counts two
    assert [call.method for call in server.calls_of("sendMessage")] == ["sendMessage"]
    assert server.refused == []


async def test_an_edit_replaces_text_and_keyboard_and_is_counted(bot: Bot, dana: Person) -> None:
    sent = await bot.send_message(dana.id, "First", reply_markup=buttons("Yes"))
    await bot.edit_message_text("Second", dana.id, sent.message_id)
    shown = dana.screen[-1]
    assert (shown.text, shown.labels, shown.edited_count, shown.texts) == ("Second", [], 1, ["First", "Second"])
    await bot.edit_message_reply_markup(dana.id, sent.message_id, reply_markup=buttons("No"))
    assert (shown.text, shown.labels, shown.edited_count) == ("Second", ["No"], 2)


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, dana: Person) -> None:
    sent = await bot.send_message(dana.id, "Same", reply_markup=buttons("Yes"))
    why = await refused(bot.edit_message_text("Same  ", dana.id, sent.message_id, reply_markup=buttons("Yes")))
    assert why.startswith("Message is not modified: specified new message content and reply markup are exactly")


async def test_only_own_and_existing_messages_can_be_edited(bot: Bot, dana: Person) -> None:
    assert await refused(bot.edit_message_text("x", dana.id, 999999)) == "Message to edit not found"
    assert await refused(bot.edit_message_text("x", dana.id, dana.says("mine").id)) == "Message can't be edited"
    asked = await bot.send_message(dana.id, "Type", reply_markup=ForceReply())
    assert await refused(bot.edit_message_text("x", dana.id, asked.message_id)) == "Message can't be edited"


async def test_a_deleted_message_leaves_the_screen(bot: Bot, dana: Person) -> None:
    sent = await bot.send_message(dana.id, "Gone soon")
    await bot.delete_message(dana.id, sent.message_id)
    assert dana.screen == []
    assert await refused(bot.delete_message(dana.id, sent.message_id)) == "Message to delete not found"


async def test_texts_have_their_limits_after_parsing(bot: Bot, dana: Person) -> None:
    await bot.send_message(dana.id, "<b>" + "🙂" * 4096 + "</b>", parse_mode="HTML")
    assert await refused(bot.send_message(dana.id, "x" * 4097)) == "Message is too long"
    assert await refused(bot.send_message(dana.id, "é" * 16385)) == "Text is too long"
    assert await refused(bot.send_message(dana.id, "")) == "Message text is empty"
    assert await refused(bot.send_message(dana.id, " \n<b> </b>", parse_mode="HTML")) == "Text must be non-empty"


async def test_a_document_keeps_its_bytes_and_can_be_sent_again(server: BotApiServer, bot: Bot, dana: Person) -> None:
    sent = await bot.send_document(
        dana.id, b"BEGIN:VCALENDAR", caption="<b>Friday</b>", parse_mode="HTML", filename="a.ics"
    )
    assert sent.document is not None
    shown = dana.screen[-1]
    assert shown.document is not None
    assert (shown.document.content, shown.document.name, shown.text) == (b"BEGIN:VCALENDAR", "a.ics", "Friday")
    assert shown.document.mime_type == "text/calendar"
    await bot.send_document(dana.id, sent.document.file_id)
    assert dana.screen[-1].document == shown.document
    assert await refused(bot.send_document(dana.id, b"x", caption="c" * 1025)) == "Message caption is too long"
    assert await refused(bot.send_document(dana.id, "no-such-file")) == "Wrong file identifier/http url specified"
    assert server.chat(dana.id).messages[0].document is shown.document


async def test_a_reply_to_a_message_that_is_gone_is_refused_unless_allowed(bot: Bot, dana: Person) -> None:
    gone = ReplyParameters(999999)
    assert await refused(bot.send_message(dana.id, "x", reply_parameters=gone)) == "Message to be replied not found"
    await bot.send_message(dana.id, "x", reply_parameters=ReplyParameters(999999, allow_sending_without_reply=True))
    sent = await bot.send_message(dana.id, "y", reply_parameters=ReplyParameters(dana.says("question").id))
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "question"


# Updates


async def test_what_is_not_confirmed_is_sent_again(server: BotApiServer, bot: Bot, dana: Person) -> None:
    first, second = dana.says("one"), dana.says("two")
    for _ in range(2):
        assert [update.update_id for update in await updates(bot)] == [first.update_id, second.update_id]
    assert second.update_id == (first.update_id or 0) + 1
    assert [update.update_id for update in await updates(bot, second.update_id)] == [second.update_id]
    assert len(server.pending) == 1
    assert await updates(bot, (second.update_id or 0) + 1) == ()
    assert server.pending == []


async def test_a_negative_offset_keeps_only_the_last(bot: Bot, dana: Person) -> None:
    for text in ("one", "two", "three"):
        dana.says(text)
    assert [update.message.text for update in await updates(bot, -1) if update.message] == ["three"]
    assert len(await updates(bot)) == 1


async def test_a_long_poll_waits_for_the_next_update(bot: Bot, dana: Person) -> None:
    poll = asyncio.create_task(updates(bot, timeout=30))
    await asyncio.sleep(0.1)
    assert not poll.done()
    dana.says("now")
    assert [update.message.text for update in await asyncio.wait_for(poll, 2) if update.message] == ["now"]


async def test_a_command_carries_its_entity_and_photos_have_none(bot: Bot, dana: Person) -> None:
    dana.says("/start@afterword_test_bot x")
    said = dana.says("not/a command")
    dana.edits(said, "changed")
    for send in (dana.sends_photo, dana.sends_sticker, dana.sends_voice, dana.sends_location, dana.sends_poll):
        send()
    dana.forwards("old news")
    got = [message for update in await updates(bot) if (message := update.effective_message)]
    assert len(got) == 9
    assert [entity.type for entity in got[0].entities] == ["bot_command"]
    assert (got[0].entities[0].offset, got[0].entities[0].length) == (0, 25)
    assert (got[1].entities, got[2].text) == ((), "changed")
    assert [bool(kind) for kind in (got[3].photo, got[4].sticker, got[5].voice, got[6].location, got[7].poll)] == [
        True
    ] * 5
    assert got[8].forward_origin is not None


async def test_the_older_of_two_requests_ends_with_a_conflict(server: BotApiServer, bot: Bot) -> None:
    first = asyncio.create_task(updates(bot, timeout=30))
    await server.wait_for(lambda: server.calls_of("getUpdates"))
    await asyncio.sleep(0.05)
    async with connected(server) as other:
        assert await updates(other) == ()
    with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure that only one"):
        await first


async def test_allowed_updates_stay_as_they_were_set(bot: Bot, dana: Person) -> None:
    await updates(bot, allowed_updates=["callback_query"])
    assert dana.says("unheard").update_id is None
    await updates(bot)
    assert dana.says("unheard").update_id is None
    await updates(bot, allowed_updates=[])
    assert dana.says("heard").update_id is not None


async def test_an_update_can_come_twice_and_ids_can_jump(server: BotApiServer, bot: Bot, dana: Person) -> None:
    said = dana.says("once")
    assert said.update_id is not None
    after = said.update_id + 1
    assert len(await updates(bot, said.update_id)) == 1
    assert await updates(bot, after) == ()
    server.duplicate(said.update_id)
    assert [update.update_id for update in await updates(bot, after)] == [said.update_id]
    assert await updates(bot, after) == ()
    server.jump_ids(1000)
    assert dana.says("after a week").update_id == 1000
    assert [update.update_id for update in await updates(bot, after)] == [1000]
    assert await updates(bot, 1001) == ()


async def test_presses_expire_when_nobody_fetches_them(dana: Person) -> None:
    clock = [1_000_000.0]
    async with BotApiServer(clock=lambda: clock[0]) as server, connected(server) as bot:
        dana = server.person(started=True)
        await bot.send_message(dana.id, "Well?", reply_markup=buttons("Yes"))
        dana.taps("Yes", timeout=0)
        dana.says("and a message")
        clock[0] += 151
        assert [bool(update.message) for update in await updates(bot)] == [True]


async def test_raw_updates_come_through(server: BotApiServer, bot: Bot) -> None:
    chat = {"id": -1001, "type": "supergroup", "title": "G"}
    sender = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
    update_id = server.push({"message": {"message_id": 1, "date": 1, "chat": chat, "from": sender, "text": "x"}})
    (update,) = await updates(bot)
    assert update.update_id == update_id
    assert update.effective_user is not None
    assert update.effective_user.id == 777000


# Taps


async def test_a_tap_is_answered_with_a_toast_once(server: BotApiServer, bot: Bot, dana: Person) -> None:
    sent = await bot.send_message(dana.id, "Well?", reply_markup=buttons("Yes", "No"))
    tapping = asyncio.create_task(asyncio.to_thread(dana.taps, "No"))
    (update,) = await updates(bot, timeout=5)
    query = update.callback_query
    assert query is not None
    assert query.message is not None
    assert (query.data, query.message.message_id, query.from_user.id) == ("no", sent.message_id, dana.id)
    assert len(server.unanswered_taps()) == 1
    await bot.answer_callback_query(query.id, "Noted", show_alert=True)
    assert (await tapping).alert
    assert dana.toast == "Noted"
    assert server.unanswered_taps() == []
    too_old = "Query is too old and response timeout expired or query id is invalid"
    assert await refused(bot.answer_callback_query(query.id)) == too_old
    assert await refused(bot.answer_callback_query("12345")) == too_old


async def test_an_answer_that_comes_too_late_or_is_too_long_is_refused(dana: Person) -> None:
    clock = [1_000_000.0]
    async with BotApiServer(clock=lambda: clock[0], query_seconds=15) as server, connected(server) as bot:
        dana = server.person(started=True)
        await bot.send_message(dana.id, "Well?", reply_markup=buttons("Yes"))
        tap = dana.taps("Yes", timeout=0)
        assert await refused(bot.answer_callback_query(tap.id, "x" * 201)) == "Message_too_long"
        clock[0] += 16
        assert "too old" in await refused(bot.answer_callback_query(tap.id))


async def test_old_buttons_can_be_pressed_even_of_deleted_messages(bot: Bot, dana: Person) -> None:
    sent = await bot.send_message(dana.id, "Well?", reply_markup=buttons("Yes"))
    await bot.edit_message_text("Done", dana.id, sent.message_id)
    dana.taps_old(sent.message_id, "Yes", timeout=0)
    await bot.delete_message(dana.id, sent.message_id)
    dana.taps_old(sent.message_id, "Yes", timeout=0)
    seen, gone = (update.callback_query for update in await updates(bot))
    assert seen is not None
    assert gone is not None
    assert seen.message is not None
    assert gone.message is not None
    assert (seen.message.is_accessible, gone.message.is_accessible) == (True, False)


async def test_a_copy_button_puts_its_text_into_the_clipboard(server: BotApiServer, bot: Bot, dana: Person) -> None:
    button = InlineKeyboardButton("Copy", copy_text=CopyTextButton("Dear Ms Lee"))
    await bot.send_message(dana.id, "Note", reply_markup=InlineKeyboardMarkup([[button]]))
    assert dana.copies("Copy") == "Dear Ms Lee"
    assert server.pending == []


async def test_a_scene_reads_as_a_chat(server: BotApiServer, bot: Bot) -> None:
    async def answer_two() -> None:
        offset = None
        for _ in range(2):
            for update in await updates(bot, offset, timeout=5):
                offset = update.update_id + 1
                if update.callback_query and update.effective_chat:
                    await update.callback_query.answer("Good")
                    await bot.send_message(update.effective_chat.id, "Bye")
                elif update.effective_chat:
                    await bot.send_message(update.effective_chat.id, "Well?", reply_markup=buttons("Yes"))
        await updates(bot, offset)

    def view(dana: Person) -> None:
        dana.says("/start")
        dana.expects("Well?")
        dana.taps("Yes")
        dana.expects("Bye")
        dana.hears_nothing(0.05)
        with pytest.raises(AssertionError, match="Dana waited"):
            dana.expects("Never said", timeout=0)
        with pytest.raises(AssertionError, match="finds no button 'Maybe'"):
            dana.taps("Maybe", timeout=0)

    answering = asyncio.create_task(answer_two())
    await server.play(view, server.person())
    await answering
    server.wait_until_drained()
    assert (server.refused, server.violations, server.unanswered_taps()) == ([], [], [])


# Life


def test_a_plain_test_can_use_it_without_async() -> None:
    with BotApiServer() as server:
        dana = server.person(started=True)
        url = f"{server.base_url}{server.token}/sendMessage"
        assert httpx.post(url, data={"chat_id": dana.id, "text": "by form"}).json()["ok"]
        assert httpx.get(url, params={"chat_id": dana.id, "text": "by address"}).json()["ok"]
        assert [message.text for message in dana.screen] == ["by form", "by address"]
        assert httpx.get(f"{server.url}/elsewhere").json()["error_code"] == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_another_process_can_talk_to_it() -> None:
    program = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
    with BotApiServer() as server:
        command = [sys.executable, "-c", program, f"{server.base_url}{server.token}/getMe"]
        assert '"ok": true' in subprocess.run(command, capture_output=True, text=True, check=True).stdout


async def test_a_bot_that_hangs_up_loses_nothing(server: BotApiServer, dana: Person) -> None:
    async with connected(server) as killed:
        poll = asyncio.create_task(updates(killed, timeout=30))
        await server.wait_for(lambda: server.calls_of("getUpdates"))
        poll.cancel()
    await server.wait_for(lambda: server.calls_of("getUpdates")[0].outcome == "gone")
    dana.says("anyone?")
    async with connected(server) as restarted:
        assert len(await updates(restarted)) == 1


async def test_an_outage_refuses_connections_and_forgets_nothing(server: BotApiServer, bot: Bot, dana: Person) -> None:
    sent = await bot.send_message(dana.id, "before")
    with server.outage():
        dana.says("meanwhile")
        with pytest.raises(NetworkError):
            await bot.send_message(dana.id, "refused")
    assert len(await updates(bot)) == 1
    await bot.edit_message_text("after", dana.id, sent.message_id)
    assert [message.text for message in dana.screen] == ["after", "meanwhile"]
