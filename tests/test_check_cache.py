"""A stamp spares a restart the proof of what was proved, and of nothing else."""

import shutil
import stat
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bot.verification.checks
from bot.app.check_cache import PACKAGE, is_stamped, keep, seal_of
from bot.app.content import BadContent, load_checked
from bot.content.loader import load
from tests.support.examples import examples
from tests.support.planting import ROOT
from tests.support.small import small


class Proofs:
    """How often something was proved; proving itself takes seconds, and is stood in for."""

    count = 0


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> Proofs:
    counted = Proofs()

    def nothing_found(_: object) -> list[object]:
        counted.count += 1
        return []

    monkeypatch.setattr(bot.verification.checks, "findings", nothing_found)
    return counted


def test_what_was_proved_is_proved_once(tmp_path: Path, proofs: Proofs) -> None:
    stamp = tmp_path / "data" / "proved"
    for _ in range(3):
        assert load_checked(None, stamp).flows
    assert proofs.count == 1
    assert stat.S_IMODE(stamp.stat().st_mode) == 0o600
    assert [file.name for file in stamp.parent.iterdir()] == ["proved"]  # nothing half-written is left


def test_without_a_stamp_everything_is_proved_each_time(proofs: Proofs) -> None:
    load_checked(None, None)
    load_checked(None, None)
    assert proofs.count == 2


def test_an_edit_of_any_file_is_proved_anew(tmp_path: Path, proofs: Proofs) -> None:
    content, stamp = small(tmp_path / "content"), tmp_path / "proved"
    load_checked(content, stamp)
    files = sorted(content.rglob("*.yaml"))
    file = content / "flows" / "small.yaml"
    file.write_bytes(file.read_bytes() + b"\n")  # one byte, which means nothing
    load_checked(content, stamp)
    assert proofs.count == 2
    seals = {load(content / "flows", content / "messages").digest}
    for file in files:
        was = file.read_bytes()
        file.write_bytes(was + b"#")
        seals.add(load(content / "flows", content / "messages").digest)
        file.write_bytes(was)
    assert len(seals) == 1 + len(files)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_one_byte_anywhere_in_what_loads_judges_and_proves_is_another_seal(tmp_path: Path, data: st.DataObject) -> None:
    package = tmp_path / "bot"
    if not package.exists():
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__", "_content"))
    proving = [*(f for part in ("core", "content", "verification") for f in sorted((package / part).rglob("*.py"))),
               package / "app/content.py", package / "app/check_cache.py"]  # fmt: skip
    file = data.draw(st.sampled_from(proving))
    was, before = file.read_bytes(), seal_of("content", package)
    at = data.draw(st.integers(0, len(was)))
    file.write_bytes(was[:at] + b"x" + was[at + 1 :] if was[at : at + 1] != b"x" else was[:at] + b"y" + was[at + 1 :])
    changed = seal_of("content", package)
    file.write_bytes(was)
    assert before is not None
    assert changed != before
    assert seal_of("content", package) == before != seal_of("contents", package)


def test_another_version_of_a_library_is_another_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    before = seal_of("content")
    for name in ("transitions", "pyyaml", "pydantic", "pydantic-core", "babel", "tzdata"):
        with monkeypatch.context() as patch:
            patch.setattr("bot.app.check_cache.version", lambda asked, name=name: "0" if asked == name else "1")
            one = seal_of("content")
            patch.setattr("bot.app.check_cache.version", lambda _: "1")
            assert one != seal_of("content")
    assert seal_of("content") == before


def test_code_without_sources_is_never_stamped(tmp_path: Path) -> None:
    assert seal_of("content", tmp_path) is None


@pytest.mark.parametrize("damage", [b"", b"\xff\x00", b"0" * 64, b"0" * 1_000_000])
def test_a_damaged_stamp_is_proved_anew_and_mended(tmp_path: Path, proofs: Proofs, damage: bytes) -> None:
    stamp = tmp_path / "proved"
    stamp.write_bytes(damage)
    load_checked(None, stamp)
    load_checked(None, stamp)
    assert proofs.count == 1


def test_a_stamp_with_one_digit_changed_is_none(tmp_path: Path) -> None:
    stamp, seal = tmp_path / "proved", seal_of("content")
    assert seal is not None
    keep(stamp, seal)
    assert is_stamped(stamp, seal)
    for at, digit in enumerate(seal):
        stamp.write_text(seal[:at] + ("1" if digit == "0" else "0") + seal[at + 1 :])
        assert not is_stamped(stamp, seal)


def test_a_place_that_takes_no_stamp_is_no_error(tmp_path: Path, proofs: Proofs) -> None:
    (tmp_path / "file").write_text("")
    for stamp in (tmp_path / "file" / "proved", tmp_path):  # under a file; a folder
        load_checked(None, stamp)
        load_checked(None, stamp)
    assert proofs.count == 4
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_what_has_a_finding_is_never_stamped(tmp_path: Path) -> None:
    content, stamp = small(tmp_path / "content"), tmp_path / "proved"
    file = content / "flows" / "rules" / "small.yaml"
    text = file.read_text(encoding="utf-8")
    assert "rule: R4, note" in text
    file.write_text(text.replace("rule: R4, note", "rule: R3, note", 1), "utf-8")
    with pytest.raises(BadContent, match=r"small\.yaml"):
        load_checked(content, stamp)
    assert not stamp.exists()


@pytest.mark.slow
def test_a_stamped_start_takes_a_third_of_the_time(tmp_path: Path) -> None:
    def timed() -> float:
        began = time.perf_counter()
        load_checked(None, tmp_path / "proved")
        return time.perf_counter() - began

    load(ROOT / "flows", ROOT / "messages")  # imports and compiled patterns belong to neither
    first = timed()
    assert min(timed() for _ in range(3)) * 3 <= first
