"""Sources: have the triggers that look for themselves look and decide, and drop what they found; no process stays for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Optional
from uuid import uuid4

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.gates import approval
from clodputer.model.request import Request, to_fields
from clodputer.model.task import Task, Trigger
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.runner.intake.full import is_full
from clodputer.runner.requests import answering
from clodputer.store.computer import machine
from clodputer.store.context import Context
from clodputer.store.due import orders
from clodputer.store.lock import Lock
from clodputer.store.processes import deadline
from clodputer.store.triggers import memory, tools
from clodputer.triggers import Looking, Tooled

# When to look again, in seconds, if another process is at it: it may have looked before the change that woke us.
BUSY = 1.0
# When to look again, in seconds, if so many requests wait in the lane that nothing is looked for.
FULL = 60.0
# A look at a healthy folder of 200,000 files takes two.
SECONDS = 10.0
UNANSWERED = (
    f"looking at it took longer than {SECONDS:.0f} seconds, as on a network mount whose server is gone"
)


def drop_found(
    context: Context, task: Task, trigger: Trigger, index: int, now: float, seconds: float = SECONDS
) -> Optional[float]:
    """Drop the requests that a look by a task's trigger, its `index`-th, leads to.

    Returns when to look again (epoch seconds), None when nothing is expected. Holds no lock that anybody but this task
    needs, and gives a look that hangs `seconds`. Raises ClodputerError when the trigger cannot be looked after, OSError when we
    cannot write; the next look then finishes what was begun.
    """
    kind = triggers.load(trigger.type)
    if not task.enabled or not isinstance(kind, Looking):
        return None  # disabled: its requests would be turned away; what changes meanwhile is found when it is enabled again
    if not machine.is_here(context.settings, task):
        return None
    place = memory.folder(context.home, task.name)
    os.makedirs(place, mode=0o700, exist_ok=True)
    with Lock(f"{place}/{memory.LOCK}") as held:
        if not held:
            return now + BUSY
        memory.deliver(context.home, place)
        mark = kind.mark(context, task, trigger)
        kept, known = memory.read(place, mark), memory.generations(place)
        stale = set(known) - _marks(context, task)
        if kept is not None and is_full(context, task.lane):
            return now + FULL
        facts = Facts(task=task.name, replaces=bool(stale) or (kept is None and mark in known))
        facts = _seen(context, task, trigger, kind, kept, now, facts, seconds)
        decision = kind.decide(trigger, kept, facts, now)
        for event in decision.events:
            context.log(now, event.name, task=task.name, **event.fields)
        if decision.drops or decision.entry != kept:
            memory.write(place, mark, decision.entry, _requests(context, task, trigger, index, decision, now))
            memory.deliver(context.home, place)
        memory.forget(place, stale)
        if isinstance(kind, Tooled) and kind.tool(context, task, trigger, decision.entry, now) is not None:
            orders.place(context.home, task.name, index)
        return decision.look_again


def begin_anew(context: Context, task: Task, trigger: Trigger, now: float) -> None:
    """Let a trigger that looks for itself take what is there now as known, as at a first look; others are left alone.

    One that has never looked is left alone as well: its first look is still to come. Raises ClodputerError when it cannot be
    looked at, OSError.
    """
    kind = triggers.load(trigger.type)
    if not isinstance(kind, Looking):
        return
    place, mark = memory.folder(context.home, task.name), kind.mark(context, task, trigger)
    if mark not in memory.generations(place):
        return
    with Lock(f"{place}/{memory.LOCK}") as held:
        if not held:
            raise ClodputerError("busy", f"an exec is just looking: {kind.words(trigger)}", "Try again.")
        memory.deliver(context.home, place)
        facts = Facts(task=task.name, replaces=True)
        if isinstance(kind, Tooled) and kind.tool(context, task, trigger, None, now) is not None:
            # What is there now is known when its tool was run; what an earlier run has left tells nothing.
            tools.forget(context.home, task.name, mark)
        else:
            facts = _seen(context, task, trigger, kind, None, now, facts)
        decision = kind.decide(trigger, None, facts, now)
        failed = [event for event in decision.events if event.name.endswith("_failed")]
        if facts.trouble or failed:
            message = facts.trouble or str(failed[0].fields.get("message", ""))
            raise ClodputerError(
                "watch_failed",
                f"what has come meanwhile cannot be told from what will come: {kind.words(trigger)}: {message}",
                "Fix that, then try again.",
            )
        memory.write(place, mark, decision.entry)


def _seen(
    context: Context,
    task: Task,
    trigger: Trigger,
    kind: Looking,
    kept: Optional[Mapping[str, Any]],
    now: float,
    facts: Facts,
    seconds: float = SECONDS,
) -> Facts:
    """The facts with what a look has seen, or why there was none; the child that looks is given so many seconds."""
    mark = kind.mark(context, task, trigger)
    lock = f"{memory.folder(context.home, task.name)}/{mark}{memory.LOOKING}"
    try:
        seen = deadline.within(seconds, lambda: _look(kind, context, task, trigger, kept, now), lock)
        return facts._replace(seen=seen)
    except (TimeoutError, deadline.StillWorking):
        return facts._replace(trouble=UNANSWERED)
    except deadline.WorkFailed as error:
        return facts._replace(trouble=str(error))


def first_looks(context: Context, tasks: Iterable[Task], now: float) -> list[tuple[str, str]]:
    """Let triggers that have not looked yet take their first look, so that what comes from now on is seen as new.

    Returns (task, what is remembered of it in words) for each of them. What goes wrong is among the words, never raised.
    """
    taken = []
    for task in tasks:
        place, here = memory.folder(context.home, task.name), machine.is_here(context.settings, task)
        for index, trigger in enumerate(task.triggers if task.enabled and here else ()):
            kind = triggers.load(trigger.type)
            if not isinstance(kind, Looking):
                continue
            try:
                mark = kind.mark(context, task, trigger)
                if mark not in memory.generations(place):
                    drop_found(context, task, trigger, index, now)
                    words = kind.remembers(trigger, memory.read(place, mark))
                    taken.append((task.name, f"{kind.words(trigger)}: {words}"))
            except (ClodputerError, OSError) as error:
                taken.append((task.name, f"{kind.words(trigger)}: no look has succeeded yet: {error}"))
    return taken


def _look(
    kind: Looking,
    context: Context,
    task: Task,
    trigger: Trigger,
    kept: Optional[Mapping[str, Any]],
    now: float,
) -> Any:
    return kind.look(context, task, trigger, kept, now)


def _marks(context: Context, task: Task) -> set[str]:
    marks = set()
    for trigger in task.triggers:
        kind = triggers.load(trigger.type)
        if isinstance(kind, Looking):
            marks.add(kind.mark(context, task, trigger))
    return marks


def _requests(
    context: Context, task: Task, trigger: Trigger, index: int, decision: Decision, now: float
) -> list[tuple[str, Mapping[str, Any]]]:
    """The requests of a decision: (name in the spool, fields) of each, in the order in which they are to run."""
    origin = {"trigger": trigger.type, "index": index}
    made: list[tuple[str, Mapping[str, Any]]] = []
    for number, drop in enumerate(decision.drops):
        # Requests of one moment run in the order of their ids.
        request_id = f"{number:0{len(str(len(decision.drops) - 1))}d}-{uuid4().hex[:12]}"
        decided = answering.decision(context.home, task.name, drop)
        if decided is not None:
            made.append((f"{task.name}.{request_id}{approval.ENDING}", decided))
        if drop.answers == answering.GO:
            continue  # where nothing waits for it, it is about nothing
        request = Request(
            request_id,
            task.name,
            now,
            drop.context,
            priority=drop.priority,
            not_before=drop.not_before,
            origin=origin,
            item=drop.item,
        )
        made.append((f"{task.name}.{request_id}.json", to_fields(request)))
    return made
