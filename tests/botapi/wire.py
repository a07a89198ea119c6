"""HTTP: requests in, answers out, and lines that break on purpose.

What must live here: reading a request of any content type, the order of checks, the record of calls, and the faults of
the line. What must not: what a method does.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import nullcontext, suppress
from typing import Any, Final

from aiohttp import BodyPartReader, web

from tests.botapi import inline, methods, polls, profile
from tests.botapi.checks import checked, known_method
from tests.botapi.errors import Refused, bad, conflict
from tests.botapi.faults import Fault
from tests.botapi.methods import LARGEST_FILE, Upload
from tests.botapi.polling import WEBHOOK_ACTIVE, Bell, Polling
from tests.botapi.records import Call, Json
from tests.botapi.state import World
from tests.botapi.webhook import Webhook

ATTACHED: Final = "attach://"
REQUEST_ROOM: Final = 1024 * 1024  # for everything in a request but its file
PAGE: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
WORLDLY: Final = {**methods.METHODS, **polls.METHODS, **inline.METHODS, **profile.METHODS}


class Wire:
    """The server's side of the line."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bell = Bell()
        self.polling = Polling(world, self.bell)
        self.webhook = Webhook(world, self.bell, self.polling, self.answered)

    def application(self) -> web.Application:
        """Return the application to serve."""
        app = web.Application(client_max_size=LARGEST_FILE + REQUEST_ROOM)
        app.router.add_route("*", "/bot{token:[^/]+}/{method:[^/]+}", self.handle)
        app.router.add_route("GET", "/file/bot{token:[^/]+}/documents/{file:[^/]+}", self.download)
        app.router.add_route("*", "/{rest:.*}", self.nothing)
        return app

    async def nothing(self, _request: web.Request) -> web.Response:
        """Answer a request to any other address."""
        return _answer(Refused(404, "Not Found", prefix=False).answer(), 404)

    async def download(self, request: web.Request) -> web.Response:
        """Hand out a file that somebody sent."""
        with self.world.lock:
            document = self.world.documents.get(request.match_info["file"])
        if request.match_info["token"] != self.world.token or document is None:
            return _answer(Refused(404, "Not Found", prefix=False).answer(), 404)
        return web.Response(body=document.content, content_type="application/octet-stream")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call of the bot."""
        call = Call(request.match_info["method"], {}, self.world.now())
        with self.world.lock:
            self.world.calls.append(call)
        try:
            return await self._judged(request, call)
        except Refused as refused:
            self._close(call, "refused", refused.code, refused.description)
            return _answer(refused.answer(), refused.code)
        except asyncio.CancelledError:
            if call.outcome == "running":
                self._close(call, "gone")
            raise
        except Exception as bug:  # of this server: a 500 for the bot, a traceback in the log
            self._close(call, "bug", 500, repr(bug))
            raise

    async def _judged(self, request: web.Request, call: Call) -> web.StreamResponse:
        if request.match_info["token"] != self.world.token:
            raise Refused(401, "Unauthorized", prefix=False)
        call.method = known_method(call.method)
        call.parameters = await read_parameters(request)
        with self.world.virtual.handling() if self.world.virtual else nullcontext():
            return await self._carried_out(request, call)

    async def _carried_out(self, request: web.Request, call: Call) -> web.StreamResponse:
        with self.world.lock:
            self.world.heed(call.chat_id)
            fault = self.world.fault_for(call.method, call.chat_id)
        if fault is not None:
            early = await self._suffer(fault, request, call)
            if early is not None:
                return early
        body = await self._applied(call)
        if fault is not None and fault.kind == "cut_after":
            return self._cut(request, call)
        return _answer(body, 200)

    # Calls

    async def _applied(self, call: Call) -> Json:
        """Carry out a call and return the body of its answer."""
        call.parameters = given = checked(call.method, call.parameters)
        words = ""
        if call.method == "getUpdates":
            if self.world.webhook.url:
                raise conflict(WEBHOOK_ACTIVE)
            result: Any = await self.polling.get_updates(given)
        elif call.method == "setWebhook":
            result, words = await self.webhook.set(given)
        elif call.method == "deleteWebhook":
            result, words = await self.webhook.delete(given)
        elif call.method == "getWebhookInfo":
            result = self.webhook.info()
        else:
            result = self._apply_to_world(call)
        self._close(call, "ok", 200, words, result)
        return {"ok": True, "result": result} | ({"description": words} if words else {})

    def _apply_to_world(self, call: Call) -> Any:
        with self.world.lock:
            result = WORLDLY[call.method](self.world, call.parameters)
            self._close(call, "ok", 200, "", result)
            return result

    def answered(self, method: str, parameters: Json) -> None:
        """Carry out a call that came in the answer to a webhook request; nobody hears of its result."""
        call = Call(method, parameters, self.world.now())
        with self.world.lock:
            self.world.calls.append(call)
        try:
            call.method = known_method(method)
            call.parameters = checked(call.method, parameters)
            if call.method not in WORLDLY:
                raise bad(f"{call.method} can't be called in an answer to a webhook request")
            self._apply_to_world(call)
        except Refused as refused:
            self._close(call, "refused", refused.code, refused.description)

    def _close(self, call: Call, outcome: str, code: int = 0, description: str = "", result: Any = None) -> None:
        with self.world.lock:
            call.outcome, call.code, call.description, call.result = outcome, code, description, result
            call.applied = call.applied or outcome == "ok"
            self.world.touched()

    # Faults

    async def _suffer(self, fault: Fault, request: web.Request, call: Call) -> web.StreamResponse | None:
        """Let a fault happen; returns None when the call goes on after all."""
        refusal = fault.refusal()
        if refusal is not None:
            if refusal.code == 429 and call.chat_id is not None:
                with self.world.lock:
                    self.world.limits.hush(call.chat_id, fault.retry_after, self.world.now())
            raise refusal
        if fault.kind == "502_html":
            self._close(call, "page", 502)
            return web.Response(status=502, text=PAGE, content_type="text/html")
        if fault.kind in ("timeout", "slow"):
            await self._hold(fault.seconds)
        return self._cut(request, call) if fault.kind in ("timeout", "cut_before") else None

    async def _hold(self, seconds: float) -> None:
        """Wait, but not longer than the server lives."""
        ends = asyncio.get_running_loop().time() + seconds
        while not self.polling.stopped:
            event = self.bell.event
            left = ends - asyncio.get_running_loop().time()
            if left <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), left)

    def _cut(self, request: web.Request, call: Call) -> web.StreamResponse:
        """Close the line without an answer."""
        self._close(call, "cut", result=call.result)
        if request.transport is not None:
            request.transport.close()
        return web.Response()  # nobody is there to read it


async def read_parameters(request: web.Request) -> Json:
    """Return the parameters of a request as they came: from the address, JSON, a form or multipart with files."""
    if (request.content_length or 0) > LARGEST_FILE + REQUEST_ROOM:
        raise Refused(413, "Request Entity Too Large", prefix=False)
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given |= _json_object(await request.read())
    elif request.content_type == "multipart/form-data":
        given |= await _parts(request)
    elif request.content_type == "application/x-www-form-urlencoded":
        given |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return given


def _json_object(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise bad("can't parse request JSON object") from None
    if not isinstance(value, dict):
        raise bad("request must be a JSON object")
    return value


async def _parts(request: web.Request) -> Json:
    """Read multipart; a value `attach://name` is replaced by the file of that name."""
    given: Json = {}
    reader = await request.multipart()
    async for part in reader:
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise bad("can't parse multipart request")
        content = bytes(await part.read(decode=True))
        if part.filename is None:
            given[part.name] = content.decode("utf-8", "replace")
        else:
            mime_type = part.headers.get("Content-Type", "application/octet-stream")
            given[part.name] = Upload(part.filename, mime_type, content)
    for name, value in list(given.items()):
        if isinstance(value, str) and value.startswith(ATTACHED):
            given[name] = given.pop(value.removeprefix(ATTACHED), value)
    return given


def _answer(body: Json, status: int) -> web.Response:
    return web.json_response(body, status=status)
