"""Personal data at rest: sealed before it reaches a column, opened after it left one.

Law of this file: the key is an argument or a file that only its owner can read, never in the data folder's backups by
design; nothing here prints it. Telegram's terms for bot developers, 4.4(a): encrypted, and the key kept apart.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NewType

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.store.errors import BadKey

Sealed = NewType("Sealed", bytes)
"""An encrypted value: the only kind of value that an `Encrypted` column takes."""

PROOF: Final = "afterword"
"""What is sealed into every database at its birth, to tell a wrong key from a right one."""

_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode


class Cipher:
    """Seals and opens JSON values; the first key seals, every key opens."""

    def __init__(self, keys: Sequence[Fernet]) -> None:
        self._first = keys[0]
        self._all: Fernet | MultiFernet = MultiFernet(keys) if len(keys) > 1 else keys[0]

    @classmethod
    def of(cls, keys: str, place: str = "DATA_KEY") -> Cipher:
        """Read one key, or several separated by commas; raises `BadKey`."""
        given = [key.strip() for key in keys.split(",") if key.strip()]
        if not given:
            raise BadKey(f"{place}: it holds no key. {_MAKE}")
        try:
            return cls([Fernet(key) for key in given])
        except ValueError:
            # The cause would name no secret, but neither does it help; the key itself is never shown.
            raise BadKey(f"{place}: it is malformed; a key is 44 characters of base64. {_MAKE}") from None

    @classmethod
    def from_file(cls, file: Path) -> Cipher:
        """Read the keys in `file`, or make it with a new one; raises `BadKey` when others can read it."""
        try:
            return cls._kept(file)
        except FileNotFoundError:
            pass
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):  # Another process made it at the same time: its key counts.
                _make(file)
            return cls._kept(file)
        except OSError as error:
            raise BadKey(f"{file}: the key cannot be made there: {error.strerror}. Set DATA_KEY, or let me.") from None

    @classmethod
    def load(cls, keys: str | None, file: Path) -> Cipher:
        """Take `keys` (the value of DATA_KEY) if given, else the file; raises `BadKey`."""
        return cls.of(keys) if keys else cls.from_file(file)

    @classmethod
    def _kept(cls, file: Path) -> Cipher:
        try:
            with file.open(encoding="ascii") as stream:
                mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
                if os.name == "posix" and mode & 0o077:
                    raise BadKey(f"{file}: others can read the key (mode {mode:03o}). Run: chmod 600 '{file}'")
                return cls.of(stream.read(), str(file))
        except FileNotFoundError:
            raise
        except (OSError, UnicodeError) as error:
            raise BadKey(f"{file}: the key cannot be read: {type(error).__name__}. See to the file, or remove it "
                         "if nothing was ever stored.") from None  # fmt: skip

    def seal(self, value: Any) -> Sealed:
        """Encrypt a JSON value under the first key."""
        # ASCII escapes carry NUL and lone surrogates unchanged, which UTF-8 and PostgreSQL would refuse.
        return Sealed(self._first.encrypt(_ENCODE(value).encode("ascii")))

    def open(self, sealed: bytes) -> Any:
        """Decrypt a JSON value; raises `BadKey` when none of the keys fits."""
        try:
            return json.loads(self._all.decrypt(sealed))
        except InvalidToken:
            raise BadKey(
                "The database holds a value that none of the keys in DATA_KEY opens. Add the old key."
            ) from None

    def renewed(self, sealed: bytes) -> Sealed | None:
        """Encrypt anew under the first key; None when it is so already. Raises `BadKey`."""
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return self.seal(self.open(sealed))
        return None

    def fits(self, proof: bytes) -> bool:
        """Tell whether the proof of a database was sealed with one of the keys."""
        try:
            return bool(self.open(proof) == PROOF)
        except BadKey:
            return False


_MAKE: Final = (
    'Make one with: python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


def _make(file: Path) -> None:
    """Write a new key so that it is there in whole or not at all, and durable before anything is sealed with it."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, Fernet.generate_key() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, file)  # unlike a rename it never replaces a key that is there
    finally:
        draft.unlink()
    if os.name == "posix":
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
