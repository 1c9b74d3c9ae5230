"""What becomes of single requests: one was parked or asks a person first, a follow-up did not come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.model.follow import unfollowed
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.notify.edge import Edge
from clodputer.model.notify.edges.memory import Handler, Memory, text


def _parked(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    task, item = text(event, "task"), text(event, "item")
    title = f"{task} has parked something"
    message = f"Several runs could not finish it: {item}. {text(event, 'message')}".rstrip()
    command = f"clodputer unpark {text(event, 'request_id')}"
    memory.tell(Edge("parked", at, title, message, command, task, text(event, "run_id"), item))


def _delayed(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    if text(event, "reason") != APPROVAL:
        return
    task, request = text(event, "task"), text(event, "request_id")
    title, command = f"{task} waits for your approval", f"clodputer approve {request}"
    message = f"{text(event, 'message').rstrip('.')}. To close it: clodputer deny {request}"
    memory.tell(Edge("approval_wanted", at, title, message, command, task, item=request))


def _followed(memory: Memory, event: Mapping[str, Any], _at: float) -> None:
    place = unfollowed.place(event)
    if place in memory.unfollowed:
        memory.unfollowed.remove(place)


def _not_followed(memory: Memory, event: Mapping[str, Any], at: float) -> None:
    edge = unfollowed.edge(event, at)
    if edge.item in memory.unfollowed:
        return
    if unfollowed.comes_again(event):
        memory.unfollowed.append(edge.item)
    memory.tell(edge)


HANDLERS: Mapping[str, Handler] = {
    "parked": _parked,
    "delayed": _delayed,
    "followed": _followed,
    "not_followed": _not_followed,
}
