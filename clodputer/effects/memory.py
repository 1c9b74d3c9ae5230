"""The effect `memory`: what a run that succeeded has written down becomes the next version of its task's memory."""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.model.memory import CONFLICT, UNFIT
from clodputer.store.taskstate import notes, state


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Write it, if the memory is still the one that the run was given; else it is said in the log that it was not written.

    A version says which run has made it, so a repetition makes none. Raises OSError.
    """
    context, task = settling.context, str(settling.record["task"])
    ids = {"task": task, "request_id": settling.record["request_id"], "run_id": settling.run_id}
    text, problem, code = effect.get("text"), str(effect.get("problem") or ""), UNFIT
    made = state.written_by(context.home, notes.name(task), settling.run_id)
    note = None if made is None else notes.of(made)
    base, rights = effect.get("base"), effect.get("rights")
    if note is None and not problem and isinstance(text, str) and isinstance(rights, Mapping):
        if isinstance(base, int) and state.newest(context.home, notes.name(task)) == base:
            note = notes.write(context.home, task, base, text, rights, settling.run_id, time())
        code, problem = CONFLICT, "the memory was changed while the run went on, which had not seen that"
    if note is not None:
        context.log(time(), "memory_kept", **ids, version=note.version, size=len(note.text.encode()))
        return
    message = f"what the run wrote down was not kept: {problem}"
    context.log(
        time(), "not_followed", **ids, reason=code, message=message, on="memory", place=0, target=task
    )
