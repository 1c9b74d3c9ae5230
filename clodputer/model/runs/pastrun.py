"""A run that has ended, as the execution log has it: what decisions over past runs, and what is learned from them, go by."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.outcome import SUCCEEDED
from clodputer.model.text.moment import parse_moment

# The event of a trial of a task (`clodputer try`), which is no run of it, and costs money all the same.
TRIAL = "trial"
# Of the message of a run that did not succeed, in characters: sixty thousand runs may be in memory.
LONGEST_MESSAGE = 300


class PastRun(NamedTuple):
    """A run that has ended. at: epoch seconds; duration: seconds; cost_usd: US dollars.

    trigger: the type of what asked for it. attempt: the number of the try at its request, from 1 on. item: what it was about.
    suspect: it ended well and may have done nothing all the same. final: its request was not to be run again.
    parent: the run that it follows. trace_id: the first request of its line. model: that the agent used, empty without one.
    estimated: its cost is computed from tokens. subscription: it drew on one, where nothing is paid for a single run.
    message: how its message begins, empty where it succeeded. prompt: the version of its prompt's template. version: that of
    its agent; both empty where nobody knows. denied: the rules that would have allowed what it was refused
    (`model/rights/denied.py`). outside: text from outside came into its prompt. trial: it was no run of the task, but a trial
    of it: only budgets ask for those.
    """

    at: float
    task: str
    lane: str
    account: str
    request_id: str
    run_id: str
    outcome: str
    reason: str
    duration: float
    cost_usd: Optional[float]
    trigger: str = ""
    attempt: int = 1
    item: str = ""
    suspect: bool = False
    final: bool = True
    parent: str = ""
    trace_id: str = ""
    model: str = ""
    estimated: bool = False
    subscription: bool = False
    message: str = ""
    prompt: str = ""
    version: str = ""
    denied: tuple[str, ...] = ()
    outside: bool = False
    trial: bool = False


def of_event(event: Mapping[str, Any]) -> PastRun:
    """The run whose end an event `finished` is. Raises KeyError, TypeError, ValueError or AttributeError for any other."""
    if event["event"] != "finished":
        raise ValueError("it is not the end of a run")
    return PastRun(
        parse_moment(event["timestamp"], 0.0),
        str(event["task"]),
        str(event.get("lane", "")),
        str(event.get("account") or ""),
        str(event["request_id"]),
        str(event["run_id"]),
        str(event["outcome"]),
        str(event["reason"]),
        float(event["duration_seconds"]),
        None if event.get("cost_usd") is None else float(event["cost_usd"]),
        str(event.get("trigger") or ""),
        int(event.get("attempt") or 1),
        str(event.get("item") or ""),
        bool(event.get("suspect")),
        event.get("final") is not False,
        str(event.get("parent") or ""),
        str(event.get("trace_id") or ""),
        str(event.get("model") or ""),
        event.get("cost_estimated") is True,
        event.get("subscription") is True,
        "" if event["outcome"] == SUCCEEDED else str(event.get("message") or "")[:LONGEST_MESSAGE],
        str(event.get("prompt_version") or ""),
        str(event.get("agent_version") or ""),
        tuple(str(rule) for rule in event.get("denied") or ()),
        event.get("outside") is True,
    )


def of_trial(event: Mapping[str, Any]) -> PastRun:
    """A trial, as an event has its beginning or its end. Raises as `of_event` does, for any other."""
    if event["event"] != TRIAL:
        raise ValueError("it is no trial")
    return PastRun(
        parse_moment(event["timestamp"], 0.0),
        str(event.get("task") or ""),
        str(event.get("lane") or ""),
        "",
        "",
        str(event["run_id"]),
        TRIAL,
        TRIAL,
        0.0,
        float(event["cost_usd"]),
        trial=True,
    )
