"""Runs in a strict sandbox, from the drop on: what they can do, what they cannot, and what is left when anything is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from time import time
from typing import Any

import psutil
import pytest

from clodputer.isolate.sandbox import preflight
from clodputer.model.isolate.sandbox import remedy
from clodputer.store.home import Home
from clodputer.views import doctor
from tests import sandboxing
from tests.repositories import branches
from tests.wait import until
from tests.workshop import (
    alive,
    clodputer,
    command_task,
    drop,
    environment,
    events,
    execute,
    outcomes,
    program,
    records,
    start,
)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def bubblewrap() -> None:
    sandboxing.need_bubblewrap()


def task(home: Home, *command: str, work: Path, **sandbox: Any) -> None:
    """The task `shut`, in a strict sandbox."""
    rule = json.dumps(sandbox or {"mode": "strict"})
    command_task(home, "shut", *command, more=f"working_directory: {work}\nsandbox: {rule}\n")


def run(home: Home, *command: str, work: Path, **sandbox: Any) -> dict[str, Any]:
    """Run it once; its record."""
    task(home, *command, work=work, **sandbox)
    drop(home, "shut")
    execute(home)
    return records(home, "shut")[-1]


def said(home: Home, record: dict[str, Any], stream: str = "stdout") -> str:
    return Path(home.runs, "shut", record["run_id"], stream).read_text()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work with space"
    folder.mkdir()
    return folder


def test_a_run_leaves_word_of_what_to_publish(home: Home, work: Path) -> None:
    """By the command and by a file: both are there in the sandbox, wherever Clodputer is installed."""
    script = program(
        work,
        "word",
        "clodputer intend event --type asked\n"
        'echo \'{"kind": "event", "type": "written"}\' > "$CLODPUTER_INTENTS/mine.json"',
    )
    more = f"working_directory: {json.dumps(str(work))}\nsandbox: strict\npublish: {{kinds: [event]}}\n"
    command_task(home, "shut", str(script), more=more)
    drop(home, "shut")
    execute(home)
    [record] = records(home, "shut")
    assert record["outcome"] == "succeeded", said(home, record, "stderr")
    assert [(one["kind"], one["code"]) for one in record["publish"]] == [("event", None)] * 2


def test_no_way_leads_out(home: Home, tmp_path: Path, private_home: Path) -> None:
    """Forty are tried; the run's own work succeeds, and what it must not make is put aside."""
    python, needed = sandboxing.python()
    with sandboxing.surroundings(home, tmp_path, private_home) as facts:
        record = run(
            home,
            python,
            "escapes.py",
            "facts.json",
            work=tmp_path / "work",
            read=needed,
            read_deny=["./.env"],
        )
    assert record["outcome"] == "succeeded", said(home, record, "stderr")
    ways = json.loads(said(home, record))["ways"]
    assert [name for name, out in ways.items() if out] == []
    assert len(ways) > 40
    assert (tmp_path / "work" / "work").read_text() == "done\n"
    assert sorted(os.listdir(facts["outside"])) == ["s", "secret"]
    assert not (tmp_path / "work" / ".claude").exists()
    assert record["sandbox"] == {
        "level": "strict",
        "by": "bubblewrap",
        "network": "none",
        "refused": [],
        "put_aside": [],
    }
    assert os.listdir(tempfile.gettempdir()) == []
    assert "sandbox" in clodputer(home, "show", record["run_id"])[0]


def test_what_programs_outside_would_obey_is_put_aside(home: Home, work: Path) -> None:
    sandboxing.repository(work)
    record = run(home, "sh", "-c", "echo {} >.mcp.json; echo /x >.git/commondir; echo kept >kept", work=work)
    assert record["sandbox"]["put_aside"] == [f"{work}/.mcp.json", f"{work}/.git/commondir"]
    assert (work / ".mcp.json.from-sandbox").exists()
    assert sorted(os.listdir(work)) == [".git", ".mcp.json.from-sandbox", "file", "kept"]
    subprocess.run(["git", "-C", str(work), "status"], check=True, capture_output=True)


def test_what_a_task_names_may_be_changed(home: Home, tmp_path: Path, work: Path) -> None:
    """A folder with a symbolic link to it, and its own settings of agents."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (work / ".claude").mkdir()
    script = f"echo a >{tmp_path}/link/a && echo b >.claude/settings.json && echo c >$TMPDIR/c && echo d >~/d && echo e >/tmp/e"
    record = run(home, "sh", "-c", script, work=work, write=[f"{tmp_path}/link", "./.claude"])
    assert record["outcome"] == "succeeded"
    assert (tmp_path / "real" / "a").exists()
    assert (work / ".claude" / "settings.json").exists()


def test_a_worktree_is_committed_to_from_inside(home: Home, tmp_path: Path) -> None:
    """The commit is on the run's branch; the checkout's configuration and hooks are as they were."""
    checkout = tmp_path / "checkout"
    sandboxing.repository(checkout)
    before = (checkout / ".git" / "config").read_text()
    script = (
        "echo new >new; git add new; git -c user.name=a -c user.email=a@b commit -qm new && "
        "! git config core.fsmonitor x && ! touch $(git rev-parse --git-common-dir)/hooks/x"
    )
    command_task(
        home,
        "shut",
        "sh",
        "-c",
        script,
        more=f"working_directory: {checkout}\nisolation: worktree\nsandbox: strict\n",
    )
    drop(home, "shut")
    execute(home)
    (record,) = records(home, "shut")
    assert record["outcome"] == "succeeded", said(home, record, "stderr")
    assert (record["worktree"]["commits"], record["worktree"]["problems"]) == (1, [])
    assert len(branches(checkout)) == 1
    assert (checkout / ".git" / "config").read_text() == before


def test_checks_are_shut_in_too(home: Home, tmp_path: Path, work: Path) -> None:
    """As they start what the agent has written."""
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    command_task(
        home,
        "shut",
        "sh",
        "-c",
        "echo 'cat $1' >check; touch done",
        more=f"working_directory: {work}\nsandbox: strict\nverify: [sh, -c, 'test -e done && ! sh check {secret}']\n",
    )
    drop(home, "shut")
    execute(home)
    assert outcomes(home, "shut") == ["succeeded"]


@pytest.mark.parametrize("victim", ["exec", "keeper", "bwrap", "init"])
def test_whoever_is_killed_nothing_is_left(home: Home, work: Path, victim: str) -> None:
    """Programs that left their session, the proxy, and the folders are gone; the request is accounted for."""
    task(
        home,
        "sh",
        "-c",
        "setsid env -i sleep 1000 & echo here; exec sleep 1000",
        work=work,
        network={"hosts": ["a.example"]},
    )
    drop(home, "shut")
    process = start(home, "exec")
    try:
        until(lambda: any("here" in path.read_text() for path in Path(home.runs).glob("shut/*/stdout")))
        tree = psutil.Process(process.pid).children(recursive=True)
        by = {one.name(): one for one in reversed(tree)}
        bwraps = [one for one in tree if one.name() == "bwrap"]
        outer = next(one for one in bwraps if one.parent() not in bwraps)
        keeper = next(one for one in tree if one.name() == "clodputer-keep")
        assert {"sleep", "bwrap"} <= set(by)
        assert len(tree) >= 6  # with the keeper and the proxy
        who = {
            "exec": process.pid,
            "keeper": keeper.pid,
            "bwrap": outer.pid,
            "init": outer.children()[0].pid,
        }[victim]
        os.kill(who, signal.SIGKILL)
        if victim == "keeper":
            # The sandbox ends with its parent; exec ends the run in any case.
            process.send_signal(signal.SIGTERM)
        process.wait(100)
        until(lambda: not any(alive(one.pid) for one in tree))
        execute(home) if victim == "exec" else None
    finally:
        process.kill()
        process.communicate()
    assert os.listdir(tempfile.gettempdir()) == []
    if victim != "keeper":
        assert outcomes(home, "shut") == ["lost" if victim == "exec" else "failed"]


def test_a_run_is_asked_to_leave(home: Home, work: Path) -> None:
    """SIGTERM reaches the program itself, which says its last word."""
    task(home, "sh", "-c", "trap 'echo bye; exit 3' TERM; echo here; while :; do sleep 0.1; done", work=work)
    drop(home, "shut")
    process = start(home, "exec")
    until(lambda: any("here" in path.read_text() for path in Path(home.runs).glob("shut/*/stdout")))
    clodputer(home, "cancel", "shut")
    process.communicate(timeout=100)
    (record,) = records(home, "shut")
    assert (record["outcome"], record["exit_status"]) == ("cancelled", 3)
    assert "bye" in said(home, record)


REFUSALS = (
    "setting up uid map: Permission denied",
    "No permissions to create new namespace, likely because the kernel does not allow it",
)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_request_waits_while_the_kernel_forbids_it(
    home: Home, tmp_path: Path, work: Path, refusal: str
) -> None:
    """`why` and `doctor` say what is the matter; when it holds, the same request runs."""
    fake = program(tmp_path / "bin", "bwrap", f"echo 'bwrap: {refusal}' >&2; exit 1").parent
    path = {"PATH": f"{fake}:/usr/bin:/bin"}
    task(home, "sh", "-c", "echo it ran", work=work)
    drop(home, "shut")
    execute(home, extra=path)
    assert records(home, "shut") == []
    (delayed,) = events(home, "delayed")
    assert delayed["reason"] == "sandbox"
    assert refusal in delayed["message"]
    assert remedy.of_failure(f"bwrap: {refusal}", preflight.kernel(), 1).remedy in delayed["message"]
    (finding,) = doctor.examine(environment(home, path), time(), only=["sandbox"])
    assert (finding.level, refusal in finding.message, bool(finding.remedy)) == ("problem", True, True)
    (waiting,) = Path(home.lanes, "default", "delayed").iterdir()
    waiting.rename(Path(home.lanes, "default", "queue", "3", waiting.name))
    execute(home)
    assert outcomes(home, "shut") == ["succeeded"]
    kept = json.loads(Path(home.cache, "sandbox.json").read_text())
    assert kept["holds"].count("/") > 4


def test_a_sandbox_that_cannot_be_made_any_more(home: Home, tmp_path: Path, work: Path) -> None:
    """It held when it was tried; the run is not taken for a failure of the task, and it is tried anew."""
    fake = program(
        tmp_path / "bin",
        "bwrap",
        f'test -e {tmp_path}/broken || exec /usr/bin/bwrap "$@"; echo "bwrap: no" >&2; exit 1',
    )
    path = {"PATH": f"{fake.parent}:/usr/bin:/bin"}
    task(home, "true", work=work)
    drop(home, "shut")
    execute(home, extra=path)
    (tmp_path / "broken").touch()
    drop(home, "shut")
    execute(home, extra=path)
    assert [(one["outcome"], one["reason"]) for one in records(home, "shut")] == [
        ("succeeded", "completed"),
        ("failed", "sandbox"),
    ]
    assert not Path(home.cache, "sandbox.json").exists()
