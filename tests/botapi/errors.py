"""Answers that are not ok: the code, the words and the parameters that the real server gives.

What must live here: the one exception by which a check or a method refuses a call, and the prefix of each code.
What must not: a decision about when to refuse; that belongs to the checks and the methods.
"""

from __future__ import annotations

from typing import Any

PREFIXES = {
    400: "Bad Request: ",
    403: "Forbidden: ",
    404: "Not Found: ",
    409: "Conflict: ",
    429: "Too Many Requests: ",
    500: "Internal Server Error: ",
}


class Refused(Exception):
    """The call is refused; `code` and `description` go to the bot as they are.

    Words without a code of their own (`Unauthorized`, `Not Found`) are given with `prefix=False`.
    """

    def __init__(self, code: int, words: str, *, prefix: bool = True, **parameters: int) -> None:
        self.code = code
        self.description = PREFIXES.get(code, "") + words if prefix else words
        self.parameters = parameters
        super().__init__(self.description)

    def answer(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = dict(self.parameters)
        return body


def bad(words: str) -> Refused:
    """Return the refusal of a call that is wrong in itself."""
    return Refused(400, words)


def forbidden(words: str) -> Refused:
    """Return the refusal of a call that this bot may not make."""
    return Refused(403, words)


def conflict(words: str) -> Refused:
    """Return the refusal of a call that contradicts another one."""
    return Refused(409, words)


def too_many(seconds: int) -> Refused:
    """Return the refusal of a call that comes too soon, by that many seconds."""
    return Refused(429, f"retry after {seconds}", retry_after=seconds)
