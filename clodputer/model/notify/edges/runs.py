"""How runs end: a task begins to fail or is in order again, a success may have done nothing, work is left, nothing runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges.memory import Handler, Memory, show, text
from clodputer.model.outcome import BLAMELESS, REASONS, SUCCEEDED
from clodputer.model.text.moment import format_duration


def silence(memory: Memory, idle_after: Optional[float]) -> None:
    """Tell that nothing has run for idle_after seconds; once, until something runs again."""
    now = memory.now
    if memory.active_at is None or memory.active_at > now:
        memory.active_at = now  # the first look, or a clock that was put back
    if idle_after is None or memory.idle or now - memory.active_at < idle_after:
        return
    memory.idle = True
    message = f"No run has begun or ended for {format_duration(now - memory.active_at)}."
    memory.tell(Edge("idle", now, "nothing runs", message, "clodputer doctor"))


def _started(memory: Memory, _event: Mapping[str, Any], at: float) -> None:
    memory.active_at, memory.idle = at, False


def _finished(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    memory.active_at, memory.idle = at, False
    task, run_id, outcome = text(event, "task"), text(event, "run_id"), text(event, "outcome")
    if run_id in memory.ended:
        return
    memory.ended.append(run_id)
    command, suspect = show(run_id), text(event, "suspect")
    satisfied = text(event, "reason") == "satisfied"
    if suspect and task not in memory.failing and task not in memory.suspect:
        title = f"{task} may not have done its work"
        memory.suspect[task] = memory.tell(Edge("suspect", at, title, suspect, command, task, run_id))
    if satisfied or (outcome == SUCCEEDED and not suspect):
        was_told = [memory.failing.pop(task, False), memory.suspect.pop(task, False)]
        if any(was_told):
            message = "Its verify succeeds now." if satisfied else "Its latest run succeeded."
            memory.tell(Edge("recovered", at, f"{task} works again", message, command, task, run_id))
    if outcome == SUCCEEDED:
        memory.found.append(Edge("result", at, f"{task} succeeded", "", command, task, run_id))
    elif outcome not in BLAMELESS and event.get("final") is not False:
        title = f"{task} failed" if outcome == "failed" else f"{task}: {outcome.replace('_', ' ')}"
        _failed(memory, event, at, title, command)


def _buried(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task = text(event, "task")
    if task:
        _failed(memory, event, at, f"{task} could not be run", show(text(event, "request_id")))


def _failed(memory: Memory, event: Mapping[str, Any], at: float, title: str, command: str) -> None:
    task = text(event, "task")
    if task in memory.failing:
        return
    reason = text(event, "reason")
    said = text(event, "message") or (REASONS[reason].meaning if reason in REASONS else "")
    message = f"{said} ({reason})" if reason else said
    memory.failing[task] = memory.tell(
        Edge("failed", at, title, message, command, task, text(event, "run_id"))
    )


def _work_kept(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task, run_id = text(event, "task"), text(event, "run_id")
    title = f"{task} has left work in its worktree"
    memory.tell(Edge("undelivered", at, title, text(event, "message"), show(run_id), task, run_id))


HANDLERS: Mapping[str, Handler] = {
    "started": _started,
    "finished": _finished,
    "buried": _buried,
    "work_kept": _work_kept,
}
