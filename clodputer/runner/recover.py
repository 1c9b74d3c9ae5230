"""Recover: a slot whose holder died is put in order, before anything else is run in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import Any, Optional

from clodputer import isolate
from clodputer.effects.bury import bury
from clodputer.effects.close import close_cancelled
from clodputer.model import outcome
from clodputer.model.decide import after
from clodputer.model.errors import ClodputerError
from clodputer.model.numbers.dice import dice
from clodputer.model.outcome import Outcome
from clodputer.model.record import build
from clodputer.model.request import InvalidRequest, Place, Request, from_fields
from clodputer.model.run import Ended, Launch, Report
from clodputer.model.runs.ending import Ending
from clodputer.model.task import Task
from clodputer.model.text.moment import parse_moment
from clodputer.runner import fault, items, unrecorded
from clodputer.runner.follow.fill import with_follow_ups
from clodputer.runner.place import provision, withsecrets, worktree
from clodputer.runner.processes.leftovers.hunt import hunt
from clodputer.runner.proof import check, protect
from clodputer.runner.publish import around
from clodputer.runner.settle import settle
from clodputer.store.context import Context
from clodputer.store.files.atomic import sync_folder
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool import queue
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import attempts
from clodputer.store.spool.slot import Slot
from clodputer.tasks import taskfile

# A request whose runs die before anything is started kills its exec itself; after this many it goes to `dead/`.
FALSE_STARTS = 3


def recover(context: Context, slot: Slot, now: float, elsewhere: str = "") -> None:
    """Finish what the slot's last holder left: nothing is lost, and nothing is run a second time without being asked.

    Nothing in the slot: nothing to do. A request without a mark: nothing was begun, it goes back to its queue. A mark and a
    record: the settling is repeated. A mark that says started: what is left of the run is killed, and it is settled as `lost`.
    Another mark: it died before the start. May itself be killed at any point and repeated.
    elsewhere: how the job ended in which the run was made, as a sentence; empty when it was made on this machine.
    """
    place, task, run_id, started = slots.content(context.home, slot)
    fault.reach(context, "recover", place.id if place else "")
    slots.forget_cancels(context.home, slot, place.id if place else "")
    if place is None:
        if run_id:
            slots.unmark(context.home, slot, task, run_id)
        return
    if not run_id:
        if not _cancelled(context, slot, place, now):
            put_back(context, slot, place)
            context.log(now, "recovered", request_id=place.id, action="put_back")
        return
    kept = unrecorded.read(context, slot, task, run_id)
    context = withsecrets.for_settling(context, runs.folder(context.home, task, run_id))
    record = runs.record(context.home, task, run_id) or kept.record
    if record is not None:
        context.log(now, "recovered", task=task, request_id=place.id, run_id=run_id, action="settled")
        settle(context, slot, place, record, parse_moment(str(record["ended_at"]), now))
        return
    if started:
        _lost(context, slot, place, task, run_id, kept.error, now, elsewhere)
    else:
        _end_beginnings(context, slot, task, run_id)
        protect.forget(runs.folder(context.home, task, run_id))
        _undo(context, slot, task, run_id)
        _false_start(context, slot, place, task, run_id, now)


def give_up(context: Context, slot: Slot, now: float) -> None:
    """Move what lies in the slot to `dead/`, as nothing else could be done with it; the slot is free then. Raises OSError."""
    place, task, run_id, started = slots.content(context.home, slot)
    if place is not None:
        began = f" It may have run: see {runs.folder(context.home, task, run_id)}." if started else ""
        record = unrecorded.read(context, slot, task, run_id).record if started else None
        if record is not None:
            began = (
                f" Its run {run_id} ended as {record['outcome']} ({record['reason']}). {record['message']}"
            )
        message = f"Clodputer failed repeatedly at this request; the log says how (clodputer logs).{began}"
        kept = bury(context, slots.path(context.home, slot, place), place, "internal", message, task)
        context.log(
            now,
            "buried",
            task=task or None,
            request_id=place.id,
            run_id=run_id or None,
            reason="internal",
            message=message,
            kept=kept,
        )
    if run_id:
        _undo(context, slot, task, run_id)
        slots.unmark(context.home, slot, task, run_id)
    slots.forget_cancels(context.home, slot)


def forget_attempt(context: Context, slot: Slot, place: Place, task: str, run_id: str) -> None:
    """Put the request of a run that was not started back into its queue, as if the run had not been begun. Raises OSError."""
    _undo(context, slot, task, run_id)
    runs.remove(context.home, task, run_id)
    slots.unmark(context.home, slot, task, run_id)
    put_back(context, slot, place)
    context.log(time(), "recovered", task=task, request_id=place.id, run_id=run_id, action="put_back")


def _undo(context: Context, slot: Slot, task: str, run_id: str) -> None:
    provision.recover(context, task, run_id)
    resources = slots.resources(context.home, slot, task, run_id)
    isolate.undo(isolate.left(resources, context.environ, run_id))


def _cancelled(context: Context, slot: Slot, place: Place, now: float, **facts: Any) -> bool:
    """Close the request, before anything of it was started, if a person has asked for that; whether one has."""
    if not slots.cancel_asked(context.home, slot, place.id):
        return False
    path, why = slots.path(context.home, slot, place), slots.why_cancelled(context.home, slot, place.id)
    close_cancelled(context, path, place.id, place.dropped, now, why, lane=slot.lane, **facts)
    slots.forget_cancels(context.home, slot)
    return True


def put_back(context: Context, slot: Slot, place: Place) -> None:
    """Move what lies in a slot back into its queue, durably. Raises OSError."""
    target = queue.move(slots.path(context.home, slot, place), queue.path(context.home, slot.lane, place))
    sync_folder(os.path.dirname(target))


def _false_start(context: Context, slot: Slot, place: Place, task: str, run_id: str, now: float) -> None:
    if _cancelled(context, slot, place, now, task=task, run_id=run_id):
        slots.unmark(context.home, slot, task, run_id)
        return
    attempts = runs.of_request(context.home, task, place.id)
    false_starts = sum(1 for attempt in attempts if runs.record(context.home, task, attempt) is None)
    action = "put_back" if false_starts < FALSE_STARTS else "buried"
    if action == "put_back":
        put_back(context, slot, place)
    else:
        message = f"Clodputer died {false_starts} times just before starting it; see {runs.folder(context.home, task, run_id)}."
        bury(context, slots.path(context.home, slot, place), place, "false_starts", message, task)
    slots.unmark(context.home, slot, task, run_id)
    context.log(now, "recovered", task=task, request_id=place.id, run_id=run_id, action=action)


def _lost(
    context: Context,
    slot: Slot,
    place: Place,
    task: str,
    run_id: str,
    error: str,
    now: float,
    elsewhere: str,
) -> None:
    """Settle a run that somebody began and did not settle. error: why that exec could not, if it has left word.

    elsewhere: how the job ended in which it was made.
    """
    folder = runs.folder(context.home, task, run_id)
    # A power cut may have taken it, but then there is nothing left to kill either.
    process = runs.read_json(f"{folder}/process.json") or {}
    # It may have died while its agent ran, or while a check of the task's ran afterwards: one hunt for both.
    restored = os.path.lexists(f"{folder}/{runs.RESTORED}")
    # The run of a backup is perhaps still going on in the home that it was taken of, where nobody is to kill it.
    swept = () if restored else hunt(run_id, process, (folder, *check.folders(folder)))
    unknown = Report(_unknown_end(error, restored, elsewhere))
    # Of a home that was restored the files are those of another time.
    guarded = protect.Looked(unknown) if restored else protect.recovered(folder, unknown)
    report = guarded.report
    resources = isolate.left(slots.resources(context.home, slot, task, run_id), context.environ, run_id)
    around.salvage(
        folder, next((str(one.token.get("path")) for one in resources if one.name == "scratch"), "")
    )
    _undo(context, slot, task, run_id)
    context.log(now, "recovered", task=task, request_id=place.id, run_id=run_id, action="lost")
    started_at = _started_at(process, run_id, now)
    launch = Launch(
        argv=tuple(process.get("argv", ())),
        env={},
        working_directory=str(process.get("working_directory", "")),
        session_id=str(process.get("session_id", "")),
        sandbox=enclosure if isinstance(enclosure := process.get("sandbox"), dict) else {},
    )
    request = _request(folder, place, task, now)
    known = attempts.read(context.home, task, place.id)
    known_task = _task(context, task)
    ending = Ending(
        report.outcome.outcome,
        report.outcome.reason,
        now,
        slot.lane,
        message=report.outcome.message,
        run_id=run_id,
        attempt=request.attempt,
        attempts=known,
        retry=known_task.retry,
        item=request.item,
        item_failures=items.failures(context, known_task, request, History(context.home), now),
        park_after=known_task.park_after,
        left=sum(bool(process.get("alive")) for process in swept),
        dice=dice(place.id, request.attempt),
    )
    record = build(
        run_id,
        request,
        str(process.get("agent", "")),
        str(process.get("account", "")),
        launch,
        report,
        Ended(None, None, "", "", swept),
        started_at,
        now,
        (),
        after(ending),
        known.last_run,
        protected=guarded.record,
        tree=worktree.left(context, task, run_id, now),
    )
    settle(context, slot, place, with_follow_ups(context, known_task, record), now)


def _end_beginnings(context: Context, slot: Slot, task: str, run_id: str) -> None:
    """Kill what is left of a run whose agent was not started: of its checks, which are asked again, and of its place."""
    places = [
        inside for inside in check.folders(runs.folder(context.home, task, run_id)) if os.path.isdir(inside)
    ]
    planned = isolate.left(slots.resources(context.home, slot, task, run_id), context.environ, run_id)
    # What makes a place asks git, and an engine of containers, for minutes.
    if places or any(isolate.late(one) for one in planned if one.name in isolate.RESOURCES):
        hunt(run_id, {}, places)


def _unknown_end(error: str, restored: bool, elsewhere: str) -> Outcome:
    if restored:
        message = "It was going on when the backup was made that this home was restored from."
        return outcome.of("exec_died", f"It is not known how the run ended: {message}")
    if elsewhere:
        return outcome.of(
            "job_ended", f"It is not known how far the run came: {elsewhere[0].lower()}{elsewhere[1:]}"
        )
    if error:
        return outcome.of("not_recorded", f"Clodputer could not follow the run to its end: {error}.")
    message = "Clodputer was killed during it, or could not write down how it ended."
    return outcome.of("exec_died", f"It is not known how the run ended: {message}")


def _task(context: Context, name: str) -> Task:
    """The task as its file says now; one that says nothing, when that is gone or broken meanwhile."""
    try:
        return taskfile.load(context.home, name, context.environ)
    except ClodputerError:
        return Task(name, "")


def _request(folder: str, place: Place, task: str, now: float) -> Request:
    fields: Optional[dict[str, Any]] = runs.read_json(f"{folder}/request.json")
    try:
        return from_fields(fields or {"task": task}, request_id=place.id, created_at=now, origin={})
    except InvalidRequest:
        return Request(place.id, task, now)


def _started_at(process: Mapping[str, Any], run_id: str, now: float) -> float:
    """When the run began, as far as it is known: a process.json that somebody has edited must not stop the lane."""
    try:
        return parse_moment(str(process.get("started_at")), now)
    except ValueError:
        pass
    try:
        return runs.moment_of(run_id)
    except ValueError:
        return now
