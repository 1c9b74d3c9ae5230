"""The brain: what the end of a run leads to, and which requests are one.

Facts in, decisions out as data; dull code performs them, and may perform them again after a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.gates import autodisable
from clodputer.model.gates.approval import PLANNED
from clodputer.model.gates.autodisable import Disabled
from clodputer.model.gates.waiting import APPROVAL, HOLD, RETRY
from clodputer.model.numbers.backoff import limit_pause
from clodputer.model.outcome import FAILED, LIMITED, LOST, REASONS, TIMED_OUT
from clodputer.model.request import Request
from clodputer.model.runs.against import speaks_against_item
from clodputer.model.runs.attempts import Attempts, story_to_json, to_json
from clodputer.model.runs.ending import Ending
from clodputer.model.runs.retry import is_retried, most_attempts, wait_after
from clodputer.model.task import Task

# How long a file that looks unfinished is given to be finished before it is rejected, in seconds since its last change.
UNFINISHED_FOR = 2.0

# A usage limit's reset is believed between a minute and eight days from now: the longest window is a week, and clocks differ.
SOONEST_RESET, LATEST_RESET = 60.0, 8 * 86400.0

# What keeps a request waiting may end earlier than it said: a hold can be lifted. So it is asked about again after this many
# seconds at the latest, by whichever exec comes then.
ASK_AGAIN = 300.0

UNSUCCESSFUL = (FAILED, TIMED_OUT, LOST)
# Whatever else draws on the account would end the same way.
LOCKED_OUT = ("auth", "billing")


def disabled(task: Task, by_itself: Optional[Disabled]) -> str:
    """What to tell about a request for a task that is switched off."""
    why = "is disabled" if by_itself is None else f"was disabled automatically {by_itself.words}"
    return f"Task {task.name} {why}. Switch it on: clodputer enable {task.name}"


def after(ending: Ending) -> list[dict[str, Any]]:
    """The effects of a run's end, as data that is in its record. The last one takes the request out of the slot.

    `finish`: the request goes into the run folder. `put_back`: it goes back to its queue, its attempt not used up. `retry`: it
    waits to be run again. `bury`, `park`: it goes to `dead/`, to `parked/`. `hold`: something stops until a moment (epoch
    seconds). `disable`: the task is disabled until a person enables it.
    """
    effects = _following(ending)
    return [*_disabling(ending, effects), *effects]


def is_final(effects: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a run with these effects was the last one of its request."""
    return not any(effect.get("effect") in ("put_back", "retry") for effect in effects)


def _following(ending: Ending) -> list[dict[str, Any]]:
    if ending.reason == "interrupted":
        return [{"effect": "put_back"}]
    if ending.outcome == LIMITED:
        return _limited(ending)
    if ending.reason == PLANNED:
        return [_planned(ending)]
    if ending.reason in LOCKED_OUT and ending.account:
        return _locked_out(ending)
    if ending.outcome in UNSUCCESSFUL:
        return [_failed(ending)]
    return [{"effect": "finish"}]


def _planned(ending: Ending) -> dict[str, Any]:
    """The request waits for a person, to go on with its session then; asked at once, its gate says so."""
    if ending.left:
        return _left_running(ending)
    story = ending.story._replace(session=ending.session, lost_session="")
    return _again(ending, APPROVAL, ending.message, ending.now, story)


def _disabling(ending: Ending, effects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The effect that disables the task, when this end makes its requests without success too many."""
    end = autodisable.End(ending.outcome, ending.reason, ending.trigger, is_final(effects))
    failures = ending.task_failures + 1
    if not autodisable.counts(end) or not 0 < ending.auto_disable_after <= failures:
        return []
    return [{"effect": "disable", "at": ending.now, "failures": failures, "reason": ending.reason}]


def _limited(ending: Ending) -> list[dict[str, Any]]:
    """The account waits for the reset, and so does the request, to go on with its session then."""
    until = ending.now + limit_pause(ending.attempts.windows)
    if ending.resets_at is not None:
        until = min(max(ending.resets_at, ending.now + SOONEST_RESET), ending.now + LATEST_RESET)
    hold = _hold(ending, "The usage limit is reached; what waits goes on by itself after the reset.", until)
    if ending.attempts.windows >= ending.limit.windows:
        return [hold, _given_up(ending, f"It has waited through {ending.attempts.windows} usage limits.")]
    story = ending.story
    return [hold, _kept(ending, story._replace(windows=story.windows + 1), until)]


def _locked_out(ending: Ending) -> list[dict[str, Any]]:
    """Nothing of the account can be run until a person has put its login or billing right; nothing is lost until then."""
    remedy = REASONS[ending.reason].remedy
    end = f"It goes on when the login has changed, or after: clodputer resume --account {ending.account}"
    message = " ".join(part for part in (ending.message, remedy, end) if part)
    return [_hold(ending, message, None), _kept(ending, ending.story, None)]


def _hold(ending: Ending, message: str, until: Optional[float]) -> dict[str, Any]:
    return {
        "effect": "hold",
        "scope": "account" if ending.account else "lane",
        "name": ending.account or ending.lane,
        "reason": ending.reason,
        "message": message,
        "since": ending.now,
        "until": until,
        "watched": {} if until is not None else dict(ending.watched),
    }


def _kept(ending: Ending, attempts: Attempts, until: Optional[float]) -> dict[str, Any]:
    """The way out of a request that a hold keeps from being done: it waits for the end of that, its attempt not used up."""
    if ending.left:
        return _left_running(ending)
    whose = f"account {ending.account}" if ending.account else f"lane {ending.lane}"
    at = ending.now + ASK_AGAIN
    return _again(
        ending,
        HOLD,
        f"{whose} is on hold ({ending.reason})",
        at if until is None else min(at, until),
        attempts._replace(session=ending.session, lost_session=""),
        until,
    )


def _failed(ending: Ending) -> dict[str, Any]:
    """The way out of a request whose run did not succeed: once more, or for good."""
    most = most_attempts(ending.retry)
    again = is_retried(ending.retry, ending.reason)
    if ending.unresumed and not ending.left:
        return _again(
            ending,
            RETRY,
            "Its session could not be resumed; a new one begins.",
            ending.now,
            ending.story._replace(session="", lost_session=ending.attempts.session),
        )
    if again and ending.attempt < most and not ending.left:
        wait = wait_after(ending.retry, ending.attempt, ending.dice, ending.retry_after)
        return _again(
            ending,
            RETRY,
            f"Attempt {ending.attempt + 1} of {most}; the one before ended as {ending.reason}.",
            ending.now + wait,
            ending.story._replace(attempt=ending.attempt + 1, session="", lost_session=""),
        )
    if (again or ending.unresumed) and ending.left:
        return _left_running(ending)
    if _is_poison(ending):
        return _parked(ending)
    if ending.outcome == LOST or ending.attempts.story:
        return _given_up(ending)
    return {"effect": "finish"}


def _is_poison(ending: Ending) -> bool:
    """Whether one more run about the same thing would, by all that is known, fail as those before did."""
    counts = bool(ending.item) and speaks_against_item(ending.outcome, ending.reason)
    return counts and 0 < ending.park_after <= ending.item_failures + 1


def _parked(ending: Ending) -> dict[str, Any]:
    number = ending.item_failures + 1
    return {
        "effect": "park",
        "code": ending.reason,
        "item": ending.item,
        "message": f"{number} runs about {ending.item} ended without success (park_after: {ending.park_after}).",
        "attempts": story_to_json(ending.story.story),
    }


def _again(
    ending: Ending, code: str, message: str, at: float, attempts: Attempts, until: Optional[float] = None
) -> dict[str, Any]:
    """The effect that has a request wait until it is looked at again, at `at`.

    code: one of model/waiting.WAITS. until: when the wait is over, for people; None when that is not known.
    """
    return {
        "effect": "retry",
        "code": code,
        "message": message,
        "since": ending.now,
        "at": at,
        "until": at if code == RETRY else until,
        "attempts": to_json(attempts),
    }


def _left_running(ending: Ending) -> dict[str, Any]:
    return _given_up(
        ending,
        f"It was not run again, as {ending.left} of its processes could not be ended: two runs of one request must never "
        "work at the same time.",
    )


def _given_up(ending: Ending, message: str = "") -> dict[str, Any]:
    effect: dict[str, Any] = {"effect": "bury", "code": ending.reason}
    if message:
        effect["message"] = message
    if ending.attempts.story:
        effect["attempts"] = story_to_json(ending.story.story)
    return effect


class Holder(NamedTuple):
    """The request that a dedupe key's ledger names."""

    request_id: str
    accepted_at: float
    ttl: float
    pending: bool


def coalesce(request: Request, holder: Holder, now: float) -> bool:
    """Whether a request is one with the earlier holder of its dedupe key.

    It is while that one waits or runs, or within the longer of both ttls since that one was accepted; never with itself.
    """
    if holder.request_id == request.id:
        return False
    return holder.pending or now < holder.accepted_at + max(holder.ttl, request.dedupe_ttl)
