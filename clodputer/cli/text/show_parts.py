"""The parts of a run as `show` lays them out: its record, its prompt, its conversation, its files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung, wrapped
from clodputer.cli.text import conversation
from clodputer.cli.text import record as recordtext
from clodputer.cli.text import slot as slottext
from clodputer.model.moment import format_duration
from clodputer.runner.processes import recorded, tree
from clodputer.store import ledger, runs
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.spool import layout, slot
from clodputer.store.spool.slot import Slot

# Of the conversation, without --conversation: enough to see how it came to its end.
LAST_SAID = 12
LARGEST_PROMPT = 64 * 1024
EARLIER = 3
# What a record must have to be laid out; who edits records by hand is told which is missing.
NEEDED = (
    "run_id",
    "task",
    "outcome",
    "reason",
    "message",
    "duration_seconds",
    "permission_denials",
    "num_turns",
    "cost_usd",
    "model",
    "swept",
    "effects",
    "result",
    "trigger",
)


class Found(NamedTuple):
    """A run by its task and id."""

    task: str
    run_id: str


def broken(folder: str, record: Optional[Mapping[str, Any]]) -> str:
    """What is wrong with the record in a folder; empty when it is sound, or when there is none."""
    path = f"{folder}/record.json"
    if record is None:
        return f"{path} is no JSON object" if os.path.lexists(path) else ""
    missing = [key for key in NEEDED if key not in record]
    if missing:
        return f"{path} has no {', '.join(missing)}"
    try:
        recordtext.summary(record, folder)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        return f"{path} is not as Clodputer writes it: {error}"
    return ""


def unfinished(home: Home, found: Found, folder: str) -> dict[str, Any]:
    """What is known of a run without a record: its `state` (running, abandoned, interrupted, lost), and its process."""
    known = runs.read_json(f"{folder}/process.json") or {}
    identities = recorded.read_identities(known.get("processes"))
    state = "lost"
    where = _slot_of(home, found)
    if where is not None:
        started = bool(identities)
        state = "interrupted" if started and not any(map(tree.alive, identities)) else "running"
        holder = recorded.read(slot.holder(home, where, found.task, found.run_id))
        if state == "running" and holder is not None and not tree.alive(holder):
            state = "abandoned"
    return {
        "state": state,
        "started_at": known.get("started_at"),
        "pids": [identity.pid for identity in identities],
    }


_STATES = {
    "running": ("is being run now", ""),
    "abandoned": ("was being run, but its exec died", "The next exec settles it: clodputer exec"),
    "interrupted": (
        "has no record yet, and its agent has ended",
        "It is being settled this moment, or its exec died: then the next exec tells.",
    ),
    "lost": (
        "has no record, and nobody is at it",
        "Its request is not in a slot; the execution log may tell.",
    ),
}


def unfinished_text(found: Found, unfinished: Optional[Mapping[str, Any]], wrong: str) -> str:
    """The lines of a run that has no record, or none that can be read."""
    told = unfinished or {"started_at": None, "pids": ()}
    state, remark = ("has a record that cannot be read", wrong) if wrong else _STATES[told["state"]]
    lines = [f"{ink(found.task, 'bold')} {ink(found.run_id, 'dim')} {ink(state, 'yellow')}"]
    fields = [
        ("remark", remark),
        ("started", str(told["started_at"] or "")),
        ("processes", ", ".join(map(str, told["pids"]))),
    ]
    words = (recordtext.told(label, printable(text)) for label, text in fields if text)
    return "\n".join([*map(hung, lines), *words])


def _slot_of(home: Home, found: Found) -> Optional[Slot]:
    """The slot that the run is in, if any."""
    for each in (each for lane in layout.lanes(home) for each in slot.of_lane(home, lane)):
        try:
            if slot.content(home, each).run_id == found.run_id:
                return each
        except (FileNotFoundError, NotADirectoryError):
            continue
    return None


def prompt(context: Context, folder: str) -> Optional[str]:
    """The prompt that was sent, its first 64 KiB; None when there is none."""
    try:
        with open(f"{folder}/prompt.txt", encoding="utf-8", errors="replace") as file:
            return context.masker.text(file.read(LARGEST_PROMPT))
    except FileNotFoundError:
        return None


def prompt_text(text: str, folder: str) -> str:
    """The prompt's first lines."""
    return _headed("Prompt", "", recordtext.shortened(text, f"{folder}/prompt.txt"))


def conversation_text(context: Context, folder: str, run_id: str) -> str:
    """The end of the conversation; empty when nothing was said."""
    try:
        said, more = conversation.last_said(folder, LAST_SAID, context.masker.text)
    except FileNotFoundError:
        return ""
    if not said and not more:
        return ""
    remark = f" (its end; all of it: clodputer show {run_id} --conversation)" if more else ""
    return _headed("Conversation", remark, "\n".join(map(conversation.entry, said)))


def files_text(folder: str) -> str:
    """The files of the run with their sizes."""
    listing = "\n".join(f"{size:>12,}  {printable(name)}" for name, size in recordtext.files(folder))
    return hung(f"{ink('Files', 'bold')} in {printable(folder)}") + f"\n{listing}"


def not_run_text(home: Home, task: str) -> str:
    """The slot times of a task that led to no run of their own, and why."""
    lines = slottext.fates(fate for entry in ledger.entries(home, task).values() for fate in entry.fates)
    return _headed("Not run", "", wrapped("\n".join(lines), 2)) if lines else ""


def earlier_text(home: Home, task: str) -> str:
    """The runs of a task before its latest one, in a line each, and how many more there are."""
    ids = runs.ids(home, task)[1:]
    if not ids:
        return ""
    lines = [wrapped(f"{run_id}  {_ended(home, task, run_id)}", 2) for run_id in ids[:EARLIER]]
    if ids[EARLIER:]:
        lines.append(ink(wrapped(f"and {len(ids) - EARLIER} more in {home.runs}/{task}", 2), "dim"))
    return _headed("Earlier", f" (clodputer show {ids[0]})", "\n".join(lines))


def _ended(home: Home, task: str, run_id: str) -> str:
    record = runs.record(home, task, run_id)
    if record is None or not isinstance(record.get("duration_seconds"), (int, float)):
        return "has no record that can be read"
    return printable(f"{record.get('outcome')} after {format_duration(record['duration_seconds'])}")


def _headed(title: str, remark: str, text: str) -> str:
    indented = "\n".join(f"  {line}" for line in text.split("\n"))
    return hung(f"{ink(title, 'bold')}{ink(printable(remark), 'dim')}") + f"\n{indented}"
