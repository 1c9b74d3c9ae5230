"""The brain: what the end of a run leads to, and which requests are one.

Facts in, decisions out as data; dull code performs them, and may perform them again after a crash.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from clodputer.model.attempts import NONE, Attempts, past, story_to_json, to_json, with_run
from clodputer.model.backoff import limit_pause
from clodputer.model.moment import iso
from clodputer.model.outcome import FAILED, LIMITED, LOST, TIMED_OUT
from clodputer.model.request import Request
from clodputer.model.retry import Retry, is_retried, most_attempts, wait_after
from clodputer.model.task import Task
from clodputer.model.waiting import RETRY

# How long a file that looks unfinished is given to be finished before it is rejected, in seconds since its last change.
UNFINISHED_FOR = 2.0

# A usage limit's reset is believed between a minute and eight days from now: the longest window is a week, and clocks differ.
SOONEST_RESET, LATEST_RESET = 60.0, 8 * 86400.0

UNSUCCESSFUL = (FAILED, TIMED_OUT, LOST)


def disabled(task: Task) -> str:
    """What to tell about a request for a task that is switched off."""
    return f"Task {task.name} is disabled. Set enabled: true in {task.path}."


class Ending(NamedTuple):
    """All that is known of a run that has ended, at `now` (epoch seconds), when it is decided what follows.

    message, result: what it said, secrets masked. files: those that it is known to have written. attempt: the number of the
    try that it belongs to. attempts: what was known of the request before this run. retry: what its task says of retries.
    retry_after: the seconds that the other side asked for. left: how many processes of the run would not die.
    resets_at: when the usage limit ends (epoch seconds). limited_before: how many runs of the request ended limited before.
    dice: a number from 0 to 1, of all that is left to chance.
    """

    outcome: str
    reason: str
    now: float
    lane: str = "default"
    message: str = ""
    run_id: str = ""
    result: str = ""
    files: tuple[str, ...] = ()
    attempt: int = 1
    attempts: Attempts = NONE
    retry: Retry = Retry()
    retry_after: Optional[float] = None
    left: int = 0
    resets_at: Optional[float] = None
    limited_before: int = 0
    dice: float = 0.5

    @property
    def story(self) -> Attempts:
        """What is known of the request now, this run included; the next one is of the same try."""
        run = past(
            self.run_id,
            self.attempt,
            self.outcome,
            self.reason,
            self.message,
            iso(self.now),
            self.result,
            self.files,
        )
        return with_run(self.attempts, run)._replace(attempt=self.attempt)


def after(ending: Ending) -> list[dict[str, Any]]:
    """The effects of a run's end, as data that stands in its record. The last one takes the request out of the slot.

    `finish`: the request goes into the run folder. `put_back`: it goes back to its queue, its attempt not used up. `retry`: it
    waits to be run again. `bury`: it goes to `dead/`. `hold`: something stops until a moment (epoch seconds).
    """
    if ending.reason == "interrupted":
        return [{"effect": "put_back"}]
    if ending.outcome == LIMITED:
        return _limited(ending)
    if ending.outcome in UNSUCCESSFUL:
        return [_failed(ending)]
    return [{"effect": "finish"}]


def _limited(ending: Ending) -> list[dict[str, Any]]:
    until = ending.now + limit_pause(ending.limited_before)
    if ending.resets_at is not None:
        until = min(max(ending.resets_at, ending.now + SOONEST_RESET), ending.now + LATEST_RESET)
    message = "The account's usage limit is reached; the lane goes on by itself after the reset."
    return [
        {
            "effect": "hold",
            "scope": "lane",
            "name": ending.lane,
            "reason": ending.reason,
            "message": message,
            "since": ending.now,
            "until": until,
        },
        {"effect": "put_back"},
    ]


def _failed(ending: Ending) -> dict[str, Any]:
    """The way out of a request whose run did not succeed: once more, or for good."""
    most = most_attempts(ending.retry)
    again = is_retried(ending.retry, ending.reason)
    if again and ending.attempt < most and not ending.left:
        wait = wait_after(ending.retry, ending.attempt, ending.dice, ending.retry_after)
        return _again(
            ending,
            RETRY,
            f"Attempt {ending.attempt + 1} of {most}; the one before ended as {ending.reason}.",
            ending.now + wait,
            ending.story._replace(attempt=ending.attempt + 1, session="", lost_session=""),
        )
    if again and ending.left:
        return _given_up(
            ending,
            f"It was not tried again, as {ending.left} of its processes would not die: two runs of one request must not "
            "be at work at the same time.",
        )
    if ending.outcome == LOST or ending.attempts.story:
        return _given_up(ending)
    return {"effect": "finish"}


def _again(ending: Ending, code: str, message: str, at: float, attempts: Attempts) -> dict[str, Any]:
    """The effect that has a request wait until it is looked at again, at `at`; `code` is one of model/waiting.WAITS."""
    return {
        "effect": "retry",
        "code": code,
        "message": message,
        "since": ending.now,
        "at": at,
        "attempts": to_json(attempts),
    }


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
