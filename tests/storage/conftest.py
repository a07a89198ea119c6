"""Both databases, real and empty, for every test of the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet

from bot.storage.database import Database
from bot.storage.encryption import Cipher
from bot.storage.schema import metadata
from tests.support.postgres import new_database, with_tables

KEY = Fernet.generate_key().decode()


@dataclass
class Place:
    """An empty database, and the key that is used with it."""

    url: str
    cipher: Cipher = field(default_factory=lambda: Cipher.of(KEY))

    @property
    def sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))


@pytest.fixture(scope="session")
def server(postgres_server: str) -> str:
    return postgres_server


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """Return the name of a database with all tables."""
    return with_tables(server)


@pytest.fixture(scope="session")
def shared(server: str, template: str) -> str:
    """Return a database that is emptied before each test, which is quicker still."""
    return new_database(server, template)


def emptied(url: str) -> str:
    from bot.storage.revision import head

    with psycopg.connect(url, autocommit=True) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(f"DELETE FROM {table.name}")  # noqa: S608  # names of the schema
        connection.execute("UPDATE alembic_version SET version_num = %s", [head()])
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite")  # type: ignore[no-any-return]
    return Place(emptied(request.getfixturevalue("shared")))


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a SQLite file with all tables and nothing in them."""
    from bot.storage import dialects
    from bot.storage.migrate import migrate

    file = tmp_path_factory.mktemp("tables") / "ready.sqlite3"
    engine = dialects.connect(dialects.read_url(f"sqlite:///{file}"), 1)
    migrate(engine)
    engine.dispose()
    return file.read_bytes()


@pytest.fixture
def sqlite(tmp_path: Path, tables: bytes) -> Place:
    file = tmp_path / "afterword.sqlite3"
    file.touch(mode=0o600)
    file.write_bytes(tables)
    return Place(f"sqlite:///{file}")


Opening = Callable[[Place], Awaitable[Database]]


@pytest.fixture
async def opening() -> AsyncIterator[Opening]:
    """Open databases that are closed at the end of the test."""
    opened: list[Database] = []

    async def open_(where: Place) -> Database:
        opened.append(await Database.open(where.url, where.cipher))
        return opened[-1]

    yield open_
    for database in opened:
        await database.close()


@pytest.fixture
async def store(place: Place, opening: Opening) -> Database:
    return await opening(place)
