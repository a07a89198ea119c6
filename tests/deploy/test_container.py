"""The container file, the compose file and the proxy's: what they name is there, and what must hold of them does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.app.healthcheck import main as healthcheck
from bot.app.settings import Settings
from tests.support.bot_process import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
SETTINGS = {str(field.alias) for field in Settings.model_fields.values()}
NOT_OURS = {"PATH", "PYTHONDONTWRITEBYTECODE", "CREDENTIALS_DIRECTORY"}
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BOTS = {name: service for name, service in SERVICES.items() if name.startswith("bot-")}


def steps() -> list[tuple[str, str]]:
    """Return the instructions of the container file with what follows each."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]  # type: ignore[misc]


def test_the_last_stage_of_the_image_builds_nothing_and_runs_as_nobody_in_particular() -> None:
    found = steps()
    stages = [n for n, (word, _) in enumerate(found) if word == "FROM"]
    assert len(stages) == 2
    first, last = found[stages[0] : stages[1]], found[stages[1] :]
    assert ("RUN", "sh deploy/install.sh /opt/afterword") in first
    assert ("COPY", "--from=build /opt/afterword /opt/afterword") in last
    assert not [rest for word, rest in last if word == "RUN" and re.search(r"\b(pip|apt|apt-get|curl|make)\b", rest)]
    said = dict(last)
    assert said["USER"] == "10001:10001"
    assert json.loads(said["VOLUME"]) == ["/data", "/key"]
    assert json.loads(said["HEALTHCHECK"].partition("CMD ")[2]) == ["python", "-m", "bot.app.healthcheck"]
    assert json.loads(said["ENTRYPOINT"]) + json.loads(said["CMD"]) == ["afterword", "run"]
    set_here = dict(pair.split("=", 1) for pair in said["ENV"].split())
    assert set(set_here) <= SETTINGS | NOT_OURS
    assert f'version="{VERSION}"' in said["LABEL"]


def test_the_build_of_the_image_is_given_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*", "nothing that is not named"
    wanted = [line[1:] for line in rules if line.startswith("!")]
    for name in wanted:
        assert (ROOT / name).exists(), name
    assert not [name for name in wanted if re.search(r"\.env|key|secret|data|^deploy$|\.git", name)]


def test_what_the_image_installs_is_what_the_tests_run_on() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", (ROOT / "requirements" / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("serve.txt") < pins("run.txt")
    assert {pin.partition("==")[0] for pin in pins("run.txt") - pins("serve.txt")} == {"pygraphviz"}


def test_the_compose_file_keeps_to_the_schema_of_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, str(DEPLOY / "compose.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_whatever_a_service_names_is_declared_and_whatever_is_declared_is_used() -> None:
    for kind in ("secrets", "networks", "volumes"):
        named = {one.partition(":")[0] for service in SERVICES.values() for one in service.get(kind, ())}
        assert {one for one in named if not one.startswith(".")} == set(COMPOSE[kind]), kind
    for service in SERVICES.values():
        for other in service.get("depends_on", ()):
            assert other in SERVICES
        for mount in service.get("volumes", ()):
            source = mount.partition(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).is_file(), source
    build = next(iter(BOTS.values()))["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


def test_every_service_is_bounded_watched_and_started_again() -> None:
    for name, service in SERVICES.items():
        assert service["restart"] == "unless-stopped", name
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert "healthcheck" in service or name in BOTS, f"{name}: the bots have the image's"
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:") or name == "proxy", "only the proxy is open to the world"
    for name, bot in BOTS.items():
        assert bot["read_only"], name
        assert bot["cap_drop"] == ["ALL"], name
        assert bot["mem_limit"] == "512m", name
        assert bot["environment"]["PROCESSES"] == str(len(BOTS)), name
    assert len(BOTS) == 2
    assert COMPOSE["networks"]["database"] == {"internal": True}


def test_every_name_that_the_bots_are_given_is_a_setting() -> None:
    for bot in BOTS.values():
        assert set(bot["environment"]) <= SETTINGS | NOT_OURS
        assert {name.upper() for name in bot["secrets"]} <= SETTINGS, "a secret's file is the setting of its name"
        assert bot["environment"]["CREDENTIALS_DIRECTORY"] == "/run/secrets"
    example = (DEPLOY / "compose.env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", example, re.MULTILINE))
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    assert asked == {"DOMAIN", "AFTERWORD_VERSION"}
    assert asked < set(given) <= asked | SETTINGS
    assert given["AFTERWORD_VERSION"] == VERSION


def test_the_proxy_passes_the_webhook_on_and_nothing_else() -> None:
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    path = next(iter(BOTS.values()))["environment"]["WEBHOOK_URL"].partition("}/")[2]
    assert f"path /{path}\n" in text
    assert text.count("reverse_proxy") == 1
    assert set(SERVICES["proxy"]["environment"]) == set(re.findall(r"\{\$([A-Z_]+)", text))
    assert SERVICES["proxy"]["environment"]["AFTERWORD"].split() == [f"{name}:8080" for name in BOTS]
    caddy = shutil.which("caddy")
    if caddy:
        environment = os.environ | SERVICES["proxy"]["environment"] | {"DOMAIN": "bot.example.org"}
        command = [caddy, "adapt", "--validate", "--config", str(DEPLOY / "Caddyfile")]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr


def test_the_health_check_says_that_nobody_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    assert healthcheck() == 1
    assert "no answer at port" in capsys.readouterr().out
