"""The settings: from the environment and from .env in a folder, with every fault named at once.

A value that may be a secret is never shown, neither in a fault nor in a repr. What a setting means
stands in .env.example, which names the same settings (a test compares them).
"""

from __future__ import annotations

import ipaddress
import os
import re
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.core.chat.privacy import DEFAULT_RETENTION, Operator
from bot.telegram.route import DIRECT, SETTING, VARIABLES, BadRoute, NetworkRoute, choose, credentials, parsed

TELEGRAM: Final = "https://api.telegram.org"
PORTS: Final = (443, 80, 88, 8443)
"""Where Telegram's servers send webhooks to (core.telegram.org/bots/api#setwebhook)."""
HIGHEST_PORT: Final = 65_535
SHORTEST_SECRET: Final = 16
MOST_PROCESSES: Final = 28
"""Each must be allowed one call a second of the bot's budget (service/limits.py)."""
LEAST_CHECK_MEMORY: Final = 192
"""Megabytes; the check of the shipped content takes 140."""
TOKEN_SHAPE: Final = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,}")
_USER_ID: Final = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
KEY_SHAPE: Final = re.compile(r"[\s,]*[A-Za-z0-9_=-]{44}([\s,]+[A-Za-z0-9_=-]{44})*[\s,]*")
_MAIL: Final = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]+", re.ASCII)
LONGEST_NAME: Final = 200
RETENTION_RANGE: Final = (30, 1095)
"""Days: a month, so that nobody is deleted amid an application; three years, after which no interview is of use."""


class BadSettings(Exception):
    """Some settings are wrong; `faults` names each: the setting, what is wrong and what to write instead."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Settings(BaseSettings):
    """All settings; made by `load`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True, env_file_encoding="utf-8",
    )  # fmt: skip

    token: Annotated[SecretStr | None, Field(alias="TELEGRAM_BOT_TOKEN")] = None
    token_file: Annotated[SecretStr | None, Field(alias="TELEGRAM_BOT_TOKEN_FILE")] = None
    server: Annotated[str, Field(alias="TELEGRAM_API_BASE_URL")] = TELEGRAM
    proxy: Annotated[SecretStr | None, Field(alias="TELEGRAM_PROXY")] = None
    webhook_url: Annotated[str | None, Field(alias="WEBHOOK_URL")] = None
    webhook_secret: Annotated[SecretStr | None, Field(alias="WEBHOOK_SECRET")] = None
    webhook_secret_file: Annotated[SecretStr | None, Field(alias="WEBHOOK_SECRET_FILE")] = None
    listen: Annotated[str, Field(alias="LISTEN")] = "127.0.0.1"
    port: Annotated[int, Field(alias="PORT")] = 8080
    data_dir: Annotated[Path, Field(alias="DATA_DIR")] = Path("data")
    database: Annotated[SecretStr | None, Field(alias="DATABASE_URL")] = None
    data_key: Annotated[SecretStr | None, Field(alias="DATA_KEY")] = None
    key_file: Annotated[Path | None, Field(alias="DATA_KEY_FILE")] = None
    processes: Annotated[int, Field(alias="PROCESSES")] = 1
    content: Annotated[Path | None, Field(alias="CONTENT")] = None
    check_memory_mb: Annotated[int, Field(alias="CHECK_MEMORY_MB")] = 256
    check_seconds: Annotated[int, Field(alias="CHECK_SECONDS")] = 120
    operator_id: Annotated[str | None, Field(alias="OPERATOR")] = None
    coach_ids: Annotated[str, Field(alias="COACHES")] = ""
    responsible: Annotated[str, Field(alias="RESPONSIBLE")] = ""
    contact: Annotated[str, Field(alias="CONTACT")] = ""
    privacy_url: Annotated[str, Field(alias="PRIVACY_URL")] = ""
    retention_days: Annotated[int, Field(alias="RETENTION_DAYS")] = DEFAULT_RETENTION
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(alias="LOG_LEVEL")] = "INFO"
    log_format: Annotated[Literal["plain", "json"], Field(alias="LOG_FORMAT")] = "plain"

    @field_validator("token", "webhook_secret", "data_key", "database", "server", "webhook_url", mode="before")
    @classmethod
    def _trimmed(cls, given: Any) -> Any:
        """Drop the line end that a secret has when it comes out of a file, and blanks around it."""
        return (given.strip() or None) if isinstance(given, str) else given

    @field_validator("token_file", "webhook_secret_file", mode="before")
    @classmethod
    def _read(cls, given: Any) -> str | None:
        """Put a secret in the place of the file that holds it."""
        if given is None:
            return None
        try:
            return Path(str(given)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            what = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ValueError(f"the file {given} cannot be read ({what}). Name a file that the bot's user can read.") \
                from None  # fmt: skip

    @field_validator("token_file", "webhook_secret_file")
    @classmethod
    def _only_one(cls, given: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        other = (info.field_name or "").removesuffix("_file")
        if given is not None and info.data.get(other) is not None:
            raise ValueError("the same setting is given without _FILE, too. Keep one of the two.")
        hook = info.data.get("webhook_url") is not None and other == "webhook_secret"
        if given is None and hook and other in info.data and info.data[other] is None:
            raise ValueError("a webhook needs a secret, and WEBHOOK_SECRET is not set either. Set one of the two.")
        return given

    @field_validator("token", "token_file")
    @classmethod
    def _is_token(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not TOKEN_SHAPE.fullmatch(given.get_secret_value()):
            raise ValueError("this is no bot token. Copy what @BotFather wrote: digits, a colon, about 35 characters.")
        return given

    @field_validator("webhook_secret", "webhook_secret_file")
    @classmethod
    def _is_webhook_secret(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not re.fullmatch(rf"[A-Za-z0-9_-]{{{SHORTEST_SECRET},256}}", given.get_secret_value()):
            raise ValueError(
                f"Telegram takes letters, digits, _ and - only, and it must have {SHORTEST_SECRET} to 256 of them. "
                "Make one with: openssl rand -hex 32"
            )
        return given

    @field_validator("server")
    @classmethod
    def _is_server(cls, given: str) -> str:
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"'{given}' is no address of a server. Leave it out, or write {TELEGRAM}.")
        return given.rstrip("/")

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and given.get_secret_value().strip().lower() not in DIRECT:
            try:
                parsed(given.get_secret_value().strip(), SETTING)
            except BadRoute as bad:
                raise ValueError(str(bad).removeprefix(f"{SETTING}: ")) from None
        return given

    @field_validator("webhook_url")
    @classmethod
    def _is_webhook_url(cls, given: str | None, info: ValidationInfo) -> str | None:
        if given is None:
            return None
        parts = urlsplit(given)
        hosted = info.data.get("server", TELEGRAM) != TELEGRAM  # a server of one's own takes http and any port
        port = _port_of(given)
        if parts.scheme not in (("http", "https") if hosted else ("https",)) or not parts.hostname or port is None:
            raise ValueError("Telegram calls https addresses only. Write one such as https://bot.example.org/telegram.")
        if not hosted and port not in PORTS:
            raise ValueError(f"Telegram calls ports {', '.join(map(str, PORTS))} only, not {port}. Use one of them.")
        if parts.path in ("", "/", "/healthz", "/readyz", "/metrics") or parts.query or parts.fragment:
            raise ValueError("it needs a path of its own, and nothing after it, such as …/telegram.")
        return given

    @field_validator("listen")
    @classmethod
    def _is_address(cls, given: str) -> str:
        try:
            return str(ipaddress.ip_address("127.0.0.1" if given == "localhost" else given))
        except ValueError:
            raise ValueError(f"'{given}' is no IP address. Write 127.0.0.1, or 0.0.0.0 for all.") from None

    @field_validator("port", mode="before")
    @classmethod
    def _is_port(cls, given: Any) -> int:
        if not str(given).isdecimal() or int(given) > HIGHEST_PORT:
            raise ValueError(
                f"'{given}' is no port. Write a number up to {HIGHEST_PORT}, such as 8080 (0: any free one)."
            )
        return int(given)

    @field_validator("processes", mode="before")
    @classmethod
    def _is_number(cls, given: Any) -> int:
        if not str(given).isdecimal() or not 1 <= int(given) <= MOST_PROCESSES:
            raise ValueError(f"'{given}' is no number of processes. Write a number from 1 to {MOST_PROCESSES}.")
        return int(given)

    @field_validator("check_memory_mb", "check_seconds", mode="before")
    @classmethod
    def _is_bound(cls, given: Any, info: ValidationInfo) -> int:
        least, most, what = {
            "check_memory_mb": (LEAST_CHECK_MEMORY, 65_536, "megabytes"),
            "check_seconds": (10, 3600, "seconds"),
        }[info.field_name or ""]
        if not str(given).isdecimal() or not least <= int(given) <= most:
            raise ValueError(f"'{given}' is not a number of {what} that fits. Write one from {least} to {most}.")
        return int(given)

    @field_validator("database")
    @classmethod
    def _is_database(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and (fault := _database_fault(given.get_secret_value())):
            raise ValueError(fault)
        return given

    @field_validator("processes")
    @classmethod
    def _has_database_for_all(cls, given: int, info: ValidationInfo) -> int:
        database = _revealed(info.data.get("database")) or "sqlite:"
        if given > 1 and "database" in info.data and database.startswith("sqlite"):
            raise ValueError("several processes need PostgreSQL, and the database is a SQLite file. Set DATABASE_URL.")
        return given

    @field_validator("data_key")
    @classmethod
    def _is_key(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not KEY_SHAPE.fullmatch(given.get_secret_value()):
            raise ValueError(
                "it is not a key: 44 characters of base64, or several such keys separated by commas. Put back the key "
                "that the data was kept with. For a first one, leave it out: then a key is made in DATA_KEY_FILE."
            )
        return given

    @field_validator("responsible")
    @classmethod
    def _is_name(cls, given: str) -> str:
        name = " ".join(given.split())
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise ValueError(
                f"it is shown to people as a name and has room for {LONGEST_NAME} characters, without control "
                "characters. Write a person or a company, such as: Example Coaching Ltd, Dublin."
            )
        return name

    @field_validator("contact")
    @classmethod
    def _is_contact(cls, given: str) -> str:
        parts = urlsplit(given.strip())
        is_link = parts.scheme == "https" and bool(parts.hostname)
        if given.strip() and not (is_link or _MAIL.fullmatch(given.strip())):
            raise ValueError(
                f"'{given}' is neither a mail address nor a link. Write one such as privacy@example.org or "
                "https://example.org/contact."
            )
        return given.strip()

    @field_validator("privacy_url")
    @classmethod
    def _is_policy(cls, given: str) -> str:
        parts = urlsplit(given.strip())
        if given.strip() and (parts.scheme != "https" or not parts.hostname or not given.strip().isprintable()):
            raise ValueError(f"'{given}' is no https address. Write one such as https://example.org/privacy.")
        return given.strip()

    @field_validator("retention_days", mode="before")
    @classmethod
    def _is_retention(cls, given: Any) -> int:
        least, most = RETENTION_RANGE
        if not (str(given).isascii() and str(given).isdecimal() and least <= int(given) <= most):
            raise ValueError(
                f"'{given}' is not a number of days from {least} to {most}. So many days after somebody was last heard "
                f"from they are told that they will be deleted; {DEFAULT_RETENTION} unless set."
            )
        return int(given)

    @field_validator("log_level", mode="before")
    @classmethod
    def _is_level(cls, given: Any) -> str:
        if str(given).upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError(f"'{given}' is no level. Write DEBUG, INFO, WARNING or ERROR.")
        return str(given).upper()

    @field_validator("log_format", mode="before")
    @classmethod
    def _is_format(cls, given: Any) -> str:
        if str(given).lower() not in ("plain", "json"):
            raise ValueError(f"'{given}' is no format. Write plain or json.")
        return str(given).lower()

    @field_validator("content")
    @classmethod
    def _is_content(cls, given: Path | None) -> Path | None:
        try:
            is_whole = given is None or all((given / part).is_dir() for part in ("flows", "messages"))
        except OSError as error:
            raise ValueError(f"'{given}' cannot be looked at: {error.strerror}. Let the bot's user enter it.") from None
        if not is_whole:
            raise ValueError(
                f"'{given}' holds no flows/ and messages/. Name a folder that holds both, or leave it out."
            )
        return given

    @field_validator("operator_id", mode="before")
    @classmethod
    def _is_user_id(cls, given: Any) -> str | None:
        if given is None:
            return None
        if not _USER_ID.fullmatch(str(given)):
            raise ValueError(f"'{given}' is no user id. Write digits such as 5000000001; /cohort tells it.")
        return str(given)

    @field_validator("coach_ids", mode="before")
    @classmethod
    def _are_user_ids(cls, given: Any) -> str:
        wrong = [one for one in str(given).replace(",", " ").split() if not _USER_ID.fullmatch(one)]
        if wrong:
            raise ValueError(f"'{wrong[0]}' is no user id. Write digits such as 5000000001; /cohort tells it.")
        return str(given)

    @property
    def operator(self) -> int | None:
        """The user id of whoever is told what became of edited content; None: only the log is."""
        return None if self.operator_id is None else int(self.operator_id)

    @property
    def told_operator(self) -> Operator:
        """Who runs the bot, as its people are told."""
        return Operator(self.responsible, self.contact, self.privacy_url, self.retention_days)

    @property
    def coaches(self) -> frozenset[int]:
        """The user ids of those who may open cohorts."""
        return frozenset(map(int, self.coach_ids.replace(",", " ").split()))

    @property
    def bot_token(self) -> str | None:
        """The token, wherever it was given; None when there is none."""
        return _revealed(self.token or self.token_file)

    @property
    def secret(self) -> str | None:
        """The webhook's secret; None when there is none."""
        return _revealed(self.webhook_secret or self.webhook_secret_file)

    @property
    def webhook_path(self) -> str:
        """The path of the webhook's address."""
        return urlsplit(self.webhook_url or "").path

    @property
    def route(self) -> NetworkRoute:
        """Which way Telegram is reached, by TELEGRAM_PROXY or the environment; raises `BadRoute`."""
        return choose(os.environ, _revealed(self.proxy), self.server)

    @property
    def database_url(self) -> str:
        """Where everything is kept: a file in the data folder unless DATABASE_URL says otherwise."""
        return _revealed(self.database) or f"sqlite:///{self.data_dir / 'afterword.sqlite3'}"

    @property
    def keys(self) -> str | None:
        """The keys for personal data as given in DATA_KEY; None: they are in `keys_file`."""
        return _revealed(self.data_key)

    @property
    def keys_file(self) -> Path:
        """The file of the keys, made at the first start; beside the data folder, not in it: a copy needs both."""
        return self.key_file or self.data_dir.with_name(f"{self.data_dir.name}.key")

    @property
    def stamp_file(self) -> Path:
        """The file that says which content was proved (see bot/app/check_cache.py)."""
        return self.data_dir / "proved"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must not be logged, except a key that is in a file by itself."""
        database = _revealed(self.database) or ""
        password = urlsplit(database).password if "://" in database else None
        keys = re.split(r"[\s,]+", self.keys or "")
        proxies = credentials(os.environ, _revealed(self.proxy))
        return tuple(one for one in (self.bot_token, self.secret, password, *keys, *proxies) if one)


def load(folder: Path) -> Settings:
    """Read the settings from the environment, then from .env in `folder`, then from systemd's credentials.

    Raises `BadSettings` with every fault.
    """
    # systemd puts files named telegram_bot_token, webhook_secret and data_key there (LoadCredential=).
    credentials = os.getenv("CREDENTIALS_DIRECTORY")
    try:
        return Settings(_env_file=folder / ".env", _secrets_dir=credentials or None)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise BadSettings(tuple(f"{_named(fault['loc'][0])}: {_sentence(fault['msg'])}" for fault in found)) from None
    except (OSError, UnicodeError, SettingsError) as error:
        raise BadSettings((f"{folder / '.env'}: it cannot be read ({type(error).__name__}). See to the file.",)) \
            from None  # fmt: skip


def log_format(folder: Path) -> Literal["plain", "json"]:
    """Return how the log is to be written where the settings themselves cannot be read."""
    given = os.environ.get("LOG_FORMAT")
    with suppress(OSError, UnicodeError):
        given = given or dotenv_values(folder / ".env").get("LOG_FORMAT")
    return "json" if (given or "").strip().lower() == "json" else "plain"


def _named(place: int | str) -> str:
    """Return the setting that a fault is at; pydantic names the field where there was only a default."""
    field = Settings.model_fields.get(str(place))
    return str(field.alias if field else place)


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def unknown_names(folder: Path) -> list[tuple[str, str]]:
    """Return a sentence about each name that no setting has, with the setting that was probably meant ("": none).

    Of .env in `folder` every such name is told, of the environment only what looks like a slip.
    """
    known = {str(field.alias) for field in Settings.model_fields.values()}
    try:
        in_file = [name for name in dotenv_values(folder / ".env", encoding="utf-8") if name not in known]
    except (OSError, UnicodeError):
        in_file = []  # `load` says why it cannot be read
    found = []
    for name in in_file:
        if name.upper() in (*VARIABLES, "NO_PROXY"):
            found.append((f".env: {name} is only read from the environment. Write {SETTING} in .env instead.", SETTING))
            continue
        near = next(iter(get_close_matches(name.upper(), known, n=1, cutoff=0.7)), "")
        meant = f"Did you mean {near}?" if near else "Leave it out unless another program reads it there."
        found.append((f".env: {name} is not a setting, so it changes nothing. {meant}", near))
    for name in sorted(set(os.environ) - known - set(in_file)):
        near = next(iter(get_close_matches(name, known, n=1, cutoff=0.85)), "")
        if near and near not in os.environ:
            found.append((f"{name} is set and is not a setting, so it changes nothing. Did you mean {near}?", near))
    return found


def _database_fault(url: str) -> str:
    """Say what is wrong with an address of a database, "" when nothing is; the address itself is never shown."""
    scheme, _, rest = url.partition("://")
    known = "Write sqlite:///path or postgresql://user:password@host/name."
    if scheme == "sqlite":
        return "" if rest.startswith("/") and len(rest) > 1 else f"a SQLite address names a file. {known}"
    if scheme not in ("postgresql", "postgresql+psycopg", "postgres"):
        return f"it names no database known here. {known}"
    place, _, path = rest.partition("/")
    if place.count("@") > 1 or "@" in path.partition("?")[0] or "#" in rest:
        return "a character such as @ : / # ? or % in the password must be written as %40 %3A %2F %23 %3F %25."
    if re.search(r"%(?![0-9A-Fa-f]{2})", place):
        return "a % in the password must be written as %25."
    _, _, port = place.rpartition("@")[2].rpartition("]")[2].partition(":")
    if port and not (port.isascii() and port.isdecimal() and int(port) <= HIGHEST_PORT):
        return f"its port is not a number up to {HIGHEST_PORT}. A : in the password must be written as %3A."
    return ""


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _port_of(address: str) -> int | None:
    """Return the port of an address, the usual one of its scheme if it names none; None when it is no port."""
    parts = urlsplit(address)
    try:
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
