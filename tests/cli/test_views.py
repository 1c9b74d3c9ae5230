"""`list`, `status` and `queue`: all there is to see, as text of any width and as JSON; nothing is changed by looking."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.cli.commands.list import listing
from clodputer.cli.commands.next import asked
from clodputer.cli.commands.queue import aside, queue
from clodputer.cli.commands.status import status
from clodputer.cli.commands.why import why
from clodputer.cli.terminal.ink import without
from clodputer.model.request import Place
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import slot
from clodputer.store.spool.slot import Slot
from clodputer.store.upkeep import purge
from tests.cli.busy import data
from tests.cli.terminal import in_terminal
from tests.doctoring import install
from tests.schedulers.crontabs import Crontab
from tests.workshop import clodputer, command_task, environment, everything


def test_list_as_json(busy: Home) -> None:
    tasks = {one["name"]: one for one in data(busy, "list")["tasks"]}
    assert sorted(tasks) == ["bad", "broken", "good", "held", "off"]
    good, bad, off, broken = tasks["good"], tasks["bad"], tasks["off"], tasks["broken"]
    assert good["triggers"] == [{"type": "cron", "words": "at 08:00 on weekdays (Europe/Berlin)"}]
    assert good["next_slot_time"].endswith(("08:00:00+01:00", "08:00:00+02:00"))
    assert (good["last_run"]["outcome"], good["last_run"]["reason"]) == ("succeeded", "completed")
    assert good["usual_duration_seconds"] == good["last_run"]["duration_seconds"]
    assert (bad["last_run"]["outcome"], bad["usual_duration_seconds"]) == ("failed", None)
    assert bad["triggers"][0]["words"] == "every 2h, only 08:00-20:00"
    assert (off["enabled"], off["next_slot_time"], off["last_run"]) == (False, None, None)
    assert (broken["enabled"], len(broken["problems"])) == (None, 2)
    assert set(broken) == set(good)


def test_list_for_a_person(busy: Home) -> None:
    stdout, stderr = clodputer(busy, "list")
    lines = {line.split()[0]: line for line in stdout.splitlines() if line}
    assert stderr == ""
    assert "failed (exit_status)" in lines["bad"]
    assert "disabled" in lines["off"]
    assert "never ran" in lines["off"]
    assert "(and 1 more)" in stdout
    assert "clodputer validate" in stdout


def test_status_as_json(busy: Home) -> None:
    """data itself holds the keys."""
    found = data(busy, "status")
    assert set(found) == {
        "home",
        "running",
        "waiting",
        "waits",
        "holds",
        "rejected",
        "dead",
        "parked",
        "unrouted",
        "unrouted_removed",
        "plugins",
        "topics",
        "last_runs",
        "cost_usd",
        "budgets",
        "usage",
        "missed",
        "overdue",
        "watch_problems",
        "next",
        "broken",
        "attention",
        "needs",
        "scheduler",
    }
    later = next(lane for lane in found["waiting"]["lanes"] if lane["lane"] == "later")
    assert (later["queued"], later["delayed"], found["waiting"]["dropped"]) == (2, 1, 1)
    assert later["oldest"] is not None
    assert [(one["scope"], one["name"], one["reason"], one["until"]) for one in found["holds"]] == [
        ("lane", "later", "pause", None)
    ]
    assert (found["rejected"], found["dead"]) == (1, 1)
    assert {(one["task"], one["outcome"]) for one in found["last_runs"]} == {
        ("good", "succeeded"),
        ("bad", "failed"),
    }
    assert found["cost_usd"] == {"today": 0.0, "last_7_days": 0.0}
    assert [(one["task"], one["reason"], one["count"]) for one in found["missed"]] == [
        ("good", "too_late", 1)
    ]
    assert {one["task"] for one in found["next"]} == {"good", "bad"}
    assert [one["name"] for one in found["broken"]] == ["broken"]
    assert found["running"] == []


def test_status_for_a_person(busy: Home) -> None:
    stdout, _ = clodputer(busy, "status")
    for part in (
        "Nothing is being run.",
        "later: 2 queued, 1 delayed, the oldest for",
        "lane later until it is lifted (pause)",
        "1 rejected",
        "clodputer queue --rejected",
        "1 given up",
        "`retry`",
        "good: missed",
        "failed (exit_status)",
        "Spent today $0.00",
        "tasks/broken.yaml:1",
        "1 dropped and not taken in yet",
    ):
        assert part in stdout


def test_status_of_the_schedulers(busy: Home) -> None:
    """What rings, instead of all else; those of this machine are not reached."""
    found = data(busy, "status", "--schedulers")
    assert (found["drifted"], found["shim"]) == (True, "missing")
    assert [one["installed"] for one in found["schedulers"]] == [False, False]
    assert (
        "No scheduler is set up for this home. To have one:" in clodputer(busy, "status", "--schedulers")[0]
    )


def test_a_home_in_use_may_be_purged(busy: Home) -> None:
    """Nothing that we put there is taken for somebody else's."""
    purge.check(busy, {"HOME": "/nowhere"})


@pytest.mark.parametrize(
    "command", [["list"], ["status"], ["queue"], ["queue", "--dead"], ["queue", "--rejected"]]
)
def test_a_narrow_terminal(busy: Home, command: list[str]) -> None:
    """40 columns, in colour: whatever comes in columns fits; nothing is lost."""
    code, shown = in_terminal(busy, *command, extra={"COLUMNS": "40"})
    assert code == 0
    assert "\x1b[" in shown
    if command[0] in ("list", "queue"):
        # What is drawn as a table; a sentence is left to the terminal, which breaks it.
        drawn = without(shown).replace("\r", "").split("\n\n")[0].splitlines()
        assert [
            line for line in drawn if len(line) > 40 and "REASON" not in line and "TRIGGERS" not in line
        ] == []
    code, plain = in_terminal(busy, *command, extra={"COLUMNS": "200", "NO_COLOR": "1"})
    assert code == 0
    assert "\x1b[" not in plain


def test_a_run_is_one_line_at_80_columns(busy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the end of its id, by which `show` finds it; in `list` the triggers are cut."""
    monkeypatch.setenv("COLUMNS", "80")
    found = status(environment(busy), time())
    last = found.data["last_runs"]
    told = without(found.text).split("LAST RUNS")[1].split("\n\n")[0].splitlines()[1:]
    assert [(line.split()[0], line.split()[-1]) for line in told] == [
        (one["task"], one["run_id"][-8:]) for one in last
    ]
    drawn = without(listing(environment(busy), time()).text).split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in drawn] == ["TASK", "bad", "good", "held", "off"]
    assert max(map(len, (*told, *drawn))) <= 80


def test_looking_changes_nothing(busy: Home) -> None:
    """Not the spool, not the ledger, not the log."""

    def state() -> dict[str, Any]:
        found: dict[str, Any] = {"everything": everything(busy), "log": Path(busy.log).read_bytes()}
        for folder, _, names in os.walk(busy.ledger):
            kept = [name for name in names if not name.endswith(".lock")]
            found.update({f"{folder}/{name}": Path(folder, name).read_bytes() for name in kept})
        return found

    before = state()
    for command in (listing, status):
        assert command(environment(busy), time()).text
    assert queue(environment(busy), "", 10, time()).text
    assert state() == before


@pytest.mark.parametrize("command", ["list", "status", "queue"])
def test_programs_do_not_wait_for_what_people_see(busy: Home, command: str) -> None:
    """With --json nothing is drawn."""
    code = (
        f"import sys; from clodputer.cli.main import main; main(['{command}', '--json'])\n"
        "print('rich' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(busy), capture_output=True, text=True)
    assert (json.loads(done.stdout)["ok"], done.stderr) == (True, "False\n")


def test_a_run_and_a_run_whose_exec_died(home: Home) -> None:
    """The mark names the exec; whether that very process is there tells the one from the other."""
    command_task(home, "work", "/bin/true")
    place = Place(1, 3, "work-0001", "work.json")
    Path(slot.path(home, Slot("default", 0), place)).write_text('{"task": "work"}')
    run_id = runs.new_id(time() - 90, place.id)
    me = tree.identity(os.getpid())
    assert me is not None
    slot.mark(home, Slot("default", 0), "work", run_id, recorded.written(me))
    [running] = status(environment(home), time(), as_json=True).data["running"]
    assert (running["task"], running["run_id"], running["stale"], running["exec_pid"]) == (
        "work",
        run_id,
        False,
        os.getpid(),
    )
    assert 89 < running["elapsed_seconds"] < 120
    slot.mark(
        home, Slot("default", 0), "work", run_id, recorded.written(me._replace(started="another boot/1"))
    )
    result = status(environment(home), time())
    assert result.data["running"][0]["stale"] is True
    assert "the next exec settles it" in result.text
    answer = why(environment(home), "work", time())
    assert (answer.data["running"], answer.data["stale"]) == (True, True)
    assert "its exec died" in answer.text


def test_a_slot_time_is_written_in_one_form_everywhere(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever tells of it, it can be looked for by the same text."""
    Crontab(tmp_path / "cron", monkeypatch)
    command_task(home, "work", "/bin/true", more="trigger: {type: cron, schedule: '30 7 1 1 *'}\n")
    year = datetime.now().astimezone().year + 1
    told = datetime(year, 1, 1, 7, 30).astimezone().strftime("%a %Y-%m-%d %H:%M")
    environ = environment(home)
    install(home)
    assert told in listing(environ, time()).text
    assert told in asked(environ, "work", None, None, None, 1, time()).text
    assert told in why(environ, "work", time()).text
    assert told in status(environ, time()).text


@pytest.mark.slow
def test_two_hundred_tasks(home: Home) -> None:
    for number in range(200):
        command_task(home, f"task-{number:03d}", "/bin/true")
    assert len(listing(environment(home), time(), as_json=True).data["tasks"]) == 200


def test_an_empty_home(home: Home) -> None:
    assert "There are no tasks" in listing(environment(home), time()).text
    assert "Nothing is being run." in status(environment(home), time()).text
    assert queue(environment(home), "", 5, time()).text == "Nothing waits."


def test_what_came_from_outside_is_harmless(home: Home) -> None:
    """A file name is a stranger's text."""
    Path(home.rejected, "a\x1b]0;b\x07.json").touch()
    Path(home.rejected, "a\x1b]0;b\x07.json.reason.json").write_text(json.dumps({"message": "No\x1b[2J."}))
    assert "\x1b]" not in aside(environment(home), "rejected", 5, time()).text
    assert "\x1b[2J" not in aside(environment(home), "rejected", 5, time()).text
