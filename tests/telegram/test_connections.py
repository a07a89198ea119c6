"""Requests over real sockets to servers that answer as servers do, and as they should not."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import ssl
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.telegram import connections
from bot.telegram.connections import Answer
from tests.telegram.far import HI, OK, Far, answering, ask, broken, ours, saying, silent

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
        late = await broken(made, far.url, read=0.05)
        assert (late.written, str(late)) == (True, "no answer within 0.05 seconds")
        assert await ask(made, far.url) == HI
        await asyncio.sleep(0.3)
        assert await ask(made, far.url) == HI


async def test_whoever_stops_waiting_leaves_no_answer_behind() -> None:
    async with answering(silent) as far, ours(1) as made:
        waiting = asyncio.create_task(ask(made, far.url))
        while not far.asked:
            await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        far.play = saying(OK)
        assert await ask(made, far.url) == HI
        assert far.lines == 2


async def test_whoever_stops_waiting_leaves_no_socket_open_whenever_that_is() -> None:
    async with answering(saying(OK)) as far:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            for rounds in range(25):  # of the event loop; an exchange takes fewer
                async with ours() as made:
                    waiting = asyncio.create_task(ask(made, far.url))
                    for _ in range(rounds):
                        await asyncio.sleep(0)
                    waiting.cancel()
                    await asyncio.wait([waiting])
                del waiting
            gc.collect()
        assert [str(one.message) for one in warned] == []


async def test_an_answer_before_the_request_was_heard_out_ends_its_line() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")  # and reads no further

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server, ours() as made:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for _ in range(2):
            assert await ask(made, url, b"x" * 30_000_000) == Answer(413, b"")
        assert len(writers) == 2
        for writer in writers:
            writer.transport.abort()


async def test_no_more_lines_than_allowed_and_who_waits_too_long_was_not_written() -> None:
    held = asyncio.Event()

    async def play(_far: Far, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.write(OK)

    async with answering(play) as far, ours(2) as made:
        waiting = [asyncio.create_task(ask(made, far.url)) for _ in range(5)]
        while len(far.asked) < 2:
            await asyncio.sleep(0.001)
        late = await broken(made, far.url, connect=0.05)
        assert (late.written, str(late)) == (False, "no connection within 0.05 seconds")
        held.set()
        assert await asyncio.gather(*waiting) == [HI] * 5
        assert (far.lines, len(far.asked)) == (2, 5)


async def test_closing_lets_what_is_under_way_end_and_nothing_begin() -> None:
    held = asyncio.Event()

    async def play(_far: Far, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.write(OK)

    async with answering(play) as far, ours() as made:
        waiting = asyncio.create_task(ask(made, far.url))
        while not far.asked:
            await asyncio.sleep(0.001)
        await made.close()
        held.set()
        assert await waiting == HI
        assert not (await broken(made, far.url)).written
        assert far.lines == 1


# -- where nothing was written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["no-address", "ftp://localhost", "http://", "http://localhost:port", "http://localhost:99999",
                "http://[::1", f"http://{'a' * 70}.example", "http://a..b", "http://nowhere.invalid"]
)  # fmt: skip
async def test_an_address_that_leads_nowhere_is_never_written_to(address: str) -> None:
    async with ours(1) as made:
        for _ in range(2):  # and takes no place for long
            assert not (await broken(made, address + "/bot1:secret")).written


async def test_one_address_of_a_host_that_is_silent_keeps_nobody_from_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with answering(saying(OK)) as far, ours() as made:
        loop, port = asyncio.get_running_loop(), int(far.url.rpartition(":")[2])
        connect = loop.sock_connect

        async def resolved(*_: Any, **__: Any) -> list[Any]:
            return [(2, 1, 6, "", (host, port)) for host in ("192.0.2.1", "127.0.0.1")]

        async def connecting(sock: Any, address: Any) -> None:
            await (connect(sock, address) if address[0] == "127.0.0.1" else asyncio.sleep(60))

        monkeypatch.setattr(loop, "getaddrinfo", resolved)
        monkeypatch.setattr(loop, "sock_connect", connecting)
        assert await ask(made, f"http://telegram.example:{port}", connect=2.0) == HI


async def test_a_name_and_a_password_in_the_address_are_told_and_not_shown() -> None:
    async with answering(saying(OK)) as far, ours() as made:
        assert await ask(made, far.url.replace("//", "//coach:a%3Ab@")) == HI
        assert b"\r\nAuthorization: Basic Y29hY2g6YTpi\r\n" in far.asked[0]
        assert b"\r\nHost: localhost:" in far.asked[0]


# -- encrypted ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Return the file of a certificate for localhost, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Afterword's tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    file, secret = folder / "server.pem", folder / "server.key"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)
    return file, context


async def test_an_encrypted_line_is_kept_and_its_certificate_looked_at(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, context = certificate
    async with answering(saying(OK), context) as far:
        async with ours() as made:
            unknown = await broken(made, far.url)
            assert not unknown.written
            assert "certificate verify failed" in str(unknown)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        async with ours() as made:
            lines = far.lines
            for _ in range(3):
                assert await ask(made, far.url, b"x" * 300_000) == HI
            assert far.lines == lines + 1
            other = await broken(made, far.url.replace("localhost", str(ipaddress.IPv4Address("127.0.0.1"))))
            assert not other.written
            assert "IP address mismatch" in str(other)


async def test_a_server_that_never_greets_back_was_not_written_to() -> None:
    async with answering(silent) as far, ours() as made:
        assert not (await broken(made, far.url.replace("http:", "https:"), connect=0.1)).written
