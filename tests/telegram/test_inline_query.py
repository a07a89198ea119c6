"""Inline search over the questions that many ask: found by words, answered with claims, and nothing private in it."""

from __future__ import annotations

from pathlib import Path

from bot.core.library import Library
from bot.telegram.inline_query import CACHED, MOST, Search, answer
from tests.botapi import BotApiServer
from tests.support.api_calls import raw
from tests.support.story import SLOW_MACHINE, bot_for, nothing_was_refused


def test_the_questions_are_found_in_any_chat_and_nothing_private(telegram: BotApiServer, tmp_path: Path) -> None:
    dana, stan = telegram.person(first_name="Dana"), telegram.person(first_name="Stan")
    bot = bot_for(telegram, tmp_path)
    bot.knows(dana.id, {"relation": "none", "experience": "positive", "first": "Sentinel", "job": "Sentinel"})
    with bot:
        everything = stan.searches("", timeout=SLOW_MACHINE)
        assert len(everything.results) > 3
        assert dana.searches("").results == everything.results, "the same for everybody"
        assert "Sentinel" not in str(everything.results)
        assert (everything.cache_time, everything.personal) == (CACHED, False)
        found = stan.searches("  a NO ")
        first = found.results[0]
        assert first["title"] == "And if I get a no?"
        assert found.texts[0].startswith("And if I get a no?\n")
        assert "Thank" in found.texts[0]
        nothing = stan.searches("<b>zebra {x} & \u202e")
        assert nothing.results == []
        assert nothing.button
        assert nothing.button["start_parameter"] == "faq"
        stan.says("/start faq")
        stan.expects("What many ask", timeout=SLOW_MACHINE)
        assert bot.status is None
        bot.stop()
        assert "zebra" not in bot.log.read_text(encoding="utf-8")
    nothing_was_refused(telegram)


def test_limits_of_telegram_are_kept_whatever_the_content(library: Library) -> None:
    for typed in ("", "a", "x" * 256, "\0\ud800"):
        found = answer(library, "b", Search("1", typed, "xx"))
        assert len(found["results"]) <= MOST
        for result in found["results"]:
            assert 1 <= len(result["id"].encode()) <= 64
            assert result["title"]


async def test_the_test_server_is_strict_about_what_is_found(server: BotApiServer) -> None:
    from tests.botapi.inline import Searched

    article = {"type": "article", "id": "a", "title": "t", "input_message_content": {"message_text": "x"}}
    wrong = {
        "RESULT_ID_INVALID": [{**article, "id": "x" * 65}],
        "RESULT_ID_DUPLICATE": [article, article],
        "RESULTS_TOO_MUCH": [{**article, "id": str(n)} for n in range(51)],
        "title": [{**article, "title": ""}],
        "Input message content": [{**article, "input_message_content": {}} | {"input_message_content": None}],
        "message text is empty": [{**article, "input_message_content": {"message_text": ""}}],
    }
    server.world.searches["7"] = Searched(server.world.now())
    for words, results in wrong.items():
        said = await raw(server, "answerInlineQuery", inline_query_id="7", results=results)
        assert words in said["description"]
    assert (await raw(server, "answerInlineQuery", inline_query_id="7", results=[article]))["ok"]
    assert (
        "query is too old" in (await raw(server, "answerInlineQuery", inline_query_id="7", results=[]))["description"]
    )
