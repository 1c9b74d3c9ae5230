"""`require` and `keep_awake` with a real exec: what the machine lacks keeps a task waiting, and only that task."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, drop, execute, make_home, program, records

pytestmark = pytest.mark.system


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "other", "/bin/true")
    return home


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("{disk_free: 1TB}", "disk"),
        ("{memory_below: 1%}", "memory"),
        ("{cpu_below: 1%}", "cpu"),
        ("{disk_free: 1MB, memory_below: 100%, power: ac, network: true}", ""),
    ],
)
def test_a_task_waits_and_the_lane_goes_on(
    home: Home, wanted: str, reason: str, request: pytest.FixtureRequest
) -> None:
    """A processor is kept busy meanwhile, so that there is something to measure."""
    command_task(home, "picky", "/bin/true", more=f"require: {wanted}\n")
    drop(home, "picky")
    drop(home, "other")
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    request.addfinalizer(busy.wait)
    request.addfinalizer(busy.kill)
    ran = [run["task"] for run in execute(home)["runs"]]
    assert sorted(ran) == (["other"] if reason else ["other", "picky"])
    waiting = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert [one["waits"]["reason"] for one in waiting] == ([reason] if reason else [])


def test_all_tasks_wait_by_config(home: Home) -> None:
    """Until the file says otherwise; a task's own word comes first."""
    Path(home.config).write_text("require: {disk_free: 1TB}\n")
    command_task(home, "frugal", "/bin/true", more="require: {disk_free: 1MB}\n")
    drop(home, "other")
    drop(home, "frugal")
    assert [run["task"] for run in execute(home)["runs"]] == ["frugal"]


def test_a_run_keeps_the_computer_awake(home: Home, tmp_path: Path) -> None:
    """From before its beginning until after its end, as the system's own program sees it."""
    said = tmp_path / "said"
    program(
        tmp_path / "bin",
        "systemd-inhibit",
        f'echo "$@" >> {said}\nwhile [ "${{1#--}}" != "$1" ]; do shift; done\n"$@"\necho over >> {said}',
    )
    command_task(home, "long", "/bin/sh", "-c", f"cat {said}", more="keep_awake: true\n")
    drop(home, "long")
    path = f"{tmp_path}/bin:/usr/bin:/bin"
    execute(home, extra={"PATH": path})
    [record] = records(home, "long")
    assert record["outcome"] == "succeeded"
    assert "--what=sleep:idle --who=clodputer" in said.read_text()
    assert said.read_text().endswith("over\n")


def test_a_run_begins_also_where_nothing_keeps_it_awake(home: Home, tmp_path: Path) -> None:
    program(tmp_path / "bin", "systemd-inhibit", "exit 1")
    command_task(home, "long", "/bin/true", more="keep_awake: true\n")
    drop(home, "long")
    execute(home, extra={"PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    assert [record["outcome"] for record in records(home, "long")] == ["succeeded"]
