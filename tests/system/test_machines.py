"""A task of other machines: no alarm, nothing due, requests that wait; and all of it as usual where it belongs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clodputer.model.config.withunit import Expected
from clodputer.model.gates import machines
from clodputer.schedulers import plan
from clodputer.store.home import Home
from tests.system import execs
from tests.workshop import command_task, drop, events, make_home, outcomes

HOST = os.uname().nodename
OFTEN = "trigger: {type: interval, every: 1m}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a task of another machine that is due often, and one of any machine."""
    home = make_home(tmp_path)
    command_task(home, "far", "/bin/true", more=f"machines: [elsewhere, Third]\n{OFTEN}")
    command_task(home, "near", "/bin/true", more=OFTEN)
    return home


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ([], True),
        (["studio"], True),
        (["x", "STUDIO.local"], True),
        (["Desk"], True),
        (["studio.other"], False),
        (["local"], False),
        (["x", "y"], False),
    ],
)
def test_names_of_a_machine(named: list[str], expected: bool) -> None:
    """Its host name, whole or up to the first dot, and what config.yaml calls it; letters may be small or not."""
    assert machines.fits(named, machines.names("Studio.local", "desk")) is expected
    assert machines.KEY.check is not None
    with pytest.raises(Expected):
        machines.KEY.check("two words")


def test_an_alarm_at_the_wrong_machine(home: Home) -> None:
    """It wants none, and one that was left there does nothing; no slot time is missed, and the ledger has nothing of it."""
    wanted = plan.wanted(home, {})
    assert [alarm.task for alarm in wanted.alarms if alarm.task] == ["near"]
    assert wanted.elsewhere == ("far",)
    command_task(home, "asked", "/bin/true", more="machines: [elsewhere, Third]\n")
    for arguments in (["--task", "far"], ["--task", "asked"], []):
        execs.run(home, "exec", *arguments)
    assert outcomes(home, "far") == outcomes(home, "asked") == []
    assert [event["reason"] for event in events(home, "skipped")] == ["machine"]
    assert not [path for path in Path(home.ledger).rglob("*far*") if "next" not in path.parts]
    assert not events(home, "missed")
    # The name of this machine in config.yaml, such as its variable has it, makes it the right one.
    here = {"CLODPUTER_MACHINE": "third"}
    assert [alarm.task for alarm in plan.wanted(home, here).alarms if alarm.task] == ["far", "near"]
    execs.run(home, "exec", "--task", "asked", extra=here)
    assert outcomes(home, "asked") == ["succeeded"]


def test_a_drop_at_the_wrong_machine_waits(home: Home) -> None:
    """It waits with its reason, whatever waits behind it goes on, and it runs where it belongs."""
    drop(home, "a.json", json.dumps({"task": "far", "id": "far-1"}))
    drop(home, "b.json", json.dumps({"task": "near", "id": "near-1"}))
    execs.run(home, "exec")
    assert (outcomes(home, "far"), outcomes(home, "near")) == ([], ["succeeded"])
    said = f"it runs on elsewhere and Third only, and this machine is {HOST.lower()}"
    assert said in execs.run(home, "queue")
    why = json.loads(execs.run(home, "why", "far", "--json"))["data"]
    assert (why["elsewhere"], [one["reason"] for one in why["waits"]]) == (said, ["machine"])
    assert f"far does not run here: {said}" in execs.run(home, "why", "far")
    doctor = execs.call(home, "doctor").stdout
    assert "1 request of far waits here for another machine" in doctor
    refused = execs.call(home, "run", "far")
    assert refused.status == 1
    assert said in refused.stderr
    # Its machine comes to the same home: it waits no longer than ten minutes.
    Path(home.config).write_text("machine: elsewhere\nrequire: {disk_free: 1KB}\n")
    execs.run(home, "run", "far")
    assert outcomes(home, "far") == ["succeeded"]
    (waiting,) = json.loads(execs.run(home, "queue", "--json"))["data"]["requests"]
    assert waiting["request_id"] == "far-1"


def test_list_says_where_a_task_runs(home: Home) -> None:
    """In place of the next slot time; and `next` has it not."""
    (far, near) = json.loads(execs.run(home, "list", "--json"))["data"]["tasks"]
    assert (far["name"], far["next_slot_time"], near["elsewhere"]) == ("far", None, None)
    assert "on elsewhere Third" in execs.run(home, "list")
    coming = json.loads(execs.run(home, "next", "--json"))["data"]
    assert "far" not in json.dumps(coming)


def test_tasks_that_several_homes_share(tmp_path: Path) -> None:
    """One folder of tasks, by links: each home runs those of its machine."""
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o700)
    homes = {}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        homes[name] = home = make_home(tmp_path / name)
        os.rmdir(home.tasks)
        os.symlink(shared, home.tasks)
        Path(home.config).write_text(f"machine: {name}\nrequire: {{disk_free: 1KB}}\n")
    for name in homes:
        command_task(homes["one"], f"of-{name}", "/bin/true", more=f"machines: [{name}]\n{OFTEN}")
    for name, home in homes.items():
        for task in ("of-one", "of-two"):
            drop(home, f"{task}.json", json.dumps({"task": task, "id": f"{task}-1"}))
        execs.run(home, "exec")
        assert {task: outcomes(home, task) for task in ("of-one", "of-two")} == {
            f"of-{name}": ["succeeded"],
            f"of-{'two' if name == 'one' else 'one'}": [],
        }
