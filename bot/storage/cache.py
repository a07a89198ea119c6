"""What sealed values hold, remembered for a while: whoever talks on is not decrypted and read anew at each answer.

Law of this file: a value is remembered under its sealed form, whose random nonce makes it one of a kind. So what
another process wrote, or a transaction that was undone, can never be taken for something else. In memory only.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Final, TypeVar

from bot.storage.encryption import Cipher, Sealed

T = TypeVar("T")

SIZE: Final = 2048
"""Values; of one person who talks there are two to four, of some 2 KB each."""


class SealedCache:
    """Seals and opens values that nobody changes in place; the oldest are forgotten first."""

    def __init__(self, cipher: Cipher, size: int = SIZE) -> None:
        self._cipher, self._size = cipher, size
        self._known: dict[bytes, Any] = {}
        self._lock = Lock()  # PostgreSQL's turns run in several threads

    def seal(self, value: object, plain: object) -> Sealed:
        """Encrypt `plain`, the JSON form of `value`."""
        sealed = self._cipher.seal(plain)
        self._keep(sealed, value)
        return sealed

    def open(self, sealed: bytes, read: Callable[[Any], T]) -> T:
        """Return what `read` makes of the JSON value; raises what it raises, and `BadKey`."""
        known: T | None = self._known.get(sealed)
        if known is None:
            known = read(self._cipher.open(sealed))
            self._keep(sealed, known)
        return known

    def forget(self) -> None:
        """Forget everything: somebody asked to be forgotten."""
        with self._lock:
            self._known.clear()

    def _keep(self, sealed: bytes, value: object) -> None:
        with self._lock:
            self._known[sealed] = value
            if len(self._known) > self._size:
                del self._known[next(iter(self._known))]
