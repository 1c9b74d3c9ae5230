"""precheck and verify around a run: each answer, its record, what was started, and what is left of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.runner.watched import Watched
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    program,
    records,
    write_secrets,
    write_task,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh home."""
    return make_home(tmp_path)


def ran(home: Home, work: str = "touch done", **keys: Any) -> dict[str, Any]:
    """The record of a run of the task `work`, in a working directory of its own; its program does `work`."""
    folder = Path(home.root).parent
    fields = {
        "agent": "command",
        "command": ["/bin/sh", "-c", f"touch started; {work}"],
        "working_directory": str(folder),
        **keys,
    }
    write_task(home, "work", json.dumps(fields))
    drop(home, "work")
    execute(home)
    return records(home, "work")[-1]


def sh(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def started(home: Home) -> bool:
    return (Path(home.root).parent / "started").exists()


def looks(record: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(one["check"], one["ok"]) for one in record["proof"]]


def test_what_was_false_and_is_true_is_proven(home: Home) -> None:
    record = ran(home, verify=["test", "-e", "done"])
    assert (record["outcome"], record["reason"]) == ("succeeded", "completed")
    assert looks(record) == [("verify_before", False), ("verify_after", True)]
    assert "proven" in clodputer(home, "show", record["run_id"])[0]


def test_what_is_true_already_starts_nothing(home: Home) -> None:
    record = ran(home, verify=["true"])
    assert (record["outcome"], record["reason"], record["cost_usd"]) == ("skipped", "satisfied", 0.0)
    assert looks(record) == [("verify_before", True)]
    assert (record["argv"], record["session_id"], started(home)) == ([], "", False)
    assert everything(home) == {}


def test_what_is_still_false_is_no_success(home: Home) -> None:
    record = ran(home, verify=sh("echo not yet; exit 3"))
    assert (record["outcome"], record["reason"]) == ("failed", "unproven")
    assert "status 3. It said: not yet" in record["message"]
    assert record["proof"][1]["output"] == "not yet\n"
    assert started(home)
    assert "not yet" in clodputer(home, "show", record["run_id"])[0]


@pytest.mark.parametrize("verify", [["no-such-program"], ["./no-such"], sh("kill -9 $$")])
def test_what_cannot_be_asked_starts_nothing(home: Home, verify: list[str]) -> None:
    record = ran(home, verify=verify)
    assert (record["reason"], started(home), record["cost_usd"]) == ("unproven", False, 0.0)


def test_verify_is_asked_when_all_else_went_well(home: Home) -> None:
    """Neither after a run that failed, nor when an expectation did not hold."""
    looked = sh("echo x >> looked; exit 1")
    assert ran(home, "exit 4", verify=looked)["reason"] == "exit_status"
    assert ran(home, verify=looked, expect={"file_exists": "nowhere"})["reason"] == "expect_unmet"
    assert (Path(home.root).parent / "looked").read_text() == "x\nx\n"


def test_each_attempt_asks_anew(home: Home) -> None:
    """The retry finds that the work was done meanwhile."""
    retry = {"max_attempts": 3, "wait": "1s", "backoff": "fixed", "jitter": False}
    first = ran(home, "true", verify=["test", "-e", "done"], retry=retry)
    assert (first["reason"], first["effects"][0]["effect"]) == ("unproven", "retry")
    (Path(home.root).parent / "done").touch()
    [name] = everything(home)["default/delayed"]
    Path(home.lanes, "default/delayed", name).rename(Path(home.lanes, "default/queue/3", name))
    execute(home)
    second = records(home, "work")[-1]
    assert (second["reason"], second["attempt"], second["retry_of"]) == ("satisfied", 2, first["run_id"])
    assert everything(home) == {}


@pytest.mark.parametrize(
    ("script", "outcome", "reason"),
    [
        ("exit 75", "skipped", "nothing_to_do"),
        ("exit 1", "skipped", "nothing_to_do"),
        ("exit 2", "failed", "precheck"),
        ("kill -9 $$", "failed", "precheck"),
    ],
)
def test_a_precheck_that_starts_nothing(home: Home, script: str, outcome: str, reason: str) -> None:
    record = ran(home, precheck=sh(f"echo because; {script}"), verify=sh("touch verified; exit 1"))
    assert (record["outcome"], record["reason"], record["cost_usd"]) == (outcome, reason, 0.0)
    assert "It said: because" in record["message"]
    assert (looks(record), started(home)) == ([("precheck", outcome == "skipped")], False)
    assert not (Path(home.root).parent / "verified").exists()


def test_a_precheck_that_breaks_with_status_1_is_suspect(home: Home) -> None:
    """It is skipped, as it says; but a person is told, until it says so without a complaint."""

    def suspects() -> list[str]:
        told = json.loads(clodputer(home, "status", "--json")[0])["data"]["attention"]["suspect"]
        return [one["task"] for one in told]

    record = ran(home, precheck=sh("echo no such host >&2; exit 1"))
    assert (record["reason"], suspects()) == ("nothing_to_do", ["work"])
    assert "Let it exit with 75 when" in record["suspect"]
    assert "work skipped (suspect)" in clodputer(home, "status")[0]
    assert "there may have been something to do" in clodputer(home, "status")[0]
    assert ran(home, precheck=["false"])["suspect"] == ""
    assert suspects() == []


def test_what_a_precheck_finds_is_in_the_prompt(home: Home) -> None:
    """Masked in what is kept; a program, which is the agent here, gets it as it is and without a fence."""
    write_secrets(home, "TOKEN=sk-1234567890\n")
    record = ran(
        home, "cat > prompt", precheck=sh("echo issue 7; echo sk-1234567890"), prompt="Do: {{ precheck }}"
    )
    assert record["outcome"] == "succeeded"
    assert looks(record) == [("precheck", True)]
    prompt = (Path(home.root).parent / "prompt").read_text()
    assert prompt == "Do: issue 7\nsk-1234567890\n"
    folder = Path(home.runs, "work", record["run_id"])
    assert (folder / "prompt.txt").read_text() == "Do: issue 7\n***\n"
    assert (folder / "precheck/stdout").read_text() == "issue 7\n***\n"
    assert record["proof"][0]["output"] == "issue 7\n***\n"


def test_a_precheck_that_floods(home: Home) -> None:
    """It may print little more than a prompt takes."""
    record = ran(home, precheck=["yes"])
    assert (record["outcome"], record["reason"]) == ("failed", "precheck")
    assert "max_output" in record["message"]
    assert Path(home.runs, "work", record["run_id"], "precheck/stdout").stat().st_size <= 4 * 1024 * 1024


@pytest.mark.waits
def test_a_look_that_never_ends(home: Home) -> None:
    """It is stopped by the clock of its run, here, and nothing is started."""
    record = ran(home, precheck=["sleep", "600"], timeout="5s")
    assert (record["outcome"], record["reason"], started(home)) == ("failed", "precheck", False)
    assert (
        record["message"]
        == "sleep 600 was stopped, as it took longer than 5s (timeout). The agent was not started."
    )


def test_a_dry_run_asks_nothing(home: Home) -> None:
    more = 'precheck: [/bin/sh, -c, "touch asked"]\nverify: [/bin/sh, -c, "touch asked"]\nprompt: "{{ precheck }}"\n'
    command_task(home, "work", "/bin/true", more=f"working_directory: {Path(home.root).parent}\n{more}")
    stdout, _ = clodputer(home, "run", "work", "--dry-run")
    assert "this is what the task's precheck prints" in stdout
    assert not (Path(home.root).parent / "asked").exists()


def test_by_hand_it_says_what_was_said(home: Home) -> None:
    """Nothing to do is no error, and the answer says who says so."""
    command_task(home, "work", "/bin/false", more="verify: [/bin/true]\n")
    stdout, _ = clodputer(home, "run", "work")
    assert "skipped" in stdout
    assert "verify succeeds already: /bin/true exited with status 0." in stdout


def test_a_check_leaves_no_process_behind(home: Home) -> None:
    script = program(Path(home.root).parent, "look", "sleep 300 >/dev/null 2>&1 & echo $! > left; exit 1")
    record = ran(home, verify=[str(script)])
    left = int((Path(home.root).parent / "left").read_text())
    assert record["reason"] == "unproven"
    assert not Path(f"/proc/{left}").exists()


def test_a_file_for_which_there_is_nothing_to_do_is_done_with(tmp_path: Path) -> None:
    """A skipped run acknowledges what its trigger brought, as any other does."""
    watched = Watched(tmp_path)
    command_task(watched.home, "work", "/bin/true", more="precheck: ['false']\n")
    watched.put("a.txt")
    watched.look()
    execute(watched.home)
    assert [record["reason"] for record in records(watched.home, "work")] == ["nothing_to_do"]
    watched.look()
    assert (watched.dropped(), everything(watched.home)) == ([], {})


def test_figures_are_of_runs_that_had_something_to_do(home: Home) -> None:
    """Many a look that took no time makes the usual run no quicker; and none of them is a success."""
    did = ran(home, "true")
    for _ in range(3):
        ran(home, precheck=["false"])
    stats = json.loads(clodputer(home, "stats", "--json")[0])["data"]["stats"]
    assert (stats["runs"], stats["succeeded"], stats["success_rate"]) == (4, 1, 1.0)
    assert stats["median_seconds"] == pytest.approx(did["duration_seconds"])


def test_what_is_skipped_is_logged(home: Home) -> None:
    ran(home, precheck=["false"])
    [finished] = events(home, "finished")
    assert (finished["outcome"], finished["reason"], finished["cost_usd"]) == (
        "skipped",
        "nothing_to_do",
        0.0,
    )
    stdout, _ = clodputer(home, "logs")
    assert "false exited with status 1" in stdout
