"""The resource `awake`: while a run lasts the computer does not go to sleep by itself, if its task says `keep_awake`."""

# A program of the system keeps it awake for as long as the program that it has started lives. We give it `cat`, which reads a
# pipe that only we can write to: at the run's end we close it, and if we are killed the system does. So nothing stays behind.
from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Optional

from clodputer.isolate.prepared import Prepared
from clodputer.model.config.keys import FLAG, Key
from clodputer.model.task import Task

if TYPE_CHECKING:
    import subprocess

KEYS: tuple[Key, ...] = (
    Key(
        "keep_awake",
        FLAG,
        default=False,
        help="The computer does not fall asleep by itself while a run lasts (`caffeinate`, `systemd-inhibit`); a closed lid "
        "still sends it to sleep.",
        example=True,
    ),
)

LATE, STAYS = False, False

# How long the program of the system gets to leave once its pipe is closed, in seconds; then it is killed.
PATIENCE = 1.0

# By the id of the run, in the process that made them: no other one has the ends of these pipes.
_holding: dict[str, subprocess.Popen[bytes]] = {}


def plan(task: Optional[Task], environ: Mapping[str, str], run_id: str) -> Optional[dict[str, Any]]:
    """The program that is to be started; None when the task does not ask for it, or when this system has none."""
    argv = program(environ, run_id) if task is not None and task.keep_awake else None
    return None if argv is None else {"run_id": run_id, "argv": argv}


def program(environ: Mapping[str, str], run_id: str) -> Optional[list[str]]:
    """The argument list that keeps the computer awake while its standard input is open; None when this system has none."""
    # Imported where a task asks for it, as few do.
    from shutil import which

    path, cat = environ.get("PATH", os.defpath), "/bin/cat"
    if sys.platform == "darwin":
        found = which("caffeinate", path=path) or which("caffeinate", path="/usr/bin")
        return [found, "-i", cat] if found else None
    found = which("systemd-inhibit", path=path)
    why = f"--why=Clodputer runs {run_id}"
    return [found, "--what=sleep:idle", "--who=clodputer", why, "--mode=block", cat] if found else None


def enter(token: Mapping[str, Any]) -> Prepared:
    """Start the program. If it refuses, as without a login session, the run goes on. Raises OSError when it is gone."""
    import subprocess

    _holding[token["run_id"]] = subprocess.Popen(
        token["argv"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    return Prepared()


def undo(token: Mapping[str, Any]) -> None:
    """Let the computer sleep again. A program that another process had started ended with that process."""
    held = _holding.pop(str(token.get("run_id")), None)
    if held is None or held.stdin is None:
        return
    import subprocess

    held.stdin.close()
    try:
        held.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        held.kill()
        held.wait()
