"""What a task remembers, by real execs: from one run to the next, what is refused, and once at every kill."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any, Optional

import pytest

from clodputer.runner.memory.remember import with_state
from clodputer.runner.recover import recover
from clodputer.runner.settle import settle
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.taskstate import state
from clodputer.store.taskstate.state import Kept
from tests.killing import killed_at
from tests.runner.test_follow import PLACE, SLOT, ended, known
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    execute,
    make_home,
    program,
    records,
    write_secrets,
)

pytest_plugins = ["tests.fakes.fixtures"]


def remembering(home: Home, folder: Path, script: str, more: str = "state: {}\n") -> None:
    """A task whose program reads what it remembers from its standard input."""
    path = program(folder, "script", script)
    prompt = "prompt: '{{ state.seen | default(0) }}'\n"
    command_task(home, "work", str(path), more=prompt + more)


def value(home: Home) -> Any:
    """The state that holds."""
    return dict(state.read(home, "work").value)


def test_from_one_run_to_the_next(tmp_path: Path) -> None:
    """A run that succeeds changes it; one that fails does not; null takes a key out; a secret is masked."""
    home = make_home(tmp_path)
    write_secrets(home, "TOKEN=very-secret-word\n")
    script = (
        'read -r n || true; echo "read $n"\n'
        'echo "{\\"state_updates\\": {\\"seen\\": $((n + 1)), \\"gone\\": null, \\"said\\": \\"very-secret-word\\"}}"\n'
        '[ "$n" != 2 ]'
    )
    remembering(home, tmp_path, script)
    clodputer(home, "state", "set", "work", "gone=x")
    for seen in (1, 2, 2):
        drop(home, "work")
        execute(home)
        assert value(home)["seen"] == seen
    assert "gone" not in value(home)
    assert "very-secret-word" not in json.dumps(value(home))
    assert [record["outcome"] for record in records(home, "work")] == ["succeeded", "succeeded", "failed"]
    run_ids = [record["run_id"] for record in records(home, "work")]
    assert [one.by for one in state.history(home, "work")] == [run_ids[1], run_ids[0], "person"]
    assert [event["version"] for event in events(home, "state_changed")] == [1, 2, 3]


def test_what_is_refused_is_told_and_changes_nothing(tmp_path: Path) -> None:
    """Too large, unlike the schema, no object; and what was changed while the run went on."""
    home = make_home(tmp_path)
    said = tmp_path / "said"
    meanwhile = tmp_path / "meanwhile"
    remembering(
        home,
        tmp_path,
        f"[ -x {meanwhile} ] && {meanwhile}; cat {said}",
        "state: {max_size: 60B, schema: {properties: {n: {type: integer}}}}\n",
    )
    for updates in ({"n": "x"}, {"big": "x" * 100}, [1]):
        said.write_text(json.dumps({"state_updates": updates}))
        drop(home, "work")
        execute(home)
    said.write_text('{"state_updates": {"n": 1}}')
    program(
        tmp_path,
        "meanwhile",
        f'mkdir -p {home.state}/work && echo \'{{"value": {{"n": 7}}}}\' > {home.state}/work/00000001.json',
    )
    drop(home, "work")
    execute(home)
    assert value(home) == {"n": 7}
    told = events(home, "not_followed")
    assert [event["reason"] for event in told] == ["state_unfit"] * 3 + ["state_conflict"]
    for event, word in zip(told, ("integer", "more than 60", "not an object", "was changed while")):
        assert word in event["message"]
    assert {record["outcome"] for record in records(home, "work")} == {"succeeded"}
    assert "did not come" in clodputer(home, "status")[0]


def test_a_damaged_state_stops_the_task_and_says_how_to_go_on(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    remembering(home, tmp_path, "true")
    Path(home.state, "work").mkdir(parents=True)
    Path(home.state, "work", "00000003.json").write_text("{")
    drop(home, "work")
    execute(home)
    (record,) = records(home, "work")
    assert record["reason"] == "not_started"
    assert "00000003.json is not a state" in record["message"]
    clodputer(home, "state", "delete", "work")
    drop(home, "work")
    execute(home)
    assert records(home, "work")[-1]["outcome"] == "succeeded"


def test_a_prompt_names_a_state_that_there_is(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    command_task(home, "work", "true", more="prompt: 'a {{ state.x }}'\n")
    said, _ = clodputer(home, "validate", status=1)
    assert "{{ state }} is what the task remembers; add state: {}" in " ".join(said.split())


def test_by_hand(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    command_task(home, "work", "true", more="state: {max_size: 50B}\n")
    command_task(home, "none", "true")
    clodputer(home, "state", "set", "work", "a=text", "n:=[1, 2]")
    assert json.loads(clodputer(home, "state", "get", "work")[0]) == {"a": "text", "n": [1, 2]}
    assert clodputer(home, "state", "get", "work", "a")[0] == "text\n"
    clodputer(home, "state", "delete", "work", "a")
    assert value(home) == {"n": [1, 2]}
    assert "more than 50" in clodputer(home, "state", "set", "work", f"a={'x' * 80}", status=1)[1]
    assert "has no key 'm'" in clodputer(home, "state", "get", "work", "m", status=1)[1]
    assert "add to its file: state: {}" in clodputer(home, "state", "set", "none", "a=b", status=1)[1].lower()
    assert "did you mean 'work'" in clodputer(home, "state", "get", "wrk", status=1)[1]
    assert clodputer(home, "state", "history", "work")[0].split()[0] == "2"


@pytest.mark.parametrize(
    ("result", "outcome", "seen", "effects"),
    [
        ('Done.\n{"state_updates": {"n": 1}}', "succeeded", Kept(3), [{"n": 1}]),
        ('Done.\n```json\n{"state_updates": {"n": 1}}\n```', "succeeded", Kept(3), [{"n": 1}]),
        ({"state_updates": {"n": 1}, "title": "x"}, "succeeded", Kept(3), [{"n": 1}]),
        ('{"state_updates": {"n": 1}}\nDone.', "succeeded", Kept(3), []),
        ({"state_updates": {"n": 1}}, "failed", Kept(3), []),
        ({"state_updates": {"n": 1}}, "skipped", Kept(3), []),
        ({"state_updates": {"n": 1}}, "succeeded", None, []),
    ],
)
def test_what_is_remembered_of_a_result(
    tmp_path: Path, result: Any, outcome: str, seen: Optional[Kept], effects: list[Any]
) -> None:
    """Only of what succeeded and had seen the state, from an object or from the last line of a text."""
    home = make_home(tmp_path)
    command_task(home, "work", "true", more="state: {}\n")
    context = look(environment(home))
    record = ended(home, context, "work", result, outcome=outcome)
    after = with_state(context, known(context, "work"), record, result, seen)["effects"]
    assert [one["updates"] for one in after if one["effect"] == "state"] == effects
    assert all(one["base"] == 3 for one in after if one["effect"] == "state")
    assert after[-1] == {"effect": "finish"}


def test_killed_at_every_step_of_settling(tmp_path: Path) -> None:
    """One version is made, whatever was done when we were killed, also when the state has gone on since."""
    for step in range(1, 200):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = make_home(folder)
        command_task(home, "work", "true", more="state: {}\n")
        context = look(environment(home))
        result = {"state_updates": {"n": step}}
        record = with_state(
            context, known(context, "work"), ended(home, context, "work", result), result, Kept()
        )

        def settled(record: dict[str, Any] = record, context: Any = context) -> None:
            settle(context, SLOT, PLACE, record, time())

        killed = killed_at(step, settled)
        if state.newest(home, "work") == 1:
            state.change(home, "work", lambda kept: {**kept.value, "more": 1}, "person", time())
        if killed and not Path(home.runs, "work", record["run_id"], "record.json").exists():
            settled()
        else:
            recover(context, SLOT, time())
        assert value(home)["n"] == step
        assert [one.by for one in state.history(home, "work")].count(record["run_id"]) == 1
        assert events(home, "not_followed") == []
        if not killed:
            break
    assert step > 15
