"""A deleted task loses its unit at the next installation, also while another task's file is broken; with each scheduler."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.model.task import Trigger
from clodputer.schedulers import Scheduler, cron, installation, launchd, plan, systemd
from clodputer.schedulers.unit import TASK, FoundUnit, Frame
from clodputer.store.home import Home
from tests.schedulers.alarms import alarm
from tests.schedulers.drawer import CRON
from tests.workshop import command_task, write_task

NAMES = ("deleted", "broken", "named", "fine")
BROKEN = (
    "agent: nope\n",
    "prompt: [\n",
    "\tprompt: x\n",
    "",
    "\x00\xff",
    "name: broken\nprompt: {\n",
    "{name: 'broken', prompt: [",
)


@pytest.mark.parametrize("scheduler", [launchd, systemd, cron], ids=["launchd", "systemd", "cron"])
@pytest.mark.parametrize("content", BROKEN)
def test_a_deleted_task_goes_although_another_file_is_broken(
    home: Home, scheduler: Scheduler, content: str
) -> None:
    frame = Frame(home.root, os.path.dirname(home.root), f"{home.root}/bin/clodputer", {"PATH": "/bin"}, 300)
    trigger = Trigger("cron", {"schedule": "0 8 * * *"})
    before = [scheduler.render(frame, alarm(name, (trigger,))) for name in NAMES]
    found = tuple(FoundUnit(one.name, home.root, TASK, one.task, one.files, True, True) for one in before)
    command_task(home, "fine", "true", more=CRON)
    write_task(home, "broken", content)
    Path(home.tasks, "file.yaml").write_text("name: named\nprompt: [\n")
    made = installation.plan("x", scheduler, frame, plan.wanted(home, {"PATH": "/bin"}), (), found, {})
    removed = [change.found.task for change in made.changes if change.verb == "remove" and change.found]
    assert removed == ["deleted"]
    assert {problem.unit for problem in made.problems if problem.fatal} == {"broken", "file"}
