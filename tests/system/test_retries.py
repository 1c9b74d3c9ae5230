"""Failed runs are tried again: how often, when, with what they are told, and what is left at the end; by real execs."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.spool.placename import parse_place
from clodputer.store.spool.requests import attempts
from tests import stages
from tests.slots import make_due, settle
from tests.system import execs
from tests.workshop import (
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
    write_task,
)

pytest_plugins = ["tests.fakes.fixtures"]

# Fails in so many runs as its file `left` says, and then succeeds; counts its runs and keeps what it was asked.
SCRIPT = """
cat >> "$1/prompts"; echo >> "$1/prompts"
echo x >> "$1/runs"
left=$(cat "$1/left")
[ "$left" = 0 ] && { echo done; exit 0; }
echo $((left - 1)) > "$1/left"
echo "half of the work"
exit "${2:-1}"
"""


def set_up(folder: Path, left: int, more: str = "", status: int = 1) -> tuple[Home, Path]:
    """A home whose task `work` fails in its first `left` runs, and the folder with the program's traces."""
    home, traces = make_home(folder), folder / "traces"
    traces.mkdir()
    (traces / "left").write_text(f"{left}\n")
    script = program(folder, "script", SCRIPT)
    command_task(home, "work", str(script), str(traces), str(status), more=more)
    settle(home, "work")
    return home, traces


def checked(left: int, more: str, folder: Path) -> tuple[Home, Path]:
    """The same, its task file already checked once."""
    home, traces = set_up(folder, left, more)
    execs.run(home, "validate")
    return home, traces


def until_quiet(home: Home, most: int = 10) -> None:
    """Exec, and let time pass, until nothing waits any more."""
    for _ in range(most):
        execute(home)
        if not make_due(home):
            return
    pytest.fail(f"it goes on: {everything(home)}")


def buried(home: Home) -> aside.Reason:
    """The reason of the only dead request."""
    (name,) = aside.names(home.dead)
    return aside.read(home.dead, name)


def test_the_second_attempt_succeeds(tmp_path: Path) -> None:
    """It waits for its time, is told what the first one left, and the records are linked."""
    prompt = (
        "prompt: '{% for one in attempts %}{{ one.number }} {{ one.outcome }} {{ one.reason }} {{ one.result }}"
        "{% endfor %}'\nretry: {max_attempts: 3, wait: 1h, jitter: false}\n"
    )
    home, traces = set_up(tmp_path, 1, prompt)
    drop(home, "one.json", '{"task": "work"}')
    before = os.stat(home.log).st_mtime if os.path.exists(home.log) else 0.0
    execute(home)
    (waiting,) = everything(home)["default/delayed"]
    place = parse_place(waiting)
    (first,) = records(home, "work")
    assert place is not None
    assert abs(place.microseconds / 1e6 - first["effects"][-1]["at"]) < 1 > before - place.microseconds / 1e6
    request = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"][0]
    assert (request["attempt"], request["waits"]["reason"], request["state"]) == (2, "retry", "delayed")
    execute(home)
    assert outcomes(home, "work") == ["failed"], "its time has not come"
    make_due(home)
    execute(home)
    first, second = records(home, "work")
    assert (first["outcome"], second["outcome"]) == ("failed", "succeeded")
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert (first["retry_of"], second["retry_of"]) == ("", first["run_id"])
    assert first["request_id"] == second["request_id"]
    assert (traces / "prompts").read_text() == "\n1 failed exit_status half of the work\n"
    assert everything(home) == {}
    assert attempts.ids(home) == set()


def test_after_the_last_attempt_the_story_is_kept(tmp_path: Path) -> None:
    """Three attempts and no more; the story of all of them is beside the request in dead/, and `show` tells it."""
    home, traces = set_up(tmp_path, 9, "on_failure: [{retry: {max_attempts: 3, backoff: fixed}}]\n")
    drop(home, "one.json", '{"task": "work", "id": "abcd1234"}')
    until_quiet(home)
    assert outcomes(home, "work") == ["failed"] * 3
    assert [one["attempt"] for one in records(home, "work")] == [1, 2, 3]
    reason = buried(home)
    assert [(run.attempt, run.reason) for run in reason.attempts] == [
        (number, "exit_status") for number in (1, 2, 3)
    ]
    assert "It was tried 3 times." in reason.message
    told = json.loads(clodputer(home, "show", "dead/abcd1234.one.json", "--json")[0])["data"]
    assert [run["attempt"] for run in told["attempts"]] == [1, 2, 3]
    assert "3. failed (exit_status)" in clodputer(home, "show", "dead/abcd1234.one.json")[0]
    assert (traces / "runs").read_text().count("x") == 3
    assert attempts.ids(home) == set()
    clodputer(home, "retry", "abcd1234")
    execute(home)
    assert records(home, "work")[-1]["attempt"] == 1, "a person begins anew"


def test_nothing_is_retried_unasked(tmp_path: Path) -> None:
    """A program that failed may have done half of its work."""
    home, _ = set_up(tmp_path, 9)
    drop(home, "one.json", '{"task": "work"}')
    until_quiet(home)
    assert outcomes(home, "work") == ["failed"]
    assert everything(home) == {}


def test_a_wrong_configuration_is_never_retried(tmp_path: Path) -> None:
    """Exit status 78 says so (sysexits.h)."""
    home, _ = set_up(tmp_path, 9, "retry: {max_attempts: 5}\n", status=78)
    drop(home, "one.json", '{"task": "work"}')
    until_quiet(home)
    (record,) = records(home, "work")
    assert (record["outcome"], record["reason"]) == ("failed", "config")


def test_a_program_says_when_to_come_back(tmp_path: Path) -> None:
    """By `retry_after` in its last line."""
    home = make_home(tmp_path)
    script = program(tmp_path, "script", "echo '{\"retry_after\": 7200}'; exit 1")
    command_task(home, "work", str(script), more="retry: {max_attempts: 2, wait: 1s}\n")
    drop(home, "work")
    execute(home)
    (record,) = records(home, "work")
    assert record["effects"][-1]["at"] - record["effects"][-1]["since"] == 7200


def test_what_lies_elsewhere_is_retried_by_default(tmp_path: Path, fake_claude: Path) -> None:
    """An API that cannot be reached: five attempts, without a word in the task."""
    home = make_home(tmp_path)
    Path(home.config).write_text(f"claude: {fake_claude}\n")
    write_task(home, "work", "prompt: '@fake api_error overloaded 529'\n")
    drop(home, "work")
    until_quiet(home)
    assert [one["reason"] for one in records(home, "work")] == ["overloaded"] * 5
    assert buried(home).code == "overloaded"


def test_a_lost_run_is_retried_when_its_task_says_so(tmp_path: Path) -> None:
    """`on: exec_died`: its task knows that it may be run twice."""
    home, _ = set_up(tmp_path, 0, "retry: {on: exec_died}\n")
    execs.run(home, "validate")
    drop(home, "one.json", '{"task": "work"}')
    assert execs.kill_at(home, "rename record.json")[0]
    execs.run(home, "exec")
    assert outcomes(home, "work") == ["lost"]
    make_due(home)
    execs.run(home, "exec")
    assert outcomes(home, "work") == ["lost", "succeeded"]
    assert records(home, "work")[-1]["retry_of"] == records(home, "work")[0]["run_id"]
    assert everything(home) == {}


def test_one_that_waits_for_its_attempt_can_be_cancelled(tmp_path: Path) -> None:
    home, traces = set_up(tmp_path, 9, "retry: {max_attempts: 3}\n")
    drop(home, "one.json", '{"task": "work", "id": "abcd1234"}')
    execute(home)
    clodputer(home, "cancel", "abcd1234")
    until_quiet(home)
    assert (traces / "runs").read_text().count("x") == 1
    assert attempts.ids(home) == set()
    assert len(aside.names(home.closed)) == 1


def test_a_lost_file_forgets_no_attempt(tmp_path: Path) -> None:
    """Whoever empties spool/attempts gains nothing: the records tell how often it was tried."""
    home, traces = set_up(tmp_path, 9, "retry: {max_attempts: 3}\n")
    drop(home, "one.json", '{"task": "work", "id": "abcd1234"}')
    for _ in range(6):
        execute(home)
        attempts.forget(home, "abcd1234")
        make_due(home)
    assert (traces / "runs").read_text().count("x") == 3
    assert len(buried(home).attempts) == 3


def test_a_request_for_a_task_that_is_gone_keeps_its_story(tmp_path: Path) -> None:
    """The gates refuse it before its second attempt."""
    home, _ = set_up(tmp_path, 9, "retry: {max_attempts: 3}\n")
    drop(home, "one.json", '{"task": "work", "id": "abcd1234"}')
    execute(home)
    os.unlink(f"{home.tasks}/work.yaml")
    make_due(home)
    execute(home)
    assert [run.reason for run in buried(home).attempts] == ["exit_status"]


@pytest.mark.slow
def test_killed_at_every_step(tmp_path: Path) -> None:
    """Whatever the step: never lost, never doubled, no attempt counted twice, and never more attempts than are allowed."""
    seen: set[str] = set()
    stage = partial(checked, 9, "retry: {max_attempts: 2, on: [exit_status]}\n")
    for step, (home, traces) in stages.at_each(range(1, 1000), tmp_path, stage):
        drop(home, "one.json", '{"task": "work", "id": "abcd1234"}')
        killed, what = execs.kill_at(home, step)
        assert_sound(home, traces, f"step {step}: {what}")
        for _ in range(4):
            execs.run(home, "exec")
            assert_sound(home, traces, f"after step {step}: {what}")
            make_due(home)
        ended = outcomes(home, "work")
        places = everything(home)
        assert list(places) == ["dead"], f"step {step}: {what}: {places}"
        assert ended in (["failed", "failed"], ["lost"]), f"step {step}: {what}: {ended}"
        told: Any = [one["attempt"] for one in records(home, "work")]
        assert told == list(range(1, len(ended) + 1)), f"step {step}: {what}"
        assert [run.attempt for run in buried(home).attempts] in ([1, 2], []), f"step {step}: {what}"
        assert attempts.ids(home) == set(), f"step {step}: {what}"
        seen.add(ended[0])
        if not killed:
            break
    assert seen == {"failed", "lost"}


# The steps of settling at which the first exec is killed.
FIRST = ["rename record.json", "rename attempts", "rename waits", "rename delayed"]


@pytest.mark.slow
@pytest.mark.parametrize("first", FIRST)
def test_killed_again_while_the_retry_is_settled(tmp_path: Path, first: str) -> None:
    """The exec that repeats the settling is killed as well.

    Each moment takes every other step, two of them the odd and two the even ones, as the repetition is the same for all.
    """
    stage = partial(checked, 1, "retry: {max_attempts: 2, on: [exit_status, exec_died]}\n")
    for again, (home, traces) in stages.at_each(range(1 + FIRST.index(first) % 2, 1000, 2), tmp_path, stage):
        drop(home, "one.json", '{"task": "work", "id": "abcd1234"}')
        assert execs.kill_at(home, first)[0]
        killed, what = execs.kill_at(home, again)
        for _ in range(3):
            execs.run(home, "exec")
            assert_sound(home, traces, f"killed at {first}, then at {what}")
            make_due(home)
        assert [one["attempt"] for one in records(home, "work")] == [1, 2], what
        assert outcomes(home, "work")[-1] == "succeeded", what
        assert everything(home) == {}, what
        if not killed:
            return
    pytest.fail("it has no end")


def assert_sound(home: Home, traces: Path, step: str) -> None:
    """The request is in one place, and was run no more often than the records and the slot account for."""
    places = everything(home)
    files = [
        name
        for names in places.values()
        for name in names
        if "one.json" in name and not name.endswith(".reason.json") and not name.startswith(".")
    ]
    finished = list(Path(home.runs).glob("work/*/dropped.json"))
    assert len(files) + len(finished) == 1, f"{step}: {places}"
    ran = (traces / "runs").read_text().count("x") if (traces / "runs").exists() else 0
    assert ran <= 2, f"{step}: ran {ran} times"
    assert {event["event"] for event in events(home)} <= {
        "queued",
        "started",
        "finished",
        "promoted",
        "recovered",
        "swept",
    }, step
