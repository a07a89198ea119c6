"""What may go wrong with the store, each with a sentence for the operator: place, what, why, what to do.

StoreError
├── StoreUnready           it cannot be used until somebody acts
│   ├── BadKey             the key is malformed, readable by others, or not the one the data was written with
│   │   └── NoKey          there is none where it is looked for
│   ├── Corrupt            the database file is damaged; it is left as it is
│   ├── NotMigrated        its tables are not those of this version
│   │   └── NewerDatabase  they are those of a later version
│   ├── UpgradeFailed      it could not be upgraded; it is as it was
│   └── CannotCopy         a backup, its restoring or a move is refused; nothing was changed
│   └── NotLetIn           the server knows no such database or user, or the password is wrong
├── StoreTrouble           it fails for now; nothing was kept; try again
│   ├── DiskFull
│   ├── ReadOnly
│   ├── Locked
│   ├── Removed            the database file was taken away or replaced; it must be put back
│   └── Lost               the connection is gone; the next call makes a new one
├── StoreClosed            it was closed
└── Unstorable             these values cannot be kept (a ValueError); trying again does not help
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import exc


class StoreError(Exception):
    """Base of everything the store raises by itself."""


class StoreUnready(StoreError):
    """The store cannot be used until somebody acts."""


class BadKey(StoreUnready):
    """The key for personal data is malformed, readable by others, or not the one the data was written with."""


class NoKey(BadKey):
    """There is no key where it is looked for."""


class Corrupt(StoreUnready):
    """The database is damaged; it is left as it is."""


class NotMigrated(StoreUnready):
    """The tables of the database are not those of this version."""


class NewerDatabase(NotMigrated):
    """The database was written by a later version of Afterword; it is left as it is."""


class UpgradeFailed(StoreUnready):
    """The database could not be upgraded, and is as it was."""


class CannotCopy(StoreUnready):
    """A backup, its restoring or a move is refused; nothing was changed."""


class NotLetIn(StoreUnready):
    """The database server knows no such database or user, or the password is wrong."""


class StoreTrouble(StoreError):
    """The store fails for now and kept nothing; try again."""


class DiskFull(StoreTrouble):
    """There is no room left for the database."""


class ReadOnly(StoreTrouble):
    """The database cannot be written to."""


class Locked(StoreTrouble):
    """Somebody else holds the database."""


class Removed(StoreTrouble):
    """The database file is not the one any more that was opened."""


class Lost(StoreTrouble):
    """The connection to the database is gone."""


class StoreClosed(StoreError):
    """The store was closed."""


class Unstorable(StoreError, ValueError):
    """These values cannot be kept."""


# What the drivers say, in lower case, and what it means; the first that fits decides.
_SAID: Final[tuple[tuple[str, type[StoreError], str], ...]] = (
    ("disk is full", DiskFull, "there is no room left on its disk. Make room; nothing that was confirmed is lost."),
    ("no space left", DiskFull, "there is no room left on its disk. Make room; nothing that was confirmed is lost."),
    ("file too large", DiskFull, "it may not grow. Raise the limit on file sizes (ulimit -f)."),
    ("disk i/o error", DiskFull, "its disk refuses to read or write. Look for a full, broken or unmounted disk."),
    ("readonly", ReadOnly, "it cannot be written to. Give the bot's user the right to write to it and to its folder."),
    ("read-only", ReadOnly, "it cannot be written to now. Point DATABASE_URL to the primary, or wait until it is one."),
    ("unable to open", ReadOnly, "it cannot be opened. Make its folder, or let the bot's user write there."),
    ("database is locked", Locked, "another process holds it. End other users of the file, or wait for them."),
    ("table is locked", Locked, "another process holds it. End other users of the file, or wait for them."),
    ("lock timeout", Locked, "another process holds what is needed. Look for long transactions (pg_stat_activity)."),
    ("deadlock", Locked, "two processes waited for each other. It is tried again by itself."),
    ("malformed", Corrupt, "it is damaged and was left as it is. Put a backup in its place, or repair it by hand."),
    ("not a database", Corrupt, "it is no SQLite database and was left as it is. Name another file, or put a backup."),
    ("no such table", NotMigrated, "its tables are missing. Start the bot, which makes them."),
    ("no such column", NotMigrated, "its tables are of another version. Start the bot, which brings them up to date."),
    ("does not exist", NotMigrated, "its tables are missing or of another version. Start the bot, which makes them."),
)


# What a server (or a pooler before it) says to a connection that it will never let in, however long one waits.
_NOT_LET_IN: Final = (
    ("no password supplied", "the server asks for a password."),
    ("authentication failed", "the user or the password is wrong."),
    ("no pg_hba.conf entry", "the server lets nobody in from this address as this user."),
    ('" does not exist', "the server has no such database or no such user. Make it, or name another."),
    ("no such database", "the pooler knows no such database. Name one that it has."),
    ("no such user", "the pooler knows no such user. Name one that it has."),
    ("unsupported startup parameter", "a pooler stands before it that does not pass on what the bot asks for."),
)


def translated(error: BaseException, place: str) -> BaseException:
    """Return the store's own error for what a database driver raised at `place`; other errors are returned as they are.

    Neither the sentence nor its cause holds a value of a statement: engines are made with `hide_parameters`.
    """
    if not (isinstance(error, exc.SQLAlchemyError) or _of_driver(error)):
        return error
    own = _meaning(error, place)
    own.__cause__ = error
    return own


@contextmanager
def translating(place: str) -> Iterator[None]:
    """Raise the store's own error for what a database driver raises meanwhile."""
    try:
        yield
    except Exception as error:
        meant = translated(error, place)
        if meant is error:
            raise
        raise meant from error


def _of_driver(error: BaseException) -> bool:
    """Tell whether sqlite3 or psycopg raised it; psycopg is not installed everywhere."""
    return any(kind.__module__.partition(".")[0] in ("sqlite3", "psycopg") for kind in type(error).__mro__)


def _of_values(error: BaseException) -> bool:
    """Tell whether the values are at fault; the names are those of PEP 249."""
    return any(kind.__name__ in ("IntegrityError", "DataError") for kind in type(error).__mro__)


def _meaning(error: BaseException, place: str) -> StoreError:
    said = str(getattr(error, "orig", None) or error)
    if _of_values(error):
        # What the driver says of them may quote them.
        return Unstorable(f"{place}: these values cannot be kept: {type(error).__name__}.")
    low = said.lower()
    if "connection failed" in low:
        for words, meaning in _NOT_LET_IN:
            if words in low:
                return NotLetIn(
                    f"{place}: {meaning} See to DATABASE_URL. (The database said: {said.strip().splitlines()[0]})"
                )
    for words, kind, meaning in _SAID:
        if words in low:
            return kind(f"{place}: {meaning} (The database said: {said.strip().splitlines()[0]})")
    if isinstance(error, exc.StatementError) and not isinstance(error, exc.DBAPIError):
        return Unstorable(f"{place}: these values cannot be kept: {type(error.orig).__name__}.")
    return Lost(
        f"{place}: the database does not answer as it should. See that it runs and can be reached; "
        f"the bot connects again by itself. (The database said: {said.strip().splitlines()[0] if said else 'nothing'})"
    )


def spoils_transaction(error: BaseException) -> bool:
    """Tell whether an error concerns the database rather than the one job that met it."""
    return (isinstance(error, exc.DBAPIError) or _of_driver(error)) and not _of_values(error)
