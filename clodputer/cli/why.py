"""`clodputer why`: in words, why a task did or did not run last time, and what it waits for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any, NamedTuple, Optional

import click

from clodputer.cli import complete, recordtext, slottext, when
from clodputer.cli.group import json_option
from clodputer.cli.ink import ink
from clodputer.cli.printable import printable
from clodputer.cli.result import Result
from clodputer.model import schedule, trigger
from clodputer.model.errors import ClodputerError
from clodputer.model.moment import format_duration, iso, parse_moment
from clodputer.model.task import Task, Trigger
from clodputer.store import zone as zones

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.model.due import Entry
    from clodputer.runner.surroundings import Surroundings
    from clodputer.store.hold import Hold


class Facts(NamedTuple):
    """All that the answer is made of."""

    task: Task
    last: Optional[Mapping[str, Any]]
    # The states (store/whereabouts.py) of its requests that wait, whether it is in a slot, and whether its exec died there.
    waiting: frozenset[str]
    running: bool
    stale: bool
    hold: Optional[Hold]
    entries: Mapping[int, Entry]


@click.command()
@click.argument("task", shell_complete=complete.tasks)
@json_option
def command(task: str) -> Result:
    """Say why a task did or did not run, and what it waits for.

    Tells its last run, the slot times that were missed or coalesced and for which reason, and what stands between it and
    its next run: a slot time, a hold on its lane, a request that waits, or that it is disabled.

    \b
    Examples:
      clodputer why nightly
      clodputer why nightly --json
    """
    return why(os.environ, task, time())


def why(environ: Mapping[str, str], name: str, now: float) -> Result:
    """The answer. Raises ClodputerError when there is no such task or its file is broken."""
    from clodputer.runner.surroundings import look

    around = look(environ)
    facts = _facts(around, name, now)
    triggers = [_trigger(environ, facts, one, index, now) for index, one in enumerate(facts.task.triggers)]
    fates = [fate for _, entry in sorted(facts.entries.items()) for fate in entry.fates]
    data = {
        "task": facts.task.name,
        "enabled": facts.task.enabled,
        "last_run": around.masker.data(dict(facts.last)) if facts.last else None,
        "waiting": bool(facts.waiting),
        "running": facts.running,
        "stale": facts.stale,
        "hold": around.masker.data(_hold(facts.hold)) if facts.hold else None,
        "triggers": [told for told, _ in triggers],
        "not_run": [slottext.fate_data(fate) for fate in fates],
    }
    lines = [_state(facts)]
    lines += [recordtext.field("last run", line) for line in [_last(facts.last, now)]]
    lines += [recordtext.field("not run", "\n".join(slottext.fates(fates)))] if fates else []
    lines += [recordtext.field(told["type"], words) for told, words in triggers]
    return Result(data, "\n".join(lines))


def _facts(around: Surroundings, name: str, now: float) -> Facts:
    from clodputer.runner import cancel
    from clodputer.store import hold, ledger, runs, taskfile
    from clodputer.store.whereabouts import RUNNING
    from clodputer.views import status

    task = taskfile.load(around.home, name, around.environ)
    requests = cancel.of_task(around, task.name)
    lanes = {one.lane for one in requests if one.state == RUNNING}
    stale = {one.request_id for lane in lanes for one in status.running(around.home, lane, now) if one.stale}
    return Facts(
        task,
        next(runs.records(around.home, task.name), None),
        frozenset(one.state for one in requests if one.state != RUNNING),
        bool(lanes),
        any(one.id in stale for one in requests),
        hold.current(around.home, task.lane, now),
        ledger.entries(around.home, task.name),
    )


def _state(facts: Facts) -> str:
    """What stands between the task and its next run, in one line."""
    name, lane = ink(facts.task.name, "bold"), facts.task.lane
    if facts.stale:
        return f"{name} was being run, but its exec died; the next one settles it: clodputer exec"
    if facts.running:
        return f"{name} is being run now"
    if not facts.task.enabled:
        return f"{name} is disabled: set enabled: true in {printable(facts.task.path)}"
    if facts.hold is not None:
        waits = "a request of it waits, and" if facts.waiting else "nothing of it waits;"
        until = recordtext.until(facts.hold.until)
        return f"{name}: {waits} its lane {lane} is on hold {until} ({printable(facts.hold.reason)})"
    if facts.waiting == {"dropped"}:
        return f"{name}: a request of it was dropped and not taken in yet; the next exec does: clodputer exec"
    if facts.waiting == {"delayed"}:
        return f"{name}: a request of it waits for its time (see: clodputer queue)"
    if facts.waiting:
        return f"{name}: a request of it waits for its turn in lane {lane}"
    if all(one.type == "manual" for one in facts.task.triggers):
        return f"{name} waits for a person or a dropped request; it has no trigger of its own"
    return f"{name} waits for its triggers"


def _last(record: Optional[Mapping[str, Any]], now: float) -> str:
    if record is None:
        return "none yet"
    slot = record["origin"].get("slot_time")
    of = f", for the slot time {zones.wall(parse_moment(str(slot), now))}" if slot else ""
    ago = when.ago(parse_moment(str(record["ended_at"]), now), now)
    rest = f"{ago}, trigger: {record['trigger']}{of}; see: clodputer show {record['run_id']}"
    return f"{when.ended(record['outcome'], record['reason'])} {printable(rest)}"


def _hold(hold: Hold) -> dict[str, Any]:
    until = None if hold.until is None else iso(hold.until)
    return {"reason": hold.reason, "message": hold.message, "until": until}


def _trigger(
    environ: Mapping[str, str], facts: Facts, one: Trigger, index: int, now: float
) -> tuple[dict[str, Any], str]:
    """What one trigger waits for, for programs and in words."""
    told: dict[str, Any] = {"type": one.type, "index": index, "next_slot_time": None, "accounted": None}
    entry = facts.entries.get(index)
    if entry is not None and entry.fingerprint == trigger.fingerprint(one):
        told["accounted"] = slottext.written(entry.accounted)
    if one.type == "file_watch":
        return told, f"waits for files in {printable(str(one.options.get('path')))}"
    if one.type == "startup":
        return told, "waits for the next start of the computer"
    if one.type == "manual":
        return told, "waits for a person or a dropped request"
    try:
        zone = zones.load(str(one.options.get("timezone") or ""), environ)
    except ClodputerError as error:
        return told, printable(error.message)
    slot = schedule.following(trigger.schedule(one, zone), now)
    if slot is None:
        return told, "is never due again"
    told["next_slot_time"] = slottext.written(slot, zone)
    delay = trigger.policy(one, facts.task.name).jitter
    later = f", and starts {format_duration(delay)} later (jitter)" if delay else ""
    return told, f"is due next at {zones.wall(slot, zone)}{later}"
