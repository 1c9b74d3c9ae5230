"""A task that other accounts could change is not run: its requests wait, everything else goes on, and the command helps."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clodputer.isolate import scratch
from clodputer.store.files import exposed
from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, drop, environment, execute, make_home, records

# An account that has no name here.
OTHER = 54321
by_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to somebody else")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "work", "/bin/true")
    Path(made.root, "bin").mkdir(mode=0o700)
    Path(made.config).write_text("")
    for path in (Path(made.config), Path(made.tasks, "work.yaml")):
        path.chmod(0o600)
    return made


def mode(name: str, bits: int) -> Callable[[Home], str]:
    def change(home: Home) -> str:
        path = Path(home.root, name)
        path.chmod(bits)
        return str(path)

    return change


def given(name: str) -> Callable[[Home], str]:
    def change(home: Home) -> str:
        path = Path(home.root, name)
        os.chown(path, OTHER, OTHER)
        return str(path)

    return change


def linked(home: Home) -> str:
    """The file of the task lies elsewhere, in a folder that everybody may write to."""
    shared = Path(home.root).parent / "shared"
    shared.mkdir()
    Path(home.tasks, "work.yaml").rename(shared / "work.yaml")
    Path(home.tasks, "work.yaml").symlink_to(shared / "work.yaml")
    shared.chmod(0o777)
    return str(shared)


CHANGES = [
    pytest.param(mode("tasks", 0o777), id="tasks for everybody"),
    pytest.param(mode("tasks", 0o770), id="tasks for a group"),
    pytest.param(mode("bin", 0o702), id="bin"),
    pytest.param(mode(".", 0o777), id="home"),
    pytest.param(mode("config.yaml", 0o602), id="config.yaml"),
    pytest.param(mode("tasks/work.yaml", 0o666), id="file"),
    pytest.param(linked, id="link"),
    pytest.param(given("tasks/work.yaml"), id="file of another", marks=by_root),
    pytest.param(given("tasks"), id="tasks of another", marks=by_root),
]


def waits(home: Home) -> list[str]:
    """Why requests wait, by the queue."""
    rows = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    return [str(row["waits"]["reason"]) for row in rows if row["waits"]]


@pytest.mark.parametrize("change", CHANGES)
def test_its_requests_wait_until_it_is_put_right(home: Home, change: Callable[[Home], str]) -> None:
    """Told by validate, run, status and why, each with the command; once that is typed the next request runs."""
    path = os.path.normpath(change(home))
    drop(home, "a.json", '{"task": "work"}')
    assert execute(home)["runs"] == []
    assert waits(home) == [exposed.CODE]
    stdout, _ = clodputer(home, "validate", "--json", status=1)
    [error] = json.loads(stdout)["errors"]
    assert error["code"] == exposed.CODE
    assert path in error["message"]
    _, stderr = clodputer(home, "run", "work", status=1)
    assert error["hint"] in " ".join(stderr.split())
    status = json.loads(clodputer(home, "status", "--json")[0])["data"]["attention"]["problems"]
    assert [(one["code"], one["hint"]) for one in status] == [(exposed.CODE, error["hint"])]
    assert "Its requests wait until this is fixed" in clodputer(home, "status")[0]
    found = json.loads(clodputer(home, "doctor", "--json", status=4)[0])["data"]["findings"]
    assert [one["remedy"] for one in found if one["check"] == "exposed"] == [error["hint"]]
    subprocess.run(["/bin/sh", "-c", error["hint"].replace("sudo ", "")], check=True)
    assert clodputer(home, "validate")[0] == "ok  work\n"
    drop(home, "b.json", '{"task": "work"}')
    assert [run["outcome"] for run in execute(home)["runs"]] == ["succeeded"]


def test_one_exposed_file_holds_up_nothing_else(home: Home) -> None:
    command_task(home, "good", "/bin/true")
    Path(home.tasks, "good.yaml").chmod(0o600)
    Path(home.tasks, "work.yaml").chmod(0o666)
    drop(home, "a.json", '{"task": "work"}')
    drop(home, "b.json", '{"task": "good"}')
    assert [run["task"] for run in execute(home)["runs"]] == ["good"]
    assert records(home, "work") == []


def as_another(script: str, *arguments: str) -> None:
    """A shell as another account."""

    def become() -> None:
        os.setgroups([])
        os.setgid(OTHER)
        os.setuid(OTHER)

    subprocess.run(["/bin/sh", "-c", script, "sh", *arguments], preexec_fn=become, check=True, cwd="/")


@by_root
def test_another_account_adds_a_task(home: Home, tmp_path: Path) -> None:
    """Into a folder that is open to it: its task and ours do not run, and nothing of it was started."""
    mark = tmp_path / "mark"
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and str(folder) != "/":
            folder.chmod(folder.stat().st_mode | 0o005)
    Path(home.root).chmod(0o755)
    Path(home.tasks).chmod(0o777)
    task = f"agent: command\ncommand: [touch, {mark}]\ntrigger: {{type: interval, every: 1m}}\n"
    as_another('printf "%s" "$1" >"$2/evil.yaml"', task, home.tasks)
    drop(home, "a.json", '{"task": "evil"}')
    drop(home, "b.json", '{"task": "work"}')
    assert execute(home)["runs"] == []
    assert not mark.exists()
    Path(home.tasks).chmod(0o755)
    drop(home, "c.json", '{"task": "evil"}')
    drop(home, "d.json", '{"task": "work"}')
    assert [run["task"] for run in execute(home)["runs"]] == ["work"], "the file is still another's"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("bits", "uid", "good"),
    [
        (0o700, 0, True),
        (0o755, 0, True),
        (0o1777, 0, True),
        (0o777, 0, False),
        (0o770, 0, False),
        pytest.param(0o755, OTHER, False, marks=by_root),
        pytest.param(0o1777, OTHER, False, marks=by_root),
    ],
)
def test_a_temporary_folder_of_others(tmp_path: Path, bits: int, uid: int, good: bool) -> None:
    """Whoever can rename what is in it could put a folder of theirs in the place of the run's: /tmp is taken instead."""
    base = tmp_path / "temporary"
    base.mkdir()
    base.chmod(bits)
    if uid:
        os.chown(base, uid, uid)
    planned = scratch.plan(None, {"TMPDIR": str(base)}, "20261121T060010.406Z-3f9a2c1b")
    assert planned is not None
    assert planned["path"].startswith(f"{base}/" if good else "/tmp/cp-")
    assert bool(scratch.unusable(str(base))) is not good


def test_a_run_in_a_temporary_folder_of_others(home: Home, tmp_path: Path) -> None:
    """It runs all the same, in /tmp."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    command_task(home, "where", "/bin/sh", "-c", "echo $TMPDIR")
    Path(home.tasks, "where.yaml").chmod(0o600)
    drop(home, "a.json", '{"task": "where"}')
    clodputer(home, "exec", extra={**environment(home), "TMPDIR": str(tmp_path / "open")})
    [record] = records(home, "where")
    assert str(record["result"]).startswith("/tmp/cp-")
