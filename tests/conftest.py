"""What all tests share: the shipped content, loaded once."""

import os
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from bot.app import open_library
from bot.core.library import Library

settings.register_profile("afterword", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("afterword")

# A Monday, ten in the morning in Berlin: the day of the examples.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def library() -> Library:
    return open_library(None)


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to Telegram because somebody has a token in the environment."""
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)
    os.environ.setdefault("NO_COLOR", "1")
