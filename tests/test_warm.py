"""A command that is forked answers as one that is started does, and is never used where it would not."""

from __future__ import annotations

import os
import re
import resource
import subprocess
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import warm
from tests.workshop import command_task, environment, make_home, start, write_task


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "good", "/bin/true")
    write_task(made, "bad", "promt: x\n")
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        ("--version",),
        (),
        ("run", "--help"),
        ("run",),
        ("list", "--json"),
        ("validate",),
        ("show", "x\x1b]0;owned\x07\u202ey\udcff"),
        ("exec",),
        ("config", "--json"),
        ("status", "--no-such-option", "--json"),
    ],
    ids=" ".join,
)
def test_both_answer_the_same(home: Home, arguments: tuple[str, ...]) -> None:
    """To the last byte, with the same exit status."""
    process = start(home, *arguments)
    stdout, stderr = process.communicate(timeout=100)
    assert warm.call(arguments, environment(home)) == (process.returncode, stdout, stderr)


def test_what_a_run_gets_is_the_same(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment, folder, open files and signals of a task's command."""
    seen = tmp_path / "seen"
    script = f"{{ env; pwd; ls /proc/self/fd; grep 'Sig[BIC]' /proc/self/status; ps -o ni= -p $$; umask; }} >{seen}"
    command_task(home, "tells", "/bin/sh", "-c", script)
    monkeypatch.chdir(tmp_path)
    told = []
    for forked in (True, False):
        if forked:
            assert warm.call(("run", "tells"), environment(home)) is not None
        else:
            start(home, "run", "tells").communicate(timeout=100)
        run_id = re.compile(r"[0-9]{8}T[0-9.]+Z-[0-9a-f]+|cp-[0-9]+-[0-9a-f]+")
        told.append(run_id.sub("ID", seen.read_text()).splitlines())
    assert told[0] == told[1]


@pytest.mark.parametrize("name", ["LANG", "LC_ALL", "LANGUAGE", "PYTHONUTF8", "PYTHONWARNINGS"])
def test_what_only_a_start_can_obey_is_started(home: Home, name: str) -> None:
    assert warm.call(("--version",), environment(home, {name: "C"})) is None


def test_what_only_a_child_inherits_is_started(home: Home, mortal: None) -> None:
    """A mask and a limit of this process; and rights that it lacks."""
    if os.geteuid() == 0:
        assert warm.call(("--version",), environment(home)) is None


def test_a_mask_and_a_limit_are_inherited(home: Home) -> None:
    before = os.umask(0o077)
    try:
        assert (warm.call(("--version",), environment(home)) is None) == (before != 0o077)
    finally:
        os.umask(before)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    try:
        assert warm.call(("--version",), environment(home)) is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_that_takes_too_long_is_killed(home: Home) -> None:
    command_task(home, "long", "/bin/sleep", "60")
    with pytest.raises(subprocess.TimeoutExpired):
        warm.server().call(("run", "long"), environment(home), seconds=0.5)
    ended = warm.call(("--version",), environment(home))
    assert ended is not None
    assert ended.status == 0


def test_one_that_is_killed_says_so(home: Home) -> None:
    ended = warm.server().call(("exec",), environment(home), step=1)
    assert (ended.status, ended.stdout[:13]) == (-9, "killed before")
