"""Requests over real sockets to servers that answer as servers do, and as they should not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.telegram import connections
from bot.telegram.connections import Answer
from tests.telegram.far import (
    HI,
    OK,
    Far,
    Holding,
    answering,
    ask,
    broken,
    deaf,
    ours,
    resolving,
    saying,
    silent,
    stopped_in_every_round,
    until,
)  # fmt: skip

# -- answers -----------------------------------------------------------------------------------------------------------


def framed(status: int, body: bytes, how: str, cuts: Sequence[int]) -> bytes:
    """Return an answer: its length said, in chunks, or until the line ends."""
    head = b"HTTP/1.1 %d Some Reason\r\nServer: nginx\r\n" % status
    if how == "length":
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    if how == "chunked":
        places = [0, *sorted({cut % (len(body) + 1) for cut in cuts}), len(body)]
        parts = [body[a:b] for a, b in pairwise(places) if a < b]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    return head + b"\r\n" + body


ANSWERS = st.tuples(st.sampled_from([200, 400, 404, 429, 502]), st.binary(max_size=300),
                    st.sampled_from(["length", "chunked", "to the end"]))  # fmt: skip
CUTS = st.lists(st.integers(0, 10_000), max_size=5)


async def in_pieces(writer: asyncio.StreamWriter, data: bytes, cuts: Sequence[int]) -> None:
    """Write it so that the other side reads it in pieces."""
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    for a, b in pairwise(places):
        writer.write(data[a:b])
        for _ in range(3):  # rounds of the loop that both sides share
            await asyncio.sleep(0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ANSWERS, CUTS, st.booleans()), min_size=1, max_size=4))
def test_an_answer_is_read_whole_however_it_is_framed_and_cut(
    told: list[tuple[tuple[int, bytes, str], list[int], bool]],
) -> None:
    rest = list(told)

    async def play(_far: Far, writer: asyncio.StreamWriter) -> None:
        (status, body, how), cuts, interim = rest.pop(0)
        before = b"HTTP/1.1 100 Continue\r\n\r\n" if interim else b""
        await in_pieces(writer, before + framed(status, body, how, cuts), cuts)
        if how == "to the end":
            writer.close()

    async def story() -> None:
        async with answering(play) as far, ours() as made:
            for (status, body, _), _, _ in told:
                assert await ask(made, far.url) == Answer(status, body)
            # Whatever says where it ends leaves the line as good as it was.
            assert far.lines == 1 + sum(how == "to the end" for (_, _, how), _, _ in told[:-1])

    asyncio.run(story())


@settings(max_examples=60, deadline=None)
@given(ANSWERS.filter(lambda one: one[2] != "to the end"), CUTS, st.integers(0, 10_000), st.booleans())
@example(told=(200, b"", "length"), cuts=[], end=len(b"HTTP/1.1 100 Continue\r\n\r\n"), interim=True)
def test_an_answer_that_breaks_off_is_none(
    told: tuple[int, bytes, str], cuts: list[int], end: int, interim: bool
) -> None:
    data = (b"HTTP/1.1 100 Continue\r\n\r\n" if interim else b"") + framed(*told, cuts)

    async def play(_far: Far, writer: asyncio.StreamWriter) -> None:
        await in_pieces(writer, data[: end % len(data)], cuts)
        writer.close()

    async def story() -> None:
        async with answering(play) as far, ours() as made:
            assert (await broken(made, far.url)).written

    asyncio.run(story())


async def test_a_head_that_breaks_off_is_no_answer_that_ends_with_its_line() -> None:
    async def play(_far: Far, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nServer: ngi")
        writer.close()

    async with answering(play) as far, ours() as made:
        assert (await broken(made, far.url)).written


async def test_a_line_that_breaks_before_an_answer_does_not_repeat_the_one_before() -> None:
    async def play(far: Far, writer: asyncio.StreamWriter) -> None:
        if len(far.asked) == 1:
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        else:
            writer.close()

    async with answering(play) as far, ours() as made:
        assert await ask(made, far.url) == Answer(204, b"")
        assert (await broken(made, far.url)).written
        assert far.lines == 1


@pytest.mark.parametrize(
    "nonsense",
    [b"220 smtp.example.org ESMTP\r\n", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
)
async def test_what_is_no_http_is_a_broken_line(nonsense: bytes) -> None:
    async with answering(saying(nonsense, OK)) as far, ours() as made:
        assert (await broken(made, far.url)).written
        assert await ask(made, far.url) == HI
        assert far.lines == 2


# -- connections that are kept -----------------------------------------------------------------------------------------


async def test_requests_follow_each_other_on_one_line_as_they_were_meant() -> None:
    async with answering(saying(OK)) as far, ours() as made:
        for _ in range(3):
            assert await ask(made, far.url + "/bot1:a/getMe?x=a b", b'{"a":1}') == HI
        assert far.lines == 1
        head, _, body = far.asked[0].partition(b"\r\n\r\n")
        assert body == b'{"a":1}'
        first, *lines = head.decode().split("\r\n")
        assert first == "POST /bot1:a/getMe?x=a%20b HTTP/1.1"
        assert set(lines) == {
            f"Host: {far.url.removeprefix('http://')}", "User-Agent: test", "Accept: */*",
            "Content-Type: application/json", "Content-Length: 7",
        }  # fmt: skip
        assert await made.ask("GET", far.url, None, "", connect=5, read=5) == HI
        assert far.asked[-1].startswith(b"GET / HTTP/1.1\r\n")
        assert b"Content" not in far.asked[-1]


async def test_a_line_that_the_other_side_lets_go_of_is_not_used_again() -> None:
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
    async with answering(saying(last, OK)) as far, ours() as made:
        assert await ask(made, far.url) == HI
        assert await ask(made, far.url) == HI
        assert far.lines == 2
        far.writers[-1].close()
        await asyncio.sleep(0.05)
        assert await ask(made, far.url) == HI
        assert far.lines == 3


async def test_a_line_that_rested_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with answering(saying(OK)) as far, ours() as made:
        assert await ask(made, far.url) == HI
        monkeypatch.setattr(connections, "KEEP_SECONDS", 0.0)
        assert await ask(made, far.url) == HI
        assert far.lines == 2
        await until(lambda: far.ended == 1)


async def test_closing_lets_go_of_what_rests() -> None:
    async with answering(saying(OK)) as far:
        async with ours() as made:
            assert await ask(made, far.url) == HI
            assert far.ended == 0
        await until(lambda: far.ended == 1)


async def test_what_nobody_asked_for_is_nobodys_answer() -> None:
    other = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
    async with answering(saying(OK + other, OK)) as far, ours() as made:
        assert await ask(made, far.url) == HI
        assert await ask(made, far.url) == HI
        far.writers[-1].write(other)
        await asyncio.sleep(0.05)
        assert await ask(made, far.url) == HI
        assert far.lines == 3


async def test_an_answer_that_comes_too_late_is_not_the_next_ones() -> None:
    async def play(far: Far, writer: asyncio.StreamWriter) -> None:
        if len(far.asked) == 1:
            await asyncio.sleep(0.2)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
        else:
            writer.write(OK)

    async with answering(play) as far, ours(1) as made:
        late = await broken(made, far.url, read=0.1)
        assert (late.written, str(late)) == (True, "no answer within 0.1 seconds")
        await until(lambda: bool(far.asked))
        assert await ask(made, far.url) == HI
        await asyncio.sleep(0.3)
        assert await ask(made, far.url) == HI


async def test_whoever_stops_waiting_leaves_no_answer_behind() -> None:
    async with answering(silent) as far, ours(1) as made:
        waiting = asyncio.create_task(ask(made, far.url))
        await until(lambda: bool(far.asked))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        far.play = saying(OK)
        assert await ask(made, far.url) == HI
        assert far.lines == 2


async def test_whoever_stops_waiting_leaves_no_socket_open_whenever_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch)
    async with answering(saying(OK)) as far:
        await stopped_in_every_round(far.url, 40)


async def test_a_request_that_was_not_heard_out_was_certainly_not_written() -> None:
    async with deaf() as url, ours() as made:
        late = await broken(made, url, b"x" * 30_000_000, read=0.1)
        assert (late.written, str(late)) == (False, "no answer within 0.1 seconds")


async def test_an_answer_before_the_request_was_heard_out_ends_its_line() -> None:
    async with deaf(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n") as url, ours() as made:
        for _ in range(2):
            assert await ask(made, url, b"x" * 30_000_000) == Answer(413, b"")


async def test_no_more_lines_than_allowed_and_who_waits_too_long_was_not_written() -> None:
    play = Holding()
    async with answering(play) as far, ours(2) as made:
        waiting = [asyncio.create_task(ask(made, far.url)) for _ in range(5)]
        await until(lambda: len(far.asked) == 2)
        late = await broken(made, far.url, connect=0.05)
        assert (late.written, str(late)) == (False, "no connection within 0.05 seconds")
        play.let_go()
        assert await asyncio.gather(*waiting) == [HI] * 5
        assert (far.lines, len(far.asked)) == (2, 5)


async def test_whoever_waits_for_a_place_is_not_overtaken() -> None:
    async with answering(saying(OK)) as far, ours(1) as made:
        waited = asyncio.Event()

        async def greedy() -> None:
            while not waited.is_set():
                await ask(made, far.url)

        async with asyncio.TaskGroup() as group:
            group.create_task(greedy())
            await until(lambda: bool(far.asked))
            assert await ask(made, far.url) == HI
            waited.set()


async def test_closing_lets_what_is_under_way_end_and_nothing_begin() -> None:
    play = Holding()
    async with answering(play) as far, ours(1) as made:
        under_way = asyncio.create_task(ask(made, far.url))
        await until(lambda: bool(far.asked))
        waiting = asyncio.create_task(broken(made, far.url))
        await asyncio.sleep(0)
        await made.close()
        play.let_go()
        assert await under_way == HI
        assert not (await waiting).written
        assert not (await broken(made, far.url)).written
        assert far.lines == 1


async def test_a_dead_line_hides_none_that_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Holding()

    async def lost(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    async with answering(play) as far, ours() as made:
        asking = [asyncio.create_task(ask(made, far.url)) for _ in range(3)]
        await until(lambda: len(far.asked) == 3)
        play.let_go()
        assert await asyncio.gather(*asking) == [HI] * 3
        for writer in far.writers[1:]:
            writer.transport.abort()
        await asyncio.sleep(0.05)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lost)
        for _ in range(3):
            assert await ask(made, far.url) == HI
        assert far.lines == 3
