"""What a look at a watched folder means: which changes become requests, what is known from now on, what went wrong."""

from __future__ import annotations

import os
from typing import Optional

from clodputer.model.task import Trigger
from clodputer.model.text import filename
from clodputer.model.triggers import watch
from clodputer.model.triggers.decision import Decision, Drop, Event, Facts
from clodputer.model.triggers.watch import Looked
from clodputer.triggers.file_watch.contexts import contexts
from clodputer.triggers.file_watch.listing import Listing
from clodputer.triggers.file_watch.seen import Seen
from clodputer.triggers.file_watch.snapshot import First, Snapshot, to_json

# When to look again at a folder that is not there, in seconds: nothing reports that it has come back.
AWAY = 60.0
# Of the files that were there at the first look so many are named.
MOST_NAMES = 20


def judge(trigger: Trigger, kept: Optional[Snapshot], seen: Seen, facts: Facts, now: float) -> Decision:
    """The next snapshot and the requests for what has changed since the last one and is quiet. Pure.

    `kept` is None before the first look. A folder that cannot be looked at is reported once.
    """
    before = kept or Snapshot()
    found = seen.listing
    if found is None:
        # Without the folder's identity: whatever comes back in its place is compared with care.
        after = before._replace(root=(0, 0), trouble=seen.trouble)
        return _decision(before, after, now + AWAY, "watch_failed")
    if found.single and kept and before.entries is None:
        before = before._replace(entries={})  # it was not there when we looked before, so it is new
    if before.entries and not found.files and found.root != before.root:
        trouble = (
            f"{seen.path} is another folder than before, and empty, as when a disk is not mounted; "
            "the files of the former one are remembered"
        )
        return _decision(before, before._replace(trouble=trouble), None, "watch_failed")
    looked, events = _compared(trigger, before, found, seen, facts, now)
    trouble = _trouble(seen.path, found, looked)
    first = _first(looked, now) if before.entries is None else before.first
    after = Snapshot(looked.entries, found.root, trouble, looked.echoes, first)
    decision = _decision(before, after, looked.again, "watch_slowed" if looked.slowed else "watch_failed")
    folder = os.path.dirname(seen.path) if found.single else seen.path
    brought = contexts(folder, looked.changes, trigger.options.get("batch", "each"))
    drops = tuple(Drop(context=context) for context in brought)
    return decision._replace(drops=drops, events=(*events, *decision.events))


def _decision(before: Snapshot, after: Snapshot, again: Optional[float], event: str) -> Decision:
    """The decision to keep a snapshot; its trouble is logged when it is another one than before."""
    events: tuple[Event, ...] = ()
    if after.trouble and after.trouble != before.trouble:
        events = (Event(event, {"message": filename.shown(after.trouble)}),)
    return Decision(to_json(after), look_again=again, events=events)


def _compared(
    trigger: Trigger, before: Snapshot, found: Listing, seen: Seen, facts: Facts, now: float
) -> tuple[Looked, tuple[Event, ...]]:
    chosen = {name: trigger.options[name] for name in watch.Options._fields if name in trigger.options}
    options = watch.Options(**chosen)
    if isinstance(options.event, str):
        options = options._replace(event=(options.event,))
    if before.entries is None:
        # An edit of the trigger replays nothing: of what is there now, nothing is new.
        first = options._replace(initial=watch.IGNORE) if facts.replaces else options
        looked = watch.first(found.files, now, first)
        new = len(looked.changes) + sum(entry.new for entry in looked.entries.values())
        return looked, (Event("watch_started", {"files": len(found.files), "new": new}),)
    hidden = watch.out_of_sight(before.entries, found.unreadable)
    known = {path: entry for path, entry in before.entries.items() if path not in hidden}
    looked = watch.compare(known, found.files, now, options, inodes=found.root == before.root)
    looked = looked._replace(entries={**looked.entries, **hidden})
    if not looked.changes:
        return looked._replace(echoes=before.echoes), ()
    return watch.slow_down(looked, before.entries, now, before.echoes, seen.runs), ()


def _first(looked: Looked, now: float) -> First:
    """The first look as people ask for it later: why was my file left alone?"""
    new = {change.path for change in looked.changes}
    known = [path for path, entry in looked.entries.items() if entry.since is None and path not in new]
    known.sort(key=lambda path: looked.entries[path].version.ctime_ns, reverse=True)
    return First(now, len(known), tuple(known[:MOST_NAMES]))


def _trouble(path: str, found: Listing, looked: Looked) -> str:
    """What is wrong with a look that was made all the same; empty when nothing is."""
    if found.unreadable:
        folders = ", ".join(filename.shown(folder) for folder in found.unreadable[:10])
        return f"{path}: these folders in it cannot be read: {folders}"
    if looked.slowed:
        return (
            f"{path}: the last {watch.ECHOES} rounds of changes were all made while the task was running, as if it had "
            "started itself; until that ends it runs once each quarter of an hour. Let the "
            "task write elsewhere, or make the pattern narrower."
        )
    return ""
