"""Edges: what a person is to be told, from what happened since the last look, the holds there are, and what was told."""

# A run is no news: that a task fails which was in order is, and that it is in order again. So what was told is remembered, and
# everything else follows from the log's events. Nothing here reads a clock or a file.
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.edge import EVENTS, Edge
from clodputer.model.follow import unfollowed
from clodputer.model.moment import format_duration, parse_moment
from clodputer.model.outcome import BLAMELESS, REASONS, SUCCEEDED
from clodputer.model.waiting import APPROVAL

# The same edge of the same task is told again after so many seconds at the earliest: what flaps is one thing.
QUIET = 3600.0
# So many ends of runs are remembered by their ids.
KNOWN = 200
# What waits for a person's login or payment (model/decide.py), and holds that a person placed (runner/requests/holding.py).
LOCKED_OUT = ("auth", "billing")
BY_HAND = ("paused", "stopped")
# Slot times that passed for a reason that somebody chose.
CHOSEN = ("disabled", "on_hold", "overlap")


class Told(NamedTuple):
    """What is remembered between two looks.

    failing: tasks whose latest end was a failure, each with whether that was told. suspect: the same for a
    success that may have done nothing. holds: those that were told, by their
    targets, each with its reason and end. said: when each edge was told last. active_at: when a run began or ended last (epoch
    seconds). idle: whether it was told that nothing runs. ended: the latest runs whose ends were looked at, as an end is logged
    again when settling is repeated after a crash. unfollowed: follow-ups of which it was told that they did not come.
    """

    failing: Mapping[str, bool] = {}
    holds: Mapping[str, Mapping[str, Any]] = {}
    said: Mapping[str, float] = {}
    active_at: Optional[float] = None
    idle: bool = False
    suspect: Mapping[str, bool] = {}
    ended: Sequence[str] = ()
    unfollowed: Sequence[str] = ()


class Standing(NamedTuple):
    """A hold that is in effect: its target's name and words, the option that lifts it, its reason, message and end."""

    target: str
    words: str
    option: str
    reason: str
    message: str
    until: Optional[float] = None


def look(
    told: Told,
    events: Iterable[Mapping[str, Any]],
    holds: Iterable[Standing],
    now: float,
    idle_after: Optional[float],
) -> tuple[Told, list[Edge]]:
    """What is to be told at `now` (epoch seconds), and what to remember. idle_after: seconds, None for never."""
    memory = _Memory(told, now)
    for event in events:
        memory.take(event)
    memory.compare(list(holds))
    memory.silence(idle_after)
    said = {key: at for key, at in memory.said.items() if abs(now - at) < QUIET}
    told = Told(
        memory.failing,
        memory.holds,
        said,
        memory.active_at,
        memory.idle,
        memory.suspect,
        memory.ended[-KNOWN:],
        memory.unfollowed[-KNOWN:],
    )
    return told, memory.found


def next_look(told: Told, idle_after: Optional[float]) -> Optional[float]:
    """When something is to be told without any event (epoch seconds): a hold ends, or too long nothing runs."""
    moments = [hold["until"] for hold in told.holds.values() if hold.get("until") is not None]
    if idle_after is not None and told.active_at is not None and not told.idle:
        moments.append(told.active_at + idle_after)
    return min(moments, default=None)


class _Memory:
    """What is remembered while a look lasts, and what was found."""

    def __init__(self, told: Told, now: float) -> None:
        self.now, self.found = now, list[Edge]()
        self.failing, self.holds, self.said = dict(told.failing), dict(told.holds), dict(told.said)
        self.active_at, self.idle, self.suspect = told.active_at, told.idle, dict(told.suspect)
        self.ended, self.unfollowed = list(told.ended), list(told.unfollowed)

    def take(self, event: Mapping[str, Any]) -> None:
        """One event of the log; what it lacks, as an earlier version or a person wrote it, is empty."""
        act = getattr(self, f"_{event.get('event')}", None) if event.get("event") in EVENTS else None
        if act is not None:
            try:
                at = parse_moment(str(event.get("timestamp")), self.now)
            except ValueError:
                at = self.now
            act(event, min(at, self.now))

    def compare(self, holds: list[Standing]) -> None:
        """The holds there are now with those that were told."""
        there = {hold.target: hold for hold in holds if hold.reason not in BY_HAND}
        for target in [target for target in self.holds if target not in there]:
            before = self.holds.pop(target)
            words = str(before.get("words", target))
            self._tell(
                "hold_ended",
                self.now,
                f"{words} goes on",
                f"The hold on {words} has ended.",
                "clodputer status",
                item=target,
            )
        for target, hold in there.items():
            known = self.holds.get(target)
            facts = {"reason": hold.reason, "until": hold.until, "words": hold.words}
            if known is None or known.get("reason") != hold.reason:
                locked = hold.reason in LOCKED_OUT
                lift = f"clodputer resume {hold.option}"
                title = f"{hold.words} needs you" if locked else f"{hold.words} is on hold"
                self._tell("auth" if locked else "hold", self.now, title, hold.message, lift, item=target)
            self.holds[target] = facts

    def silence(self, idle_after: Optional[float]) -> None:
        """Whether nothing has run for too long; told once, until something runs again."""
        if self.active_at is None or self.active_at > self.now:
            self.active_at = self.now  # the first look, or a clock that was put back
        if idle_after is None or self.idle or self.now - self.active_at < idle_after:
            return
        self.idle = True
        span = format_duration(self.now - self.active_at)
        message = f"No run has begun or ended for {span}."
        self._tell("idle", self.now, "nothing runs", message, "clodputer doctor")

    def _tell(self, edge: str, at: float, title: str, message: str, command: str, **about: str) -> bool:
        return self._tell_one(Edge(edge, at, title, message, command, **about))

    def _tell_one(self, one: Edge) -> bool:
        last = self.said.get(one.key)
        if last is not None and abs(self.now - last) < QUIET:
            return False
        self.said[one.key] = self.now
        self.found.append(one)
        return True

    def _started(self, _event: Mapping[str, Any], at: float) -> None:
        self.active_at, self.idle = at, False

    def _finished(self, event: Mapping[str, Any], at: float) -> None:
        self.active_at, self.idle = at, False
        task, run_id, outcome = _text(event, "task"), _text(event, "run_id"), _text(event, "outcome")
        if run_id in self.ended:
            return
        self.ended.append(run_id)
        suspect = _text(event, "suspect")
        satisfied = _text(event, "reason") == "satisfied"
        if suspect and task not in self.failing and task not in self.suspect:
            title = f"{task} may not have done its work"
            about = {"task": task, "run_id": run_id}
            self.suspect[task] = self._tell("suspect", at, title, suspect, _show(run_id), **about)
        if satisfied or (outcome == SUCCEEDED and not suspect):
            was_told = [self.failing.pop(task, False), self.suspect.pop(task, False)]
            if any(was_told):
                message = "What its verify asks holds." if satisfied else "Its latest run succeeded."
                self._tell(
                    "recovered",
                    at,
                    f"{task} is in order again",
                    message,
                    _show(run_id),
                    task=task,
                    run_id=run_id,
                )
        if outcome == SUCCEEDED:
            self.found.append(Edge("result", at, f"{task} succeeded", "", _show(run_id), task, run_id))
        elif outcome not in BLAMELESS and event.get("final") is not False:
            self._failed(
                event, at, f"{task} failed" if outcome == "failed" else f"{task}: {outcome.replace('_', ' ')}"
            )

    def _failed(self, event: Mapping[str, Any], at: float, title: str, command: str = "") -> None:
        task, run_id = _text(event, "task"), _text(event, "run_id")
        if task in self.failing:
            return
        reason = _text(event, "reason")
        said = _text(event, "message") or (REASONS[reason].meaning if reason in REASONS else "")
        message = f"{said} ({reason})" if reason else said
        command = command or _show(run_id)
        self.failing[task] = self._tell("failed", at, title, message, command, task=task, run_id=run_id)

    def _buried(self, event: Mapping[str, Any], at: float) -> None:
        if _text(event, "task"):
            request = _text(event, "request_id")
            self._failed(event, at, f"{_text(event, 'task')} could not be run", f"clodputer show {request}")

    def _breaker_open(self, event: Mapping[str, Any], at: float) -> None:
        task = _text(event, "task")
        self._tell(
            "breaker",
            at,
            f"{task} is stopped for a while",
            _text(event, "message"),
            f"clodputer reset {task}",
            task=task,
        )

    def _auto_disabled(self, event: Mapping[str, Any], at: float) -> None:
        task, run_id = _text(event, "task"), _text(event, "run_id")
        command = f"clodputer enable {task}"
        self._tell(
            "disabled", at, f"{task} is disabled", _text(event, "message"), command, task=task, run_id=run_id
        )

    def _budget_near(self, event: Mapping[str, Any], at: float) -> None:
        used, limit = event.get("used"), event.get("of")
        spent = isinstance(used, (int, float)) and isinstance(limit, (int, float)) and used >= limit
        budget, key = _text(event, "budget"), _text(event, "limit")
        title = f"{budget}: the budget is used up" if spent else f"{budget}: the budget is nearly used up"
        message = f"{used} of {limit} ({key}) are used."
        edge = "budget_spent" if spent else "budget_near"
        self._tell(
            edge,
            at,
            title,
            message,
            "clodputer stats --by task",
            task=_text(event, "task"),
            item=f"{budget} {key}",
        )

    def _missed(self, event: Mapping[str, Any], at: float) -> None:
        task, reason = _text(event, "task"), _text(event, "reason")
        if reason in CHOSEN:
            return
        count = event.get("count") or 1
        slots = f"its slot time {_text(event, 'slot_time')}" if count == 1 else f"{count} of its slot times"
        message = f"{slots[0].upper()}{slots[1:]} passed without a run ({reason.replace('_', ' ')})."
        self._tell("missed", at, f"{task} missed {slots}", message, f"clodputer why {task}", task=task)

    def _followed(self, event: Mapping[str, Any], _at: float) -> None:
        place = unfollowed.place(event)
        if place in self.unfollowed:
            self.unfollowed.remove(place)

    def _not_followed(self, event: Mapping[str, Any], at: float) -> None:
        one = unfollowed.edge(event, at)
        if one.item in self.unfollowed:
            return
        if unfollowed.comes_again(event):
            self.unfollowed.append(one.item)
        self._tell_one(one)

    def _parked(self, event: Mapping[str, Any], at: float) -> None:
        task, item = _text(event, "task"), _text(event, "item")
        message = f"Several runs did not get it done: {item}. {_text(event, 'message')}".rstrip()
        command = f"clodputer unpark {_text(event, 'request_id')}"
        run_id = _text(event, "run_id")
        self._tell(
            "parked",
            at,
            f"{task} has parked something",
            message,
            command,
            task=task,
            run_id=run_id,
            item=item,
        )

    def _delayed(self, event: Mapping[str, Any], at: float) -> None:
        if _text(event, "reason") != APPROVAL:
            return
        task, request = _text(event, "task"), _text(event, "request_id")
        title, command = f"{task} asks you first", f"clodputer approve {request}"
        message = f"{_text(event, 'message').rstrip('.')}. To close it: clodputer deny {request}"
        self._tell("approval_wanted", at, title, message, command, task=task, item=request)

    def _work_kept(self, event: Mapping[str, Any], at: float) -> None:
        task, run_id = _text(event, "task"), _text(event, "run_id")
        title, message = f"{task} has left work in its worktree", _text(event, "message")
        self._tell("undelivered", at, title, message, _show(run_id), task=task, run_id=run_id)


def _text(event: Mapping[str, Any], key: str) -> str:
    return str(event.get(key) or "")


def _show(run_id: str) -> str:
    return f"clodputer show {run_id}"
