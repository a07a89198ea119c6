"""The bounds of checking what a coach sends: memory, time, and a machine where nothing can be written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from bot.app import content_check_worker
from bot.app.content_check_worker import CheckBounds
from bot.app.main import use_a_writable_folder
from bot.app.subprocess_runner import run
from bot.core.coaching.content_version import CheckResult, ContentVersion
from bot.core.library import Library
from bot.runtime.ports import ContentCheck
from tests.conftest import NOW

MB = 1024**2
DRAFT = ContentVersion(5, NOW, "sent", cohort=4)


async def test_whoever_goes_beyond_the_memory_ends_without_an_answer_and_it_is_said() -> None:
    """So little that it ends as soon as it begins."""
    with tempfile.TemporaryDirectory() as folder:
        bounds = CheckBounds(seconds=60, memory=24 * MB)
        found = await content_check_worker._judged(CheckResult(1), bounds, DRAFT, *[Path(folder)] * 3)
    assert found.trouble == "late"


@pytest.mark.slow
async def test_the_check_of_the_shipped_content_fits_what_is_allowed_by_default() -> None:
    bounds = CheckBounds()
    said, trouble = await run("check", "--json", patience=bounds.seconds, memory=bounds.memory)
    assert json.loads(said)["issues"] == [], trouble.decode()


async def test_a_disk_that_takes_nothing_is_said_and_ends_the_check(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the coach reads “checking…” for ever."""

    def full(*_given: Any) -> None:
        raise OSError(28, "No space left on device")

    heard: list[Any] = []

    class Door:
        async def examined(self, _key: Any, event: Any) -> None:
            heard.append(event)

    monkeypatch.setattr(content_check_worker, "write", full)
    nobody: Any = None
    handler: Any = Door()
    await content_check_worker._examine(
        library, CheckBounds(), ContentCheck(7, 3, DRAFT), nobody, nobody, handler, nobody
    )
    assert heard == [CheckResult(3, {}, trouble="disk")]


def test_where_no_folder_for_passing_files_can_be_written_they_stand_beside_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", _none)  # as on a root that is read-only, /tmp included
    use_a_writable_folder(tmp_path)
    with tempfile.TemporaryDirectory() as made:
        assert Path(made).parent == tmp_path


def _none(*_given: Any) -> str:
    raise FileNotFoundError(2, "No usable temporary directory found")
