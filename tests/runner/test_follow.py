"""Follow-ups and joins, killed at every step of settling: each request is dropped exactly once, and none is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.effects.settling import Settling
from clodputer.model.follow.line import line_of
from clodputer.model.request import Place, Request
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.runner.follow.fill import with_follow_ups
from clodputer.runner.recover import recover
from clodputer.runner.settle import settle
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import slot
from clodputer.store.spool.slot import Slot
from clodputer.tasks import taskfile
from tests.killing import killed_at
from tests.workshop import command_task, environment, events, make_home, program

PLACE = Place(1_800_000_000_000_000, 3, "abcd1234", "one.json")
SLOT = Slot("default", 0)


def ended(home: Home, context: Context, task: str, result: Any = "ok", **more: Any) -> dict[str, Any]:
    """The record of a run of a task that has ended now, its request in the slot; what follows is in it."""
    now = time()
    run_id = runs.new_id(now, PLACE.id)
    runs.make(home, task, run_id, Request(PLACE.id, task, now), context.masker)
    Path(slot.path(home, SLOT, PLACE)).write_text(json.dumps({"task": task}))
    slot.mark(home, SLOT, task, run_id)
    line = line_of({}, PLACE.id)
    record = {
        **dict.fromkeys(("message", "agent", "account", "model", "item", "trigger", "retry_of"), ""),
        "task": task,
        "request_id": PLACE.id,
        "run_id": run_id,
        "attempt": 1,
        "outcome": "succeeded",
        "reason": "completed",
        "started_at": iso(now - 1),
        "ended_at": iso(now),
        "duration_seconds": 1.0,
        "cost_usd": None,
        "cost_estimated": False,
        "result": result,
        "parent": line.parent,
        "trace_id": line.trace_id,
        "swept": [],
        "in_effect": {},
        "origin": {},
        "effects": [{"effect": "finish"}],
        **more,
    }
    return with_follow_ups(context, known(context, task), record)


def known(context: Context, name: str) -> Task:
    """The task as its file says."""
    return taskfile.load(context.home, name, context.environ)


def dropped(home: Home) -> list[dict[str, Any]]:
    """The requests in new/, by their names."""
    return [
        json.loads(path.read_text()) for path in sorted(Path(home.new).iterdir()) if path.suffix == ".json"
    ]


@pytest.mark.slow
def test_killed_at_every_step_of_settling(tmp_path: Path) -> None:
    """Three requests that follow, a line in the log, a command and a join: once each, the command once at most."""
    touch = program(tmp_path, "touch", 'echo x >> "$1"')
    steps = 0
    for step in range(1, 1000):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = make_home(folder)
        command_task(
            home,
            "work",
            "true",
            more=f"on_success: [{{run: a, context: {{said: '{{{{ result }}}}'}}}}, {{run: b}}, {{log: done}}]\n"
            f"on_finish: [{{command: [{touch}, {folder}/touched]}}]\n",
        )
        for name in "ab":
            command_task(home, name, "true")
        command_task(home, "joined", "true", more="after: [{task: work}]\n")
        context = look(environment(home))
        record = ended(home, context, "work", "{{ said }}")

        def settled(context: Context = context, record: dict[str, Any] = record) -> None:
            settle(context, SLOT, PLACE, record, time())

        killed = killed_at(step, settled)
        if os.path.exists(f"{runs.folder(home, 'work', record['run_id'])}/record.json"):
            recover(context, SLOT, time())
        elif killed:
            settled()  # it would be lost now; tests/system looks at that
        where = f"step {step}"
        found = dropped(home)
        assert [one["task"] for one in found] == ["a", "b", "joined"], where
        assert found[0]["context"] == {"said": "{{ said }}"}, where
        assert len({one["id"] for one in found}) == 3, where
        assert slot.empty(home, SLOT), where
        assert {event["message"] for event in events(home, "note")} == {"done"}, where
        touched = Path(folder, "touched")
        times = len(touched.read_text().split()) if touched.exists() else 0
        untold = [event for event in events(home, "not_followed") if event["reason"] == "command_failed"]
        assert times == 1 or (times == 0 and untold), where
        if not killed:
            break
        steps += 1
    assert steps > 30


def test_what_has_no_room_in_the_slot_is_told(tmp_path: Path) -> None:
    """A record that cannot be written on a full disk is kept in short, and says what does not follow."""
    from clodputer.model.record import shortened

    home = make_home(tmp_path)
    command_task(home, "work", "true", more="on_success: [{run: a, context: {said: '{{ result }}'}}]\n")
    command_task(home, "a", "true")
    context = look(environment(home))
    record = ended(home, context, "work", "x" * 100_000)
    kept, _ = shortened({**record, "argv": [], "usage": {}}, 9000)
    assert [effect["effect"] for effect in kept["effects"]] == ["not_followed", "finish"]
    assert kept["effects"][0]["code"] == "no_room"


def test_an_edited_record_names_no_file_elsewhere(tmp_path: Path) -> None:
    """What is delivered is a file of the run's own folder, whatever somebody has written into the record."""
    from clodputer.effects import drop

    home = make_home(tmp_path)
    command_task(home, "work", "true")
    context = look(environment(home))
    record = ended(home, context, "work")
    Path(home.root, "precious.json").write_text("{}")
    one = Settling(context, SLOT, PLACE, record)
    for name in ("../../../../precious.json", "", ".", None):
        drop.perform(one, {"effect": "drop", "name": name})
    assert dropped(home) == []
    assert Path(home.root, "precious.json").exists()
