"""The real claude and usage windows: its stream and its status line say the same, and a request waits by either."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from select import select
from time import time
from typing import Any

import pytest

from clodputer.model.gates.usage import FIVE_HOUR, SEVEN_DAY, STATUS_LINE, STREAM
from clodputer.store import usage
from clodputer.store.home import Home
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.wait import until
from tests.workshop import clodputer, drop, execute, make_home, outcomes, write_task

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system]

STORY = "@warn utilization=0.91 resets_in=3600\n@say hello"


@pytest.fixture
def home(tmp_path: Path, claude_binary: str) -> Home:
    home = make_home(tmp_path)
    Path(home.config).write_text(f"claude: {claude_binary}\nwindow: {{stop_at: 90%}}\n")
    work = tmp_path / "work"
    work.mkdir()
    write_task(home, "story", json.dumps({"prompt": STORY, "working_directory": str(work)}))
    return home


def wanted(home: Home, environ: dict[str, str]) -> list[Any]:
    """What waits after an exec that found a request as an alarm would drop it."""
    drop(home, "story.json", json.dumps({"task": "story", "origin": {"trigger": "cron"}}))
    execute(home, extra=environ)
    found = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    return [one["waits"]["reason"] for one in found]


def known(home: Home) -> dict[str, tuple[float, str]]:
    readings = usage.read(home, "claude").readings
    return {kind: (found.used, found.source) for kind, found in readings.items()}


def test_the_stream_of_a_run_keeps_the_next_one_waiting(home: Home, tmp_path: Path, api: Api) -> None:
    environ = claude_environment(api, tmp_path / "scratch", oauth=True)
    assert wanted(home, environ) == []
    assert outcomes(home, "story") == ["succeeded"]
    assert known(home) == {FIVE_HOUR: (91, STREAM), SEVEN_DAY: (10, STREAM)}
    assert wanted(home, environ) == ["window"]
    assert outcomes(home, "story") == ["succeeded"]


def test_a_key_has_no_windows(home: Home, tmp_path: Path, api: Api) -> None:
    environ = claude_environment(api, tmp_path / "scratch")
    assert wanted(home, environ) == wanted(home, environ) == []
    assert known(home) == {}


def test_the_status_line_keeps_a_run_waiting(
    home: Home, tmp_path: Path, api: Api, claude_binary: str
) -> None:
    """A person works with claude in a terminal, with the line that --snippet prints in the settings."""
    environ = claude_environment(api, tmp_path / "scratch", oauth=True)
    config, work = Path(environ["CLAUDE_CONFIG_DIR"]), tmp_path / "work"
    config.mkdir()
    shown = json.loads(clodputer(home, "statusline", "--snippet", "--json", extra=environ)[0])["data"][
        "snippets"
    ]
    assert shown[0]["settings"] == str(config / "settings.json")
    line = {"type": "command", "command": f"PYTHONPATH={os.getcwd()} {shown[0]['command']}"}
    config.joinpath("settings.json").write_text(json.dumps({"statusLine": line}))
    # As after the first start: it asks nothing.
    trusted = {str(work): {"hasTrustDialogAccepted": True, "hasCompletedProjectOnboarding": True}}
    begun = {"hasCompletedOnboarding": True, "theme": "dark", "projects": trusted}
    config.joinpath(".claude.json").write_text(json.dumps(begun))
    screen = b""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [claude_binary, STORY],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=work,
        env={**environ, "TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(theirs)

    def drawn() -> bool:
        nonlocal screen
        while select([ours], [], [], 0)[0]:
            screen += os.read(ours, 65536)
        return b"5h 91%" in screen

    try:
        until(drawn)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)
    assert known(home) == {FIVE_HOUR: (91, STATUS_LINE), SEVEN_DAY: (10, STATUS_LINE)}
    assert usage.read(home, "claude").readings[FIVE_HOUR].resets_at > time()
    assert wanted(home, environ) == ["window"]
    assert outcomes(home, "story") == []
