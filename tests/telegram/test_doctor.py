"""What an operator can get wrong, and what the doctor says of it: plain words, what to do, and no part of a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.app import doctor
from bot.app.check_cache import keep
from bot.app.doctor import Probe, diagnose
from bot.app.settings import Settings, load
from bot.cli.main import app
from tests.botapi import BotApiServer
from tests.support.bot_process import seal_of_shipped

TOKEN = "7999999999:AA-no-real-token-only-one-for-tests"  # noqa: S105 - opens nothing
SECRET = "a-word-only-Telegram-knows"  # noqa: S105 - opens nothing
HOOK = {"WEBHOOK_URL": "https://bot.example.org/hook", "WEBHOOK_SECRET": SECRET}
NAMES = [str(field.alias) for field in Settings.model_fields.values()]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of one's own, with no setting from outside."""
    for name in [*NAMES, "CREDENTIALS_DIRECTORY"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def telegram() -> Iterator[BotApiServer]:
    with BotApiServer(seed=1) as server:
        yield server


def written(folder: Path, **settings: str) -> Path:
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    return folder


def wrong(found: list[Probe]) -> str:
    return "\n".join(one.sentence for one in found if not one.well)


# What is set, and words of what is said. Every sentence says what is wrong and then what to do.
SETTINGS: list[tuple[dict[str, str], str]] = [
    ({"TELEGRAM_BOT_TOKEN": "7000000001:hunter22"}, "TELEGRAM_BOT_TOKEN: this is no bot token"),
    ({"TELEGRAM_BOT_TOKEN_FILE": "hunter22"}, "TELEGRAM_BOT_TOKEN_FILE: the file"),
    ({"TELEGRAM_API_BASE_URL": "api.telegram.org"}, "TELEGRAM_API_BASE_URL: 'api.telegram.org' is no address"),
    ({"WEBHOOK_URL": "http://bot.example.org/hook", "WEBHOOK_SECRET": SECRET}, "Telegram calls https addresses only"),
    ({"WEBHOOK_URL": "https://bot.example.org:8080/hook", "WEBHOOK_SECRET": SECRET}, "Telegram calls ports 443"),
    ({"WEBHOOK_URL": "https://bot.example.org/", "WEBHOOK_SECRET": SECRET}, "it needs a path of its own"),
    ({"WEBHOOK_URL": "https://bot.example.org/hook"}, "a webhook needs a secret"),
    ({"WEBHOOK_SECRET": "hunter22"}, "Telegram takes letters, digits"),
    ({"WEBHOOK_SECRET": "hunter22 hunter22 hunter22"}, "Telegram takes letters, digits"),
    ({"WEBHOOK_SECRET_FILE": "/nowhere"}, "WEBHOOK_SECRET_FILE: the file /nowhere cannot be read"),
    ({"LISTEN": "bot.example.org"}, "LISTEN: 'bot.example.org' is no IP address"),
    ({"PORT": "http"}, "PORT: 'http' is no port"),
    ({"PORT": "70000"}, "PORT: '70000' is no port"),
    ({"DATABASE_URL": "mysql://bot:hunter22@db/x"}, "it names no database known here"),
    ({"DATABASE_URL": "afterword.sqlite3"}, "it names no database known here"),
    ({"DATABASE_URL": "sqlite://"}, "a SQLite address names a file"),
    ({"DATABASE_URL": "postgresql://bot:hunter@22@db/x"}, "must be written as %40"),
    ({"DATABASE_URL": "postgresql://bot:hunter/22@db/x"}, "must be written as %40"),
    ({"DATABASE_URL": "postgresql://bot:hunter22%@db/x"}, "a % in the password must be written as %25"),
    ({"DATABASE_URL": "postgresql://bot@db:hunter22/x"}, "its port is not a number"),
    ({"DATA_KEY": "hunter22"}, "DATA_KEY: it is not a key: 44 characters"),
    ({"PROCESSES": "2"}, "PROCESSES: several processes need PostgreSQL"),
    ({"PROCESSES": "100", "DATABASE_URL": "postgresql://db/x"}, "PROCESSES: '100' is no number of processes"),
    ({"CONTENT": "nowhere"}, "CONTENT: 'nowhere' holds no flows/ and messages/"),
    ({"OPERATOR": "@dana"}, "OPERATOR: '@dana' is no user id"),
    ({"COACHES": "5000000001 Dana"}, "COACHES: 'Dana' is no user id"),
    ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL: 'LOUD' is no level"),
    ({"LOG_FORMAT": "xml"}, "LOG_FORMAT: 'xml' is no format"),
]


@pytest.mark.parametrize(("settings", "words"), SETTINGS, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_setting_that_cannot_be_meant_is_named(folder: Path, settings: dict[str, str], words: str) -> None:
    said = wrong(await diagnose(written(folder, **settings)))
    assert words in said
    assert "hunter" not in said.replace("hunter22 cannot be read", "")  # a file's name is no secret
    assert [one.name for one in folder.iterdir()] == [".env"], "looking makes nothing"


async def test_all_faults_are_named_at_once_and_beside_them_what_no_setting_is(folder: Path) -> None:
    said = wrong(await diagnose(written(folder, PORT="x", LISTEN="y", TELEGRAM_TOKEN="z", log_levl="DEBUG")))  # noqa: S106 - opens nothing
    assert [line.partition(": ")[0] for line in said.splitlines()] == ["LISTEN", "PORT", ".env", ".env"]
    assert "TELEGRAM_TOKEN is not a setting, so it changes nothing. Did you mean TELEGRAM_BOT_TOKEN?" in said
    assert "Did you mean LOG_LEVEL?" in said


def test_a_name_that_belongs_to_another_program_is_mentioned_and_is_no_fault(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRETS", "hunter22")
    names = doctor.unknown_names(written(folder, POSTGRES_PASSWORD="hunter22"))  # noqa: S106 - opens nothing
    (other, none), (slip, near) = names
    assert (none, near) == ("", "WEBHOOK_SECRET")
    assert "POSTGRES_PASSWORD is not a setting" in other
    assert slip == "WEBHOOK_SECRETS is set and is not a setting, so it changes nothing. Did you mean WEBHOOK_SECRET?"


def test_a_proxy_in_the_file_of_settings_is_told_where_it_belongs(folder: Path) -> None:
    ((sentence, near),) = doctor.unknown_names(written(folder, HTTPS_PROXY="http://dana:hunter22@proxy.example:3128"))
    assert sentence == ".env: HTTPS_PROXY is only read from the environment. Write TELEGRAM_PROXY in .env instead."
    assert near


async def test_a_file_of_settings_that_is_no_text_is_named(folder: Path) -> None:
    (folder / ".env").write_bytes(b"PORT=\xff\xfe\n")
    assert ".env: it cannot be read (UnicodeDecodeError)" in wrong(await diagnose(folder))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"DATA_KEY_FILE": "other.key", "DATA_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}, "Keep one of"),
        ({"WEBHOOK_SECRET": SECRET}, "WEBHOOK_SECRET is set without WEBHOOK_URL, so nothing uses it"),
        ({"PROCESSES": "2", "DATABASE_URL": "postgresql://db/x"}, "only one process can ask Telegram for updates"),
    ],
)
def test_settings_that_do_not_go_together_are_named(folder: Path, settings: dict[str, str], words: str) -> None:
    assert words in wrong(list(doctor.settings_findings(load(written(folder, **settings)))))


def with_(folder: Path, **settings: str) -> Settings:
    return load(written(folder, **settings))


def test_the_data_folder_is_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong(list(doctor.folder_findings(with_(folder, DATA_DIR="new")))) == ""
    (folder / "file").touch()
    assert "file is a file. Name a folder." in wrong(list(doctor.folder_findings(with_(folder, DATA_DIR="file"))))
    inside = with_(folder, DATA_DIR="data", DATA_KEY_FILE="data/afterword.key")
    assert "lies in the data folder" in wrong(list(doctor.folder_findings(inside)))
    monkeypatch.setattr(doctor, "LITTLE_ROOM", 1 << 60)
    assert "MB left. Make room" in wrong(list(doctor.folder_findings(with_(folder, DATA_DIR="new"))))


def test_the_port_is_free_or_taken_by_another_program_or_by_the_bot(folder: Path, telegram: BotApiServer) -> None:
    assert wrong(list(doctor.port_findings(with_(folder, PORT="0")))) == ""
    taken = with_(folder, PORT=telegram.url.rpartition(":")[2].strip("/"))
    assert "another program listens at 127.0.0.1" in wrong(list(doctor.port_findings(taken)))
    foreign = with_(folder, LISTEN="203.0.113.7")
    assert "nothing can listen at 203.0.113.7:8080" in wrong(list(doctor.port_findings(foreign)))


HOOKED = {"url": HOOK["WEBHOOK_URL"], "pending_update_count": 0}
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("settings", "hook", "words"),
    [
        (HOOK, HOOKED, ""),
        ({}, {"url": ""}, ""),
        (HOOK, {"url": ""}, "Telegram does not know WEBHOOK_URL yet"),
        ({}, HOOKED, "Telegram still has a webhook"),
        (HOOK, {**HOOKED, "last_error_message": "403", "last_error_date": NOW - 60}, "failed: 403"),
        (HOOK, {**HOOKED, "last_error_message": "403", "last_error_date": NOW - 7200}, ""),
        (HOOK, {**HOOKED, "pending_update_count": 101, "last_error_message": "403", "last_error_date": 0}, "failed"),
        ({}, {"url": "", "pending_update_count": 101}, "101 updates wait at Telegram"),
        (HOOK, {**HOOKED, "allowed_updates": ["message"]}, "other kinds of updates"),
    ],
)
def test_the_webhook_that_telegram_has_is_compared(
    folder: Path, settings: dict[str, str], hook: dict[str, object], words: str
) -> None:
    said = wrong(list(doctor.webhook_findings(with_(folder, **settings), hook, NOW)))
    assert words in said
    assert bool(words) == bool(said)


def test_what_botfather_was_told_is_compared(folder: Path) -> None:
    coached = with_(folder, COACHES="5000000001")
    reads_all = {"can_join_groups": False, "can_read_all_group_messages": True}
    said = wrong(list(doctor.profile_findings(coached, reads_all)))
    assert "/setjoingroups" in said
    assert "/setprivacy" in said
    assert wrong(list(doctor.profile_findings(with_(folder), {"can_join_groups": False}))) == ""


Changed = Callable[[BotApiServer], dict[str, str]]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (lambda _: {"TELEGRAM_BOT_TOKEN": ""}, "TELEGRAM_BOT_TOKEN is not set"),
        (lambda _: {"TELEGRAM_BOT_TOKEN": TOKEN}, "Telegram refuses the token"),
        (lambda _: {"TELEGRAM_API_BASE_URL": "http://127.0.0.1:1"}, "127.0.0.1:1 refuses the connection"),
        (lambda _: {"OPERATOR": "4999"}, "OPERATOR: 4999 cannot be written to"),
        (lambda telegram: {"OPERATOR": str(telegram.person(started=True).id)}, ""),
    ],
)
async def test_telegram_is_asked(folder: Path, telegram: BotApiServer, changed: Changed, words: str) -> None:
    there = {"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_BASE_URL": telegram.url}
    found = await doctor.telegram_findings(with_(folder, **{**there, **changed(telegram)}))
    said = wrong(found)
    assert words in said
    assert bool(words) == bool(said)
    assert "AA-no-real" not in said


def test_the_command_says_all_is_well_or_ends_with_status_1(folder: Path, telegram: BotApiServer) -> None:
    keep(folder / "data" / "proved", seal_of_shipped())
    written(folder, TELEGRAM_BOT_TOKEN=telegram.token, TELEGRAM_API_BASE_URL=telegram.url, PORT="0")
    done = CliRunner().invoke(app, ["doctor"])
    assert (done.exit_code, "WRONG" in done.output) == (0, False), done.output
    written(folder, PORT="x")
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert done.output.startswith("WRONG  PORT: 'x' is no port.")
