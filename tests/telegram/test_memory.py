"""What a bot that serves keeps in memory: no library that only the command line, a proof or a picture needs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.content import BadContent
from bot.app.content_check import load_checked_in_subprocess
from tests.botapi import BotApiServer
from tests.support.bot_process import RunningBot, seal_of_shipped
from tests.support.planting import ROOT, copied

NOT_FOR_SERVING = ("PIL", "alembic", "rich", "typer")
MOST = 110
"""Megabytes that are resident after a start."""
LOOK = """
import asyncio, json, sys
def looked(serving):
    serving.close()
    print(json.dumps([name for name, module in sys.modules.items() if module is not None]))
asyncio.run = looked
from bot.app.run import serve
assert serve()
"""


def test_what_serves_loads_no_library_of_the_command_line_of_proofs_or_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "proved").write_text(seal_of_shipped(), encoding="utf-8")
    env = {"TELEGRAM_BOT_TOKEN": f"123456789:{'A' * 35}", "DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "telegram" in loaded
    assert not loaded & set(NOT_FOR_SERVING)


@pytest.mark.slow
def test_faults_of_the_content_come_back_from_the_process_that_proves_it(tmp_path: Path) -> None:
    content, stamp = copied(tmp_path / "content"), tmp_path / "proved"
    file = content / "flows" / "rules" / "etiquette.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("expect: {verdict: wait_then_connect", "expect: {verdict: connect_now", 1), "utf-8")
    with pytest.raises(BadContent, match=r"etiquette\.yaml:\d+:\d+") as refused:
        load_checked_in_subprocess(content, stamp)
    assert [issue.place.file for issue in refused.value.issues] == ["flows/rules/etiquette.yaml"]
    assert not stamp.exists()


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False])
def test_a_bot_that_serves_is_small_after_its_first_start_too(tmp_path: Path, first: bool) -> None:
    with BotApiServer(seed=9) as telegram:
        bot = RunningBot(telegram, tmp_path, LOG_LEVEL="INFO")
        if first:
            (tmp_path / "data").mkdir()
            (tmp_path / "data" / "proved").write_text("another content", encoding="utf-8")
        with bot:
            telegram.wait(lambda: telegram.calls_of("getUpdates"), 120)
            dana = telegram.person(first_name="Dana", started=True)
            dana.says("/start")
            telegram.wait(lambda: [m for m in telegram.chat(dana.id).messages if m.from_bot], 30)
            assert bot.process is not None
            status = Path(f"/proc/{bot.process.pid}/status").read_text(encoding="utf-8")
            resident = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
            assert bot.stop()[0] == 0
        print(f"{'first' if first else 'later'} start: {resident:.0f} MB resident")  # noqa: T201 - what was measured
        assert resident <= MOST
