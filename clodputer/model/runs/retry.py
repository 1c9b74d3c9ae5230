"""Retry: for which reasons a failed run is tried again, how often, and after what wait; the value, its keys, the decisions."""

from __future__ import annotations

from typing import NamedTuple, Optional

from clodputer.model.config.keys import CHOICE, CHOICES, COUNT, DURATION, FLAG, NUMBER, PART, READING, Key
from clodputer.model.config.withunit import YEAR
from clodputer.model.outcome import BY_DEFAULT, NEVER, REASONS, WHEN_ASKED

EXPONENTIAL, LINEAR, FIXED = "exponential", "linear", "fixed"

# How often a request is tried when its task names no number: with the waits below, for up to 80 minutes.
USUAL_ATTEMPTS = 5
# A server that asks for a wait (retry-after) is believed up to a day; in seconds.
LONGEST_ASKED = 86400.0
# Also when the dice fall on nothing: what was overloaded a moment ago still is; in seconds.
SHORTEST_WAIT = 1.0
# Powers beyond it are longer than any wait, and in the end than any float.
_HIGHEST_POWER = 100


class Retry(NamedTuple):
    """How a failed run is tried again; times in seconds. max_attempts and on: None when the task does not say."""

    max_attempts: Optional[int] = None
    wait: float = 60.0
    backoff: str = EXPONENTIAL
    multiplier: float = 4.0
    longest_wait: float = 3600.0
    jitter: bool = True
    on: Optional[tuple[str, ...]] = None


def is_retried(retry: Retry, reason: str) -> bool:
    """Whether a run that ended for this reason is tried again, as long as there are attempts left."""
    known = REASONS.get(reason)
    if known is None or known.retry == NEVER:
        return False
    if retry.on is not None:
        return reason in retry.on
    return known.retry == BY_DEFAULT or (known.retry == WHEN_ASKED and retry.max_attempts is not None)


def most_attempts(retry: Retry) -> int:
    """How often a request is tried, the first time included."""
    return USUAL_ATTEMPTS if retry.max_attempts is None else retry.max_attempts


def wait_after(retry: Retry, attempt: int, dice: float, asked: Optional[float] = None) -> float:
    """Seconds from the end of the `attempt`-th try (from 1 on) to the next one.

    dice: from 0 to 1, of the wait with jitter (full jitter: any part of it is as likely). asked: the seconds that the other
    side asked for, which are never undercut.
    """
    if retry.backoff == FIXED:
        wait = retry.wait
    elif retry.backoff == LINEAR:
        wait = retry.wait * attempt
    else:
        power = min(attempt - 1, _HIGHEST_POWER)
        wait = retry.wait * retry.multiplier**power
    wait = min(wait, retry.longest_wait)
    if retry.jitter:
        wait *= dice
    return max(wait, SHORTEST_WAIT, min(asked or 0.0, LONGEST_ASKED))


_KEYS = (
    Key(
        "max_attempts",
        COUNT,
        help="How often a request is tried, the first time included. With this key, every reason is retried that the "
        "[table](troubleshooting.md#outcomes-and-reasons) marks `when asked`; `1`: nothing is.",
        smallest=1,
        largest=100,
        absent=f"`{USUAL_ATTEMPTS}`, for the reasons that are retried by default",
        example=3,
    ),
    Key(
        "wait",
        DURATION,
        60.0,
        "How long to wait before the second attempt.",
        smallest=1,
        largest=YEAR,
        example="5m",
    ),
    Key(
        "backoff",
        CHOICE,
        EXPONENTIAL,
        "How later waits grow: each is `multiplier` times the one before (`exponential`), longer by `wait` "
        "(`linear`), or the same (`fixed`).",
        choices=(EXPONENTIAL, LINEAR, FIXED),
        example=LINEAR,
    ),
    Key(
        "multiplier",
        NUMBER,
        4.0,
        "The factor between a wait and the one before, with `backoff: exponential`.",
        smallest=1,
        largest=100,
        example=2,
    ),
    Key(
        "longest_wait",
        DURATION,
        3600.0,
        "No wait grows longer than this.",
        smallest=1,
        largest=YEAR,
        example="30m",
    ),
    Key(
        "jitter",
        FLAG,
        default=True,
        help="Each wait is shortened by a random part, so that tasks that failed together are not tried again together. "
        "`false`: each wait has its full length.",
        example=False,
    ),
    Key(
        "on",
        CHOICES,
        help="The [reasons](troubleshooting.md#outcomes-and-reasons) that are retried, and no others. Reasons marked `never` "
        "there cannot be named.",
        choices=tuple(code for code, reason in REASONS.items() if reason.retry != NEVER),
        smallest=1,
        takes="reason, or list of reasons",
        absent="those of the table",
        example=["timeout", "exit_status"],
    ),
)

RETRY = Key(
    "retry",
    PART,
    {},
    "How a failed run is tried again.",
    keys=_KEYS,
    absent="as the table of reasons says",
    env=READING,
    example={"max_attempts": 3},
)

KEYS = (RETRY,)
