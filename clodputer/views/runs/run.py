"""One run as it lies in its folder: its record, or how far it is, its prompt and its files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.runs.attempts import MOST_KEPT, Past, past, story_to_json
from clodputer.runner.processes import tree
from clodputer.runner.processes.leftovers import recorded
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.records import corrections, runs
from clodputer.store.spool import aside, slot
from clodputer.store.spool.find import CLOSED, DEAD, PARKED
from clodputer.store.spool.find import folder as folder_of
from clodputer.store.spool.slot import Slot
from clodputer.views.published import publishing
from clodputer.views.queue import setaside
from clodputer.views.queue.setaside import SetAside

# How far a run without a record is. abandoned: it goes on although its exec died. interrupted: its agent has ended.
RUNNING, ABANDONED, INTERRUPTED, LOST = "running", "abandoned", "interrupted", "lost"

LARGEST_PROMPT = 64 * 1024
_NUMBER = (int, float)
# What a record must have to be shown, and of which type; None may stand for what is not known where that is among them.
_NEEDED: Mapping[str, tuple[type, ...]] = {
    "run_id": (str,),
    "task": (str,),
    "request_id": (str,),
    "outcome": (str,),
    "reason": (str,),
    "message": (str, type(None)),
    "ended_at": (str,),
    "duration_seconds": _NUMBER,
    "permission_denials": (list,),
    "num_turns": (*_NUMBER, type(None)),
    "cost_usd": (*_NUMBER, type(None)),
    "model": (str, type(None)),
    "swept": (list,),
    "effects": (list,),
    "result": (object,),
    "trigger": (str, type(None)),
    "origin": (dict,),
}


class Unfinished(NamedTuple):
    """How far a run without a record is: its state, when its agent was started (ISO 8601), and the agent's processes.

    orphaned: the exec that ran it is no more, so that nobody writes its record until the next exec.
    """

    state: str
    started_at: Optional[str]
    pids: tuple[int, ...]
    orphaned: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"state": self.state, "started_at": self.started_at, "pids": list(self.pids)}


class Run(NamedTuple):
    """One run. Secrets are masked in `record` and `prompt`.

    record: None while there is none, or none that can be shown: `record_problem` says why. files: names and sizes in bytes.
    attempts: the runs of its request that have ended, the earliest first. set_aside: the request, if it was given up,
    parked or closed.
    publication: what became of its intents. staged: what it would publish, if a person approves it. undelivered: some of
    it was given up, and can be tried once more. correction: what `reclassify` made of its verdict. tree_gone: its worktree
    was kept when it ended, and is not there any more: its work was published, taken or put away.
    """

    task: str
    run_id: str
    folder: str
    record: Optional[Mapping[str, Any]]
    record_problem: str
    unfinished: Optional[Unfinished]
    prompt: Optional[str]
    files: tuple[tuple[str, int], ...]
    attempts: tuple[Past, ...] = ()
    set_aside: Optional[SetAside] = None
    publication: tuple[publishing.Entry, ...] = ()
    staged: Optional[publishing.Asking] = None
    undelivered: bool = False
    correction: Optional[Mapping[str, Any]] = None
    tree_gone: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "task": self.task,
            "run_id": self.run_id,
            "folder": self.folder,
            "record": self.record,
            "record_problem": self.record_problem or None,
            "unfinished": self.unfinished and self.unfinished.to_json(),
            "prompt": self.prompt,
            "files": [{"name": name, "bytes": size} for name, size in self.files],
            "attempts": story_to_json(self.attempts),
            "set_aside": self.set_aside and self.set_aside.to_json(),
            "publication": [one.to_json() for one in self.publication],
            "staged": self.staged and self.staged.to_json(),
            "correction": self.correction,
        }


def read(context: Context, task: str, run_id: str) -> Run:
    """All there is of a run. Raises OSError."""
    home, folder = context.home, runs.folder(context.home, task, run_id)
    record, unfinished = runs.record(home, task, run_id), None
    if record is None:
        unfinished = how_far(home, task, run_id)
        # Asked again: it may have been settled between the two looks, and must not be called lost then.
        record = runs.record(home, task, run_id)
    problem = record_problem(folder, record)
    good = context.masker.data(record) if record is not None and not problem else None
    return Run(
        task,
        run_id,
        folder,
        good,
        problem,
        None if good else unfinished,
        _prompt(context, folder),
        tuple(runs.files(folder)),
        tuple(_story(context, task, runs.request_of(run_id))),
        _set_aside(context, runs.request_of(run_id)),
        tuple(publishing.entries(home, good)) if good else (),
        next((one for one in publishing.asking(home) if one.parcel.run_id == run_id), None),
        any(one.run_id == run_id for one in publishing.undelivered(home, 0.0).ended),
        context.masker.data(corrections.read(home, task, run_id)) if good else None,
        _tree_gone(record if good else None),
    )


def _tree_gone(record: Optional[Mapping[str, Any]]) -> bool:
    kept = (record or {}).get("worktree")
    path = kept.get("path") if isinstance(kept, Mapping) and kept.get("state") != "removed" else None
    return isinstance(path, str) and not os.path.lexists(path)


def _story(context: Context, task: str, request_id: str) -> Iterator[Past]:
    """The runs of a request that have a sound record, the earliest first; of very many the latest."""
    home = context.home
    for run_id in runs.of_request(home, task, request_id)[:MOST_KEPT][::-1]:
        record = runs.record(home, task, run_id)
        if record is None or record_problem("", record):
            continue
        known, result = context.masker.data(record), record["result"]
        attempt = record.get("attempt")
        yield past(
            run_id,
            attempt if isinstance(attempt, int) and attempt > 0 else 1,
            record["outcome"],
            record["reason"],
            str(known["message"] or ""),
            record["ended_at"],
            known["result"] if isinstance(result, str) else "" if result is None else dumps(known["result"]),
        )


def _set_aside(context: Context, request_id: str) -> Optional[SetAside]:
    """The request, if it lies in `dead/` or `parked/`, or was closed without being carried out."""
    for state in (DEAD, PARKED, CLOSED):
        for name in aside.names(folder_of(context.home, state)):
            if aside.id_of(name) == request_id:
                one = setaside.describe(context, state, name)
                if state != CLOSED or one.code in setaside.UNWANTED:
                    return one
    return None


def record_problem(folder: str, record: Optional[Mapping[str, Any]]) -> str:
    """What is wrong with the record in a folder, which a person may have edited; empty when it is sound or not there."""
    path = f"{folder}/record.json"
    if record is None:
        return f"{path} is not a JSON object" if os.path.lexists(path) else ""
    missing = [key for key in _NEEDED if key not in record]
    if missing:
        return f"{path} has no {', '.join(missing)}"
    wrong = [key for key, types in _NEEDED.items() if not isinstance(record[key], types)]
    wrong += [
        key
        for key in ("permission_denials", "swept", "effects")
        if key not in wrong and not all(isinstance(each, dict) for each in record[key])
    ]
    return f"{path} is not as Clodputer writes it: see {', '.join(wrong)}" if wrong else ""


def how_far(home: Home, task: str, run_id: str) -> Unfinished:
    """How far a run without a record is, by its place in a slot and its processes; no lock is taken."""
    known = runs.read_json(f"{runs.folder(home, task, run_id)}/process.json") or {}
    identities = recorded.read_identities(known.get("processes"))
    state, orphaned, where = LOST, True, _slot_of(home, run_id)
    if where is not None:
        holder = recorded.read(slot.holder(home, where, task, run_id))
        orphaned = holder is not None and not tree.alive(holder)
        if identities and not any(map(tree.alive, identities)):
            state = INTERRUPTED
        elif orphaned:
            state = ABANDONED
        else:
            state = RUNNING
    started_at = known.get("started_at")
    return Unfinished(
        state,
        started_at if isinstance(started_at, str) else None,
        tuple(identity.pid for identity in identities),
        orphaned,
    )


def _slot_of(home: Home, run_id: str) -> Optional[Slot]:
    """The slot that the run is in, if any."""
    for each in slot.everywhere(home):
        try:
            if slot.content(home, each).run_id == run_id:
                return each
        except (FileNotFoundError, NotADirectoryError):
            continue
    return None


def _prompt(context: Context, folder: str) -> Optional[str]:
    """The prompt that was sent, its first 64 KiB; None when there is none."""
    try:
        with open(f"{folder}/prompt.txt", encoding="utf-8", errors="replace") as file:
            return context.masker.text(file.read(LARGEST_PROMPT))
    except FileNotFoundError:
        return None
