"""Findings when processes are killed, race, or take long: each finding makes one request, and no run waits for a tool."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from pathlib import Path
from time import time
from typing import Any

import psutil
import pytest

from clodputer.model.notify.letter import Letter
from clodputer.runner.intake.sources import drop_found
from clodputer.runner.tools.carry import carry_out
from clodputer.store import context as contexts
from clodputer.store import look
from clodputer.store.due import orders
from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from clodputer.tasks import taskfile
from tests import warm
from tests.killing import be_killed_at
from tests.system import execs
from tests.wait import until
from tests.workshop import (
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    program,
    records,
    write_task,
)

STRIDE = 7
FOUND = json.dumps(
    [{"code": "F401", "message": f"m{n}", "filename": "a.py", "location": {"row": n}} for n in (1, 2)]
)


def set_up(folder: Path, script: str = "cat report.json", **keys: Any) -> Home:
    """A home with a task for what a tool finds: two things, which are not taken as known."""
    home = make_home(folder)
    project = folder / "project"
    project.mkdir()
    (project / "a.py").write_text("import a\nimport b\n")
    (project / "report.json").write_text(FOUND)
    tool = program(folder / "bin", "tool", script)
    told = {"type": "findings", "format": "ruff", "folder": str(project), "command": [str(tool)], **keys}
    trigger = json.dumps({"baseline": False, **told})
    write_task(home, "fix", f"agent: command\ncommand: ['true']\ntrigger: {trigger}\n")
    return home


@pytest.fixture
def homes(tmp_path: Path) -> Any:
    """Makes the home of each step."""

    def make(step: int, **keys: Any) -> Home:
        folder = tmp_path / str(step)
        folder.mkdir()
        return set_up(folder, **keys)

    return make


def _is_done(home: Home) -> bool:
    look.forget(home, "fix.yaml")
    execs.run(home, "exec")
    return len(records(home, "fix")) == 2 and not orders.waiting(home)


def _each_once(home: Home, where: str) -> None:
    until(partial(_is_done, home), message=f"{where}: they never ran")
    assert len({record["item"] for record in records(home, "fix")}) == 2, where
    # Those that were under way may be lost, where the exec itself was killed.
    assert set(outcomes(home, "fix")) <= {"succeeded", "lost"}, where
    left = {place: names for place, names in everything(home).items() if place != "dead"}
    assert left == {}, where


def _orders_carried_out(home: Home, step: int) -> bool:
    """Order and run the tool in a process that is killed before its N-th step; whether it was."""
    pid = os.fork()
    if not pid:
        try:
            context = contexts.look(environment(home))
            task = taskfile.load(home, "fix", context.environ)
            be_killed_at(step)
            drop_found(context, task, task.triggers[0], 0, 1_000.0)
            carry_out(context)
            os._exit(0)
        finally:
            os._exit(99)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, f"step {step}: it failed by itself"
    return os.WIFSIGNALED(status)


def test_the_process_that_runs_the_tool_is_killed_before_any_step(homes: Any) -> None:
    """What is known and what is asked for are one commit; until then the order to run the tool is there."""
    steps = 0
    for step in range(1, 2000, STRIDE):
        home = homes(step)
        killed = _orders_carried_out(home, step)
        _each_once(home, f"step {step}")
        if not killed:
            break
        steps += 1
    assert steps > 5


def test_an_exec_is_killed_beside_its_tool(homes: Any) -> None:
    for step in range(1, 4000, 24):
        home = homes(step)
        execs.run(home, "validate")
        killed, what = execs.kill_at(home, step)
        _each_once(home, f"step {step}: {what}")
        if not killed:
            break
    assert step > 50


def test_execs_race(tmp_path: Path) -> None:
    """Several at once, while the tool runs: it is run once, and each finding makes one request."""
    home = set_up(tmp_path, f"echo x >> {tmp_path}/runs; sleep 0.5; cat report.json")
    server = warm.server()
    begun = [server.begin(("exec",), environment(home)) for _ in range(4)]
    assert [server.wait(one).status for one in begun] == [0] * 4
    assert outcomes(home, "fix") == ["succeeded"] * 2
    assert (tmp_path / "runs").read_text() == "x\n"
    assert everything(home) == {}
    assert orders.waiting(home) == []


def test_no_run_waits_for_a_tool(tmp_path: Path) -> None:
    """It runs beside them, until its time is over."""
    home = set_up(tmp_path, "exec sleep 60", timeout="1s")
    command_task(home, "other", "true")
    drop(home, "other")
    execute(home)
    (failed,) = events(home, "watch_failed")
    assert "took longer than its timeout of 1s" in str(failed["message"])
    (finished,) = events(home, "finished")
    assert finished["timestamp"] < failed["timestamp"]


def test_no_message_waits_for_a_tool(tmp_path: Path) -> None:
    """One that becomes due while the tool runs is sent; the tool ends once it was."""
    told = tmp_path / "told"
    home = set_up(
        tmp_path, f"for i in $(seq 200); do test -f {told} && exec cat report.json; sleep 0.1; done; exit 3"
    )
    page = program(tmp_path / "bin", "page", f"touch {told}")
    Path(home.config).write_text(f"notify: {{pager: {{type: command, command: [{page}]}}}}\n")
    now = time()
    outbox.put(home, Letter("a", "pager", "failed", now + 1.5, now, now))
    execute(home)
    assert outcomes(home, "fix") == ["succeeded"] * 2


def test_an_exec_that_is_to_end_ends_its_tool(tmp_path: Path) -> None:
    """That says nothing about the tool: the next exec runs it."""
    home = set_up(
        tmp_path, f"echo $$ > {tmp_path}/pid; test -f {tmp_path}/fast || exec sleep 60; cat report.json"
    )
    server = warm.server()
    begun = server.begin(("exec",), environment(home))
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    os.kill(begun.pid, signal.SIGTERM)
    server.wait(begun)
    tool = int((tmp_path / "pid").read_text())
    until(lambda: not psutil.pid_exists(tool), message="the tool goes on")
    assert events(home, "watch_failed") == []
    assert orders.waiting(home) == ["0.fix"]
    (tmp_path / "fast").touch()

    def ran() -> list[str]:
        # What was beside the first exec may still be on its way out, and is never waited for.
        execute(home)
        return outcomes(home, "fix")

    assert until(ran) == ["succeeded"] * 2


def test_a_disabled_task_has_no_tool_run(tmp_path: Path) -> None:
    """Of an order that is left, too; a fault of ours at one order is reported, and it is not tried for ever."""
    home = set_up(tmp_path, f"touch {tmp_path}/ran; cat report.json")
    orders.place(home, "fix", 0)
    orders.place(home, "nobody", 3)
    orders.place(home, "fix", 7)
    path = Path(home.tasks, "fix.yaml")
    path.write_text(f"{path.read_text()}enabled: false\n")
    execute(home)
    assert not (tmp_path / "ran").exists()
    assert orders.waiting(home) == []
    orders.place(home, "fix", 0)
    execute(home, extra={"CLODPUTER_FAULT": "tools"})
    assert [event["step"] for event in events(home, "fault")] == ["tools"]
    assert orders.waiting(home) == []
