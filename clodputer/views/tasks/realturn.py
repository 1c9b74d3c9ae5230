"""One real turn of claude, the smallest there is, run as every run is: in a throw-away home with the person's login."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from tempfile import mkdtemp
from time import time
from typing import Any

from clodputer.model.errors import ClodputerError
from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.runner.versions import paid
from clodputer.runner.versions.paid import MOST_DOLLARS
from clodputer.store import homes
from clodputer.store.context import look
from clodputer.store.home import Home, locate
from clodputer.store.records import runs
from clodputer.store.spool import drop

TASK = "canary"

# It may touch nothing, and is over with its first answer.
_FILE = """\
agent: claude
prompt: |
  Answer with the single word: ready
disallowed_tools: [Bash, Edit, Glob, Grep, NotebookEdit, Read, Task, WebFetch, WebSearch, Write]
max_turns: 1
max_cost_usd: {dollars}
startup_timeout: {seconds}s
timeout: {timeout}s
"""
# What is asked for is a first byte within so many seconds; the answer may take as much again.
KEPT = (
    "run_id",
    "outcome",
    "reason",
    "message",
    "duration_seconds",
    "agent_version",
    "cost_usd",
    "model",
    "num_turns",
)


def turn(environ: Mapping[str, str], seconds: float) -> dict[str, Any]:
    """Run it, the first byte being due within `seconds`; what its record says, in short. Raises nothing but OSError."""
    own = locate(environ)
    try:
        context = look(environ)
        over = paid.refused(context)
    except ClodputerError as error:
        return {"outcome": "failed", "reason": "not_started", "message": str(error)}
    if over is not None:
        return {"outcome": "failed", "reason": "budget", "message": over.message}
    root = os.path.realpath(mkdtemp(prefix="clodputer-canary-"))
    try:
        home = Home(root)
        homes.make(home)
        homes.lend(own, home)
        with open(f"{home.tasks}/{TASK}.yaml", "w", encoding="utf-8") as file:
            file.write(_FILE.format(dollars=MOST_DOLLARS, seconds=int(seconds), timeout=int(2 * seconds)))
        drop.drop(home, f"{TASK}.json", {"task": TASK})
        begun = time()
        trial = paid.begin(context, None, os.urandom(4).hex())
        with Stop() as stop:
            work(look({**environ, "CLODPUTER_HOME": root}), stop)
        record = next(runs.records(home, TASK), None)
        paid.end(context, trial, record.get("cost_usd") if record else 0.0)
    except ClodputerError as error:
        return {"outcome": "failed", "reason": "not_started", "message": str(error)}
    finally:
        shutil.rmtree(root, ignore_errors=True)
    if record is None:
        return {
            "outcome": "failed",
            "reason": "not_started",
            "message": f"no run came of it in {time() - begun:.0f} seconds",
        }
    return {key: record.get(key) for key in KEPT}
