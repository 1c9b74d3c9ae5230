"""Which follow-ups the end of a run calls for, and which of them go too far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from clodputer.model.follow.keys import (
    FORMS,
    LISTS,
    NOTIFY,
    ON_FAILURE,
    ON_FINISH,
    ON_SUCCESS,
    RUN,
    Follow,
    Item,
    Most,
)
from clodputer.model.follow.line import Line
from clodputer.model.numbers.digest import digest
from clodputer.model.outcome import FAILED, LIMITED, LOST, SUCCEEDED, TIMED_OUT

# The trigger in the origin of a request that a follow-up is.
TRIGGER = "follow_up"

# Codes of what does not follow.
TOO_DEEP, TOO_MANY, NOT_FILLED_IN, TOO_LARGE = "too_deep", "too_many", "not_filled_in", "too_large"
NO_CHANNEL = "no_channel"
# The effects of follow-ups, of each form one.
FOLLOWING = ("drop", "command", "log", "notify")
_NO_ROOM = "there was no room on the disk to write it down"


class FollowUp(NamedTuple):
    """One item of one of the lists. place: its number in that list, from 0."""

    on: str
    place: int
    form: str
    item: Item

    @property
    def target(self) -> str:
        """What it starts, in a word: the task, the program, the channels; empty for a line in the log."""
        value = self.item[self.form]
        if self.form == RUN:
            return str(value)
        if self.form == NOTIFY:
            return ", ".join(map(str, self.item.get("channels") or ()))
        return str(value[0]) if isinstance(value, (list, tuple)) and value else ""


class Cut(NamedTuple):
    """A follow-up that does not come, and why."""

    follow_up: FollowUp
    code: str
    message: str


class Plan(NamedTuple):
    """What follows a run, and what would have."""

    goes: tuple[FollowUp, ...] = ()
    cut: tuple[Cut, ...] = ()


def lists_after(outcome: str) -> tuple[str, ...]:
    """The lists that a run calls for which was the last one of its request.

    A run that was skipped or cancelled neither succeeded nor failed. One that met a usage limit for the last time has failed.
    """
    if outcome == SUCCEEDED:
        return ON_SUCCESS, ON_FINISH
    if outcome in (FAILED, TIMED_OUT, LOST, LIMITED):
        return ON_FAILURE, ON_FINISH
    return (ON_FINISH,)


def plan(follow: Follow, outcome: str, line: Line, most: Most) -> Plan:
    """What follows the last run of a request; line: that of the run."""
    goes: list[FollowUp] = []
    cut: list[Cut] = []
    for one in _called_for(follow, outcome):
        if one.form == RUN and line.depth >= most.depth:
            cut.append(Cut(one, TOO_DEEP, f"it would be more than {most.depth} follow-ups deep"))
        elif len(goes) >= most.width:
            cut.append(Cut(one, TOO_MANY, f"one run has at most {most.width} follow-ups"))
        else:
            goes.append(one)
    return Plan(tuple(goes), tuple(cut))


def _called_for(follow: Follow, outcome: str) -> Iterator[FollowUp]:
    for name in LISTS:
        if name in lists_after(outcome):
            for place, item in enumerate(follow.listed(name)):
                form = next((form for form in FORMS if form in item), "")
                if form:
                    yield FollowUp(name, place, form, item)


def request_id(run_id: str, on: str, place: int) -> str:
    """The id of the request that a follow-up is: always the same for one place in a list after one run."""
    return digest(f"{run_id} {on} {place}".encode(), 4)


def file_name(task: str, request: str) -> str:
    """The name under which the request is dropped; '@' is in no task's name."""
    return f"{task}@{TRIGGER}-{request}.json"


def not_followed(cut: Cut) -> dict[str, Any]:
    """The effect that reports a follow-up that does not come."""
    one = cut.follow_up
    return {
        "effect": "not_followed",
        "on": one.on,
        "place": one.place,
        "form": one.form,
        "target": one.target,
        "code": cut.code,
        "message": cut.message,
    }


def without_content(effects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The same effects without what may be large: of follow-ups, state and memory it stays that there was no room for them."""
    kept: list[Mapping[str, Any]] = []
    for effect in effects:
        if effect.get("effect") in (*FOLLOWING, "event"):
            told = {key: effect.get(key) for key in ("on", "place", "form", "target")}
            kept.append({"effect": "not_followed", **told, "code": "no_room", "message": _NO_ROOM})
        elif effect.get("effect") in ("state", "memory"):
            kept.append({"effect": effect["effect"], "base": effect.get("base"), "problem": _NO_ROOM})
        elif effect.get("effect") == "publish":
            kept.append({"effect": "publish", "name": effect.get("name")})
        else:
            kept.append(effect)
    return kept
