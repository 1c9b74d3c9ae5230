"""The stage of `clodputer demo`: its home, its task, its request, and the exec that does the work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from json import dumps, loads
from typing import Any, BinaryIO

from clodputer.model.errors import ClodputerError
from clodputer.store import homes
from clodputer.store.home import Home, locate
from clodputer.store.program import templates
from clodputer.store.spool import layout

TASK = "demo"
REQUEST = "hello.json"
# How long exec is given to stop its run when we are interrupted: its own grace for an agent, and some.
GRACE = 15.0

_TASK = """\
agent: command
command:
{command}prompt: Count the words of this sentence, {{{{ context.name }}}}.
timeout: 30s
"""

_CLAUDE_TASK = """\
agent: claude
prompt: |
  Run the command `date` with your Bash tool. Then greet {{ context.name }} in one short
  sentence that says what time it is.
allowed_tools: ["Bash(date)", "Bash(date:*)"]
produces: text
max_turns: 4
max_cost_usd: 0.50
timeout: 3m
"""


@contextmanager
def throw_away(keep: bool) -> Iterator[str]:
    """A folder that is removed at the end; not when an error of Clodputer leaves something in it worth looking at."""
    root = os.path.realpath(tempfile.mkdtemp(prefix="clodputer-demo-"))
    try:
        yield root
    except ClodputerError:
        keep = True
        raise
    finally:
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def write_task(environ: Mapping[str, str], home: Home, claude: bool) -> str:
    """Write the task's file and return its text. Raises OSError."""
    if claude:
        text = _CLAUDE_TASK
        # The person's own: which claude, and with which login.
        homes.lend(locate(environ), home)
    else:
        argv = [sys.executable, f"{templates.folder()}/demo/agent.py"]
        text = _TASK.format(command="".join(f"  - {dumps(word, ensure_ascii=False)}\n" for word in argv))
    with open(f"{home.tasks}/{TASK}.yaml", "w", encoding="utf-8") as file:
        file.write(text)
    return text


def drop(home: Home) -> str:
    """Drop the request in the way a person would, by a plain write and a rename; its text. Raises OSError."""
    text = dumps({"task": TASK, "context": {"name": "Ada"}}) + "\n"
    beside = f"{home.tmp}/{REQUEST}"
    with open(beside, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(beside, f"{home.new}/{REQUEST}")
    return text


def start(environ: Mapping[str, str], home: Home, complaints: BinaryIO) -> subprocess.Popen[bytes]:
    """Start `clodputer exec` for that home, its stderr into a file. Raises OSError."""
    isolated = ["-I"] if sys.flags.isolated else []
    return subprocess.Popen(
        [sys.executable, *isolated, "-m", "clodputer", "exec"],
        env={**environ, "CLODPUTER_HOME": home.root},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=complaints,
    )


def stop(execution: subprocess.Popen[bytes]) -> None:
    """Let an exec that still runs stop its run cleanly; kill it only when it would not."""
    if execution.poll() is None:
        execution.terminate()
    try:
        execution.wait(GRACE)
    except subprocess.TimeoutExpired:
        execution.kill()
        execution.wait()


def way(home: Home) -> list[str]:
    """The request's way: what the log says of it, and the place where its file is now."""
    places = [f"spool/new/{REQUEST}"]
    for event in _log(home):
        if event.get("event") == "queued":
            places.append(f"spool/lanes/{event.get('lane')}/queue/{event.get('priority')}")
        elif event.get("event") == "started":
            places.append(os.path.relpath(layout.slot(home, str(event.get("lane")), 0), home.root))
    for folder, _, names in os.walk(home.root):
        places += [
            os.path.relpath(os.path.join(folder, name), home.root) for name in names if _is_request(name)
        ]
    return places


def _is_request(name: str) -> bool:
    return name.startswith("dropped.") or name.endswith(REQUEST)


def _log(home: Home) -> list[dict[str, Any]]:
    try:
        with open(home.log, encoding="utf-8") as file:
            return [loads(line) for line in file]
    except FileNotFoundError:
        return []
