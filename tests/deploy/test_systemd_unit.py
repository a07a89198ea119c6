"""The systemd unit: systemd itself finds nothing wrong with it, and what the bot relies on stands in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "deploy/systemd/afterword.service").read_text(encoding="utf-8")
WRAPPER = (ROOT / "deploy/systemd/afterword").read_text(encoding="utf-8")
LINES = re.findall(r"^([A-Za-z]+)=(.*)$", UNIT, re.MULTILINE)
SERVICE = dict(LINES)
PROGRAM = "/opt/afterword/current/bin/afterword"
MOST_EXPOSED = 2.0
"""On systemd's scale from 0 to 10; a unit that restricts nothing has 9.6."""


def test_systemd_finds_nothing_wrong_with_the_unit_and_little_exposed(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return  # the other tests here look at the lines themselves
    unit = tmp_path / "afterword.service"
    unit.write_text(UNIT.replace(PROGRAM, sys.executable), encoding="utf-8")  # verify wants a program that is there
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "afterword" in line]
    assert (done.returncode, ours) == (0, [])
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--no-pager", str(unit)], capture_output=True, text=True, check=False
    )
    found = re.search(r"exposure level for .*: ([\d.]+)", judged.stdout)
    assert found, judged.stdout + judged.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_the_unit_hears_what_the_bot_tells_and_keeps_to_its_times() -> None:
    assert SERVICE["Type"] == "notify"
    assert int(SERVICE["WatchdogSec"]) >= 30
    assert SERVICE["ExecStart"] == f"{PROGRAM} run"
    assert SERVICE["ExecReload"] == '/bin/sh -c "kill -HUP ${MAINPID}"', "a small Debian has no /bin/kill"
    assert SERVICE["Restart"] == "on-failure"
    assert SERVICE["RestartPreventExitStatus"] == "2", "the operator has to mend something"
    assert int(SERVICE["TimeoutStopSec"]) > 10, "a stop takes ten seconds at most"
    assert SERVICE["TimeoutStartSec"] == "infinity", "a migration is not to be killed"


def test_secrets_are_handed_over_as_credentials_under_the_names_of_settings() -> None:
    from bot.app.settings import Settings

    names = {str(field.alias).lower() for field in Settings.model_fields.values()}
    handed = [value.partition(":") for name, value in LINES if name == "LoadCredential"]
    assert {name for name, _, _ in handed} == {"telegram_bot_token", "data_key"}
    for name, _, file in handed:
        assert name in names
        assert file == f"/etc/afterword/{name}"
        assert re.search(rf"^for name in .*\b{name}\b.*; do$", WRAPPER, re.MULTILINE), name


def test_a_command_beside_the_service_has_the_services_user_settings_and_data() -> None:
    for name in ("User", "Group", "UMask", "WorkingDirectory", "Environment", "StateDirectory", "StateDirectoryMode"):
        assert f"--property={name}={SERVICE[name]} " in WRAPPER, name
    assert f'{PROGRAM} "$@"' in WRAPPER
