"""A trial of a task: one answer of claude and a look at places, run as the task is, in a throw-away home."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from json import dumps
from tempfile import mkdtemp
from typing import Any, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.rights import effective
from clodputer.model.rights.effective import Effective
from clodputer.model.task import Task
from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.runner.prompt.texts import fed_by
from clodputer.runner.versions import paid
from clodputer.runner.versions.paid import MOST_DOLLARS
from clodputer.store import homes
from clodputer.store.context import Context, look
from clodputer.store.files import plainfile
from clodputer.store.files.tilde import expand
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import drop
from clodputer.store.taskfiles import yamlfile
from clodputer.tasks import taskfile

# In seconds.
STARTUP, LONGEST = 90, 180
# In bytes: a task file, and what the look at places prints.
LARGEST = 1024 * 1024

# The keys of a task that decide what its runs have; everything else, such as its triggers and what follows, is left out.
KEPT = (
    "env",
    "working_directory",
    "isolation",
    "worktree",
    "sandbox",
    "container",
    "setup",
    "setup_timeout",
    "teardown",
    "protect",
)
OF_CLAUDE = (
    "model",
    "fallback_model",
    "allowed_tools",
    "disallowed_tools",
    "permission_mode",
    "i_accept_the_risk",
    "append_system_prompt",
    "mcp_config",
    "add_dirs",
    "settings_sources",
)
PROMPT = "Answer with the single word: ready"
# Its arguments: a name and a folder each, then --, then addresses. Nothing is written: access(2) knows of read-only mounts.
LOOK = """\
while [ "$1" != -- ]; do
    if [ -d "$2" ] && [ -w "$2" ]; then echo "writable $1"; fi
    shift 2
done
shift
for address; do
    if curl -s -g -o /dev/null --max-time 5 "$address"; then echo "host $address"; fi
done
exit 0
"""
API, ELSEWHERE = "https://api.anthropic.com", "https://example.com"


def turn(environ: Mapping[str, str], name: str) -> dict[str, Any]:
    """What a trial of the task finds here: `effective`, or None, and a `message` that says why. Raises OSError."""
    try:
        context = look(environ)
        task = taskfile.load(context.home, name, environ)
        raw = yamlfile.document(task.path).value
        raw = raw if isinstance(raw, dict) else {}
    except ClodputerError as error:
        return {"effective": None, "message": str(error), "cost_usd": None}
    over = paid.refused(context, task)
    if over is not None:
        return {"effective": None, "message": over.message, "cost_usd": None}
    root = os.path.realpath(mkdtemp(prefix="clodputer-try-"))
    try:
        home = Home(root)
        homes.make(home)
        homes.lend(context.home, home)
        return _tried(context, home, task, raw)
    except ClodputerError as error:
        return {"effective": None, "message": str(error), "cost_usd": None}
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _tried(context: Context, home: Home, task: Task, raw: Mapping[str, Any]) -> dict[str, Any]:
    seen, message = _places(context, home, task, raw)
    if task.agent != "claude":
        nothing = Effective("", "", "", "", (), {}, **(seen or {}))
        return {"effective": nothing.to_json() if seen else None, "message": message, "cost_usd": None}
    trial = paid.begin(context, task, os.urandom(4).hex())
    record = _run(context, home, task.name, of_claude(context, task, raw))
    paid.end(context, trial, record.get("cost_usd") if record else 0.0)
    found = effective.of_record(record, seen) if record else None
    if found is None:
        message = str(record["message"]) if record else "no run came of it"
    elif record and record.get("outcome") != "succeeded":
        # A limit of turns, say: what it had was said before.
        message = str(record.get("message", ""))
    cost = record.get("cost_usd") if record else None
    return {"effective": found and found.to_json(), "message": message, "cost_usd": cost}


def of_claude(context: Context, task: Task, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a task whose run answers with one word, and has what a run of the real task has."""
    fed = fed_by(task, None, context.environ, context.secrets)
    return {
        **{name: raw[name] for name in (*KEPT, *OF_CLAUDE) if name in raw},
        "agent": "claude",
        # What a prompt with text from outside takes from a run, it takes from this one.
        "prompt": f"{PROMPT}\n{{{{ body }}}}" if fed else PROMPT,
        "max_turns": 1,
        "max_cost_usd": MOST_DOLLARS,
        "startup_timeout": f"{STARTUP}s",
        "timeout": f"{LONGEST}s",
    }


def of_places(context: Context, task: Task, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a task whose run looks which of some folders it can write to, and which hosts it reaches."""
    home = expand("~", context.environ)
    folders = {
        "the working directory": ".",
        home: home,
        f"{home}/.ssh": f"{home}/.ssh",
        "/tmp": "/tmp",  # noqa: S108
        "/etc": "/etc",
        "/usr/local/bin": "/usr/local/bin",
    }
    places = [word for pair in folders.items() for word in pair]
    return {
        **{name: raw[name] for name in KEPT if name in raw},
        "agent": "command",
        "command": ["/bin/sh", "-c", LOOK, "sh", *places, "--", *hosts(context, task, raw)],
        "timeout": f"{LONGEST}s",
    }


def hosts(context: Context, task: Task, raw: Mapping[str, Any]) -> list[str]:
    """The addresses to try: of the API, of what the sandbox allows, and of one that nothing asks for."""
    known = {**context.environ, **context.secrets, **task.env}
    sandbox = raw.get("sandbox")
    network = sandbox.get("network") if isinstance(sandbox, dict) else None
    allowed = network.get("hosts") if isinstance(network, dict) else None
    named = (
        [f"https://{host}" for host in allowed if isinstance(host, str)] if isinstance(allowed, list) else []
    )
    return list(dict.fromkeys((known.get("ANTHROPIC_BASE_URL") or API, *named, ELSEWHERE)))


def _places(
    context: Context, home: Home, task: Task, raw: Mapping[str, Any]
) -> tuple[Optional[dict[str, tuple[str, ...]]], str]:
    """What can be written to and reached; None where only claude's own sandbox knows, or when the look failed, and why."""
    if raw.get("sandbox") == "claude":
        return None, ""
    record = _run(context, home, task.name, of_places(context, task, raw))
    if record is None or record.get("outcome") != "succeeded":
        return None, str(record["message"]) if record else "no run came of it"
    stdout = plainfile.read(f"{runs.folder(home, task.name, record['run_id'])}/stdout", LARGEST).content
    lines = stdout.decode("utf-8", "replace").splitlines()
    found = {
        key: tuple(line[len(word) :] for line in lines if line.startswith(word))
        for key, word in (("writable", "writable "), ("hosts", "host "))
    }
    return found, ""


def _run(context: Context, home: Home, name: str, keys: Mapping[str, Any]) -> Optional[dict[str, Any]]:
    """The record of a run of a task with these keys. Raises ClodputerError, OSError."""
    with open(f"{home.tasks}/{name}.yaml", "w", encoding="utf-8") as file:
        file.write(dumps(keys))
    drop.drop(home, f"{name}.json", {"task": name})
    with Stop() as stop:
        work(look({**context.environ, "CLODPUTER_HOME": home.root}), stop)
    return next(runs.records(home, name), None)
