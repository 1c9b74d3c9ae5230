"""Whether anything starts the tasks at their times, as `list`, `next`, `status` and `why` say: from files, in every state."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.schedulers import NAMES, cron, installation, load, place, plan, scheduled, shim
from clodputer.schedulers.scheduled import DIFFERS, MISSING, NO_SCHEDULER, UNKNOWN, Scheduled
from clodputer.schedulers.systemd import unitfile
from clodputer.store import context
from clodputer.store.home import Home
from clodputer.tasks import taskfile
from tests.doctoring import install
from tests.schedulers.crontabs import Crontab
from tests.workshop import clodputer, command_task, environment, make_home, program

PLATFORM = {"launchd": "darwin", "systemd": "linux", "cron": "linux"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    timed(made, "30 7 * * *")
    command_task(made, "by-hand", "/bin/true")
    return made


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    return Crontab(tmp_path / "cron", monkeypatch)


def timed(home: Home, schedule: str, name: str = "work") -> None:
    command_task(home, name, "/bin/true", more=f"trigger: {{type: cron, schedule: '{schedule}'}}\n")


def seen(home: Home, platform: str = "linux") -> Scheduled:
    here = context.look_on(environment(home))
    tasks = [report.task for report in taskfile.check_all(home, here.environ)]
    return scheduled.look(here, [task for task in tasks if task is not None], platform)


def code(found: Scheduled) -> str:
    return found.problem.code if found.problem else ""


def write_units(home: Home, name: str) -> list[str]:
    """What `install` writes for launchd or systemd, as files and links alone; their paths."""
    at = place.look(home, os.environ, PLATFORM[name])
    shim.write(at.frame.shim, shim.text(at.shim))
    units, _ = installation.rendered(load(name), at.frame, plan.wanted(home, at.frame.environment))
    paths = [(path, text) for unit in units for path, text in unit.files.items()]
    for path, text in paths:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(text)
        if name == "systemd" and not path.endswith(unitfile.SERVICE):
            link = Path(unitfile.link(at.frame, os.path.basename(path)))
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(path)
    return [path for path, _ in paths]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, home: Home, table: Crontab) -> str:
    """Each scheduler, with the alarms of the home."""
    chosen: str = request.param
    if chosen == "cron":
        install(home, cron)
    else:
        write_units(home, chosen)
    (table.folder / "calls").unlink(missing_ok=True)
    return chosen


def test_all_is_well_after_install(home: Home, name: str, table: Crontab) -> None:
    """And nothing was started to know it, but `crontab -l`, once."""
    assert seen(home, PLATFORM[name]) == Scheduled(name)
    calls = table.folder / "calls"
    assert (calls.read_text() if calls.exists() else "") == ("-l\n" if name == "cron" else "")


def test_a_trigger_that_was_changed(home: Home, name: str) -> None:
    timed(home, "0 9 * * *")
    assert seen(home, PLATFORM[name]) == Scheduled(name, None, {"work": DIFFERS})
    timed(home, "30 7 * * *")
    assert seen(home, PLATFORM[name]) == Scheduled(name)


def test_what_does_not_matter_to_an_alarm(home: Home, name: str) -> None:
    """Another command or description is no reason to install again."""
    command_task(home, "work", "/bin/false", more="trigger: {type: cron, schedule: '30 7 * * *'}\n")
    assert seen(home, PLATFORM[name]) == Scheduled(name)


def test_a_task_that_came_later(home: Home, name: str) -> None:
    timed(home, "0 9 * * *", "later")
    assert seen(home, PLATFORM[name]).alarms == {"later": MISSING}


def test_a_task_that_wants_no_alarm_any_more(home: Home, name: str) -> None:
    """What its unit starts then finds nothing due."""
    command_task(home, "work", "/bin/true", more="enabled: false\ntrigger: {type: interval, every: 5m}\n")
    assert seen(home, PLATFORM[name]) == Scheduled()


def test_all_units_gone(home: Home, name: str, table: Crontab) -> None:
    if name == "cron":
        table.content = None
    else:
        endings = {"launchd": "*.plist", "systemd": "clodputer-*"}
        for path in list(Path(os.environ["HOME"]).rglob(endings[name])):
            path.unlink()
    assert code(seen(home, PLATFORM[name])) == NO_SCHEDULER


def test_units_of_another_home_do_not_count(home: Home, name: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_home(tmp_path / "other")
    timed(other, "30 7 * * *")
    shim.write(installation.shim_path(other.root), Path(installation.shim_path(home.root)).read_text())
    assert code(seen(other, PLATFORM[name])) == NO_SCHEDULER


def test_a_timer_that_is_not_enabled(home: Home) -> None:
    """The file alone starts nothing at the next login."""
    paths = write_units(home, "systemd")
    timer = next(path for path in paths if path.endswith("task-work.timer"))
    link = Path(timer).parent / unitfile.WANTS[".timer"] / os.path.basename(timer)
    link.unlink()
    assert seen(home).alarms == {"work": MISSING}


def test_without_the_sweep_nothing_is_made_good(home: Home) -> None:
    for path in write_units(home, "systemd"):
        if "-sweep." in path:
            os.unlink(path)
    timed(home, "0 9 * * *", "later")
    found = seen(home)
    assert found.nothing_starts("later")
    assert not found.nothing_starts("work")


def test_a_block_that_was_edited_elsewhere(home: Home, table: Crontab) -> None:
    """What a person adds to our lines does not change when a task is started."""
    install(home, cron)
    assert table.content is not None
    table.content = table.content.replace(b"# END", b"# mine\n# END")
    assert seen(home) == Scheduled("cron")


@pytest.mark.parametrize("kind", ["fails", "denied"])
def test_a_crontab_that_does_not_answer(home: Home, table: Crontab, kind: str) -> None:
    install(home, cron)
    table.kind(kind)
    found = seen(home)
    assert code(found) == UNKNOWN
    assert not found.nothing_starts("work")


def test_a_home_that_needs_no_scheduler(home: Home, table: Crontab) -> None:
    os.unlink(f"{home.tasks}/work.yaml")
    assert seen(home) == Scheduled()
    assert not (table.folder / "calls").exists()


def said(home: Home, *arguments: str) -> tuple[str, dict[str, Any]]:
    """What a command says to a person, and its data."""
    extra = {"PATH": os.environ["PATH"], "FAKE_CRONTAB": os.environ["FAKE_CRONTAB"]}
    text, _ = clodputer(home, *arguments, extra=extra)
    data: dict[str, Any] = json.loads(clodputer(home, *arguments, "--json", extra=extra)[0])["data"]
    return text, data


COMMANDS = (("why", "work"), ("list",), ("status",), ("next",), ("next", "work"))


@pytest.mark.parametrize("command", COMMANDS, ids="-".join)
def test_no_command_promises_what_nothing_will_keep(
    home: Home, table: Crontab, command: tuple[str, ...]
) -> None:
    """Never installed, installed, a trigger changed, the crontab emptied, uninstalled: each is said as it is."""
    program(table.folder / "bin", "systemctl", "exit 1")
    text, data = said(home, *command)
    assert "no scheduler is set up" in text
    assert "clodputer install" in text
    assert data["scheduler"]["problem"]["code"] == NO_SCHEDULER

    install(home, cron)
    text, data = said(home, *command)
    assert "install" not in text
    assert data["scheduler"] == {"name": "cron", "problem": None, "alarms": []}

    timed(home, "0 9 * * *")
    text, data = said(home, *command)
    assert "may start late" in text
    assert "clodputer install" in text
    assert data["scheduler"]["alarms"] == [{"task": "work", "problem": DIFFERS}]

    before = table.content
    table.content = b""
    text, data = said(home, *command)
    assert "no scheduler is set up" in text
    table.content = before

    extra = {"PATH": os.environ["PATH"], "FAKE_CRONTAB": os.environ["FAKE_CRONTAB"]}
    clodputer(home, "uninstall", extra=extra)
    text, data = said(home, *command)
    assert "no scheduler is set up" in text
    assert data["scheduler"]["problem"]["code"] == NO_SCHEDULER


def test_what_is_overdue_is_said_with_its_time(home: Home, table: Crontab) -> None:
    """Also when no exec has ever looked at the task: its file is older than the slot time."""
    timed(home, "* * * * *")
    then = time() - 7200
    os.utime(f"{home.tasks}/work.yaml", (then, then))
    text, data = said(home, "why", "work")
    assert "overdue    since" in text
    assert len(data["overdue"]) == 1
    text, data = said(home, "status")
    assert "work was due at" in text
    assert [one["task"] for one in data["overdue"]] == ["work"]


def test_only_the_tasks_asked_for_are_looked_at(home: Home) -> None:
    one = taskfile.load(home, "by-hand", environment(home))
    assert scheduled.look(context.look_on(environment(home)), [one], "linux") == Scheduled()
