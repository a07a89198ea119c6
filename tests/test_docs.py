"""What is written for people who run it is true: every link leads somewhere, every command and setting is there."""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.app.settings import Settings
from bot.cli.main import app
from tools import findings_page

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
GUIDES = [page for page in PAGES if page.name != "CHANGELOG.md"]
SETTINGS = {str(field.alias) for field in Settings.model_fields.values()}


OTHERS = {
    "CREDENTIALS_DIRECTORY", "NO_COLOR", "DOMAIN", "AFTERWORD_VERSION", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
    "NO_PROXY", "SSL_CERT_FILE", "SIGHUP", "SIGTERM", "SIGINT", "SIGKILL", "WRONG", "DEBUG", "INFO", "WARNING", "ERROR",
    "PGPASSWORD", "SSL_CERT_DIR", "COPY", "POST", "FILE", "FOLDER", "HEAD", "NUMBER", "NEW", "OLD", "NAME", "URL",
}  # fmt: skip
"""Words in capitals that are no settings of ours: the environment of others, signals, placeholders."""


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def code(text: str) -> list[str]:
    """Return what stands in code: each line of a block, and each piece between backticks."""
    blocks = re.findall(r"^ *```.*?\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [*(line.strip() for block in blocks for line in block.splitlines()), *re.findall(r"`([^`\n]+)`", rest)]


def commands(group: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], set[str]]:
    """Return every command with its options."""
    found = {path: {option for one in group.params for option in one.opts} | {"--help"}}
    for name, command in getattr(group, "commands", {}).items():
        found |= commands(command, (*path, name))
    return found


RUN = re.compile(
    r"^(?:(?:sudo |\S*bin/|docker (?:compose )?exec \S+ )?afterword|docker run .*afterword:[\d.]+) "
    r"((?:[a-z]|--)[^|<>;&#]*)"
)
"""A line that calls `afterword`, however it is reached, and what follows."""
COMMANDS = commands(typer.main.get_command(app))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, part = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link} leads nowhere"
        if part:
            heads = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert part in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, link


@pytest.mark.parametrize("page", GUIDES, ids=named)
def test_every_command_is_one_with_the_options_that_it_has(page: Path) -> None:
    for piece in code(page.read_text(encoding="utf-8")):
        for said in RUN.findall(piece):
            words = said.split()
            path: tuple[str, ...] = ()
            while words and (*path, words[0]) in COMMANDS:
                path = (*path, words.pop(0))
            assert path or words[0].startswith("-"), f"{named(page)}: there is no command `afterword {said}`"
            for option in (word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)):
                assert option in COMMANDS[path], f"{named(page)}: `afterword {' '.join(path)}` has no {option}"


@pytest.mark.parametrize("page", GUIDES, ids=named)
def test_every_setting_is_one(page: Path) -> None:
    known = SETTINGS | OTHERS
    for piece in code(page.read_text(encoding="utf-8")):
        for name in re.findall(r"^#?([A-Z][A-Z_]{3,})(?:=|$| in )", piece):
            assert name in known, f"{named(page)}: there is no setting {name}"


CODE = [file for folder in ("bot", "tools") for file in (ROOT / folder).rglob("*.py") if "versions" not in file.parts]
FOR_ENGINEERS = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "architecture").rglob("*.md"))]
OF_OTHERS = {"advance", "httpx", "zoneinfo", "transitions", "next", "no", "BaseRequest", "maxlength"}
"""Names between backticks that are no code of ours, or are shown with their arguments."""
RETIRED = {
    "door", "knock", "desk", "bench", "shelf", "lectern", "hall", "bell", "convene", "ring", "rung", "scene", "visit",
    "catalogue", "vocabulary", "sheet", "edition", "editions",
}  # fmt: skip
"""Words that were names once; each has another one in the glossary."""


@cache
def nodes(file: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


@cache
def defined() -> frozenset[str]:
    """Return the names of all modules, classes, functions, constants and fields."""
    found = {file.stem for file in CODE}
    for file in CODE:
        for node in nodes(file):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


@pytest.mark.parametrize("page", FOR_ENGINEERS, ids=named)
def test_every_path_and_name_that_engineers_are_sent_to_is_there(page: Path) -> None:
    names = defined() | OF_OTHERS
    for piece in re.findall(
        r"`([^`\n]+)`", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    ):
        if re.fullmatch(r"[\w.-]+(/[\w.-]*)+|\.?[\w-]+\.(md|toml|py|yaml|example)", piece):
            assert (ROOT / piece).exists(), f"{named(page)}: there is no {piece}"
        elif re.fullmatch(r"[A-Za-z_]\w*", piece):
            assert piece in names, f"{named(page)}: nothing is called {piece}"
        elif target := re.fullmatch(r"make (\w+)", piece):
            assert f"\n{target[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8"), piece


def test_every_word_of_the_glossary_is_a_module_a_class_or_a_function() -> None:
    page = (ROOT / "docs" / "architecture" / "glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| `([^`]+)` \|", page, re.MULTILINE)
    assert len(rows) > 30
    assert [word for word, _ in rows] == sorted({word for word, _ in rows}, key=str.lower)
    assert [name for _, name in rows if name not in defined()] == []


def test_no_retired_word_is_a_name_in_the_code() -> None:
    for file in CODE:
        parts = ("id", "attr", "name", "arg", "asname")  # of variables, attributes, definitions, arguments, imports
        names = {getattr(node, part, None) for node in nodes(file) for part in parts}
        for name in filter(None, names):
            words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
            if file.parent.name == "storage":
                words -= {"edition"}  # a column
            assert not words & RETIRED, f"{file.relative_to(ROOT)}: {name}"


def test_the_page_of_settings_is_what_the_example_says() -> None:
    tool = ROOT / "tools" / "settings_page.py"
    spec = importlib.util.spec_from_file_location("settings_page", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert module.PAGE.read_text(encoding="utf-8") == module.page(example), "run: make settings"


def codes_in_the_code() -> Iterator[str]:
    """Return the codes of findings that stand in the code: behind a place, or first in what describes a wrong shape."""
    for file in CODE:
        if "bot/content" not in str(file) and "bot/verification" not in str(file) and file.name != "content.py":
            continue
        for node in nodes(file):
            called = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if called in ("Issue", "fault") and len(node.args) > 1:
                code = node.args[1]
            elif called == "refer":
                code = node.args[3]
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 4:
                code = node.value.elts[0]
            else:
                continue
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield code.value


def test_every_finding_has_its_place_on_the_page() -> None:
    groups = findings_page.all_codes()
    known = [one.code for codes in groups.values() for one in codes]
    assert len(set(known)) == len(known)
    found = set(codes_in_the_code())
    assert len(found) > 80
    assert sorted(found - set(known)) == []
    for code in set(known) - found:  # put together of two words, or looked up
        assert code.startswith(("idle-", "untalked-", "no-", "yaml-", "bad-", "unknown-")), code
    assert findings_page.PAGE.read_text(encoding="utf-8") == findings_page.page(), "run: make findings"


def test_the_first_week_leads_to_every_page_for_operators() -> None:
    index = (ROOT / "docs" / "operators" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs" / "operators").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


def test_the_source_archive_has_what_the_pages_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"deploy", "docs", "requirements", "SECURITY.md", ".env.example", ".dockerignore"} <= set(listed)
    for name in listed:
        assert (ROOT / name).exists(), name
