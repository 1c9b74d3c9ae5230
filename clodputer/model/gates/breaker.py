"""The circuit breaker of a task, derived from how its runs ended: after failures in a row nothing is started for a while."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Iterable
from typing import NamedTuple, Optional

from clodputer.model.config.keys import COUNT, DURATION, PART, Key
from clodputer.model.config.withunit import YEAR
from clodputer.model.outcome import BLAMELESS, CANCELLED, FAILED, LOST, SUCCEEDED

# Failures that say nothing about the task: the network or the service was at fault, and they come for all tasks at once; or the
# login or the account was, and that holds the account; or we were killed or could not write.
# A precheck that fails says nothing about the agent, and has a breaker of its own.
NOT_COUNTED = (
    "offline",
    "overloaded",
    "server_error",
    "auth",
    "billing",
    "exec_died",
    "not_recorded",
    "precheck",
)
# Failures that are the same at every try, until somebody changes something.
AT_ONCE = ("model", "permissions", "config")

# How a precheck that failed is told in the history of prechecks.
_FAILED = "exit_status"

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


class Breaker(NamedTuple):
    """The task's part `breaker`. threshold: failures in a row, 0 for no breaker. cooldown: seconds."""

    threshold: int = 3
    cooldown: float = 3600.0


class End(NamedTuple):
    """How a run of the task ended. at: epoch seconds. request_id: of its request, empty where that is not known."""

    at: float
    outcome: str
    reason: str
    request_id: str = ""


class State(NamedTuple):
    """Closed: runs are let through. Open: none is, until a moment (epoch seconds). Half open: one is, to see how it ends.

    failures: how many requests failed in a row. last: the reason of the latest run of theirs that failed.
    """

    state: str
    failures: int = 0
    last: str = ""
    until: Optional[float] = None


# Ends that say nothing about a precheck: it may not have been asked, or it was not heard to its end.
_UNASKED = ("not_started", "internal")


def state_of_precheck(ends: Iterable[End], breaker: Breaker, now: float) -> State:
    """The state of the breaker of a task's precheck at `now` (epoch seconds), from the ends of the task's runs, newest first.

    It has the threshold and the cooldown of the task's own. Whatever came after a precheck shows that this one did its work.
    """
    found = state((_of_precheck(end) for end in ends if _tells_of_precheck(end)), breaker, now)
    return found._replace(last="precheck" if found.failures else "")


def _tells_of_precheck(end: End) -> bool:
    return end.outcome not in (CANCELLED, LOST) and end.reason not in _UNASKED


def _of_precheck(end: End) -> End:
    if end.reason == "precheck":
        return end._replace(outcome=FAILED, reason=_FAILED)
    return end._replace(outcome=SUCCEEDED, reason="completed")


def state(ends: Iterable[End], breaker: Breaker, now: float) -> State:
    """The state at `now` (epoch seconds), from the ends of the task's runs, the newest first.

    What counts is requests: one that failed at each of its attempts failed once, so that its retries do not open the breaker
    against its own last attempt.
    """
    if not breaker.threshold:
        return State(CLOSED)
    latest: Optional[End] = None
    failures, seen, at_once = 0, set(), False
    for end in ends:
        if end.outcome == SUCCEEDED:
            break
        if end.outcome in BLAMELESS or end.reason in NOT_COUNTED:
            continue
        latest = latest or end
        failures += not end.request_id or end.request_id not in seen
        seen.add(end.request_id)
        # Also when it is not the latest: the run that was tried afterwards failed otherwise, and did not close the breaker.
        at_once = at_once or end.reason in AT_ONCE
        if at_once or failures >= breaker.threshold:
            until = min(latest.at, now) + breaker.cooldown
            # The end lies in the future when the clock went back. By more than the pause, and nobody knows when it was: one
            # is tried, or that would wait until the clock is where it was.
            waits = abs(now - latest.at) < breaker.cooldown
            return State(OPEN if waits else HALF_OPEN, failures, latest.reason, until)
    return State(CLOSED, failures, latest.reason if latest else "")


KEYS = (
    Key(
        "breaker",
        PART,
        {},
        "After several failures in a row the task's triggers start nothing for a while, and then a single run to "
        "try. Requests wait meanwhile.",
        keys=(
            Key(
                "threshold",
                COUNT,
                Breaker().threshold,
                "How many requests must fail one after the other. Each is counted once, from its first failed attempt on; 0 "
                "switches the breaker off. Usage limits, lost runs, `offline`, `overloaded`, `server_error`, `auth` and "
                "`billing` do not count; `model`, `permissions` and `config` are enough by themselves. Prechecks that failed "
                "are counted by themselves.",
                0,
                1000,
                example=5,
            ),
            Key(
                "cooldown",
                DURATION,
                Breaker().cooldown,
                "How long the triggers then start nothing. Afterwards a single run is tried; if it succeeds, the "
                "breaker closes.",
                1,
                YEAR,
                example="6h",
            ),
        ),
        absent="as its keys say",
        example={"threshold": 5, "cooldown": "6h"},
    ),
)
