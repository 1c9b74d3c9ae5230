"""exec as its schedulers call it: order, lanes, alarms, signals, holds, and what it costs to find nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from clodputer.store import holds
from clodputer.store.holds import Hold, Target
from clodputer.store.home import Home
from clodputer.store.spool import aside
from tests.wait import at_some_pace, until
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
    records,
    start,
    write_secrets,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose task `note` writes its prompt's text to a file."""
    made = make_home(tmp_path)
    command_task(
        made, "note", "/bin/sh", "-c", f"cat >> {tmp_path}/notes", more='prompt: "{{ context.word }} "\n'
    )
    return made


def waiting_task(home: Home, name: str, folder: Path, more: str = "") -> None:
    """A task that says that it began, and ends when told to."""
    script = f"echo $$ > {folder}/{name}.began; while [ ! -e {folder}/{name}.go ]; do sleep 0.02; done"
    command_task(home, name, "/bin/sh", "-c", script, more=more)


def test_order(home: Home, tmp_path: Path) -> None:
    """Priority first, then age, whatever the files are called."""
    for number, (word, priority) in enumerate([("c", 3), ("e", 1), ("a", 5), ("d", 3), ("b", 4)]):
        drop(
            home,
            f"{9 - number}.json",
            json.dumps({"task": "note", "priority": priority, "context": {"word": word}}),
        )
    assert len(execute(home)["runs"]) == 5
    assert (tmp_path / "notes").read_text().split() == ["a", "b", "c", "d", "e"]


def test_an_urgent_arrival_runs_next(home: Home, tmp_path: Path) -> None:
    """What is dropped while a run goes on is taken in between two runs, without another exec."""
    waiting_task(home, "slow", tmp_path, "priority: 5\n")
    drop(home, "slow")
    drop(home, "a.json", '{"task": "note", "context": {"word": "usual"}}')
    running = start(home, "exec")
    until((tmp_path / "slow.began").exists)
    drop(home, "b.json", '{"task": "note", "priority": 5, "context": {"word": "urgent"}}')
    (tmp_path / "slow.go").touch()
    running.communicate(timeout=100)
    assert (tmp_path / "notes").read_text().split() == ["urgent", "usual"]


def test_an_alarm_drops_one_request(home: Home, tmp_path: Path) -> None:
    """`exec --task` runs the task; a second alarm while the first one's run goes on is coalesced, and logged."""
    waiting_task(home, "slow", tmp_path)
    running = start(home, "exec", "--task", "slow")
    until((tmp_path / "slow.began").exists)
    assert execute(home, "--task", "slow")["coalesced"] == 1
    (tmp_path / "slow.go").touch()
    running.communicate(timeout=100)
    assert [record["trigger"] for record in records(home, "slow")] == ["alarm"]
    assert len(events(home, "coalesced")) == 1
    assert len(execute(home, "--task", "slow")["runs"]) == 1


def test_an_alarm_of_a_disabled_task_is_skipped(home: Home) -> None:
    """A disabled task stays quiet, without an error every night; a misspelt one is an error."""
    command_task(home, "off", "/bin/true", more="enabled: false\n")
    assert execute(home, "--task", "off")["runs"] == []
    assert events(home, "skipped")[0]["task"] == "off"
    _, stderr = clodputer(home, "exec", "--task", "ofF-", status=1)
    assert "there is no task" in stderr


def test_a_hold_stops_the_lane_but_not_the_intake(home: Home, tmp_path: Path) -> None:
    """Under a hold `new/` is emptied all the same, nothing runs, and at its end all of it does."""
    holds.place(home, Target("lane", "default"), Hold("pause", "", None, None))
    drop(home, "a.json", '{"task": "note", "context": {"word": "x"}}')
    assert execute(home)["runs"] == []
    assert list(everything(home)) == ["default/queue/3"]
    Path(home.holds, "lane.default.json").unlink()
    assert len(execute(home)["runs"]) == 1


def test_a_delayed_request_runs_at_its_time(home: Home) -> None:
    """An exec before its time leaves it; one after it runs it."""

    def holds(unit: float) -> None:
        at = time.time() + 5 * unit
        drop(home, "a.json", json.dumps({"task": "note", "not_before": at, "context": {"word": "x"}}))
        assert execute(home)["runs"] == []
        assert list(everything(home)) == ["default/delayed"]
        assert until(lambda: execute(home)["runs"])
        assert time.time() >= at

    at_some_pace(holds)


def test_an_expired_request_is_kept(home: Home) -> None:
    """It is not run, and stands in dead/ with its reason."""
    drop(home, "a.json", '{"task": "note", "expires_at": "2020-01-01T00:00:00Z"}')
    assert execute(home)["runs"] == []
    assert "expired" in aside.read(home.dead, aside.names(home.dead)[0]).message
    assert events(home, "buried")[0]["reason"] == "expired"


def test_a_file_still_being_written_is_waited_for(home: Home) -> None:
    """A drop that is only half there when exec comes is run by that same exec once it is whole."""
    lock = Path(home.spool, "intake.lock")

    def holds(unit: float) -> None:
        lock.unlink(missing_ok=True)
        with Path(home.new, f"slow-{unit:g}.json").open("w") as file:
            file.write('{"task": "note", ')
            running = start(home, "exec")

            def taking_in() -> bool:
                # Nobody has waited for it for long, however slowly exec starts.
                file.write(" ")
                file.flush()
                return lock.exists()

            until(taking_in)
            file.write('"context": {"word": "whole"}}')
        running.communicate(timeout=100)
        assert outcomes(home, "note") == ["succeeded"]

    # A writer that stands still for two seconds is not waited for.
    at_some_pace(holds)


def test_a_task_broken_while_its_request_waits(home: Home) -> None:
    """The request is kept in dead/ with every problem of the task file."""
    holds.place(home, Target("lane", "default"), Hold("pause", "", None, None))
    drop(home, "a.json", '{"task": "note", "context": {"word": "x"}}')
    execute(home)
    Path(home.tasks, "note.yaml").write_text("agent: command\ncomand: [x]\n")
    Path(home.holds, "lane.default.json").unlink()
    execute(home)
    assert "did you mean 'command'" in aside.read(home.dead, aside.names(home.dead)[0]).message


def test_a_missing_variable_is_named(home: Home) -> None:
    """The record says which variable of which file, and how to set it."""
    command_task(home, "needs", "/bin/true", more='prompt: "{{ env.NOT_THERE }}"\n')
    drop(home, "needs")
    execute(home)
    record = records(home, "needs")[0]
    assert record["reason"] == "not_started"
    for part in ("env.NOT_THERE", "needs.yaml", "secrets.env"):
        assert part in record["message"]


def test_a_working_directory_that_is_not_there(home: Home) -> None:
    """A clear record, not a stack trace."""
    command_task(home, "lost", "/bin/true", more="working_directory: /nowhere/at/all\n")
    drop(home, "lost")
    execute(home)
    assert "/nowhere/at/all" in records(home, "lost")[0]["message"]


def test_a_check_is_contained_like_a_run(home: Home, tmp_path: Path) -> None:
    """`command_succeeds` decides the outcome, sees the task's environment, and leaves nothing behind either."""
    check = f"setsid tail -f /dev/null & echo $! > {tmp_path}/left; [ $WANTED = $(cat {tmp_path}/made) ]"
    more = f"env: {{WANTED: good}}\nexpect: {{command_succeeds: [/bin/sh, -c, {json.dumps(check)}]}}\n"
    for word in ("good", "bad"):
        command_task(home, word, "/bin/sh", "-c", f"echo {word} > {tmp_path}/made", more=more)
        drop(home, word)
        execute(home)
        assert not alive(int((tmp_path / "left").read_text()))
    assert outcomes(home, "good") == ["succeeded"]
    (record,) = records(home, "bad")
    assert (record["reason"], record["expect"][0]["ok"]) == ("expect_unmet", False)


def test_nothing_to_do_says_nothing(home: Home) -> None:
    """An idle exec prints nothing and exits 0; without a home it says what to do."""
    assert clodputer(home, "exec") == ("", "")
    nowhere = Home(home.root + "-nowhere")
    _, stderr = clodputer(nowhere, "exec", status=1)
    assert "clodputer init" in stderr


def test_secrets_are_masked_wherever_a_run_is_told(home: Home, tmp_path: Path) -> None:
    """Neither `exec --json` nor `run --json` nor any file shows what the program printed of a secret; names stay whole."""
    write_secrets(home, "KEY=note\nOTHER=hunter2hunter2\n")
    script = "echo oops $OTHER >&2; echo got $OTHER $KEY"
    command_task(
        home, "note", "/bin/sh", "-c", script, more="env: {OTHER: '{{ env.OTHER }}', KEY: '{{ env.KEY }}'}\n"
    )
    drop(home, "note.json", '{"task": "note", "context": {"told": "a hunter2hunter2 too"}}')
    stdout, _ = clodputer(home, "exec", "--json")
    more, _ = clodputer(home, "run", "note", "--json")
    for text in (stdout, more, *(path.read_text() for path in Path(home.runs).rglob("*") if path.is_file())):
        assert "hunter2" not in text
    assert [record["result"] for record in records(home, "note")] == ["got *** ***"] * 2
    assert {record["task"] for record in records(home, "note")} == {"note"}
    assert "hunter2" not in Path(home.log).read_text()


def test_broken_settings_lose_nothing(home: Home) -> None:
    """With a mistake in config.yaml exec says so and fails; the drop stays, and runs once it is fixed."""
    Path(home.config).write_text("cluade: /x\n")
    drop(home, "a.json", '{"task": "note", "context": {"word": "x"}}')
    _, stderr = clodputer(home, "exec", status=1)
    assert "did you mean 'claude'" in stderr
    assert list(everything(home)) == ["new"]
    Path(home.config).write_text("")
    assert len(execute(home)["runs"]) == 1


def test_what_a_run_leaves(home: Home) -> None:
    """A program that is asked nothing has no prompt, and reads an empty stdin."""
    command_task(home, "plain", "/bin/sh", "-c", "cat; echo done")
    drop(home, "plain")
    execute(home)
    (run,) = Path(home.runs, "plain").iterdir()
    left = {"request.json", "dropped", "process.json", "stdout", "stderr", "record.json"}
    assert {path.name for path in run.iterdir()} == left
    assert (run / "stdout").read_text() == "done\n"
