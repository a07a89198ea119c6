"""The image's steps, taken in a bare folder by the script that the container file runs, and the bot started from it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.botapi import BotApiServer
from tests.support.bot_process import free_port

ROOT = Path(__file__).parents[2]
NOBODY = 65534


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="afterword-installed-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
    shutil.rmtree(folder)


def another_user() -> tuple[str, int]:
    """Return a Python and a user who is not us and may start it; ourselves where there is none."""
    if os.geteuid() == 0:
        for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
            new_enough = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
            with suppress(OSError):
                if subprocess.run([python, "-c", new_enough], user=NOBODY, cwd="/", check=False).returncode == 0:
                    return python, NOBODY
    return sys.executable, os.geteuid()


def install(source: Path, target: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHON": python, **os.environ}
    command = ["sh", str(source / "deploy" / "install.sh"), str(target)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)


def in_context(source: Path) -> list[Path]:
    """Return what .dockerignore hands to the build of the image."""
    wanted = re.findall(r"^!(.+)$", (source / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    return [source / name for name in wanted]


def contents(tree: Path) -> dict[str, tuple[int, int]]:
    return {
        str(file.relative_to(tree)): (file.lstat().st_mtime_ns, file.lstat().st_size)
        for file in tree.rglob("*")
        if not file.is_dir()
    }


@pytest.mark.slow
def test_the_images_steps_make_a_bot_that_runs_as_another_user_from_a_tree_it_cannot_change(place: Path) -> None:
    source, target, data, key = (place / name for name in ("source", "installed", "data", "key"))
    python, user = another_user()
    for one in in_context(ROOT):  # as little as the image's build is given
        into = source / one.relative_to(ROOT)
        into.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(one, into, ignore=ignored) if one.is_dir() else shutil.copy(one, into)

    done = install(source, target, python)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(source)  # what is installed needs nothing of it

    packages = {found.name.lower() for found in target.glob("lib/python3*/site-packages/*")}
    assert not {"pip", "setuptools", "hatchling", "pygraphviz", "pytest"} & packages, "the last stage builds nothing"
    subprocess.run(["chmod", "-R", "a-w", str(target)], check=True)
    for folder in (data, key):
        folder.mkdir(mode=0o700)
        os.chown(folder, user, -1)
    before, port = contents(target), free_port()

    with BotApiServer(seed=1) as telegram:
        dana = telegram.person(first_name="Dana", started=True)
        environment = {
            "PATH": f"{target}/bin:/usr/bin:/bin",
            "TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_BASE_URL": telegram.url,
            "DATA_DIR": str(data), "DATA_KEY_FILE": str(key / "data.key"), "PORT": str(port),
        }  # fmt: skip
        with (place / "bot.log").open("wb") as log:
            bot = subprocess.Popen(
                [target / "bin" / "afterword", "run"], cwd=data, env=environment, stdout=log, stderr=log, user=user
            )
        try:
            dana.says("/start")
            telegram.wait(lambda: any(one.from_bot for one in telegram.chat(dana.id).messages), 120)
            asked = subprocess.run(
                [target / "bin" / "python", "-m", "bot.app.healthcheck"],
                env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert (asked.returncode, asked.stdout.partition(";")[0]) == (0, "ready")
        finally:
            bot.terminate()
            assert bot.wait(20) == 0, (place / "bot.log").read_text(encoding="utf-8")
    assert (key / "data.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in key.iterdir()] == ["data.key"]
    assert contents(target) == before, "nothing is written where the bot is installed"


def test_an_installed_version_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("by somebody")
    done = install(ROOT, tmp_path)
    assert done.returncode == 2
    assert "Name a new folder" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def test_what_was_installed_by_half_is_taken_away_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    breaks_off = tmp_path / "python"
    breaks_off.write_text('#!/bin/sh\nmkdir -p "$3"; touch "$3/half"; exit 7\n')
    breaks_off.chmod(0o755)
    monkeypatch.setenv("PYTHON", str(breaks_off))
    done = install(ROOT, tmp_path / "installed")
    assert done.returncode == 7
    assert not (tmp_path / "installed").exists()
