"""The tables are those that the code is written for, and get there by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from bot.storage import dialects, migrate, revision
from bot.storage.schema import metadata
from tests.storage.conftest import Place
from tests.support.postgres import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'a.sqlite3'}" if request.param == "sqlite" else None
    url = url or new_database(request.getfixturevalue("server"))
    made = dialects.connect(dialects.read_url(url), 2)
    yield made
    made.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version", "sqlite_sequence"}


def has(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def test_up_and_down_and_up_again(engine: Engine) -> None:
    migrate.migrate(engine)
    assert tables(engine) == set(metadata.tables)
    with engine.begin() as connection:
        command.downgrade(migrate.config(connection), "base")
    assert tables(engine) == set()
    assert has(engine) is None
    migrate.migrate(engine)
    assert has(engine) == revision.HEAD


def test_the_migrations_make_what_the_schema_says(engine: Engine) -> None:
    migrate.migrate(engine)
    with engine.begin() as connection:
        command.check(migrate.config(connection))


def test_processes_that_start_at_once_migrate_once(engine: Engine) -> None:
    others = [dialects.connect(engine.url, 1) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate.migrate, others))
    for other in others:
        other.dispose()
    assert tables(engine) == set(metadata.tables)


def test_the_versions_lie_inside_the_package() -> None:
    newest = ScriptDirectory.from_config(migrate.config()).get_current_head()
    assert newest == revision.HEAD
    assert Path(dialects.__file__).with_name("migrations").joinpath("versions", "0001_first.py").exists()


async def test_tables_of_another_version_are_not_ready(place: Place) -> None:
    from sqlalchemy import text

    from bot.storage.database import Database
    from bot.storage.errors import NotMigrated

    store = await Database.open(place.url, place.cipher)
    try:
        with store._engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        with pytest.raises(NotMigrated, match=f"version 0000, not {revision.HEAD}"):
            await store.ready()
    finally:
        await store.close()
