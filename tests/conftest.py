"""What all tests share: the shipped content, loaded once."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.app.content import open_library
from bot.core.library import Library
from tests.support.content import share_shipped_content
from tests.support.dates import NOW
from tests.support.examples import ALL, FEW

# `make slow` asks for all examples (--hypothesis-profile=all); tests that ask for another number get their share of it.
for name, number in {"few": FEW, "all": ALL}.items():
    settings.register_profile(name, max_examples=number, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("few")

__all__ = ["NOW"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let half of the workers begin with the tests that wait, so that the others have the processors meanwhile."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    waiting = [item for item in items if item.get_closest_marker("waits")]
    others = iter([item for item in items if not item.get_closest_marker("waits")])
    lanes, share = max(1, workers // 2), -(-len(items) // workers)
    ordered: list[pytest.Item] = []
    for worker in range(workers):
        mine = waiting[worker::lanes] if worker < lanes else []
        ordered += [*mine, *islice(others, max(0, share - len(mine)))]
    items[:] = [*ordered, *others]


@pytest.fixture(scope="session", autouse=True)
def _content_once() -> Iterator[None]:
    """Read and prove the shipped content once for each worker, whoever asks for it."""
    with pytest.MonkeyPatch.context() as patch:
        share_shipped_content(patch)
        yield


@pytest.fixture(scope="session")
def library(_content_once: None) -> Library:
    return open_library(None)


@pytest.fixture(scope="session")
def folder_of_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def postgres_server(folder_of_run: Path) -> str:
    """Return the URL of this run's PostgreSQL, in which databases may be made."""
    from tests.support import postgres  # not before: most runs of a part need none of it

    return postgres.of_run(folder_of_run)


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to Telegram, or through a proxy, because of what somebody has in the environment."""
    for name in ("TELEGRAM_BOT_TOKEN", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    os.environ.setdefault("NO_COLOR", "1")
