"""`clodputer run --dry-run`: what would be started, with nothing dropped and nothing begun."""

from __future__ import annotations

import os
from shlex import quote
from time import time
from typing import Any

from clodputer.cli.commands.run_options import Wanted
from clodputer.cli.result import Result
from clodputer.cli.terminal.fields import field
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.isolate import scratch
from clodputer.model.config.secretref import words
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.runner import planning
from clodputer.runner.place import withsecrets
from clodputer.runner.ready import prepare
from clodputer.store import holds
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.records import runs
from clodputer.tasks import risk
from clodputer.views.tasks import fed


def dry_run(context: Context, task: Task, wanted: Wanted) -> Result:
    """What a run of the task would be, were it begun now. Raises ClodputerError with what would keep it from starting."""
    references, context = context.settings.secrets, withsecrets.shown(context)
    environ, now = context.environ, time()
    request_id, origin = os.urandom(4).hex(), {"trigger": "manual"}
    request = Request(request_id, task.name, now, wanted.context, wanted.body, wanted.priority, origin=origin)
    run_id = runs.new_id(now, request.id)
    plans = planning.is_due(context, task, request)
    if plans:
        task = planning.restricted(task)
    folder = scratch.plan(task, environ, run_id)["path"]
    launch, prompt = prepare(context, run_id, request, task, folder, plans=plans)[2:4]
    held = holds.on_task(context.home, task, now)
    data = {
        "dry_run": True,
        "task": task.name,
        "agent": task.agent,
        "argv": list(launch.argv),
        "working_directory": launch.working_directory,
        "environment": sorted(launch.env),
        "prompt": prompt,
        "lane": task.lane,
        "priority": wanted.priority or task.priority,
        "timeout": launch.timeout,
        "resumed": launch.resumed,
        "secrets": [
            {"name": name, "from": words(references[name])} for name in withsecrets.needed(context, task)
        ],
        "fed_by": list(launch.fed_by),
    }
    shown: dict[str, Any] = context.masker.data(data)
    lines = [
        f"{ink(task.name, 'bold')} would be started like this; nothing was dropped, and nothing is started"
    ]
    fields = [
        ("command", " ".join(quote(word) for word in shown["argv"])),
        ("folder", shown["working_directory"]),
        ("variables", f"{', '.join(shown['environment'])} (names only)"),
        (
            "secrets",
            "".join(f"{one['name']} ({one['from']}) " for one in shown["secrets"])
            + "are looked up when a run starts"
            if shown["secrets"]
            else "",
        ),
        ("queue", f"lane {task.lane}, priority {shown['priority']}"),
        (
            "on hold",
            f"{held.target.words} {zone.until(held.hold.until)} ({held.hold.reason})" if held else "",
        ),
        ("note", fed.words(task, request, environ, context.secrets)),
        ("risk", risk.note(task, environ)),
        ("prompt", shown["prompt"].rstrip("\n") or "none"),
    ]
    lines += [field(label, printable(text)) for label, text in fields if text]
    return Result(shown, "\n".join(lines))
