"""Says in a sentence what kept the bot from Telegram, and what to do about it."""

from __future__ import annotations

from typing import Final

from telegram.error import InvalidToken, TelegramError

from bot.telegram.client import UNREADABLE, Cut, Fault, NotBotApi, NotWritten
from bot.telegram.route import SETTING, NetworkRoute

TELEGRAM: Final = "api.telegram.org"
OWN_SERVER: Final = "TELEGRAM_API_BASE_URL"


def explain(error: TelegramError, route: NetworkRoute) -> str:
    """Return what an error on this way means, with what to do; it holds no secret."""
    match error:
        case NotWritten():
            return _through_proxy(error, route) if route.proxy else _directly(error, route)
        case Cut():
            return (
                f"The connection to {route.server} ended before the answer came ({error}). The bot tries again; if it "
                f"goes on, see to the network{' and the proxy' if route.proxy else ''}."
            )
        case NotBotApi():
            return _not_bot_api(f"HTTP status {error.status}", route)
        case InvalidToken():
            other = "" if route.server == TELEGRAM else f" If it is right, see to {OWN_SERVER} ({route.server})."
            return f"Telegram refuses the token: get it anew from @BotFather and set TELEGRAM_BOT_TOKEN.{other}"
        case _ if error.message == UNREADABLE:
            return _not_bot_api("no JSON", route)
        case _:
            return f"Telegram answers with an error ({error}): wait a little and try again."


def _directly(error: NotWritten, route: NetworkRoute) -> str:
    server = route.server
    own = "" if server == TELEGRAM else f", and to {OWN_SERVER}"
    match error.fault:
        case Fault.NAME:
            return (
                f"The name {server} is not found: see to this machine's name servers{own}. "
                f"If only a proxy leads out of here, name it in {SETTING} or HTTPS_PROXY."
            )
        case Fault.REFUSED:
            asked = "see to the firewall" if server == TELEGRAM else f"is it running, and is {OWN_SERVER} right?"
            return f"{server} refuses the connection: {asked}"
        case Fault.CERTIFICATE | Fault.TLS:
            return _encryption(error, server, route)
        case _:
            return (
                f"{server} cannot be reached ({error}): see to the network and the firewall{own}. "
                f"If only a proxy leads out of here, name it in {SETTING} or HTTPS_PROXY."
            )


def _through_proxy(error: NotWritten, route: NetworkRoute) -> str:
    proxy, setting = f"The proxy {route.proxy} ({route.source})", route.source
    match error.fault:
        case Fault.NAME:
            return f"{proxy} is not found by its name: correct {setting}, or see to this machine's name servers."
        case Fault.REFUSED:
            return f"{proxy} refuses the connection: is it running, and is the port in {setting} right?"
        case Fault.PROXY_LOGIN:
            return (
                f"{proxy} asks for a name and a password, or refuses the ones it was given: write them in {setting}, "
                "such as http://name:password@proxy.example:3128, with @ and : in the password as %40 and %3A."
            )
        case Fault.PROXY_REFUSES:
            return (
                f"{proxy} does not let the bot through to {route.server} ({error}): have it allowed there, "
                f"or choose another way in {setting}."
            )
        case Fault.CERTIFICATE | Fault.TLS:
            return _encryption(error, route.server, route)
        case _:
            return f"{proxy} does not lead to {route.server} ({error}): see to the proxy, or correct {setting}."


def _encryption(error: NotWritten, server: str, route: NetworkRoute) -> str:
    if error.fault is Fault.TLS:
        return f"No encrypted connection to {server} comes about ({error}): does an address say https for a plain port?"
    trusted = " It is looked up in SSL_CERT_FILE, which is set." if route.cert_file else ""
    return (
        f"The certificate that {server} shows is not trusted ({error}).{trusted} If a proxy of your company opens "
        "encrypted connections, name a file with its certificate in SSL_CERT_FILE; else see to this machine's clock "
        "and certificates."
    )


def _not_bot_api(what: str, route: NetworkRoute) -> str:
    if route.server == TELEGRAM and route.proxy is None:
        return f"What answers at {route.server} is not Telegram ({what}): a firewall or a login page may be in between."
    by = f" Perhaps it was the proxy {route.proxy} ({route.source})." if route.proxy else ""
    return (
        f"What answers at {route.server} is not a Bot API server ({what}): see to {OWN_SERVER}, which is written "
        f"without /bot and the token.{by}"
    )
