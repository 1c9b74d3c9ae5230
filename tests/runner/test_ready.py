"""What a run is told of the runs before it, and that a template which runs away is a run that was not started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import Request
from clodputer.runner import ready
from clodputer.runner.prompt import past
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.records import runs
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


def test_a_success_is_found_behind_more_runs_than_are_read(tmp_path: Path) -> None:
    """A task that looks every few minutes soon has a thousand runs that found nothing to do; the log tells them apart."""
    home, number = make_home(tmp_path), past.FURTHEST + 2
    told = {"task": "a", "request_id": "r", "message": "", "duration_seconds": 0.1, "account": "claude"}
    with Path(home.log).open("w", encoding="utf-8") as log:
        for one in range(number):
            outcome, reason = ("skipped", "satisfied") if one else ("succeeded", "completed")
            _past(home, one, outcome)
            event = {"timestamp": "2026-11-21T08:00:00.000Z", "event": "finished", **told}
            run_id = runs.new_id(1_795_000_000.0 + one, f"r{one}")
            cost = 0.0 if one else 0.5
            line = {**event, "run_id": run_id, "outcome": outcome, "reason": reason, "cost_usd": cost}
            log.write(json.dumps(line) + "\n")
    text = "{{ last.when }}: {{ last.outcome }}; {{ last_success.when }}"
    keys = {"agent": "command", "command": ("/bin/true",), "prompt": text, "working_directory": "/"}
    task = task_of("a", f"{home.tasks}/a.yaml", **keys)
    prepared = ready.prepare(look(environment(home)), "run", Request("r", "a", 0.0), task, str(tmp_path))
    assert prepared.prompt == f"end {number - 1}: skipped; end 0"


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
