"""`make house`: the measures of the code in bot/, each beside what it should be.

A walk is one chain of calls from a parsed update to the calls kept in the outbox, with a real SQLite store and the
shipped content. Entered are the files of bot/ in which a function is called; a move is a call from one to another.
"""

from __future__ import annotations

import ast
import asyncio
import io
import subprocess
import sys
import tempfile
import threading
import tokenize
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
BOT: Final = ROOT / "bot"
START: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANSWERS: Final = ("No", "Well", "Nothing yet", "The hiring manager", "No", "Warm and lively", "20.11.", "Yes, sent")
"""What is tapped or typed until the advice comes; the last tap is the one that is measured."""
SHOWN: Final = 5
"""How many of the longest classes and functions are named."""
CHECK: Final = """
import sys
sys.argv = ["afterword", "check"]
from bot.__main__ import main
try:
    main()
except SystemExit:
    pass
print(sum(name.startswith("bot.") for name in sys.modules))
"""


# -- what stands in the files ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Module:
    """A module, read."""

    name: str
    file: Path
    package: bool
    text: str
    tree: ast.Module

    @cached_property
    def classes(self) -> tuple[ast.ClassDef, ...]:
        """Its classes, inner ones as well."""
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    @cached_property
    def functions(self) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
        """Its functions and methods."""
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def modules() -> dict[str, Module]:
    """Return the modules of bot/ by name; of migrations only what runs them, since those that were made stay."""
    found = {}
    for file in sorted(BOT.rglob("*.py")):
        if "versions" in file.parts:
            continue
        parts = file.relative_to(ROOT).with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        text = file.read_text(encoding="utf-8")
        found[name] = Module(name, file, package, text, ast.parse(text))
    return found


def imports(module: Module, known: Mapping[str, Module]) -> set[str]:
    """Return the modules of ours that a module imports anywhere, for type checking as well."""
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (below & known.keys()) or {node.module}
    return (found & known.keys()) - {module.name}


def circles(known: Mapping[str, Module]) -> list[list[str]]:
    """Return the groups of modules that import one another, directly or not."""
    below = {name: imports(module, known) for name, module in known.items()}
    reach = {name: _reached(name, below) for name in below}
    groups = {
        frozenset(other for other in reach[name] if name in reach[other]) for name in reach if name in reach[name]
    }
    return sorted(sorted(group) for group in groups)


def _reached(name: str, below: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = below[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def lines_of_code(module: Module) -> int:
    """Count the lines that hold code: no blanks, comments and docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            lines |= set(range(token.start[0], token.end[0] + 1))
    lines = {line for line in lines if line <= len(module.text.splitlines())}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def _length(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


@dataclass(frozen=True)
class Classes:
    """The classes of bot/ by name, and what each inherits of ours."""

    nodes: Mapping[str, list[ast.ClassDef]]

    @classmethod
    def of(cls, known: Iterable[Module]) -> Classes:
        """Collect them."""
        nodes: dict[str, list[ast.ClassDef]] = defaultdict(list)
        for module in known:
            for node in module.classes:
                nodes[node.name].append(node)
        return cls(nodes)

    def bases(self, node: ast.ClassDef) -> list[str]:
        """Return the bases that are ours; protocols have no code to inherit."""
        named = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
        names = [base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in named]
        return [name for name in names if name in self.nodes]

    def length(self, node: ast.ClassDef) -> int:
        """Return its lines, those of the classes of ours that it inherits counted as well."""
        return _length(node) + sum(self.length(self.nodes[name][0]) for name in self.bases(node) if name != node.name)

    def all(self) -> Iterator[ast.ClassDef]:
        """Return every class."""
        for nodes in self.nodes.values():
            yield from nodes

    def longest(self) -> list[tuple[int, str]]:
        """Return all with their lengths, the longest first."""
        return sorted(((self.length(node), node.name) for node in self.all()), reverse=True)

    def twice(self) -> list[str]:
        """Return the names that more than one class has."""
        return sorted(name for name, nodes in self.nodes.items() if len(nodes) > 1)

    def mixed(self) -> list[str]:
        """Return those that inherit more than one of ours."""
        return sorted(node.name for node in self.all() if len(self.bases(node)) > 1)


def longest_functions(known: Iterable[Module]) -> list[tuple[int, str]]:
    """Return all functions with their lengths, the longest first."""
    found = [(_length(node), f"{module.name}.{node.name}") for module in known for node in module.functions]
    return sorted(found, reverse=True)


def layers() -> tuple[int, int]:
    """Return how many floors the contracts of import-linter have: those of bot/, and those inside core/."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = [one for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers"]
    floors = [layer for one in contracts for layer in one["layers"]]
    inside = sum(layer.startswith("bot.core.") for layer in floors)
    return len(floors) - inside, inside


# -- walks -------------------------------------------------------------------------------------------------------------


@dataclass
class Walk:
    """The files that a walk enters, and how often it goes from one to another."""

    files: Counter[str] = field(default_factory=Counter)
    moves: int = 0

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note a call; for `sys.setprofile`."""
        file = _own_file(frame)
        if event != "call" or not file or frame.f_code.co_name == "<module>":
            return
        self.files[file] += 1
        caller = frame.f_back
        while caller is not None and not _own_file(caller):
            caller = caller.f_back
        self.moves += caller is not None and _own_file(caller) != file


def _own_file(frame: FrameType) -> str:
    name = frame.f_code.co_filename
    return name if name.startswith(f"{BOT}/") else ""


class _Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


class _Threads:
    """A profile for this thread and those that begin after it; it counts only inside `watching`."""

    def __init__(self) -> None:
        self.walk: Walk | None = None
        threading.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, argument: object) -> None:
        if self.walk is not None:
            self.walk.profile(frame, event, argument)

    @contextmanager
    def watching(self) -> Iterator[Walk]:
        self.walk = walk = Walk()
        sys.setprofile(self._profile)
        try:
            yield walk
        finally:
            sys.setprofile(None)
            self.walk = None


async def _walks(folder: Path) -> tuple[Walk, Walk]:
    """Hold a conversation up to its advice and its reminder; return the walks of the two."""
    from cryptography.fernet import Fernet

    from bot.app.content import open_library
    from bot.app.main import application
    from bot.app.settings import Settings
    from bot.runtime.update_handler import UpdateHandler
    from bot.storage.database import Database
    from bot.storage.dialects import of_file
    from bot.storage.encryption import Cipher
    from bot.storage.migrate import upgrade

    threads, clock = _Threads(), _Clock()
    upgrade(of_file(folder / "house.sqlite3"))
    url = f"sqlite:///{folder / 'house.sqlite3'}"
    store = await Database.open(url, Cipher.of(Fernet.generate_key().decode()))
    settings = Settings.model_validate({"TELEGRAM_BOT_TOKEN": "1234567:" + "x" * 35, "DATA_DIR": str(folder)})
    app = application(settings, open_library(None))
    handler = UpdateHandler(store, clock, app)
    try:
        person = _Person(handler, app)
        await person.types("/start")
        for answer in ANSWERS[:-1]:
            await person.types(answer)
        with threads.watching() as tap:
            await person.taps(ANSWERS[-1])
        await person.taps("Yes, please")
        clock.at += timedelta(days=30)
        (due,) = await store.claim_due(clock.now(), timedelta(seconds=60), 1)
        with threads.watching() as reminder:
            await handler.collect_due(due)
    finally:
        threading.setprofile(None)
        await store.close()
    return tap, reminder


class _Person:
    """Somebody who talks with the bot, as Telegram tells it."""

    def __init__(self, handler: Any, app: Any) -> None:
        self._handler, self._app, self._updates = handler, app, 0
        self._buttons: dict[str, str] = {}

    async def types(self, text: str) -> None:
        message = self._message() | {"from": self._message()["chat"] | {"is_bot": False}, "text": text}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        await self._brings({"message": message})

    async def taps(self, label: str) -> None:
        sender = {"id": 5, "is_bot": False, "language_code": "en"}
        query = {"id": "1", "data": self._buttons[label], "from": sender, "message": self._message()}
        await self._brings({"callback_query": query})

    def _message(self) -> dict[str, Any]:
        chat = {"id": 5, "type": "private", "language_code": "en"}
        return {"message_id": self._updates + 1, "date": 0, "chat": chat}

    async def _brings(self, update: dict[str, Any]) -> None:
        self._updates += 1
        parsed = self._app.read({"id": 7, "username": "house"}, {"update_id": self._updates, **update})
        turned = await self._handler.incoming(parsed.incoming)
        for call in turned.calls:
            for row in call.values.get("reply_markup", {}).get("inline_keyboard", ()):
                self._buttons |= {button["text"]: button.get("callback_data", "") for button in row}


def walks() -> tuple[Walk, Walk]:
    """Return the walk of a tap that gives an advice, and that of a reminder which is due."""
    with tempfile.TemporaryDirectory(prefix="afterword-house-") as folder:
        return asyncio.run(_walks(Path(folder)))


def loaded_by_check() -> int:
    """Return how many modules of bot/ `afterword check` loads, its packages among them."""
    command = [sys.executable, "-c", CHECK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - a constant
    return int(done.stdout.splitlines()[-1])


# -- printed -----------------------------------------------------------------------------------------------------------


def report() -> Iterator[str]:
    """Say every measure, a line each, with what it should be."""
    known = modules()
    classes, functions = Classes.of(known.values()), longest_functions(known.values())
    packages = [file for file in BOT.iterdir() if (file / "__init__.py").exists()]
    floors, inside = layers()
    tap, reminder = walks()
    round_ = circles(known)
    longest = classes.longest()
    yield _line("packages at the top of bot/", len(packages), "at most 9")
    yield _line("import layers", floors, f"at most 7; inside core {inside}")
    yield _line("files entered by a tap that gives an advice", len(tap.files), "at most 28")
    yield _line("moves between files by that tap", tap.moves, "at most 224")
    yield _line("files entered by a reminder that is due", len(reminder.files), "at most 24")
    yield _line("moves between files by that reminder", reminder.moves, "at most 102")
    yield _line("modules loaded by `afterword check`", loaded_by_check(), "at most 60")
    yield _line("classes above 250 lines, inherited ones counted", sum(n > 250 for n, _ in longest), "0")
    yield from (f"    {length:4} {name}" for length, name in longest[:SHOWN])
    yield _line("functions above 50 lines", sum(n > 50 for n, _ in functions), "0")
    yield from (f"    {length:4} {name}" for length, name in functions[:SHOWN])
    yield _line("classes that inherit more than one of ours", len(classes.mixed()), "0")
    yield from (f"    {name}" for name in classes.mixed())
    yield _line("class names that occur more than once", len(classes.twice()), "0")
    yield from (f"    {name}" for name in classes.twice())
    yield _line("circles of imports", len(round_), "0")
    yield from (f"    {', '.join(group)}" for group in round_)
    yield _line("modules", len(known), "")
    yield _line("lines of code", sum(map(lines_of_code, known.values())), "at most 18,366 (21,607 less 15 %)")


def _line(what: str, number: int, target: str) -> str:
    return f"{number:7,}  {what}{f' ({target})' if target else ''}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(report()) + "\n")
