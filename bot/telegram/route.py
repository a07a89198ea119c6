"""Which way the bot reaches Telegram: directly or through a proxy, chosen once at the start.

A setting of our own goes before the environment, and the environment is read as curl reads it. No name and no password
of a proxy is in any text that is made here.
"""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

SETTING: Final = "TELEGRAM_PROXY"
DIRECT: Final = ("none", "direct")
"""What `TELEGRAM_PROXY` says where the environment names a proxy that is not to be used."""
VARIABLES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
PORTS: Final = {
    "http": 80, "https": 443, "socks": 1080, "socks5": 1080, "socks5h": 1080, "socks4": 1080, "socks4a": 1080,
}  # fmt: skip


class BadRoute(ValueError):
    """A proxy or a file of certificates cannot be used; the message is a sentence that names its setting."""


@dataclass(frozen=True)
class Proxy:
    """A proxy, with the name and the password it asks for."""

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self._named}:{self.port}"

    @property
    def _named(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self) -> str:
        """Its address, without name and password."""
        return f"{self.scheme}://{self}"

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, else HTTP."""
        return self.scheme.startswith("socks")

    @property
    def authorization(self) -> str | None:
        """The value of Proxy-Authorization; None when it was given no name."""
        if not (self.user or self.password):
            return None
        return f"Basic {b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


@dataclass(frozen=True)
class NetworkRoute:
    """The way to a server. `source` names the setting that decided, "" when none did."""

    server: str
    encrypted: bool = True
    proxy: Proxy | None = None
    source: str = ""
    cert_file: str = ""
    cert_dir: str = ""

    def __str__(self) -> str:
        """Return a sentence for the log."""
        name = "Telegram" if self.server == "api.telegram.org" else self.server
        how = f"through the proxy {self.proxy}" if self.proxy else "directly"
        return f"{name} is reached {how}{f' ({self.source})' if self.source else ''}"


def choose(environ: Mapping[str, str], setting: str | None, server: str) -> NetworkRoute:
    """Return the way to `server`, an address of http or https; raises `BadRoute`.

    `setting` is what `TELEGRAM_PROXY` holds. Variables are taken in small letters before large ones, as curl does it.
    """
    target = urlsplit(server)
    proxy, source = _proxy(environ, (setting or "").strip(), target)
    return NetworkRoute(
        target.netloc.rpartition("@")[2],
        target.scheme == "https",
        proxy,
        source,
        environ.get("SSL_CERT_FILE", ""),
        environ.get("SSL_CERT_DIR", ""),
    )


def credentials(environ: Mapping[str, str], setting: str | None) -> Iterator[str]:
    """Give every form in which a password of a proxy that is set anywhere could stand in a text."""
    for given in (setting or "", *(_value(environ, name)[0] for name in VARIABLES)):
        login, at, _ = given.partition("://")[2].rpartition("@") if "://" in given else given.rpartition("@")
        if not at:
            continue
        user, _, password = login.partition(":")
        proxy = Proxy("http", "", 0, unquote(user), unquote(password))
        yield from (login, password or user, proxy.password or proxy.user)
        yield (proxy.authorization or "").removeprefix("Basic ")


def parsed(given: str, source: str) -> Proxy:
    """Return the proxy that an address names; raises `BadRoute`, which names `source` and not the address."""
    try:
        parts = urlsplit(given if "://" in given else f"http://{given}")
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        parts, port = SplitResult("", "", "", "", ""), 0
    if not parts.hostname:
        raise BadRoute(
            f"{source}: this is not the address of a proxy. Write one such as http://proxy.example:3128 or "
            "socks5://proxy.example:1080, with @ and : in a password as %40 and %3A."
        )
    return Proxy(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


def _proxy(environ: Mapping[str, str], setting: str, target: SplitResult) -> tuple[Proxy | None, str]:
    if setting.lower() in DIRECT:
        return None, SETTING
    if setting:
        return parsed(setting, SETTING), SETTING
    for variable in (f"{target.scheme.upper()}_PROXY", "ALL_PROXY"):
        given, name = _value(environ, variable)
        if given:
            spared, by = _value(environ, "NO_PROXY")
            if _is_spared(spared, target):
                return None, by
            return parsed(given, name), name
    return None, ""


def _value(environ: Mapping[str, str], variable: str) -> tuple[str, str]:
    """Return what a variable holds, and under which of its two names."""
    name = variable.lower() if variable.lower() in environ else variable
    return environ.get(name, "").strip(), name


def _is_spared(spared: str, target: SplitResult) -> bool:
    """Tell whether a server is among those that NO_PROXY lists: hosts, domains, addresses, networks, `*`."""
    host, port = (target.hostname or "").rstrip("."), target.port or PORTS[target.scheme]
    return any(_covers(entry, host, port) for entry in spared.replace(",", " ").lower().split())


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:  # a name on one of the two sides, or a port
        pass
    name, colon, number = entry.rpartition(":")
    if colon and number.isdecimal():
        return int(number) == port and _covers(name, host, port)
    domain = entry.removeprefix("*").strip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))
