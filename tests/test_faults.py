"""The table of faults holds: each test is there, and each fails when its guard is taken out.

The second half copies the project and takes out one guard after another; that takes minutes. Run by `make slow`.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TABLE: dict[str, list[dict[str, str]]] = yaml.safe_load((ROOT / "tests/faults.yaml").read_text(encoding="utf-8"))
ROWS = [row for rows in TABLE.values() for row in rows]
COLUMNS = {"fault", "holds", "in", "guard", "without", "test"}
NEEDED = ("bot", "tests", "flows", "messages", "schemas", "docs", "pyproject.toml", "README.md", ".env.example")


def names(row: dict[str, str]) -> str:
    return row["fault"][:60]


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_each_fault_has_its_test_and_its_guard(row: dict[str, str]) -> None:
    assert set(row) == COLUMNS
    file, _, name = row["test"].partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert name in functions, f"{row['test']} is gone"
    ast.parse(taken_out(row))


def taken_out(row: dict[str, str], root: Path = ROOT) -> str:
    """Return the file of a row without its guard."""
    text = (root / row["in"]).read_text(encoding="utf-8")
    guard, without = row["guard"].splitlines(), row["without"]
    lines = text.splitlines()
    places = [n for n in range(len(lines)) if fits(lines[n : n + len(guard)], guard)]
    assert len(places) == 1, f"the guard stands {len(places)} times in {row['in']}: {row['guard']}"
    (place,) = places
    if len(guard) == 1:
        lines[place] = lines[place].replace(guard[0], "\0")
    before, _, after = (lines[place] if len(guard) == 1 else indent(lines[place]) + "\0").partition("\0")
    put = without.replace("\n", "\n" + indent(lines[place]))
    lines[place : place + len(guard)] = [before + put + after]
    return "\n".join(lines) + "\n"


def fits(lines: list[str], guard: list[str]) -> bool:
    """Tell whether the lines hold the guard: one line somewhere in it, several as they are but for the indentation."""
    if len(guard) == 1:
        return guard[0] in lines[0]
    margin = indent(lines[0]) if lines else ""
    return [line.removeprefix(margin) for line in lines] == guard


def indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("without")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=names)
def test_each_test_fails_without_its_guard(row: dict[str, str], copy: Path) -> None:
    file = copy / row["in"]
    whole = file.read_text(encoding="utf-8")
    file.write_text(taken_out(row, copy), encoding="utf-8")
    try:
        done = tried(row["test"], copy)
    finally:
        file.write_text(whole, encoding="utf-8")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout[-4000:] + done.stderr[-1000:]


def tried(test: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # No byte-code is kept: it would be taken for that of the next guard's file.
    options: dict[str, Any] = {"env": {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, "timeout": 300}
    command = [sys.executable, "-m", "pytest", "-x", "-m", "", "-p", "no:cacheprovider", test]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **options)
