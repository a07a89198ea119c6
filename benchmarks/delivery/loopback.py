"""A Bot API server that answers everything at once, in a process of its own: `python -m benchmarks.delivery.loopback`.

It prints its port and serves until its standard input ends. What it says is of a size that Telegram's answers have.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ROWS = [[{"text": f"An answer {n}", "callback_data": f"7:answer_{n}"}] for n in range(5)]
MESSAGE = {
    "date": 0, "from": {"id": 7, "is_bot": True, "first_name": "Bench"},
    "chat": {"id": 1000, "type": "private", "first_name": "Dana"}, "text": "x" * 300,
    "reply_markup": {"inline_keyboard": ROWS},
}  # fmt: skip
ME = {"id": 7, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}


def _answer(result: object) -> bytes:
    body = json.dumps({"ok": True, "result": result}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


ANSWERS = {b"answerCallbackQuery": _answer(True), b"getMe": _answer(ME)}
NUMBERS = itertools.count(100_000)  # of new messages: of one length, so that the length of an answer stands
EDITED = re.compile(rb'message_id"?[=:] ?(\d+)')
BEFORE, AFTER = _answer({"message_id": 100_000} | MESSAGE).split(b"100000")


def _shown(body: bytes) -> bytes:
    """Return the message that a call leads to: a new one, or the one that is edited."""
    edited = EDITED.search(body)
    return BEFORE + (edited[1] if edited else b"%d" % next(NUMBERS)) + AFTER


class Serving(asyncio.Protocol):
    """One connection that is kept alive."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.heard = transport, b""

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while (end := self.heard.find(b"\r\n\r\n")) >= 0:
            head = self.heard[:end]
            _, found, after = head.lower().partition(b"content-length:")
            size = end + 4 + (int(after.partition(b"\r\n")[0]) if found else 0)
            if len(self.heard) < size:
                return
            body, self.heard = self.heard[end + 4 : size], self.heard[size:]
            method = head.split(b" ", 2)[1].rpartition(b"/")[2]
            self.transport.write(ANSWERS.get(method) or _shown(body))


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Serving, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def serving() -> Iterator[str]:
    """Start the server; give its address."""
    with subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
