"""Which addresses Telegram takes as a link.

What must live here: the judgement of a URL, shared by texts and keyboards. What must not: where links occur.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

WEB = ("http", "https")
OWN = ("tg", "ton", "tonsite")  # opened by the application itself


def checked_link(url: str) -> str | None:
    """Return the address as Telegram keeps it, or None when it is none.

    A missing scheme means http, a missing path becomes "/", and a web host needs a dot: `http://localhost` is no link.
    """
    url = url.strip()
    if not url or re.search(r"\s", url):
        return None
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", url):
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:  # a broken IPv6 address or port
        return None
    if parts.scheme.lower() in OWN:
        return url
    if parts.scheme.lower() not in WEB or not re.fullmatch(r"[^.]+(\.[^.]+)+", host):
        return None
    return parts._replace(path=parts.path or "/").geturl()


def mentioned_user(url: str) -> int | None:
    """Return the person in a `tg://user?id=…` link, or None."""
    found = re.fullmatch(r"tg://user/?\?id=(\d+)", url.strip())
    return int(found[1]) if found else None
