"""What is written for people who run it is true: every link leads somewhere, every command and setting is there."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.app.settings import Settings
from bot.cli.main import app

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


def test_the_page_of_settings_is_what_the_example_says() -> None:
    tool = ROOT / "tools" / "settings_page.py"
    spec = importlib.util.spec_from_file_location("settings_page", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert module.PAGE.read_text(encoding="utf-8") == module.page(example), "run: make settings"


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
