"""Personal data at rest: sealed before it reaches a column, opened after it left one.

The key is an argument or a file that only its owner can read, never in the data folder's backups by
design; nothing here prints it, and whoever names it uses its fingerprint. Telegram's terms for bot developers, 4.4(a):
encrypted, and the key kept apart.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final, NewType, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.storage.errors import BadKey, NoKey

T = TypeVar("T")

Sealed = NewType("Sealed", bytes)
"""An encrypted value: the only kind of value that an `Encrypted` column takes."""

PROOF: Final = "afterword"
"""What is sealed into every database at its birth, to tell a wrong key from a right one."""

_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


VERSION: Final = b"\x01"
"""The first byte of every sealed value."""
FERNET: Final = b"gAAAA"
"""How values begin that an earlier version sealed; they are still opened, and renewed by rotation."""
NAME_SIZE: Final = 4
NONCE_SIZE: Final = 12
ALIAS_SIZE: Final = 6
"""Bytes of a pseudonym: of a million people no two share one."""
HEAD_SIZE: Final = len(VERSION) + NAME_SIZE
"""So many bytes tell which key a value is under; of one that an earlier version sealed, they are `FERNET`."""
_BETWEEN: Final = re.compile(r"[\s,]+")


def fingerprint(head: bytes) -> str:
    """Name a key by the head of the values under it, for people to read; nothing of the key can be learnt from it."""
    return "of an earlier version" if head == FERNET else head[len(VERSION) :].hex()


def split_keys(text: str) -> list[str]:
    """Return the keys in a text, which stand on lines of their own or between commas."""
    return [key for key in _BETWEEN.split(text) if key]


class _Key:
    """One key of DATA_KEY, as it is used: AES-256-GCM under a key derived from it.

    A sealed value is the version, the key's name, a random nonce and what GCM makes of the rest; the head is
    authenticated, too. 96 random bits suffice for 2**32 values under one key (NIST SP 800-38D, 8.3), years of
    unbroken talk; Fernet, of whose keys this takes the form, costs some ten times as much for a value of this size.
    """

    def __init__(self, text: str) -> None:
        self.fernet = Fernet(text)  # refuses what is no key
        secret = base64.urlsafe_b64decode(text)
        self.gcm = AESGCM(hashlib.blake2b(key=secret, person=b"afterword seal", digest_size=32).digest())
        name = hashlib.blake2b(key=secret, person=b"afterword name", digest_size=NAME_SIZE).digest()
        self.head = VERSION + name
        self._alias = hashlib.blake2b(key=secret, person=b"afterword alias", digest_size=32).digest()

    def pseudonym(self, person: int) -> str:
        return "p" + hashlib.blake2b(str(person).encode(), digest_size=ALIAS_SIZE, key=self._alias).hexdigest()

    def seal(self, text: bytes) -> bytes:
        nonce = os.urandom(NONCE_SIZE)
        return self.head + nonce + self.gcm.encrypt(nonce, text, self.head)

    def open(self, sealed: bytes) -> bytes:
        nonce = sealed[HEAD_SIZE : HEAD_SIZE + NONCE_SIZE]
        return self.gcm.decrypt(nonce, sealed[HEAD_SIZE + NONCE_SIZE :], self.head)


class Cipher:
    """Seals and opens JSON values; the first key seals, every key opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys as text; raises ValueError for one that is malformed."""
        made = [_Key(key) for key in keys]
        self._first = made[0]
        self._by_head = {key.head: key for key in reversed(made)}
        self._fernet = MultiFernet([key.fernet for key in made])
        self.heads = tuple(dict.fromkeys(key.head for key in made))
        """How values under each of the keys begin; what is sealed now begins with the first."""

    @classmethod
    def of(cls, keys: str, place: str = "DATA_KEY") -> Cipher:
        """Read one key or several; raises `BadKey`."""
        given = split_keys(keys)
        if not given:
            raise BadKey(
                f"{place}: there is no key in it. Put the key back from where its copy is kept; nothing else opens "
                f"what was kept with it. Only if nothing was ever kept: {_MAKE}"
            )
        try:
            return cls(given)
        except ValueError:
            # The cause would name no secret, but neither does it help; the key itself is never shown.
            raise BadKey(
                f"{place}: it holds something that is not a key: a key is 44 characters of base64. Put the key back "
                f"from where its copy is kept. For a first one: {_MAKE}"
            ) from None

    @classmethod
    def at_hand(cls, keys: str | None, file: Path) -> Cipher:
        """Take `keys` (the value of DATA_KEY) if given, else those in the file; raises `NoKey` and other `BadKey`."""
        return cls.of(keys) if keys else cls._kept(file)

    @classmethod
    def from_file(cls, file: Path) -> Cipher:
        """Read the keys in `file`, or make it with a new one; raises `BadKey` when others can read it."""
        try:
            return cls._kept(file)
        except NoKey:
            pass
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):  # Another process made it at the same time: its key counts.
                _make(file)
        except OSError as error:
            raise BadKey(
                f"{file}: no key can be made there: {error.strerror}. Let the bot's user write to {file.parent}, name "
                "another file in DATA_KEY_FILE, or set DATA_KEY."
            ) from None
        return cls._kept(file)

    @classmethod
    def _kept(cls, file: Path) -> Cipher:
        try:
            with file.open(encoding="ascii") as stream:
                mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
                if os.name == "posix" and mode & 0o077:
                    raise BadKey(f"{file}: others can read the key (mode {mode:03o}). Run: chmod 600 '{file}'")
                return cls.of(stream.read(), str(file))
        except FileNotFoundError:
            raise NoKey(
                f"{file.absolute()}: there is no key here. The bot makes one at its first start; if it has one, name "
                "its file in DATA_KEY_FILE, or set DATA_KEY."
            ) from None
        except IsADirectoryError:
            raise BadKey(
                f"{file}: this is a folder, not a file with a key (a container makes one where the file that is to be "
                "mounted is missing). Remove the folder and put the key's file in its place."
            ) from None
        except UnicodeError:
            raise BadKey(f"{file}: this is not a key. Put the key back from where its copy is kept.") from None
        except OSError as error:
            raise BadKey(
                f"{file}: the key cannot be read: {error.strerror}. Let the bot's user read the file and enter the "
                "folders above it."
            ) from None

    def seal(self, value: Any) -> Sealed:
        """Encrypt a JSON value under the first key."""
        # ASCII escapes carry NUL and lone surrogates unchanged, which UTF-8 and PostgreSQL would refuse.
        return Sealed(self._first.seal(_ENCODE(value).encode("ascii")))

    def open(self, sealed: bytes) -> Any:
        """Decrypt a JSON value; raises `BadKey` when none of the keys fits."""
        return json.loads(self._opened(sealed))

    def renewed(self, sealed: bytes) -> Sealed | None:
        """Encrypt anew under the first key; None when it is so already. Raises `BadKey`."""
        return None if sealed.startswith(self._first.head) else Sealed(self._first.seal(self._opened(sealed)))

    def _opened(self, sealed: bytes) -> bytes:
        try:
            if sealed.startswith(FERNET):
                return self._fernet.decrypt(sealed)
            return self._by_head[bytes(sealed[:HEAD_SIZE])].open(sealed)
        except (KeyError, InvalidTag, InvalidToken):
            raise BadKey(
                "The database holds a value that none of the keys in DATA_KEY opens. Add the old key."
            ) from None

    def pseudonym(self, person: int) -> str:
        """Return the name of somebody in logs; under another key it is another one."""
        return self._first.pseudonym(person)

    def pseudonyms(self, person: int) -> frozenset[str]:
        """Return the names somebody has or had in logs, under each key at hand."""
        return frozenset(key.pseudonym(person) for key in self._by_head.values())

    def fits(self, proof: bytes) -> bool:
        """Tell whether the proof of a database was sealed with one of the keys."""
        try:
            return bool(self.open(proof) == PROOF)
        except BadKey:
            return False


_MAKE: Final = "make one with `afterword key new`."


def new_key() -> str:
    """Return a new key, as DATA_KEY and the file of the key take it."""
    return Fernet.generate_key().decode("ascii")


def _make(file: Path) -> None:
    """Write a new key so that it is there in whole or not at all, and durable before anything is sealed with it."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, f"{new_key()}\n".encode("ascii"))
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


CACHED: Final = 2048
"""Values; of one person who talks there are two to four, of some 2 KB each."""


class SealedCache:
    """Seals and opens values that nobody changes in place, and remembers the newest: who talks on is not read anew.

    A value is remembered under its sealed form, whose random nonce makes it one of a kind. So what another process
    wrote, or a transaction that was undone, can never be taken for something else. In memory only.
    """

    def __init__(self, cipher: Cipher, size: int = CACHED) -> None:
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
