"""Bad surroundings: each command says what is the matter and what to do, with no traceback, and no request is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Optional

import pytest

from clodputer.store.home import Home
from tests.disks import ask_for_no_room, fill, mounted
from tests.workshop import ROOT, command_task, drop, environment, everything, make_home, outcomes, records

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a task that takes a millisecond."""
    made = make_home(tmp_path)
    command_task(made, "blink", "/bin/true")
    return made


def call(
    environ: Mapping[str, str],
    *arguments: str,
    status: int,
    cwd: Optional[Path] = None,
    limits: str = "",
    stdout: int = subprocess.PIPE,
) -> str:
    """Run a command in just this environment, after `limits` of the shell; all that it printed, in which no traceback is."""
    command = [sys.executable, "-m", "clodputer", *arguments]
    if limits:
        command = ["/bin/sh", "-c", f'{limits}; exec "$@"', "sh", *command]
    done = subprocess.run(
        command,
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT if stdout == subprocess.PIPE else subprocess.PIPE,
        timeout=200,
    )
    printed = ((done.stdout or b"") + (done.stderr or b"")).decode("utf-8", "replace")
    assert done.returncode == status, f"exit {done.returncode}: {printed}"
    assert "Traceback" not in printed
    assert "fault in Clodputer" not in printed
    return printed


def ran_once(home: Home, task: str = "blink") -> None:
    """Its one request ran, succeeded, and is nowhere else."""
    assert outcomes(home, task) == ["succeeded"]
    assert everything(home) == {}


def without(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """The environment but for these names."""
    return {name: value for name, value in environ.items() if name not in names}


@pytest.mark.parametrize("missing", ["PATH", "HOME", "USER", "LANG"])
def test_without_a_variable_that_is_always_there(home: Home, missing: str) -> None:
    """cron gives no USER, and a service may give nothing at all."""
    drop(home, "blink")
    environ = {**environment(home), "USER": "someone", "LANG": "C.UTF-8"}
    call(without(environ, missing), "exec", status=0)
    ran_once(home)


def test_an_empty_environment(home: Home, tmp_path: Path) -> None:
    """The home is then that of the account; here, by the one variable that cannot be left out."""
    drop(home, "blink")
    call({"CLODPUTER_HOME": home.root, "PYTHONPATH": str(ROOT)}, "exec", status=0, cwd=tmp_path)
    ran_once(home)


def test_the_home_named_by_a_relative_path(home: Home, tmp_path: Path) -> None:
    """It counts from the working directory, for the run as well."""
    drop(home, "blink")
    call({**environment(home), "CLODPUTER_HOME": "home"}, "exec", status=0, cwd=tmp_path)
    ran_once(home)


@pytest.mark.parametrize("place", ["nowhere", "file"])
def test_a_home_that_is_none(home: Home, tmp_path: Path, place: str) -> None:
    """Missing, or not a folder: told with its path and the remedy."""
    (tmp_path / "file").write_text("")
    environ = {**environment(home), "CLODPUTER_HOME": str(tmp_path / place)}
    assert f"there is no Clodputer home at {tmp_path / place}" in call(environ, "exec", status=1)
    assert "init" in call(environ, "run", "blink", status=1)


def test_the_locale_c(home: Home) -> None:
    """Names and texts that are not ASCII are kept, and shown as well as that locale can."""
    command_task(home, "blink", "/bin/echo", "naïve ☃")
    drop(home, "blink")
    environ = {**environment(home), "LC_ALL": "C"}
    call(environ, "exec", status=0)
    call(environ, "show", "blink", status=0)
    assert "snowman" not in call(environ, "validate", status=0)
    ran_once(home)


def test_few_file_descriptors(home: Home) -> None:
    """launchd gives 256; a quarter of that must do, also with many requests."""
    for number in range(100):
        drop(home, f"{number}.json", '{"task": "blink"}')
    call(environment(home), "exec", status=0, limits="ulimit -n 64")
    assert len(records(home, "blink")) == 100
    assert everything(home) == {}


@pytest.mark.parametrize("closed", ["0", "1", "2", "0 1 2"])
def test_closed_streams(home: Home, closed: str) -> None:
    """A daemon may start us with none of stdin, stdout and stderr; no file of ours may take their numbers."""
    drop(home, "blink")
    limits = "; ".join(f"exec {number}{'<' if number == '0' else '>'}&-" for number in closed.split())
    call(environment(home), "exec", status=0, limits=limits)
    ran_once(home)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")
def test_output_that_cannot_be_written(home: Home) -> None:
    """A full disk behind stdout is told on stderr, and the run was run."""
    drop(home, "blink")
    with open("/dev/full", "w") as full:
        printed = call(environment(home), "exec", "--json", status=1, stdout=full.fileno())
    assert "No space left" in printed
    ran_once(home)


def test_a_clock_that_was_put_back(home: Home) -> None:
    """What seems to come from the future is run now, and once."""
    drop(home, "blink")
    tomorrow = time.time() + 86400
    os.utime(f"{home.new}/blink", (tomorrow, tomorrow))
    call(environment(home), "exec", status=0)
    ran_once(home)


def test_a_working_directory_that_vanished(home: Home, tmp_path: Path) -> None:
    """The task's own: a run that was not started, with the path. Ours: no matter."""
    command_task(home, "gone", "/bin/true", more=f"working_directory: {tmp_path}/gone\n")
    drop(home, "gone")
    (tmp_path / "here").mkdir()
    call(environment(home), "exec", status=0, limits=f'cd "{tmp_path}/here" && rmdir "{tmp_path}/here"')
    (record,) = records(home, "gone")
    assert (record["outcome"], record["reason"]) == ("failed", "not_started")
    assert f"{tmp_path}/gone" in record["message"]


CLAUDE: dict[str, tuple[str, int, str]] = {
    "missing": ("", 0, "claude"),
    "not executable": ("#!/bin/sh\n", 0o600, "claude"),
    "no program": ("\x7fELF no more\n", 0o700, "claude"),
    "interpreter gone": ("#!/nowhere/node\n", 0o700, "claude"),
    "a version that is none": ("#!/bin/sh\necho unknown option\nexit 1\n", 0o700, ""),
    "says nothing": ("#!/bin/sh\nexit 0\n", 0o700, ""),
}


@pytest.mark.parametrize("case", CLAUDE)
def test_a_claude_that_is_none(home: Home, tmp_path: Path, case: str) -> None:
    """No such run is green, each says what was found where, and the request is settled."""
    content, mode, told = CLAUDE[case]
    Path(home.tasks, "question.yaml").write_text("prompt: Hello\n")
    (tmp_path / "bin").mkdir()
    if mode:
        (tmp_path / "bin" / "claude").write_text(content)
        (tmp_path / "bin" / "claude").chmod(mode)
    drop(home, "question")
    environ = {**environment(home), "PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    call(environ, "exec", status=0)
    (record,) = records(home, "question")
    assert record["outcome"] == "failed"
    assert record["reason"] in ("not_started", "no_result", "exit_status")
    assert told in record["message"]
    assert record["message"]
    assert everything(home) == {}


def test_thousands_of_stray_files(home: Home) -> None:
    """All are set aside with a reason, and the one request among them is run."""
    for number in range(2_000):
        Path(home.new, f"stray-{number}.txt").touch()
    drop(home, "blink")
    old = time.time() - 60
    for name in os.listdir(home.new):
        os.utime(f"{home.new}/{name}", (old, old))
    call(environment(home), "exec", status=0)
    assert outcomes(home, "blink") == ["succeeded"]
    assert len(os.listdir(home.rejected)) == 4_000
    assert os.listdir(home.new) == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    with mounted(tmp_path / "small", "size=1m") as place:
        yield place


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tmpfs is Linux's")
@pytest.mark.parametrize("left", [1, 2, 3, 4, 8, 16])
def test_a_full_disk(small: Path, left: int) -> None:
    """With so many pages left: told, and nothing is lost; when there is room again, the request is settled once."""
    home = make_home(small)
    ask_for_no_room(home)
    command_task(home, "blink", "/bin/true")
    call(environment(home), "validate", status=0)
    drop(home, "blink")
    ballast = fill(small, left)
    done = subprocess.run(
        [sys.executable, "-m", "clodputer", "exec"], env=environment(home), capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "No space left" in done.stderr
    ballast.unlink()
    call(environment(home), "exec", status=0)
    ended = outcomes(home, "blink")
    dead = [name for name in os.listdir(home.dead) if not name.endswith(".reason.json")]
    assert ended in (["succeeded"], ["lost"]), done.stderr
    assert len(dead) == ended.count("lost")
    assert set(everything(home)) <= {"dead"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tmpfs is Linux's")
def test_a_home_that_cannot_be_written(small: Path) -> None:
    """Read only: every command that must write says so, those that only look work, and the request waits."""
    home = make_home(small)
    ask_for_no_room(home)
    command_task(home, "blink", "/bin/true")
    drop(home, "blink")
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    for arguments in (["exec"], ["run", "blink"], ["init"]):
        assert "Read-only file system" in call(environment(home), *arguments, status=1)
    call(environment(home), "validate", status=0)
    call(environment(home), "next", status=0)
    subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)
    call(environment(home), "exec", status=0)
    ran_once(home)
