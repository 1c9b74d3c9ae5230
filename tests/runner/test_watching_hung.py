"""Watched folders on a mount that does not answer: they hold up nobody but themselves, and everybody is told."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from clodputer.runner.intake.sources import drop_found
from clodputer.store.lock import Lock
from clodputer.views.doctor import examine
from tests.hanging import hung
from tests.runner.watched import Watched
from tests.wait import until
from tests.workshop import clodputer, command_task, environment, events, execute, start, write_task

MINUTELY = "trigger: {type: cron, schedule: '* * * * *'}\n"


def test_a_folder_that_does_not_answer(tmp_path: Path) -> None:
    """Reported once, and asked by one process only; what was known stays known when it answers again."""
    watched = Watched(tmp_path)
    watched.put("a")
    watched.look()
    watched.dropped()
    with hung(watched.inbox):
        for seconds in (0.5, 500.0, 500.0):
            began = time.monotonic()
            now = time.time()
            again = drop_found(
                watched.context, watched.task, watched.task.triggers[0], 0, now, seconds=seconds
            )
            assert again == now + 60
            assert time.monotonic() - began < 100
        (event,) = events(watched.home, "watch_failed")
        assert event["message"].startswith(f"{watched.inbox}: looking at it took longer than")
    watched.put("b")
    until(lambda: watched.look() is None)
    assert watched.files() == [("b", "created")]


@pytest.mark.slow
def test_other_tasks_are_served_meanwhile(tmp_path: Path) -> None:
    """An exec that asks a dead mount holds no lock that a scheduled task needs, and serves it itself in the end."""
    watched = Watched(tmp_path)
    home = watched.home
    write_task(
        home,
        "work",
        f"agent: command\ncommand: [/bin/true]\ntrigger: {{type: file_watch, path: {watched.inbox}}}\n",
    )
    command_task(home, "other", "/bin/true", MINUTELY)
    with hung(watched.inbox):
        first = start(home, "exec")
        try:
            until(lambda: list(Path(home.ledger, "watch", "work").glob("*.looking")))
            with Lock(f"{home.ledger}/due.lock") as held:
                assert held
            execute(home, "--task", "other")
            first.communicate(timeout=100)
            assert first.returncode == 0
        finally:
            first.kill()
            first.communicate()
        status = json.loads(clodputer(home, "status", "--json")[0])["data"]
        (problem,) = status["watch_problems"]
        assert problem["task"] == "work"
        assert "took longer than" in problem["message"]
        assert "took longer than" in clodputer(home, "status")[0]
        assert "took longer than" in clodputer(home, "why", "work")[0]
        found = examine(environment(home), time.time(), ["folders", "watched"])
        told = {one.check: one.message for one in found}
        assert f"{watched.inbox}, which does not answer" in told["folders"]
        assert "took longer than" in told["watched"]
