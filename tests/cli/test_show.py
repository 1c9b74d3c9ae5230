"""`clodputer show`: finds a run by any handle, and tells all there is to know of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Optional

import pytest

from clodputer.cli.commands.show import show
from clodputer.model import outcome
from clodputer.model.request import Request
from clodputer.model.run import Report
from clodputer.model.text.mask import Masker
from clodputer.model.text.moment import parse_moment
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.store.computer import zone
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import aside, slot
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.slot import Slot
from tests.cli.past import NOW, past_run
from tests.workshop import clodputer, write_secrets, write_task


def test_a_succeeded_run(home: Home) -> None:
    """Outcome, figures, result, prompt and files, and no lines about what did not happen."""
    run_id, _ = past_run(home, "nightly", "aaaa1111")
    stdout, stderr = clodputer(home, "show", "nightly")
    assert stderr == ""
    assert stdout.splitlines()[0] == "nightly succeeded after 1m 3s"
    for part in (
        "3 turns, $0.0123, some-model",
        "All is well.",
        "Do the thing.",
        "request.json",
        "record.json",
        run_id,
    ):
        assert part in stdout
    for part in ("swept", "denied", "remedy", "message", "None"):
        assert part not in stdout


def test_a_failed_run_says_what_to_do(home: Home) -> None:
    """Reason, message, remedy, refused calls and what was swept."""
    denial = {"tool_name": "Bash", "tool_input": {"command": "rm -rf \x1b[2J"}}
    report = Report(outcome.of("denied", "Bash was refused."), permission_denials=(denial,))
    past_run(
        home, "nightly", "aaaa1111", report=report, swept=[{"pid": 77, "command": "sleep 9", "alive": False}]
    )
    stdout, _ = clodputer(home, "show", "nightly")
    assert "nightly failed after" in stdout
    assert f"denied: {outcome.REASONS['denied'].meaning}" in stdout
    assert "Bash was refused." in stdout
    assert outcome.REASONS["denied"].remedy in stdout
    assert "Bash: {" in stdout
    assert "sleep 9 (pid 77)" in stdout
    assert "\x1b" not in stdout


@pytest.mark.parametrize("code", sorted(outcome.REASONS))
def test_every_reason_can_be_shown(home: Home, code: str) -> None:
    run_id, _ = past_run(home, "nightly", "aaaa1111", report=Report(outcome.of(code, "a message")))
    # Wrapped or not, as wide as the terminal is that the tests run in.
    text = " ".join(show({"CLODPUTER_HOME": home.root}, "nightly").text.split())
    assert outcome.REASONS[code].outcome in text
    assert outcome.remedy(code, run_id) in text or outcome.REASONS[code].outcome == "succeeded"
    assert "See the message." not in text
    assert "show RUN" not in text


def test_json_has_the_record(home: Home) -> None:
    run_id, record = past_run(home, "nightly", "aaaa1111")
    envelope = json.loads(clodputer(home, "show", "nightly", "--json")[0])
    data = envelope["data"]
    assert envelope["ok"] is True
    assert data["record"] == record
    assert (data["task"], data["run_id"], data["prompt"]) == ("nightly", run_id, "Do the thing.\n")
    assert {file["name"] for file in data["files"]} == {"request.json", "record.json", "prompt.txt"}


def test_a_run_that_failed_is_shown_with_exit_code_0(home: Home) -> None:
    """Showing worked: what the run did is in the record."""
    past_run(home, "nightly", "aaaa1111", report=Report(outcome.of("auth")))
    assert json.loads(clodputer(home, "show", "nightly", "--json")[0])["ok"] is True


def test_every_handle_of_a_run(home: Home) -> None:
    """Its id, the unique beginning or end of it, its request's id; a task means the latest."""
    first, _ = past_run(home, "nightly", "aaaa1111", NOW)
    second, _ = past_run(home, "nightly", "bbbb2222", NOW + 100)
    other, _ = past_run(home, "greet", "cccc3333", NOW + 90_000)
    for handle, wanted in (
        (first, first),
        ("aaaa1111", first),
        ("1111", first),
        ("b2222", second),
        (first[:15], first),
        (other[:8], other),
        ("nightly", second),
        ("greet", other),
    ):
        data = json.loads(clodputer(home, "show", handle, "--json")[0])["data"]
        assert data["run_id"] == wanted, handle


def test_a_request_means_its_latest_attempt(home: Home) -> None:
    past_run(home, "nightly", "aaaa1111", NOW)
    latest, _ = past_run(home, "nightly", "aaaa1111", NOW + 100)
    assert json.loads(clodputer(home, "show", "aaaa1111", "--json")[0])["data"]["run_id"] == latest


def test_json_has_the_story_of_the_request(home: Home) -> None:
    """All its runs that have ended, whichever of them is shown; and where it lies, when it was given up."""
    failed = Report(outcome.of("offline", "No network."), result={"done": "half"})
    first, _ = past_run(home, "nightly", "aaaa1111", NOW, failed)
    second, _ = past_run(home, "nightly", "aaaa1111", NOW + 100, attempt=2, retry_of=first)
    past_run(home, "nightly", "bbbb2222", NOW + 50)
    data = json.loads(clodputer(home, "show", first, "--json")[0])["data"]
    assert [(one["run_id"], one["attempt"], one["reason"]) for one in data["attempts"]] == [
        (first, 1, "offline"),
        (second, 2, "completed"),
    ]
    assert (data["attempts"][0]["message"], data["attempts"][0]["result"]) == (
        "No network.",
        '{"done": "half"}',
    )
    assert data["set_aside"] is None
    dead = Path(home.dead, "aaaa1111.x.json")
    dead.write_text('{"task": "nightly"}')
    aside.write(str(dead), Reason("offline", "It was given up.", "aaaa1111", "nightly", "x.json", NOW))
    told = json.loads(clodputer(home, "show", second, "--json")[0])["data"]["set_aside"]
    assert (told["place"], told["code"], told["path"]) == ("dead", "offline", str(dead))


def test_several_that_fit_are_listed(home: Home) -> None:
    first, _ = past_run(home, "nightly", "aaaa1111", NOW)
    second, _ = past_run(home, "nightly", "bbbb2222", NOW + 100)
    _, stderr = clodputer(home, "show", first[:8], status=1)
    assert "2 runs fit" in stderr
    assert first in stderr
    assert second in stderr


def test_nothing_fits(home: Home) -> None:
    """A near name is offered, and the latest runs."""
    run_id, _ = past_run(home, "nightly", "aaaa1111")
    _, stderr = clodputer(home, "show", "nigthly", status=1)
    assert "no run and no task fits 'nigthly' (did you mean 'nightly'?)" in stderr
    assert f"{run_id} (nightly)" in stderr
    _, stderr = clodputer(home, "show", "", status=1)
    assert "no run and no task fits ''" in stderr


def test_a_task_that_has_not_run(home: Home) -> None:
    write_task(home, "nightly", "prompt: do it\n")
    _, stderr = clodputer(home, "show", "nightly", status=1)
    assert stderr.startswith(
        "error: task nightly has not run yet\nRun it with: clodputer run nightly, or ask"
    )
    assert stderr.endswith("clodputer why nightly\n")


def unfinished_run(home: Home, who: list[Any], marked: bool = True) -> str:
    """A run without a record whose processes are `who`; in the slot, if it is marked there."""
    run_id = runs.new_id(NOW, "aaaa1111")
    folder = runs.make(home, "nightly", run_id, Request("aaaa1111", "nightly", NOW), Masker())
    facts = {"started_at": "2026-09-21T14:13:20.000Z", "processes": who}
    runs.write_json(f"{folder}/process.json", facts, durable=False)
    if marked:
        slot.mark(home, Slot("default", 0), "nightly", run_id)
    return run_id


def test_a_run_without_a_record(home: Home) -> None:
    """Whether it goes on is seen by its processes and its place in the slot, without touching the slot's lock."""
    itself = tree.identity(os.getpid())
    run_id = unfinished_run(home, [itself])
    stdout, _ = clodputer(home, "show", "nightly")
    assert f"nightly {run_id} is being run now" in stdout
    assert str(os.getpid()) in stdout
    # In local time, as everywhere.
    assert f"started    {zone.wall(parse_moment('2026-09-21T14:13:20Z', NOW))}, " in stdout
    data = json.loads(clodputer(home, "show", "nightly", "--json")[0])["data"]
    assert (data["record"], data["prompt"], data["unfinished"]["state"]) == (None, None, "running")


@pytest.mark.parametrize(
    ("marked", "state", "words"),
    [(True, "interrupted", "then the next exec settles it"), (False, "lost", "no process is working on it")],
)
def test_a_run_that_nobody_is_at(home: Home, marked: bool, state: str, words: str) -> None:
    unfinished_run(home, [[os.getpid(), "another start", 1]], marked)
    result = show({"CLODPUTER_HOME": home.root}, "nightly")
    assert result.data["unfinished"]["state"] == state
    assert words in " ".join(result.text.split())


def test_a_run_that_goes_on_although_its_exec_died(home: Home) -> None:
    """Nobody watches it any more, so it is not said to be run."""
    me = tree.identity(os.getpid())
    assert me is not None
    run_id = unfinished_run(home, [me], marked=False)
    slot.mark(
        home, Slot("default", 0), "nightly", run_id, recorded.written(me._replace(started="another boot/1"))
    )
    result = show({"CLODPUTER_HOME": home.root}, "nightly")
    assert result.data["unfinished"]["state"] == "abandoned"
    assert "its exec died" in result.text
    assert "clodputer exec" in result.text


@pytest.mark.parametrize("content", ["{torn", "[]", '{"task": "nightly"}', None])
def test_a_broken_record(home: Home, content: Optional[str]) -> None:
    """It is said what is wrong with it, and the rest is shown."""
    run_id, _ = past_run(home, "nightly", "aaaa1111", duration_seconds="long")
    path = Path(runs.folder(home, "nightly", run_id), "record.json")
    if content is not None:
        path.write_text(content)
    result = show({"CLODPUTER_HOME": home.root}, "nightly")
    assert "has a record that cannot be read" in result.text
    assert str(path) in " ".join(result.text.split())
    assert "Do the thing." in result.text
    assert result.data["record"] is None
    assert str(path) in result.data["record_problem"]


def test_a_task_has_earlier_runs(home: Home) -> None:
    """The latest three in a line each, and how many more there are; a run id shows only that run."""
    run_id = ""
    for number in range(6):
        run_id, _ = past_run(home, "nightly", f"aaaa111{number}", NOW + number)
    text = show({"CLODPUTER_HOME": home.root}, "nightly").text
    assert "aaaa1114  succeeded after 1m 3s" in text
    assert "aaaa1111" not in text
    assert "and 2 more in" in text
    assert "Earlier" not in show({"CLODPUTER_HOME": home.root}, run_id).text


def test_secrets_are_masked(home: Home) -> None:
    """Even those that became secret after the run had written them."""
    run_id, _ = past_run(
        home, "nightly", "aaaa1111", report=Report(outcome.of("completed"), result="key sk-12345678")
    )
    Path(runs.folder(home, "nightly", run_id), "prompt.txt").write_text("use sk-12345678\n")
    write_secrets(home, "KEY=sk-12345678\n")
    for option in ([], ["--json"]):
        stdout, _ = clodputer(home, "show", "nightly", *option)
        assert "sk-12345678" not in stdout
        assert "***" in stdout


def test_long_texts_are_shortened_and_say_where_the_rest_is(home: Home) -> None:
    run_id, _ = past_run(
        home, "nightly", "aaaa1111", report=Report(outcome.of("completed"), result="line\n" * 500)
    )
    stdout, _ = clodputer(home, "show", "nightly")
    assert len(stdout.splitlines()) < 60
    assert f"(shortened; all of it is in {runs.folder(home, 'nightly', run_id)}/record.json)" in stdout


def test_a_result_that_is_no_text_is_shown_as_json(home: Home) -> None:
    past_run(home, "nightly", "aaaa1111", report=Report(outcome.of("completed"), result={"done": True}))
    assert '"done": true' in clodputer(home, "show", "nightly")[0]


def test_prose_fits_a_narrow_terminal_and_stays_whole_in_a_pipe(home: Home) -> None:
    """In a pipe a message is one line, so that grep finds it; COLUMNS asks for lines of that width."""
    words = "some words that say at length what happened and where it happened, for anybody who reads them"
    past_run(home, "nightly", "aaaa1111", report=Report(outcome.of("exit_status", words)))
    assert words in clodputer(home, "show", "nightly")[0]
    narrow, _ = clodputer(home, "show", "nightly", extra={"COLUMNS": "50"})
    assert words not in narrow
    message = narrow[narrow.index("  message") : narrow.index("  remedy")]
    assert max(map(len, message.splitlines())) <= 50
    assert " ".join(message.split()[1:]) == words
