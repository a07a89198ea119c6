"""Requests over TLS: to whom they are written, and what is known of a line with two transports."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.telegram.connections import Answer
from tests.telegram.far import (
    HI,
    OK,
    answering,
    ask,
    broken,
    deaf,
    ours,
    resolving,
    saying,
    silent,
    stopped_in_every_round,
)  # fmt: skip


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


@pytest.fixture
def trusted(certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server's context whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate[1]


@pytest.mark.parametrize("how", ["as TLS ends", "without a word", "reset"])
async def test_a_line_that_is_known_to_be_gone_is_not_used_again(trusted: ssl.SSLContext, how: str) -> None:
    async with answering(saying(OK), trusted) as far, ours() as made:
        for lines in (1, 2, 3):
            assert await ask(made, far.url) == HI
            assert far.lines == lines
            writer = far.writers[-1]
            if how == "as TLS ends":
                writer.close()
            elif how == "without a word":
                raw: Any = writer.transport.get_extra_info("socket")
                raw.shutdown(socket.SHUT_RDWR)
            else:
                writer.transport.abort()
            (kept,) = made._idle
            while not kept._raw.is_closing():  # the first round in which it can be known
                await asyncio.sleep(0)


async def test_a_request_that_was_not_heard_out_ends_its_line_and_was_certainly_not_written(
    trusted: ssl.SSLContext,
) -> None:
    async with deaf(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", trusted) as url, ours() as made:
        for _ in range(2):
            assert await ask(made, url, b"x" * 30_000_000) == Answer(413, b"")
    async with deaf(b"", trusted) as url, ours() as made:
        assert not (await broken(made, url, b"x" * 30_000_000, read=0.5)).written


async def test_whoever_stops_waiting_leaves_no_socket_open_whenever_that_is(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch)
    async with answering(saying(OK), trusted) as far:
        await stopped_in_every_round(far.url, 60)
