"""Follow-ups by real execs: what follows which end, commands, bounds, and each exactly once however often we are killed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import stages
from tests.slots import make_due, settle
from tests.system import execs
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    program,
    records,
    start,
    write_secrets,
)

pytest_plugins = ["tests.fakes.fixtures"]

STRIDE = 7
# Prints the context of its request, as a program finds it.
SHOW = "cat \"$CLODPUTER_HOME/runs/$CLODPUTER_TASK/$CLODPUTER_RUN_ID/request.json\" | tr -d '\\n'"


def follower(home: Home, folder: Path, name: str = "next") -> None:
    """A task that prints its own request."""
    command_task(home, name, str(program(folder, f"{name}.sh", SHOW)))


def test_a_result_goes_on_to_the_next_task_and_is_no_template(tmp_path: Path) -> None:
    """Each list with its ends; parent, trace and depth in origin and record; a secret is masked; nothing is filled in twice."""
    home = make_home(tmp_path)
    write_secrets(home, "TOKEN=very-secret-word\n")
    said = "{{ env.TOKEN }} very-secret-word {% raw %}"
    script = program(tmp_path, "say", f"echo '{said}'")
    command_task(
        home,
        "work",
        str(script),
        more="on_success:\n- run: next\n  context: {said: 'it said {{ result }}', n: 3, deep: {x: ['{{ record.outcome }}']}}\n"
        "on_failure: [{run: never}]\n"
        "on_finish: [{log: '{{ record.task }} ended: {{ record.reason }}{{ error }}'}]\n",
    )
    follower(home, tmp_path)
    command_task(home, "never", "true")
    drop(home, "work")
    assert [run["task"] for run in execute(home)["runs"]] == ["work", "next"]
    (first,), (second,) = records(home, "work"), records(home, "next")
    request = second["result"]
    assert request["context"] == {
        "said": "it said {{ env.TOKEN }} *** {% raw %}".replace("***", first["result"].split()[3]),
        "n": 3,
        "deep": {"x": ["succeeded"]},
    }
    assert "very-secret-word" not in json.dumps([first, second])
    assert second["origin"] == {
        "trigger": "follow_up",
        "task": "work",
        "parent": first["run_id"],
        "trace_id": first["request_id"],
        "depth": 1,
        "on": "on_success",
        "place": 0,
    }
    assert (first["parent"], first["trace_id"]) == ("", first["request_id"])
    assert (second["parent"], second["trace_id"]) == (first["run_id"], first["request_id"])
    assert [event["message"] for event in events(home, "note")] == ["work ended: completed"]
    (followed,) = events(home, "followed")
    assert (followed["target"], followed["follower"]) == ("next", second["request_id"])
    assert events(home, "not_followed") == []


def test_nothing_follows_before_the_last_attempt(tmp_path: Path) -> None:
    """A failure that is tried again is not the end; the last one is, and its error is told."""
    home = make_home(tmp_path)
    command_task(
        home,
        "work",
        "false",
        more="retry: {max_attempts: 2, wait: 1s, jitter: false, backoff: fixed}\n"
        "on_failure: [{log: 'failed at {{ record.attempt }}: {{ error }}'}]\n",
    )
    drop(home, "work")
    execute(home)
    assert (outcomes(home, "work"), events(home, "note")) == (["failed"], [])
    assert make_due(home) == 1
    execute(home)
    (note,) = events(home, "note")
    assert note["message"].startswith("failed at 2: ")
    assert [event["final"] for event in events(home, "finished")] == [False, True]


def test_commands_get_the_record_and_their_failure_changes_nothing(tmp_path: Path) -> None:
    """It is told in the log and in status; the run stays what it was; its output is masked and bounded."""
    home = make_home(tmp_path)
    write_secrets(home, "TOKEN=very-secret-word\n")
    good = program(tmp_path, "good", f'echo "$TOKEN $GREETING $1"; cat > {tmp_path}/record.json')
    bad = program(tmp_path, "bad", "echo out of luck >&2; exit 3")
    command_task(
        home,
        "work",
        "echo",
        "a; b",
        more="env: {TOKEN: '{{ env.TOKEN }}', GREETING: hello}\n"
        f"on_success:\n- command: [{good}, '{{{{ result }}}}']\n- command: [{bad}]\n- command: [/no/such/program]\n",
    )
    drop(home, "work")
    execute(home)
    (record,) = records(home, "work")
    assert record["outcome"] == "succeeded"
    assert json.loads((tmp_path / "record.json").read_text()) == record
    folder = Path(home.runs, "work", record["run_id"])
    said = (folder / "follow-on_success-0" / "stdout").read_text()
    assert said.endswith(" hello a; b\n")
    assert "very-secret-word" not in said
    assert [event["place"] for event in events(home, "followed")] == [0]
    failed, missing = events(home, "not_followed")
    assert (failed["reason"], failed["message"]) == (
        "command_failed",
        "it exited with status 3: out of luck",
    )
    assert "/no/such/program" in missing["message"]
    shown, _ = clodputer(home, "status")
    assert "2 follow-ups did not come" in " ".join(shown.split())
    told = json.loads(clodputer(home, "status", "--json")[0])["data"]["attention"]["not_followed"]
    assert (told["number"], told["latest"]["run_id"]) == (2, record["run_id"])


def test_bounds_are_told(tmp_path: Path) -> None:
    """What is too deep, too much, not to be filled in or too large does not come, and is said."""
    home = make_home(tmp_path)
    Path(home.config).write_text("follow_ups: {depth: 1, width: 3}\n")
    big = program(tmp_path, "big", f"{sys.executable} -c 'print(\"\\u00e4\" * 180_000)'")
    command_task(
        home,
        "work",
        str(big),
        more="on_success:\n- {run: next, context: {a: '{{ result }}'}}\n- {log: '{{ result.nothing }}'}\n"
        "- run: next\n- run: next\n",
    )
    command_task(home, "next", "true", more="on_success: [{run: last}]\n")
    command_task(home, "last", "true")
    drop(home, "work")
    assert [run["task"] for run in execute(home)["runs"]] == ["work", "next"]
    told = [(event["task"], event["place"], event["reason"]) for event in events(home, "not_followed")]
    assert told == [
        ("work", 0, "not_filled_in"),
        ("work", 1, "not_filled_in"),
        ("work", 3, "too_many"),
        ("next", 0, "too_deep"),
    ]


def test_a_coalesced_follow_up_is_no_failure(tmp_path: Path) -> None:
    """Two runs that ask for the same lead to one request."""
    home = make_home(tmp_path)
    command_task(home, "work", "true", more="on_success: [{run: next, delay: 1h, dedupe_key: one}]\n")
    command_task(home, "next", "true")
    for name in ("a", "b"):
        drop(home, f"{name}.json", '{"task": "work"}')
    execute(home)
    assert outcomes(home, "work") == ["succeeded", "succeeded"]
    assert len(everything(home)["default/delayed"]) == 1
    (event,) = events(home, "coalesced")
    assert event["dedupe_key"] == "one"
    assert events(home, "not_followed") == []


def test_a_person_can_do_without(tmp_path: Path) -> None:
    """`run` has follow-ups like every other request, unless it is said."""
    home = make_home(tmp_path)
    command_task(home, "work", "true", more="on_success: [{log: done}]\n")
    clodputer(home, "run", "work", "--no-wait", "--no-follow-ups")
    execute(home)
    assert (outcomes(home, "work"), events(home, "note")) == (["succeeded"], [])
    clodputer(home, "run", "work", "--no-wait")
    execute(home)
    assert [event["message"] for event in events(home, "note")] == ["done"]


def test_a_command_gives_way_to_a_signal(tmp_path: Path) -> None:
    """Exec ends at once when it is told to; the run is settled as it ended, and the command is not started again."""
    home = make_home(tmp_path)
    begun, left = tmp_path / "begun", tmp_path / "left"
    script = program(tmp_path, "long", f"echo $$ > {left}; : > {begun}; exec tail -f /dev/null")
    command_task(home, "work", "true", more=f"on_success: [{{command: [{script}]}}, {{run: next}}]\n")
    command_task(home, "next", "true")
    drop(home, "work")
    process = start(home, "exec")
    until(begun.exists)
    process.terminate()
    process.communicate(timeout=100)
    assert outcomes(home, "work") == ["succeeded"]
    (told,) = events(home, "not_followed")
    assert told["message"].startswith("it was stopped (interrupted)")
    assert not alive(int(left.read_text()))
    execute(home)
    assert outcomes(home, "next") == ["succeeded"]
    assert len(events(home, "not_followed")) == 1


def set_up(folder: Path) -> Home:
    """A task with two requests that follow and a command, all of whose files have been checked once."""
    home = make_home(folder)
    touched = program(folder, "touch", f"echo x >> {folder}/commands")
    command_task(
        home,
        "work",
        "true",
        more=f"on_success: [{{run: next}}, {{command: [{touched}]}}]\non_finish: [{{run: next, context: {{a: 1}}}}]\n",
    )
    command_task(home, "next", "true")
    for name in ("work", "next"):
        settle(home, name)
    execs.run(home, "validate")
    drop(home, "one.json", '{"task": "work", "dedupe_key": "once", "dedupe_ttl": "1h"}')
    return home


@pytest.mark.slow
def test_execs_that_are_killed_let_each_follow_exactly_once(tmp_path: Path) -> None:
    """Or, where nobody saw the run end, not at all, as it did not succeed; a command never twice.

    tests/runner/test_follow.py kills at every step of settling; here it is every few steps of a whole exec.
    """
    seen = []
    for step, home in stages.at_each(range(3, 2000, STRIDE), tmp_path, set_up):
        killed, what = execs.kill_at(home, step)
        if not killed:
            break
        execs.run(home, "exec")
        (ended,) = outcomes(home, "work")
        commands = tmp_path / "commands"
        times = len(commands.read_text().split()) if commands.exists() else 0
        where = f"step {step}: {what}"
        runs = outcomes(home, "next")
        lost = runs.count("lost")
        if ended == "succeeded":
            assert len(runs) == 2, f"{where}: {runs}"
            assert times <= 1, where
            begun = [event for event in events(home, "not_followed") if event["reason"] == "command_failed"]
            assert times == 1 or begun, f"{where}: the command did not run, and nobody says so"
        else:
            assert (ended, len(runs), times) == ("lost", 1, 0), where
        assert lost <= 1, where
        left = {place: names for place, names in everything(home).items() if place != "dead"}
        assert left == {}, where
        seen.append(ended)
    assert "succeeded" in seen


@pytest.mark.slow
def test_a_chain_of_200_in_one_exec(tmp_path: Path) -> None:
    """As deep as the settings allow, and one trace through all of it."""
    home = make_home(tmp_path)
    Path(home.config).write_text("follow_ups: {depth: 199}\n")
    for number in range(200):
        more = f"on_success: [{{run: t{number + 1}}}]\n" if number < 199 else ""
        command_task(home, f"t{number}", "true", more=more)
        settle(home, f"t{number}")
    execs.run(home, "validate")
    drop(home, "t0")
    ran = execute(home)["runs"]
    assert [run["task"] for run in ran] == [f"t{number}" for number in range(200)]
    (last,), (first,) = records(home, "t199"), records(home, "t0")
    assert (last["trace_id"], last["origin"]["depth"]) == (first["request_id"], 199)
