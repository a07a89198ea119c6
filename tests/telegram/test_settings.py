"""Settings: from the environment, .env and systemd, and every fault in a sentence of its own, without secrets."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.app.settings import BadSettings, Settings, load

ROOT = Path(__file__).parents[2]
TOKEN = "7000000001:AA-no-real-token-only-one-for-tests"  # noqa: S105 - opens nothing
SECRET = "a-word-only-Telegram-knows"  # noqa: S105 - opens nothing
NAMES = [str(field.alias) for field in Settings.model_fields.values()]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*NAMES, "CREDENTIALS_DIRECTORY"]:
        monkeypatch.delenv(name, raising=False)


def faults(folder: Path) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load(folder)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return list(caught.value.faults)


def test_without_any_setting_there_is_no_token_and_a_file_in_a_folder(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.bot_token is None
    assert settings.database_url == "sqlite:///data/afterword.sqlite3"
    assert settings.keys is None
    assert settings.keys_file == Path("data.key")
    assert (settings.server, settings.listen, settings.port) == ("https://api.telegram.org", "127.0.0.1", 8080)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN={TOKEN}\nPORT=9000\nLOG_LEVEL=debug\nOTHER=1\n")
    monkeypatch.setenv("PORT", "9001")
    monkeypatch.setenv("LOG_LEVEL", "")
    settings = load(tmp_path)
    assert (settings.bot_token, settings.port, settings.log_level) == (TOKEN, 9001, "DEBUG")


def test_secrets_may_be_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))
    settings = load(tmp_path)
    assert (settings.bot_token, settings.secret) == (TOKEN, SECRET)


def test_line_ends_and_blanks_around_a_secret_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Fernet.generate_key().decode()
    for name, value in (
        ("TELEGRAM_BOT_TOKEN", TOKEN),
        ("WEBHOOK_SECRET", SECRET),
        ("DATA_KEY", key),
        ("DATABASE_URL", "sqlite:///x"),
        ("WEBHOOK_URL", "https://bot.example.org/telegram"),
    ):
        monkeypatch.setenv(name, f" {value}\r\n")
    settings = load(tmp_path)
    assert (settings.bot_token, settings.secret, settings.keys) == (TOKEN, SECRET, key)
    assert (settings.database_url, settings.webhook_path) == ("sqlite:///x", "/telegram")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", " \n")
    assert load(tmp_path).bot_token is None


def test_systemd_may_hand_secrets_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "telegram_bot_token").write_text(f"{TOKEN}\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert load(tmp_path).bot_token == TOKEN


def test_a_webhook_has_an_address_a_path_and_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_URL", "https://bot.example.org/telegram")
    assert faults(tmp_path) == [
        "WEBHOOK_SECRET_FILE: a webhook needs a secret, and WEBHOOK_SECRET is not set either. Set one of the two."
    ]
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    assert load(tmp_path).webhook_path == "/telegram"


def test_a_server_of_ones_own_takes_http_and_any_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("WEBHOOK_URL", "http://127.0.0.1:9999/hook")
    assert [fault.split(":")[0] for fault in faults(tmp_path)] == ["WEBHOOK_URL"]
    monkeypatch.setenv("TELEGRAM_API_BASE_URL", "http://127.0.0.1:8081/")
    settings = load(tmp_path)
    assert (settings.server, settings.webhook_url) == ("http://127.0.0.1:8081", "http://127.0.0.1:9999/hook")


BAD = {
    "TELEGRAM_BOT_TOKEN": "12345:too-short",
    "TELEGRAM_API_BASE_URL": "api.telegram.org",
    "TELEGRAM_PROXY": "ftp://dana:hunter22@one",
    "WEBHOOK_URL": "http://bot.example.org/telegram",
    "WEBHOOK_SECRET": "blanks are not allowed",
    "WEBHOOK_SECRET_FILE": "/nowhere/secret",
    "LISTEN": "everywhere",
    "PORT": "eighty",
    "DATABASE_URL": "mysql://root:hunter22hunter@host/db",
    "DATA_KEY": "sesame-open-yourself",
    "LOG_LEVEL": "LOUD",
    "LOG_FORMAT": "xml",
}


def test_every_fault_is_named_at_once_without_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BAD.items():
        monkeypatch.setenv(name, value)
    found = faults(tmp_path)
    assert [fault.split(":")[0] for fault in found] == list(BAD)
    for fault in found:
        assert re.search(r"\. \S.*[.x)\d]$", fault), fault  # what is wrong, then what to do
    for secret in ("too-short", "blanks", "hunter22", "sesame"):
        assert secret not in "\n".join(found)


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("WEBHOOK_URL", "https://bot.example.org:8080/telegram", "ports 443"),
        ("WEBHOOK_URL", "https://bot.example.org", "path"),
        ("WEBHOOK_URL", "https://bot.example.org/metrics", "path"),
        ("WEBHOOK_URL", "https://bot.example.org:99999/x", "https"),
        ("PORT", "70000", "65535"),
        ("PORT", "-1", "65535"),
        ("PROCESSES", "0", "1 to 28"),
        ("PROCESSES", "two", "1 to 28"),
        ("TELEGRAM_BOT_TOKEN_FILE", "/nowhere/token", "No such file"),
    ],
)
def test_single_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, word: str) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv(name, value)
    (fault,) = faults(tmp_path)
    assert fault.startswith(f"{name}: ")
    assert word in fault


def test_a_secret_given_twice_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(TOKEN)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "token"))
    (fault,) = faults(tmp_path)
    assert "Keep one" in fault


def test_an_unreadable_file_of_settings_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PORT=\xff\xfe\n")
    (fault,) = faults(tmp_path)
    assert str(tmp_path / ".env") in fault


def test_nothing_secret_is_shown_and_everything_secret_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [Fernet.generate_key().decode() for _ in range(2)]
    given = {
        "TELEGRAM_BOT_TOKEN": TOKEN, "WEBHOOK_SECRET": SECRET, "DATA_KEY": ", ".join(keys),
        "DATABASE_URL": "postgresql://bot:hunter22hunter@db/afterword", "TELEGRAM_PROXY": "http://only-a-token@one",
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load(tmp_path)
    proxy = {"only-a-token", "b25seS1hLXRva2VuOg=="}
    assert set(settings.secrets) == {TOKEN, SECRET, "hunter22hunter", *keys, *proxy}
    for secret in settings.secrets:
        assert secret not in repr(settings) + str(settings) + settings.model_dump_json()


def test_the_example_names_every_setting_with_its_meaning_and_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = dict(re.findall(r"^#([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert list(named) == NAMES
    for field in Settings.model_fields.values():
        default = named[str(field.alias)]
        if field.default is not None:
            assert default == str(field.default)
    for block in example.split("\n\n"):
        assert block.startswith("# ")
    assert set(os.environ) & set(NAMES) == set()


def test_content_that_nobody_may_look_at_is_a_fault_of_its_own_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / ("x" * 300)  # no folder can have such a name
    monkeypatch.setenv("CONTENT", str(far))
    (fault,) = faults(tmp_path)
    assert fault == f"CONTENT: '{far}' cannot be looked at: File name too long. Let the bot's user enter it."


def test_who_is_responsible_where_to_ask_and_how_long_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = load(tmp_path).told_operator
    assert (told.name, told.contact, told.policy, told.retention) == ("", "", "", 180)
    wrong = {"RESPONSIBLE": "x" * 201, "CONTACT": "call me", "PRIVACY_URL": "http://example.org", "RETENTION_DAYS": "7"}
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    found = faults(tmp_path)
    assert [fault.partition(":")[0] for fault in found] == list(wrong)
    assert "neither a mail address nor a link" in found[1]
    assert "'7' is not a number of days from 30 to 1095" in found[3]
    right = {"RESPONSIBLE": "Example Ltd", "CONTACT": "privacy@example.org", "PRIVACY_URL": "https://example.org/p",
             "RETENTION_DAYS": "90"}  # fmt: skip
    for name, value in right.items():
        monkeypatch.setenv(name, value)
    told = load(tmp_path).told_operator
    assert (told.name, told.contact, told.policy, str(told.retention)) == tuple(right.values())
