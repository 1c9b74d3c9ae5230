"""What is going on when a run is cancelled, or when exec is told to stop or killed: nothing of it is left."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from clodputer.store.due import orders
from clodputer.store.home import Home
from clodputer.store.processes import bounded
from tests.repositories import GIT, git
from tests.runner.plugging import plugin
from tests.system.test_container import Engine, in_tree
from tests.system.test_provision import task
from tests.triggers.findings.test_killed import set_up
from tests.wait import until
from tests.workshop import alive, clodputer, environment, events, make_home, program, records, run, start

pytest_plugins = ["tests.fakes.fixtures"]

# What hangs, with something beside it that has left its process group.
HANGS = "trap '' TERM\nsetsid sleep 600 &\necho $! $$ >{pids}.new\nmv {pids}.new {pids}\nsleep 600\n"


class Stage:
    """A home whose one task hangs before its agent; `pids` has who is to be gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, make_home(folder)
        self.pids = folder / "pids"
        self.extra: dict[str, str] = {}
        self.hangs = HANGS.format(pids=self.pids)

    def in_a_fetch(self) -> None:
        """The remote does not answer."""
        checkout = in_tree(self.home, self.folder, None, "true")
        tasks = Path(self.home.tasks, "work.yaml")
        lines = tasks.read_text().splitlines()
        tasks.write_text("\n".join(line for line in lines if not line.startswith("container:")) + "\n")
        helper = program(self.folder / "bin", "git-remote-slow", self.hangs)
        git(checkout, "remote", "set-url", "origin", "slow::there")
        self.extra = {"PATH": f"{helper.parent}:{environment(self.home)['PATH']}"}

    def in_a_build(self) -> None:
        """The image takes its time."""
        engine = Engine(self.folder)
        in_tree(self.home, self.folder, "HANG\n", "true")
        path = Path(engine.path, "podman")
        real = path.parent / "real" / path.name
        real.parent.mkdir()
        path.rename(real)
        program(
            path.parent,
            "podman",
            f'if [ "$1" = build ] && [ ! -e {self.folder}/now ]; then\n{self.hangs}fi\nexec {real} "$@"\n',
        )
        tasks = Path(self.home.tasks, "work.yaml")
        tasks.write_text(tasks.read_text().replace('"build_timeout": "3s"', '"build_timeout": "10m"'))
        self.extra = engine.environ(self.home)

    def in_a_setup(self) -> None:
        """What prepares the folder."""
        task(self.folder, self.home, "true", setup=["sh", "-c", self.hangs], verify=None, teardown=None)

    def in_a_teardown(self) -> None:
        """What takes it down, after a run that went well."""
        task(self.folder, self.home, "true", teardown=["sh", "-c", self.hangs], verify=None)

    def begun(self) -> tuple[subprocess.Popen[str], list[int]]:
        """An exec that hangs, and who hangs in it."""
        process = start(self.home, "exec", extra=self.extra)
        until(self.pids.exists, 60)
        return process, [int(pid) for pid in self.pids.read_text().split()]

    def cancel(self) -> None:
        """A person wants its end."""
        clodputer(self.home, "cancel", request_of(self.home))


def request_of(home: Home) -> str:
    (event,) = events(home, "started")
    return str(event["request_id"])


PLACES: dict[str, Callable[[Stage], None]] = {
    "fetch": Stage.in_a_fetch,
    "build": Stage.in_a_build,
    "setup": Stage.in_a_setup,
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.parametrize("place", PLACES)
def test_a_cancel_ends_what_prepares_a_run(stage: Stage, place: str) -> None:
    """However deep inside it hangs; the agent is not started, and the record says who wanted it."""
    PLACES[place](stage)
    process, pids = stage.begun()
    stage.cancel()
    process.communicate(timeout=60)
    assert [pid for pid in pids if alive(pid)] == []
    (record,) = records(stage.home, "work")
    assert (record["outcome"], record["reason"], record["cost_usd"]) == ("cancelled", "cancelled", 0)
    assert "a person asked for it" in record["message"]
    assert events(stage.home, "retry") == []


@pytest.mark.parametrize("place", ["fetch", "build"])
def test_sigterm_ends_what_prepares_a_run(stage: Stage, place: str) -> None:
    """The request waits for the next exec."""
    PLACES[place](stage)
    process, pids = stage.begun()
    process.terminate()
    process.communicate(timeout=60)
    assert [pid for pid in pids if alive(pid)] == []
    (record,) = records(stage.home, "work")
    assert record["reason"] == "interrupted"


@pytest.mark.parametrize("place", ["fetch", "build"])
def test_a_kill_leaves_nothing_that_the_next_exec_does_not_end(stage: Stage, place: str) -> None:
    """Also what has left its process group, and does not obey."""
    PLACES[place](stage)
    process, pids = stage.begun()
    process.kill()
    process.communicate(timeout=60)
    (stage.folder / "now").touch()
    if place == "fetch":
        git(
            stage.folder / "git" / "checkout", "remote", "set-url", "origin", f"{stage.folder}/git/remote.git"
        )
    else:
        dockerfile = stage.folder / "git" / "checkout" / "ci" / "Dockerfile"
        dockerfile.write_text("FROM scratch\n")
        git(dockerfile.parent, "commit", "--quiet", "--all", "-m", "it does not hang")
        git(dockerfile.parent, "push", "--quiet")
    until(lambda: [one for one in records_after(stage) if one["outcome"] == "succeeded"], 60)
    assert [pid for pid in pids if alive(pid)] == []


def records_after(stage: Stage) -> list[dict[str, object]]:
    clodputer(stage.home, "exec", extra=stage.extra)
    return records(stage.home, "work")


def test_a_cancel_ends_a_teardown(stage: Stage) -> None:
    """The run has ended, and stays what it was; what was to be taken down is said to be left."""
    stage.in_a_teardown()
    process, pids = stage.begun()
    said = run(stage.home, "cancel", request_of(stage.home))
    process.communicate(timeout=60)
    assert [pid for pid in pids if alive(pid)] == []
    assert "ended as succeeded" in said.stdout
    (record,) = records(stage.home, "work")
    assert record["outcome"] == "succeeded"
    assert "Its teardown failed" in record["message"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_works_beside_exec_ends_with_it(tmp_path: Path, number: signal.Signals) -> None:
    """A tool that looks at code and a plugin, both of which hang; told to stop, exec waits for their end."""
    home = set_up(tmp_path, HANGS.format(pids=tmp_path / "tool.pids"))
    plugin(home, "slow", HANGS.format(pids=tmp_path / "plugin.pids"), schedule={"every": "15m"})
    process = start(home, "exec")
    found = [tmp_path / "tool.pids", tmp_path / "plugin.pids"]
    until(lambda: all(path.exists() for path in found), 60)
    pids = [int(pid) for path in found for pid in path.read_text().split()]
    process.send_signal(number)
    process.communicate(timeout=60)
    if number == signal.SIGKILL:
        until(lambda: not any(alive(pid) for pid in pids), 60)
    assert [pid for pid in pids if alive(pid)] == []
    assert len(orders.waiting(home)) == 1, "it is carried out by the next one"


def test_an_ended_git_leaves_no_lock(stage: Stage, tmp_path: Path) -> None:
    """It is asked to leave before it is killed: its lock files would stand in the person's way."""
    checkout = in_tree(stage.home, tmp_path, None, "true")
    helper = program(tmp_path / "bin", "editor", f"ls {checkout}/.git/*.lock >{tmp_path}/locks; sleep 600")
    env = {**environment(stage.home), **GIT, "GIT_EDITOR": str(helper)}
    (checkout / "file").write_text("changed\n")
    ended = bounded.run(["git", "commit", "--all"], str(checkout), env, 3.0, 1000)
    assert ended.status == bounded.TOO_LATE
    assert "index.lock" in (tmp_path / "locks").read_text()
    assert list((checkout / ".git").glob("*.lock")) == []
