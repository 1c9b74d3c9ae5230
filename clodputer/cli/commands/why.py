"""`clodputer why`: in words, why a task did or did not run last time, and what it waits for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, NamedTuple, Optional

import click

from clodputer import triggers
from clodputer.cli import complete
from clodputer.cli.group import json_option
from clodputer.cli.looking import look
from clodputer.cli.result import Result
from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink, without
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import wrapped
from clodputer.cli.text import aside as asidetext
from clodputer.cli.text import record as recordtext
from clodputer.cli.text import scheduled as scheduledtext
from clodputer.cli.text import slot as slottext
from clodputer.cli.text import waits
from clodputer.model.due import Entry
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.moment import iso, parse_moment
from clodputer.model.outcome import LIMITED, SUCCEEDED
from clodputer.model.suggest import did_you_mean
from clodputer.model.task import Task
from clodputer.runner.requests import cancel
from clodputer.runner.requests.cancel import task_inside
from clodputer.schedulers import scheduled
from clodputer.schedulers.scheduled import Scheduled
from clodputer.store import holds, ledger, runs
from clodputer.store import zone as zones
from clodputer.store.context import Context
from clodputer.store.holds import EVERYTHING, LANE, Placed
from clodputer.store.spool import lookup
from clodputer.store.spool.lookup import Bearer
from clodputer.store.spool.whereabouts import RUNNING
from clodputer.tasks import taskfile
from clodputer.views import setaside, status
from clodputer.views.overdue import Overdue, overdue
from clodputer.views.setaside import SetAside

# What is told of a request whose task nobody knows.
_NOTHING: Mapping[str, Any] = {
    "task": None,
    "enabled": None,
    "last_run": None,
    "waiting": False,
    "running": False,
    "stale": False,
    "hold": None,
    "triggers": [],
    "not_run": [],
    "problems": [],
    "set_aside": [],
    "scheduler": None,
    "overdue": [],
    "words": "",
}


class Facts(NamedTuple):
    """All that the answer is made of. trouble: what is wrong with the task file; then there is no task."""

    name: str
    task: Optional[Task]
    trouble: Optional[ClodputerError]
    last: Optional[Mapping[str, Any]]
    # The states (store/spool/whereabouts.py) of requests that wait, whether it is in a slot, whether its exec died there.
    waiting: frozenset[str]
    running: bool
    stale: bool
    hold: Optional[Placed]
    entries: Mapping[int, Entry]
    aside: Sequence[SetAside]
    # What starts the task, and the slot times that have passed without it.
    scheduled: Scheduled
    overdue: Sequence[Overdue]


@click.command()
@click.argument("task", metavar="TASK|REQUEST|RUN", shell_complete=complete.runs)
@json_option
def command(task: str) -> Result:
    """Say why a task did or did not run, and what it waits for.

    Tells its last run, the slot times that were missed or coalesced and for which reason, and what stands between it and
    its next run: a slot time, a hold on its lane, a request that waits, a mistake in its file, or that it is disabled. Of
    its requests that were rejected or given up it tells the place, the reason, and the command that fixes it.

    Asked for a REQUEST or a RUN by an id, it tells of that one first.

    \b
    Examples:
      clodputer why nightly
      clodputer why 3f9a2c1b
      clodputer why nightly --json
    """
    return why(os.environ, task, time())


def why(environ: Mapping[str, str], wanted: str, now: float) -> Result:
    """The answer. Raises ClodputerError when nothing, or more than one thing, fits."""
    context = look(environ)
    if wanted in taskfile.names(context.home) or wanted in runs.tasks(context.home):
        return _of_task(context, wanted, now)
    places = (lookup.RUN, lookup.REJECTED, lookup.DEAD, lookup.CLOSED, lookup.WAITING)
    one = lookup.the_one(wanted, lookup.fitting(context.home, wanted, places))
    if one is None:
        near = did_you_mean(wanted, taskfile.names(context.home))
        raise ClodputerError(
            "task_unknown",
            f"no task, no run and no request fits {wanted[:80]!r}{near}",
            "See the tasks with: clodputer list. See what waits: clodputer queue",
        )
    return _of_request(context, one, now)


def _of_task(context: Context, name: str, now: float, but: str = "") -> Result:
    """What there is to say of a task; not of the file `but`, of which everything was said."""
    facts = _facts(context, name, now)
    triggers = [
        waits.trigger(
            context,
            facts.task,
            one,
            index,
            facts.entries.get(index),
            now,
            kept=not facts.scheduled.nothing_starts(name),
        )
        for index, one in enumerate(facts.task.triggers if facts.task else ())
        if facts.task
    ]
    fates = [fate for _, entry in sorted(facts.entries.items()) for fate in entry.fates]
    data = {
        "task": facts.name,
        "enabled": facts.task.enabled if facts.task else None,
        "last_run": dict(facts.last) if facts.last else None,
        "waiting": bool(facts.waiting),
        "running": facts.running,
        "stale": facts.stale,
        "hold": _hold(facts.hold) if facts.hold else None,
        "triggers": [{**told, "words": words} for told, words in triggers],
        "not_run": [slottext.fate_data(fate) for fate in fates],
        "problems": facts.trouble.message.split("\n") if facts.trouble else [],
        "set_aside": [asidetext.data(one) for one in facts.aside],
        "scheduler": facts.scheduled.to_json(),
        "overdue": [slottext.written(one.slot) for one in facts.overdue],
        "asked": None,
        "words": without(_state(facts)),
    }
    lines = [wrapped(_state(facts))]
    if facts.trouble:
        lines.append(recordtext.told("broken", printable(facts.trouble.message)))
        lines.append(recordtext.told("fix", printable(facts.trouble.hint)))
    lines += asidetext.of_task([one for one in facts.aside if one.path != but], now)
    lines.append(recordtext.told("last run", _last(facts, now)))
    lines += [recordtext.told("not run", "\n".join(slottext.fates(fates)))] if fates else []
    lines += [
        recordtext.told("overdue", f"since {zones.wall(one.slot)}; no exec has looked at it")
        for one in facts.overdue
    ]
    lines += [recordtext.told(told["type"], words) for told, words in triggers]
    if unscheduled := scheduledtext.of_task(facts.scheduled, name):
        lines.append(recordtext.told("alarm", unscheduled))
        lines.append(recordtext.told("fix", facts.scheduled.hint))
    text = context.masker.text("\n".join(lines))
    wrong, mask = facts.trouble, context.masker.text
    errors = (ClodputerError(wrong.code, mask(wrong.message), mask(wrong.hint)),) if wrong else ()
    return Result(context.masker.data(data), text, ExitCode.EXPECTED if errors else ExitCode.DONE, errors)


def _of_request(context: Context, one: Bearer, now: float) -> Result:
    """First what became of one request, then its task, when it has one."""
    task, asked = (
        one.task,
        {
            "place": one.place,
            "request_id": one.request_id or None,
            "run_id": one.run_id or None,
            "path": one.path,
            "fix": None,
        },
    )
    if one.place == lookup.RUN:
        record = runs.record(context.home, one.task, one.run_id)
        ended = f"{when.ended(record['outcome'], record['reason'])}" if record else "has no record yet"
        text = f"run {one.run_id} of {ink(task, 'bold')}: {ended}; see: clodputer show {one.run_id}"
    elif one.found:
        task = task or task_inside(one.found)
        text = f"request {lookup.handle(one)}{f' of {task}' if task else ''} is {one.place}"
    else:
        told = setaside.told(context, one.place, one.name)
        task, asked["fix"] = told.task, told.fix or None
        text = asidetext.page(told, None, now)
    known = task in (*taskfile.names(context.home), *runs.tasks(context.home))
    rest = _of_task(context, task, now, but=one.path) if known else Result({**_NOTHING, "task": task or None})
    text = context.masker.text(text) + (f"\n\n{rest.text}" if known else "")
    return Result({**rest.data, "asked": context.masker.data(asked)}, text, rest.exit_code, rest.errors)


def _facts(context: Context, name: str, now: float) -> Facts:
    task, trouble = None, None
    try:
        task = taskfile.load(context.home, name, context.environ)
    except ClodputerError as error:
        trouble = error
    requests = cancel.of_task(context, name)
    lanes = {one.lane for one in requests if one.state == RUNNING}
    stale = {one.request_id for lane in lanes for one in status.running(context.home, lane, now) if one.stale}
    return Facts(
        name,
        task,
        trouble,
        next(runs.records(context.home, name), None),
        frozenset(one.state for one in requests if one.state != RUNNING),
        bool(lanes),
        any(one.id in stale for one in requests),
        holds.on_task(context.home, task, now) if task else None,
        ledger.entries(context.home, name),
        setaside.of_task(context, name),
        scheduled.look(context, [task] if task else [], sys.platform),
        overdue(context.environ, context.home, [task] if task else [], now),
    )


def _state(facts: Facts) -> str:
    """What stands between the task and its next run, in one line."""
    name = ink(printable(facts.name), "bold")
    if facts.stale:
        return f"{name} was being run, but its exec died; the next one settles it: clodputer exec"
    if facts.running:
        return f"{name} is being run now"
    if facts.task is None:
        gone = facts.trouble is not None and facts.trouble.code == "task_unknown"
        return f"{name} does not run: {'its task file is gone' if gone else 'its task file is not in order'}"
    lane = facts.task.lane
    if not facts.task.enabled:
        return f"{name} is disabled: set enabled: true in {printable(facts.task.path)}"
    if facts.hold is not None:
        waits = "a request of it waits, and" if facts.waiting else "nothing of it waits;"
        target, hold = facts.hold.target, facts.hold.hold
        held = (
            "everything"
            if target == EVERYTHING
            else f"its {target.words}"
            if target.scope == LANE
            else target.words
        )
        until = recordtext.until(hold.until)
        return f"{name}: {waits} {held} is on hold {until} ({printable(hold.reason)})"
    if facts.waiting == {"dropped"}:
        return f"{name}: a request of it was dropped and not taken in yet; the next exec does: clodputer exec"
    if facts.waiting == {"delayed"}:
        return f"{name}: a request of it waits for its time (see: clodputer queue)"
    if facts.waiting:
        return f"{name}: a request of it waits for its turn in lane {lane}"
    if not any(map(triggers.needs_alarm, facts.task.triggers)):
        return f"{name} waits for a person or a dropped request; it has no trigger of its own"
    if facts.scheduled.nothing_starts(facts.name):
        return f"{name} waits for its triggers, and nothing will start it"
    return f"{name} waits for its triggers"


def _last(facts: Facts, now: float) -> str:
    record = facts.last
    if record is None:
        return "none yet"
    slot = record["origin"].get("slot_time")
    of = f", for the slot time {zones.wall(parse_moment(str(slot), now))}" if slot else ""
    ago = when.ago(parse_moment(str(record["ended_at"]), now), now)
    rest = f"{ago}, trigger: {record['trigger']}{of}; see: clodputer show {record['run_id']}"
    # One that lies in dead/ is told of with its own command.
    told = any(one.request_id == record["request_id"] for one in facts.aside)
    if record["outcome"] not in (SUCCEEDED, LIMITED) and not told:
        rest += f"; to run it again: clodputer retry {record['run_id']}"
    return f"{when.ended(record['outcome'], record['reason'])} {printable(rest)}"


def _hold(placed: Placed) -> dict[str, Any]:
    hold = placed.hold
    return {
        "scope": placed.target.scope,
        "name": placed.target.name or None,
        "reason": hold.reason,
        "message": hold.message,
        "since": None if hold.since is None else iso(hold.since),
        "until": None if hold.until is None else iso(hold.until),
    }
