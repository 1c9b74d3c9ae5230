"""Watch: look at a task's folder, and drop a request for each file that changed and is quiet; no process waits for it."""

from __future__ import annotations

import os
from typing import Optional

from clodputer.model import filename, watch
from clodputer.model import pattern as patterns
from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task, Trigger
from clodputer.model.watch import Looked
from clodputer.runner import changed
from clodputer.runner.prompt import watched_path
from clodputer.store import listing, runs, snapshot
from clodputer.store.context import Context
from clodputer.store.listing import Listing
from clodputer.store.lock import Lock
from clodputer.store.snapshot import Snapshot

# When to look again, in seconds: another process is at it, and may have listed the folder before the change that woke us;
# the folder is not there, and nothing tells when it comes back.
BUSY, AWAY = 1.0, 60.0


def drop_changes(context: Context, task: Task, trigger: Trigger, index: int, now: float) -> Optional[float]:
    """Drop a request for each settled change in the folder of a task's trigger, its `index`-th, since the last look.

    Returns when to look again (epoch seconds), None when nothing is expected. A folder that cannot be looked at is an event in
    the log, told once. Raises ClodputerError when the trigger's path or pattern is none, OSError when we cannot write; the next
    look then finishes what was begun.
    """
    if not task.enabled:
        return None  # its requests would be turned away; what changes meanwhile is found when it is enabled again
    place = snapshot.folder(context.home, task.name)
    os.makedirs(place, mode=0o700, exist_ok=True)
    with Lock(f"{place}/{snapshot.LOCK}") as held:
        if not held:
            return now + BUSY
        snapshot.deliver(context.home, place)
        path, pattern, mark = _watched(context, task, trigger)
        kept = snapshot.read(place, mark)
        before = kept or Snapshot()
        try:
            found = listing.look(path, patterns.read(pattern), context.home.root)
        except listing.Unwatchable as error:
            _tell(context, task, "watch_failed", before, str(error), now)
            # Without the folder's identity: whatever comes back in its place is compared with care.
            _keep(place, mark, before, before._replace(root=(0, 0), trouble=str(error)))
            return now + AWAY
        known = snapshot.generations(place)
        stale = set(known) - _marks(context, task)
        if before.entries and not found.files and found.root != before.root:
            trouble = (
                f"{path} is empty, and not the folder that was there; what was in that one is not forgotten"
            )
            _tell(context, task, "watch_failed", before, trouble, now)
            _keep(place, mark, before, before._replace(trouble=trouble))
            return None
        # Another trigger stood in its place, or its own state is damaged: nothing is replayed.
        replaces = bool(stale) or (kept is None and mark in known)
        looked = _look(context, task, trigger, before, found, replaces, now)
        trouble = _trouble(context, task, path, before, found, looked, now)
        requests = changed.requests(task, trigger, index, path, looked.changes, now)
        after = Snapshot(looked.entries, found.root, trouble, looked.echoes)
        if requests:
            snapshot.write(place, mark, after, requests)
            snapshot.deliver(context.home, place)
        else:
            _keep(place, mark, before, after)
        if stale and all(
            (snapshot.read(place, own) or Snapshot()).entries is not None for own in _marks(context, task)
        ):
            snapshot.forget(place, stale)
        return looked.again


def _watched(context: Context, task: Task, trigger: Trigger) -> tuple[str, str, str]:
    """The folder, the pattern, and the name of the state kept for both."""
    path = watched_path(task, trigger, context.environ, context.secrets)
    pattern = str(trigger.options.get("pattern", "*"))
    fault = patterns.fault(pattern)
    if fault:
        raise ClodputerError(
            "task_invalid",
            f"{task.path}: trigger.pattern: {fault}; found {pattern!r}",
            "Fix the pattern, such as **/*.md.",
        )
    return path, pattern, snapshot.fingerprint(path, pattern)


def _marks(context: Context, task: Task) -> set[str]:
    return {_watched(context, task, trigger)[2] for trigger in task.triggers if trigger.type == changed.KIND}


def _look(
    context: Context,
    task: Task,
    trigger: Trigger,
    before: Snapshot,
    found: Listing,
    replaces: bool,
    now: float,
) -> Looked:
    """Compare; `replaces`: the task had watched before, so that nothing of what is there now is new."""
    chosen = {name: trigger.options[name] for name in watch.Options._fields if name in trigger.options}
    options = watch.Options(**chosen)
    if before.entries is None:
        looked = watch.first(
            found.files, now, options._replace(initial=watch.IGNORE) if replaces else options
        )
        context.log(
            now,
            "watch_started",
            task=task.name,
            files=len(found.files),
            new=len(looked.changes) + sum(entry.new for entry in looked.entries.values()),
        )
        return looked
    looked = watch.compare(before.entries, found.files, now, options, inodes=found.root == before.root)
    hidden = watch.out_of_sight(before.entries, found.unreadable)
    looked = looked._replace(entries={**looked.entries, **hidden})
    if not looked.changes:
        return looked._replace(echoes=before.echoes)
    oldest = min(change.version.ctime_ns for change in looked.changes) / 1e9
    spans = runs.spans(context.home, task.name, oldest, now)
    return watch.slow_down(looked, before.entries, now, before.echoes, spans)


def _trouble(
    context: Context,
    task: Task,
    path: str,
    before: Snapshot,
    found: Listing,
    looked: Looked,
    now: float,
) -> str:
    """What is wrong with a look that was made all the same; empty when nothing is."""
    if found.unreadable:
        folders = ", ".join(filename.shown(folder) for folder in found.unreadable[:10])
        trouble = f"{path}: these folders in it cannot be read: {folders}"
        _tell(context, task, "watch_failed", before, trouble, now)
        return trouble
    if looked.slowed:
        trouble = (
            f"{path}: the last {watch.ECHOES} rounds of changes were all made while the task was running, as if it "
            "brought itself in; until that ends there is one round each quarter of an hour. "
            "Let the task write elsewhere, or make the pattern narrower."
        )
        _tell(context, task, "watch_slowed", before, trouble, now)
        return trouble
    return ""


def _tell(context: Context, task: Task, event: str, before: Snapshot, trouble: str, now: float) -> None:
    if before.trouble != trouble:
        context.log(now, event, task=task.name, message=filename.shown(trouble))


def _keep(place: str, mark: str, before: Snapshot, after: Snapshot) -> None:
    if after != before:
        snapshot.write(place, mark, after, ())
