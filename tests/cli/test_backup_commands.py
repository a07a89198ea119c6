"""What `afterword backup`, `restore` and `move` print: what was done, what is not part of it, and what is next."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.storage.encryption import Cipher
from bot.storage.migrate import upgrade
from tests.storage.conftest import KEY
from tests.support.old_databases import make


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder in which a bot keeps three people."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DATA_DIR", "DATA_KEY", "DATA_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data.key").touch(mode=0o600)
    (tmp_path / "data.key").write_text(KEY)
    make("sqlite:///data/afterword.sqlite3", "0007", 3, Cipher.of(KEY))
    upgrade("sqlite:///data/afterword.sqlite3")
    return tmp_path


def afterword(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


@pytest.mark.usefixtures("folder")
def test_a_backup_is_made_and_put_back() -> None:
    status, said = afterword("backup", "monday.sqlite3")
    assert status == 0, said
    assert "Backed up to monday.sqlite3: 3 people, " in said
    assert "The key is not part of it. Keep a copy of data.key somewhere else" in said
    assert afterword("backup", "monday.sqlite3") == (
        1,
        "monday.sqlite3 is there already, and a backup writes over nothing. Name another file.\n",
    )
    status, said = afterword("restore", "monday.sqlite3")
    assert (status, "people are kept there already" in said) == (1, True)
    status, said = afterword("restore", "monday.sqlite3", "--force")
    assert status == 0, said
    assert "Restored to data/afterword.sqlite3: 3 people" in said
    assert "What was there before is data/afterword.sqlite3.before-restore-" in said
    assert "delete them again" in said


def test_a_move_says_what_to_set(folder: Path) -> None:
    status, said = afterword("move", "--to", f"sqlite:///{folder / 'new' / 'a.sqlite3'}")
    assert status == 0, said
    assert "3 people" in said
    assert "Set DATABASE_URL to it" in said


def test_without_a_key_nothing_is_copied_and_none_is_made(folder: Path) -> None:
    (folder / "data.key").unlink()
    for asked in (("backup", "monday.sqlite3"), ("move", "--to", "sqlite:///new.sqlite3")):
        status, said = afterword(*asked)
        assert (status, "No new key was made" in said) == (1, True)
    assert [one.name for one in folder.iterdir()] == ["data"]
