"""Unrecorded: what is known of a run whose record cannot be written is kept in the mark of its slot, for the next exec."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.record import shortened
from clodputer.model.text.jsontext import loads
from clodputer.store.context import Context
from clodputer.store.files.doing import said
from clodputer.store.spool import slot as slots
from clodputer.store.spool.slot import Slot

# What the note needs beside a record, and the message for what it says in addition; in bytes.
_AROUND, _ADDITION = 64, 2048
# The keys by which a run is settled; somebody may have edited the mark.
_NEEDED = {"task", "run_id", "outcome", "reason", "message", "ended_at", "effects", "swept"}


class Kept(NamedTuple):
    """What a mark says about the end of its run: the record as it would have been written, or the error that ended it."""

    record: Optional[dict[str, Any]] = None
    error: str = ""


def keep_record(context: Context, slot: Slot, record: Mapping[str, Any], error: Exception) -> None:
    """Keep the record of a run that has ended, secrets masked, with why it could not be written. Never raises.

    What does not fit is left out, and the message says what that is.
    """
    task, run_id = str(record["task"]), str(record["run_id"])
    if read(context, slot, task, run_id).record is not None:
        return  # an earlier exec could not write it either
    kept, left_out = shortened(record, slots.NOTE_ROOM - _AROUND - _ADDITION)
    missing = f" Left out, as there was no room: {', '.join(left_out)}." if left_out else ""
    why = context.masker.text(_words(error))[: _ADDITION // 4]
    addition = f"The run's record could not be written when it ended: {why}. A later exec wrote it.{missing}"
    kept["message"] = f"{kept['message']} {addition}".strip()
    _note(context, slot, task, run_id, {"record": kept})


def keep_error(context: Context, slot: Slot, task: str, run_id: str, error: Exception) -> None:
    """Keep the error for which a run could not be followed or judged to its end. Never raises."""
    why = context.masker.text(_words(error))[:_ADDITION]
    _note(context, slot, task, run_id, {"error": why})


def read(context: Context, slot: Slot, task: str, run_id: str) -> Kept:
    """What was kept of a run; nothing when its exec was killed, or had no room even for that."""
    try:
        note = loads(slots.noted(context.home, slot, task, run_id))
    except ValueError:
        return Kept()
    if not isinstance(note, dict):
        return Kept()
    record = note.get("record")
    whole = isinstance(record, dict) and record.keys() >= _NEEDED
    return Kept(record if whole else None, str(note.get("error") or ""))


def _note(context: Context, slot: Slot, task: str, run_id: str, note: Mapping[str, Any]) -> None:
    text = dumps(note)
    if len(text) >= slots.NOTE_ROOM:
        return
    try:
        slots.note(context.home, slot, task, run_id, text)
    except OSError:
        pass  # the next exec then says that nobody knows how it ended


def _words(error: Exception) -> str:
    return said(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
