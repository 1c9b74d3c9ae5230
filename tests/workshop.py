"""Homes, tasks and execs for tests: made with real files, run as real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import psutil

from clodputer.model.task import Task, assemble
from clodputer.store import homes
from clodputer.store.home import Home
from clodputer.store.spool import layout
from tests import guard, warm
from tests.wait import until
from tests.warm import Ended

ROOT = warm.ROOT


def make_home(folder: Path) -> Home:
    """A fresh home below `folder`."""
    home = Home(str(folder / "home"))
    homes.make(home)
    return home


def write_task(home: Home, name: str, text: str) -> None:
    """A task file."""
    Path(home.tasks, f"{name}.yaml").write_text(text, encoding="utf-8")


def command_task(home: Home, name: str, *command: str, more: str = "") -> None:
    """A task file of agent command."""
    write_task(home, name, f"agent: command\ncommand: {json.dumps(list(command))}\n{more}")


def write_secrets(home: Home, text: str) -> None:
    """A secrets.env, for its owner alone."""
    Path(home.secrets).write_text(text, encoding="utf-8")
    Path(home.secrets).chmod(0o600)


def drop(home: Home, name: str, text: str = "") -> None:
    """A request file dropped as a person would: written beside, then moved in."""
    beside = Path(home.tmp, f"person-{name}")
    beside.write_text(text, encoding="utf-8")
    beside.rename(Path(home.new, name))


def program(folder: Path, name: str, script: str) -> Path:
    """An executable shell script."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def environment(home: Home, extra: Optional[Mapping[str, str]] = None) -> dict[str, str]:
    """What an exec of this home gets from its scheduler, and little else."""
    return {
        "PATH": guard.refusing_first("/usr/local/bin:/usr/bin:/bin"),
        "HOME": os.environ["HOME"],
        "TMPDIR": tempfile.gettempdir(),
        "CLODPUTER_HOME": home.root,
        "PYTHONPATH": str(ROOT),
        **(extra or {}),
    }


def start(home: Home, *arguments: str, extra: Optional[Mapping[str, str]] = None) -> subprocess.Popen[str]:
    """A clodputer command, started."""
    return subprocess.Popen(
        [sys.executable, "-m", "clodputer", *arguments],
        env=environment(home, extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def clodputer(
    home: Home, *arguments: str, extra: Optional[Mapping[str, str]] = None, status: int = 0
) -> tuple[str, str]:
    """A clodputer command run to its end, which must be `status`; its stdout and stderr."""
    ended = run(home, *arguments, extra=extra)
    assert ended.status == status, f"exit {ended.status}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout, ended.stderr


def run(home: Home, *arguments: str, extra: Optional[Mapping[str, str]] = None) -> Ended:
    """A clodputer command run to its end, whichever that is; without the start of Python where that changes nothing."""
    ended = warm.call(arguments, environment(home, extra))
    if ended is not None:
        return ended
    process = start(home, *arguments, extra=extra)
    stdout, stderr = process.communicate(timeout=100)
    return Ended(process.returncode, stdout, stderr)


def execute(home: Home, *arguments: str, extra: Optional[Mapping[str, str]] = None) -> dict[str, Any]:
    """`clodputer exec --json`, and its data."""
    stdout, _ = clodputer(home, "exec", "--json", *arguments, extra=extra)
    envelope = json.loads(stdout)
    assert envelope["ok"] is True
    data: dict[str, Any] = envelope["data"]
    return data


def records(home: Home, task: str) -> list[dict[str, Any]]:
    """The records of a task, oldest first."""
    return [json.loads(path.read_text()) for path in sorted(Path(home.runs, task).glob("*/record.json"))]


def outcomes(home: Home, task: str) -> list[str]:
    """How the runs of a task ended, oldest first."""
    return [record["outcome"] for record in records(home, task)]


def events(home: Home, name: str = "") -> list[dict[str, Any]]:
    """The lines of the execution log, all or those of one event; every one of them must be JSON."""
    # Read while an exec writes it, the log may end within a line, which is whole in a moment.
    lines: list[str] = until(lambda: _whole_lines(home.log))
    return [event for event in map(json.loads, lines[:-1]) if name in ("", event["event"])]


def _whole_lines(path: str) -> list[str]:
    """The lines of a file, and an empty text behind the last; nothing while that has no end."""
    lines = Path(path).read_text().split("\n") if os.path.exists(path) else [""]
    return [] if lines[-1] else lines


def everything(home: Home) -> dict[str, list[str]]:
    """Where each request lies: the names in every place of the spool."""
    places = {"new": home.new, "rejected": home.rejected, "dead": home.dead}
    for lane in os.listdir(home.lanes):
        folder = f"{home.lanes}/{lane}"
        slots = [name for name in os.listdir(folder) if name.startswith("slot-") and name[5:].isdecimal()]
        for place in ("delayed", *slots, *(f"queue/{priority}" for priority in layout.PRIORITIES)):
            places[f"{lane}/{place}"] = f"{folder}/{place}"
    found = {place: sorted(os.listdir(path)) for place, path in places.items()}
    return {place: names for place, names in found.items() if names}


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def make_too_deep(folder: Path) -> None:
    """Folders inside of folders, until the system can no longer name the innermost one."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def task_of(name: str, path: str = "", **keys: Any) -> Task:
    """The task that a file with these keys makes."""
    return assemble({"name": name, "path": path, **keys})
