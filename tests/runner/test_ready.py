"""What a run is told of the runs before it, and that a template which runs away is a run that was not started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.runner import ready
from clodputer.store import runs
from clodputer.store.context import look
from clodputer.store.home import Home
from tests.workshop import drop, environment, events, execute, make_home, task_of, write_task


def _past(home: Home, number: int, outcome: str) -> None:
    run_id = runs.new_id(1_795_000_000.0 + number, f"r{number}")
    folder = Path(runs.folder(home, "a", run_id))
    folder.mkdir(parents=True)
    record = {"outcome": outcome, "result": f"result {number}", "ended_at": f"end {number}"}
    folder.joinpath("record.json").write_text(json.dumps(record))


def test_the_latest_success_is_looked_for_behind_failures(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    for number, outcome in enumerate(["succeeded", "succeeded", "failed", "timed_out"]):
        _past(home, number, outcome)
    text = "{{ last.when }}: {{ last.outcome }}; {{ last_success.when }}: {{ last_success.result }}"
    task = task_of(
        "a",
        f"{home.tasks}/a.yaml",
        agent="command",
        command=("/bin/true",),
        prompt=text,
        working_directory="/",
    )
    prepared = ready.prepare(look(environment(home)), "run", Request("r", "a", 0.0), task, str(tmp_path))
    assert prepared.prompt == "end 3: timed_out; end 1: result 1"


def test_a_runaway_is_told_with_its_file(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    task = task_of(
        "a",
        f"{home.tasks}/a.yaml",
        agent="command",
        command=("/bin/true",),
        prompt="{{ 'x'.center(900000000) }}",
    )
    with pytest.raises(ClodputerError, match=r"a\.yaml: .*Memory|a\.yaml: .*memory") as caught:
        ready.prepare(look(environment(home)), "run", Request("r", "a", 0.0), task, str(tmp_path))
    assert caught.value.code == "not_started"


def test_a_runaway_stops_nothing_else(tmp_path: Path) -> None:
    """It is failed/not_started, and the next request runs."""
    home = make_home(tmp_path)
    write_task(home, "bad", "agent: command\ncommand: [cat]\nprompt: \"{{ 'x'.center(900000000) }}\"\n")
    write_task(home, "good", "agent: command\ncommand: [cat]\nprompt: fine\n")
    drop(home, "1.json", '{"task": "bad"}')
    drop(home, "2.json", '{"task": "good"}')
    execute(home)
    ended = {event["task"]: (event["outcome"], event["reason"]) for event in events(home, "finished")}
    assert ended == {"bad": ("failed", "not_started"), "good": ("succeeded", "completed")}
