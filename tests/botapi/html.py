"""HTML as Telegram reads it: text with tags in, plain text and spans out.

What must live here: the grammar of tags, attributes and character references, and its errors with UTF-8 byte offsets.
What must not: trimming, lengths and UTF-16 offsets; `texts` does these for every kind of text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.botapi.errors import Refused, bad
from tests.botapi.links import checked_link, mentioned_user

KINDS: Final = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler",
    "span": "spoiler", "pre": "pre", "code": "code", "blockquote": "blockquote", "a": "text_link",
    "tg-emoji": "custom_emoji", "tg-time": "date_time",
}  # fmt: skip
NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
SPACES: Final = " \t\r\n\v\0"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
DIGITS: Final = "0123456789"
NAME_TOKEN: Final = set(LETTERS + LETTERS.upper() + DIGITS + ".-")
LONGEST_REFERENCE: Final = 10  # `&#` and digits; a longer one stays as typed


@dataclass
class Span:
    """An entity while it is being read: `start` and `end` count characters of the plain text."""

    kind: str
    start: int
    end: int
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class _OpenTag:
    name: str
    start: int
    attributes: dict[str, str]


def parse_html(source: str) -> tuple[str, list[Span]]:
    """Return the plain text and its spans; raises Refused with the words of the real server."""
    return _Reader(source).read()


class _Reader:
    """One pass over one text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.plain: list[str] = []
        self.spans: list[Span] = []
        self.open: list[_OpenTag] = []

    def read(self) -> tuple[str, list[Span]]:
        while self.at < len(self.source):
            if self.source[self.at] == "<":
                self._tag()
            else:
                self.plain.append(self._character())
        if self.open:
            raise _broken(f"Can't find end tag corresponding to start tag {self.open[-1].name}")
        text = "".join(self.plain)
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise _broken(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            )
        for span in self.spans:
            span.details.pop("nested", None)
        return text, [span for span in self.spans if span.kind]

    # Characters

    def _character(self) -> str:
        """Read one character, decoding a reference; unknown references stay as typed."""
        if self.source[self.at] == "&":
            decoded, after = _reference(self.source, self.at)
            if decoded:
                self.at = after
                return decoded
        self.at += 1
        return self.source[self.at - 1]

    def _here(self) -> str:
        """Return the character at hand, or NUL behind the end."""
        return self.source[self.at] if self.at < len(self.source) else "\0"

    def _word(self, stops: str) -> str:
        """Read up to a space or one of `stops`."""
        start = self.at
        while self._here() not in SPACES and self._here() not in stops:
            self.at += 1
        return self.source[start : self.at]

    def _skip_spaces(self) -> None:
        while self.at < len(self.source) and self._here() in SPACES:
            self.at += 1

    def _ended(self) -> bool:
        return self._here() == "\0"

    # Tags

    def _tag(self) -> None:
        begin = self.at
        self.at += 1
        if self._here() == "/":
            self.at += 1
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        name = self._word(">").lower()
        if self._ended():
            raise self._broken_at("Unclosed start tag", begin)
        if name not in KINDS:
            raise self._broken_at(f'Unsupported start tag "{name}"', begin)
        attributes: dict[str, str] = {}
        self._skip_spaces()
        while self._here() != ">":
            attribute, value = self._attribute(name, begin)
            attributes[attribute] = value
            self._skip_spaces()
        self.at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._broken_at('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append(_OpenTag(name, len(self.plain), attributes))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        name = self._word("=>/\"'")
        if not name:
            if self._ended():
                raise self._broken_at("Unclosed start tag", begin)
            raise self._broken_at(f'Empty attribute name in the tag "{tag}"', begin)
        self._skip_spaces()
        if self._here() != "=":
            if self._ended():
                raise self._broken_at(f'Unclosed start tag "{tag}"', begin)
            if (tag, name) == ("blockquote", "expandable"):
                return name, ""
            raise self._broken_at(f'Expected equal sign in declaration of an attribute of the tag "{tag}"', begin)
        self.at += 1
        self._skip_spaces()
        if self._ended():
            raise self._broken_at(f'Unclosed start tag "{tag}"', begin)
        value = self._quoted() if self._here() in "'\"" else self._name_token()
        if self._ended():
            raise self._broken_at("Unclosed start tag", begin)
        return name, value

    def _quoted(self) -> str:
        quote = self._here()
        self.at += 1
        value: list[str] = []
        while self._here() not in (quote, "\0"):
            value.append(self._character())
        self.at += self._here() == quote
        return "".join(value)

    def _name_token(self) -> str:
        start = self.at
        while self._here() in NAME_TOKEN:
            self.at += 1
        if self._here() not in SPACES and self._here() != ">":
            raise self._broken_at("Unexpected end of name token", start)
        return self.source[start : self.at].lower()

    def _end_tag(self, begin: int) -> None:
        if not self.open:
            raise self._broken_at("Unexpected end tag", begin)
        name = self._word(">").lower()
        self._skip_spaces()
        if self._here() != ">":
            raise self._broken_at("Unclosed end tag", begin)
        self.at += 1
        tag = self.open.pop()
        if name and name != tag.name:
            where = f"at byte offset {self._bytes(begin)}"
            raise _broken(f'Unmatched end tag {where}, expected "</{tag.name}>", found "</{name}>"')
        if len(self.plain) > tag.start:
            self._close(tag, Span(KINDS[tag.name], tag.start, len(self.plain)))

    # Spans

    def _close(self, tag: _OpenTag, span: Span) -> None:
        if tag.name in ("pre", "code"):
            self._close_code(tag, span)
            return
        if tag.name == "a":
            self._link(tag, span)
        elif tag.name == "tg-emoji":
            identifier = tag.attributes.get("emoji-id", "")
            if not identifier.isdecimal() or not int(identifier):
                raise _broken("Invalid custom emoji identifier specified")
            span.details["custom_emoji_id"] = identifier
        elif tag.name == "tg-time":
            self._moment(tag, span)
        elif "expandable" in tag.attributes:
            span.kind = "expandable_blockquote"
        self.spans.append(span)

    def _link(self, tag: _OpenTag, span: Span) -> None:
        """Make the span a mention or a link; a wrong address loses the link in silence, as on the real server."""
        url = tag.attributes.get("href") or "".join(self.plain[span.start : span.end])
        user = mentioned_user(url)
        if user:
            span.kind = "text_mention"
            span.details["user"] = {"id": user, "is_bot": False, "first_name": str(user)}
            return
        link = checked_link(url)
        span.kind = span.kind if link else ""
        span.details["url"] = link

    def _moment(self, tag: _OpenTag, span: Span) -> None:
        moment = tag.attributes.get("unix", "")
        if not moment.isdecimal():
            raise _broken("Invalid date specified")
        span.details["unix_time"] = int(moment)
        if "format" in tag.attributes:
            span.details["date_time_format"] = tag.attributes["format"]

    def _close_code(self, tag: _OpenTag, span: Span) -> None:
        """Join `<pre><code class="language-…">` into one block with a language."""
        language = tag.attributes.get("class", "").removeprefix("language-") if tag.name == "code" else ""
        last = self.spans[-1] if self.spans else None
        if last and {last.kind, span.kind} == {"pre", "code"} and (last.start, last.end) == (span.start, span.end):
            last.kind = "pre"
            language = language or last.details.pop("nested", "")
            if language:
                last.details["language"] = language
            return
        if language:
            span.details["nested"] = language
        self.spans.append(span)

    # Errors

    def _bytes(self, at: int) -> int:
        return len(self.source[:at].encode("utf-8", "surrogatepass"))

    def _broken_at(self, words: str, at: int) -> Refused:
        return _broken(f"{words} at byte offset {self._bytes(at)}")


def _broken(words: str) -> Refused:
    return bad(f"can't parse entities: {words}")


def _reference(source: str, at: int) -> tuple[str, int]:
    """Decode the character reference at `at`; returns "" when there is none. The semicolon may be missing."""
    end = at + 1
    if source.startswith("&#", at):
        hexadecimal = source[at + 2 : at + 3] in ("x", "X")
        end = start = at + 3 if hexadecimal else at + 2
        digits = DIGITS + ("abcdefABCDEF" if hexadecimal else "")
        while end < len(source) and source[end] in digits:
            end += 1
        code = int(source[start:end] or "0", 16 if hexadecimal else 10)
        decoded = chr(code) if 0 < code < 0x10FFFF and end - at < LONGEST_REFERENCE else ""
    else:
        while end < len(source) and source[end].lower() in LETTERS and source[end].isascii():
            end += 1
        decoded = NAMED.get(source[at + 1 : end], "")
    return decoded, end + (source[end : end + 1] == ";")
