"""`clodputer logs`: the execution log in words, a part of it or as it grows."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from time import time
from typing import Any, Optional, Union

import click

from clodputer.cli.arguments.since import moment_since
from clodputer.cli.group import json_option
from clodputer.cli.result import Printed, Result
from clodputer.cli.terminal.ink import shown
from clodputer.cli.text.runs.log_event import in_words, names
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.suggest import did_you_mean
from clodputer.store import homes
from clodputer.store.home import Home
from clodputer.store.index.query import Index
from clodputer.store.log.tail import Tail
from clodputer.store.records import runs
from clodputer.store.spool import find
from clodputer.tasks import taskfile

TAIL = 20
# What is asked for and was never logged must be one of these; whatever was logged once may be asked for. All that is ever
# written (tests/test_events.py).
EVENTS = (
    "adapted",
    "approved",
    "auto_disabled",
    "blocked",
    "breaker_open",
    "budget_near",
    "buried",
    "cancel_asked",
    "cancelled",
    "clock_back",
    "coalesced",
    "compared",
    "delayed",
    "denied",
    "disabled",
    "disk_full",
    "dismissed",
    "enabled",
    "engine_waits",
    "fate",
    "fault",
    "finished",
    "fixed",
    "followed",
    "imported",
    "memory_kept",
    "metrics_lost",
    "missed",
    "not_approved",
    "not_followed",
    "not_published",
    "not_routed",
    "not_torn_down",
    "note",
    "parked",
    "paused",
    "plugin_down",
    "plugin_failed",
    "plugin_found",
    "plugin_said",
    "plugin_works",
    "promoted",
    "pruned",
    "published",
    "publishing",
    "queued",
    "reclassified",
    "recovered",
    "refused",
    "rejected",
    "released",
    "report_lost",
    "reported",
    "reset",
    "resumed",
    "retried",
    "routed",
    "skipped",
    "staged",
    "started",
    "state_changed",
    "stopped",
    "stuck",
    "submitted",
    "swept",
    "task_changed",
    "task_removed",
    "tidy_failed",
    "told",
    "tool_changed",
    "topic_failed",
    "tree_removed",
    "trial",
    "undelivered",
    "unmatched",
    "unparked",
    "watch_failed",
    "watch_slowed",
    "watch_started",
    "webhook",
    "withheld",
    "work_kept",
    "worktree_left",
)


@click.command()
@click.option("--task", metavar="TASK", default="", help="Only events of this task.")
@click.option("--event", metavar="KIND", default="", help="Only this kind, such as finished.")
@click.option(
    "--run",
    "run_id",
    metavar="RUN",
    default="",
    help="Only events of this run: its id, that of its request, or the beginning or the end of one.",
)
@click.option("--since", metavar="WHEN", help="Only events since then: 2h, 7d, or a date such as 2026-11-01.")
@click.option(
    "--tail",
    metavar="N",
    type=click.IntRange(0),
    help=f"At most the last N; {TAIL} without --since, else all.",
)
@click.option("--follow", "-f", is_flag=True, help="Then print what is logged from now on, until Ctrl-C.")
@json_option
@click.pass_obj
def command(
    as_json: bool, task: str, event: str, run_id: str, since: Optional[str], tail: Optional[int], follow: bool
) -> Union[Result, Printed]:
    """Show what happened, from the execution log and its archive.

    With --json, data.events holds the lines of the log as they are.

    \b
    Examples:
      clodputer logs
      clodputer logs --task nightly --since 7d
      clodputer logs --event finished --tail 5 --json
      clodputer logs --follow
    """
    wanted = {"task": task, "event": event, "run_id": run_id}
    if follow:
        return follow_log(os.environ, wanted, since, tail, time(), as_json=as_json)
    return log(os.environ, wanted, since, tail, time())


def log(
    environ: Mapping[str, str], wanted: dict[str, str], since: Optional[str], tail: Optional[int], now: float
) -> Result:
    """The events that are asked for. Raises ClodputerError."""
    home = homes.existing(environ)
    wanted, start, last = _asked(home, wanted, since, tail, now)
    with Index(home) as index:
        events = index.events(**wanted, since=start, last=last)
        anything = events or index.events(last=1)
        if not events and anything:
            _refuse_unknown(home, index, wanted)
        nothing = "" if events else _nothing(anything, wanted)
    column = names(str(event.get("task") or "") for event in events)
    return Result({"events": events}, "\n".join(in_words(event, column) for event in events) or nothing)


def follow_log(
    environ: Mapping[str, str],
    wanted: dict[str, str],
    since: Optional[str],
    tail: Optional[int],
    now: float,
    *,
    as_json: bool,
) -> Printed:
    """The same, printed, and what is logged from now on until Ctrl-C. Raises ClodputerError."""
    home = homes.existing(environ)
    if as_json:
        raise ClodputerError(
            "usage",
            "--follow never comes to the end that --json needs",
            f"Read the lines themselves: tail -F {home.log}",
            ExitCode.USAGE,
        )
    wanted, start, last = _asked(home, wanted, since, tail, now)
    try:
        with Tail(home) as coming:
            # Opened before the index is read: what comes in between is then seen by both, and shown once.
            with Index(home) as index:
                earlier = index.events(**wanted, since=start, last=last)
            # Of what is to come nobody knows the tasks; those that are there now will do.
            column = names([*taskfile.names(home), *(str(event.get("task") or "") for event in earlier)])
            for event in _once(earlier, coming.events()):
                if all(not value or event.get(key) == value for key, value in wanted.items()):
                    sys.stdout.write(shown(in_words(event, column), sys.stdout, environ) + "\n")
                    sys.stdout.flush()
    except KeyboardInterrupt:
        return Printed(ExitCode.INTERRUPTED)
    return Printed(ExitCode.DONE)


def _asked(
    home: Home, wanted: dict[str, str], since: Optional[str], tail: Optional[int], now: float
) -> tuple[dict[str, str], float, Optional[int]]:
    start = moment_since(since, now) if since else 0.0
    return (
        {**wanted, "run_id": _run(home, wanted["run_id"])},
        start,
        TAIL if tail is None and not since else tail,
    )


def _once(earlier: list[dict[str, Any]], coming: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from earlier
    recent = earlier[-1000:]
    for event in coming:
        if event in recent:
            recent.remove(event)
            continue
        yield event


def _run(home: Home, run_id: str) -> str:
    found = find.fitting(home, run_id, (find.RUN,))
    if len(found) > 1:
        raise find.ambiguous(run_id, found)
    # The log knows runs whose folders were pruned.
    return found[0].run_id if found else run_id


def _refuse_unknown(home: Home, index: Index, wanted: Mapping[str, str]) -> None:
    """Raises ClodputerError for a task without a file and an event, of which the whole log tells nothing."""
    task, event = wanted["task"], wanted["event"]
    known = {*taskfile.names(home), *runs.tasks(home)}
    if task and task not in known and not index.events(task=task, last=1):
        raise ClodputerError(
            "task_unknown",
            f"no task {task[:80]!r} and no event of one{did_you_mean(task, known)}",
            "See the tasks with: clodputer list",
        )
    if event and event not in EVENTS and not index.events(event=event, last=1):
        raise ClodputerError(
            "event_unknown",
            f"no event {event[:80]!r} was ever logged{did_you_mean(event, EVENTS)}",
            f"The kinds of events: {', '.join(EVENTS)}",
        )


def _nothing(anything: list[dict[str, Any]], wanted: dict[str, str]) -> str:
    if not anything:
        return "Nothing has happened in this home yet."
    return "No event fits." if any(wanted.values()) else "No event since then."
