"""Past runs: which run folders there are, which of them are still needed, and the removal of one as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from shutil import rmtree

from clodputer.model.agent import prompted
from clodputer.model.outcome import SKIPPED, SUCCEEDED
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.upkeep.retention import Thing
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records import runs, seals
from clodputer.store.records.history import History
from clodputer.store.spool import aside, find, slot

# A folder on its way out. A name with a dot in front is not a run, so nobody takes the half of one for a run without a record.
GOING = ".going-"


def kept(home: Home, now: float) -> list[Thing]:
    """Every run folder, named `<task>/<run id>`, oldest first; raises OSError. Runs that found nothing to do are spare.

    The folders are listed before the slots and the queue are: whatever is at work is then seen in its slot, or has come to
    its end since and is judged by its record.
    """
    listed = [(task, run_id) for task in runs.tasks(home) for run_id in runs.ids(home, task)]
    contents = [slot.content(home, each) for each in slot.everywhere(home)]
    in_slots = {(content.task, content.run_id) for content in contents}
    requests = _waiting(home)
    empty = {
        (run.task, run.run_id)
        for run in History(home).runs()
        if run.outcome == SKIPPED and started_no_agent(run.reason, run.cost_usd)
    }
    newest = {found for task in runs.tasks(home) for found in _newest(home, task)}
    things = []
    for task, run_id in listed:
        try:
            at = runs.moment_of(run_id)
        except ValueError:
            continue  # no run of ours
        needed = (task, run_id) in in_slots | newest or runs.request_of(run_id) in requests
        size = _size(f"{home.runs}/{task}/{run_id}")
        things.append(Thing(f"{task}/{run_id}", min(at, now), size, needed, (task, run_id) in empty))
    return things


def remove(home: Home, names: Iterable[str]) -> list[str]:
    """Remove run folders; the names of those that are gone. One that cannot be removed is passed over."""
    gone = []
    names = list(names)
    # Said before: killed in between, a record that is there is still what was sealed.
    seals.gone(home, names)
    for name in names:
        task, _, run_id = name.partition("/")
        going = f"{home.runs}/{task}/{GOING}{run_id}"
        try:
            os.rename(f"{home.runs}/{name}", going)
        except OSError:
            continue
        rmtree(going, ignore_errors=True)
        gone.append(name)
    return gone


def sweep_up(home: Home) -> None:
    """Remove what a removal that was killed has left."""
    for task in runs.tasks(home):
        for name in entries(f"{home.runs}/{task}"):
            if name.startswith(GOING):
                rmtree(f"{home.runs}/{task}/{name}", ignore_errors=True)


def _waiting(home: Home) -> set[str]:
    """The ids of requests that wait, run, or lie in `dead/`: their earlier runs are counted and named."""
    found = find.pending_ids(home)
    return found.union(map(aside.id_of, (*entries(home.dead), *entries(home.parked))))


def _newest(home: Home, task: str) -> list[tuple[str, str]]:
    """The runs of a task with the newest record, the newest that succeeded (for templates), and the newest with a session."""
    found: dict[str, str] = {}
    for run_id in runs.ids(home, task):
        record = runs.record(home, task, run_id)
        if record is None:
            continue
        found.setdefault("newest", run_id)
        if record.get("outcome") == SUCCEEDED:
            found.setdefault("succeeded", run_id)
        if record.get("session_id") or not prompted(str(record.get("agent"))):
            found.setdefault("session", run_id)
        if len(found) == 3:
            break
    return [(task, run_id) for run_id in dict.fromkeys(found.values())]


def _size(folder: str) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{place}/{name}").st_size
            except OSError:
                continue
    return total
