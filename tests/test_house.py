"""The house itself: what is written about it is true, and its rules hold."""

import ast
import importlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools import house, slow_tests

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
CONTENT = (ROOT / "docs" / "reference" / "content.md").read_text(encoding="utf-8")


def spoken(file: Path) -> list[str]:
    """Return string literals that look like sentences, docstrings and assertion messages apart."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    quiet = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.Assert):
            quiet |= {id(inner) for inner in ast.walk(node)}
    texts = [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in quiet
    ]
    return [text for text in texts if len(re.findall(r"[A-Za-z']{2,}", text)) >= 4 and " " in text.strip()]


@pytest.mark.parametrize("package", ["advice", "dialogue", "reminders", "chat"])
def test_no_words_for_candidates_stand_in_python(package: str) -> None:
    for file in (ROOT / "bot" / "core" / package).glob("*.py"):
        if file.name not in {"explain_text.py", "advisor.py"}:  # they speak to coaches and programs, in the terminal
            assert spoken(file) == [], file


def test_no_clock_is_read_below_the_runtime_floor() -> None:
    for package in ("core", "verification", "content"):
        for file in (ROOT / "bot" / package).rglob("*.py"):
            assert not re.search(r"\.(now|today|utcnow)\(", file.read_text(encoding="utf-8")), file


def test_no_test_module_imports_another() -> None:
    """What tests share lives in tests/support, where it is found."""
    for file in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else named
            assert not any(re.match(r"tests\.(\w+\.)*test_", module) for module in modules), f"{file}: {modules}"
            assert not any(name.startswith("test_") for name in named), f"{file}: {named}"


def test_every_slow_test_belongs_to_one_part_of_make_slow() -> None:
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if "mark.slow" not in file.read_text(encoding="utf-8"):
            continue
        name = file.relative_to(ROOT).as_posix()
        parts = {part.files for part in slow_tests.PARTS if part.files != ("tests",)}
        assert sum(any(name == given or name.startswith(f"{given}/") for given in files) for files in parts) == 1, name


def test_the_readme_is_short_and_names_the_two_commands() -> None:
    assert len(README.encode()) <= 8 * 1024
    for target in ("run", "test"):
        assert f"make {target}" in README


def test_the_reference_names_every_command_and_every_make_target() -> None:
    from bot.cli.main import app

    named = [command.callback.__name__ for command in app.registered_commands]  # type: ignore[union-attr]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        below = group.typer_instance.registered_commands
        named += [f"{group.name} {command.name or command.callback.__name__}" for command in below]  # type: ignore[union-attr]
    for name in named:
        assert f"`afterword {name}" in COMMANDS, name
    for target in ("run", "test", "slow", "bench", "check", "million", "mutate", "house", "schemas", "lock", "clean"):
        assert f"`make {target}`" in COMMANDS


def test_the_reference_names_every_key_that_a_coach_may_write() -> None:
    from bot.content.json_schema import schemas

    keys = {
        key
        for schema in schemas().values()
        for part in (schema, *schema.get("$defs", {}).values())
        for key in part.get("properties", {})
    }
    missing = sorted(key for key in keys if f"`{key}`" not in CONTENT)
    assert missing == []


def test_every_benchmark_can_be_imported() -> None:
    """Nothing else runs them in a test; what is measured in the peers' own venv is left out."""
    files = [file for file in (ROOT / "benchmarks").rglob("*.py") if file.name != "rival.py"]
    assert len(files) > 8
    for file in files:
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def test_the_measures_that_are_reached_stay_reached() -> None:
    """`make house` prints them all, with those that are not there yet."""
    known = house.modules()
    classes = house.Classes.of(known.values())
    assert classes.mixed() == []
    assert classes.twice() == []
    assert house.longest_functions(known.values())[0][0] <= 50
    assert house.layers()[0] <= 7
    tap, reminder = house.walks()
    assert 10 < len(tap.files) <= 47
    assert 10 < len(reminder.files) <= 36


def test_nothing_private_to_a_machine_is_written_down() -> None:
    """Lock files name no host, and they pin every package by hash."""
    for name in ("run", "serve", "test"):
        lock = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        assert "://" not in lock
        assert "--index-url" not in lock
        for block in re.split(r"\n(?=\S)", lock.strip()):
            assert "--hash=sha256:" in block, block[:60]


@pytest.mark.slow
def test_an_installed_wheel_brings_its_content_and_talks(tmp_path: Path) -> None:
    """Built, unpacked elsewhere and run from there: not one file of the checkout is used."""
    wheel_only = ["--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(ROOT)]
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", *wheel_only], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("afterword-*.whl")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    program = f"import sys; sys.path.insert(0, {str(installed)!r}); from bot.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, "advise", "outcome=offer"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Yes, connect" in done.stdout
    assert (installed / "bot" / "_content" / "flows" / "facts.yaml").exists()
    assert (installed / "bot" / "verification" / "atlas" / "atlas.js").exists()
    assert (installed / "bot" / "verification" / "atlas" / "templates" / "page.html").exists()
