"""Approval: requests of a task that ask a person before they run; the keys, and what a decision leads to, purely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import CHOICE, DURATION, FLAG, NEVER, PART, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.gates.verdict import GO, Close, Verdict, Wait
from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.runs.attempts import Past
from clodputer.model.text.jsontext import is_shallow
from clodputer.model.text.moment import iso

# What `approve` can be: each request asks before its first run, or once that has made a plan.
BEFORE, PLAN = "before", "plan"
MODES = (BEFORE, PLAN)
# Why such a run ended.
PLANNED = "planned"
# So much of a plan is shown where something waits, in characters.
LONGEST_SHOWN = 300
# The same key in files of another tool.
CONFIRM = "require_confirmation"
# In seconds, where the task does not say.
WEEK = 7 * 86400.0

# What was decided. A decision is taken once, and nothing takes it back.
APPROVED, DENIED, EXPIRED = "approved", "denied", "expired"
# Taken by the run of a newer request; also the code of a request that was closed by it.
SUPERSEDED = "superseded"
DECISIONS = (APPROVED, DENIED, EXPIRED, SUPERSEDED)

# Why a request was closed, and of a file that was dropped, why it was rejected.
DENIED_BY_PERSON, APPROVAL_EXPIRED, INVALID = "denied_by_person", "approval_expired", "invalid_decision"

# The ending of the name of a dropped file that holds a decision, and what that may hold.
ENDING = ".approve.json"
FORM = (
    'Drop NAME.approve.json with {"approve": "REQUEST"}, with {"deny": "REQUEST", "reason": "..."}, or with '
    '{"token": "..."}; docs/approval.md.'
)
# In characters, of a note or a reason.
LONGEST_NOTE = 2000


class Form(NamedTuple):
    """A decision as somebody gives it: about a request by its id, or by a token alone, which says both."""

    wish: str
    request: str
    note: str = ""
    token: str = ""


class Approval(NamedTuple):
    """Whether requests of a task ask first. mode: empty, or one of MODES; expires: seconds from being asked to being closed."""

    mode: str = ""
    expires: float = WEEK


class Decision(NamedTuple):
    """What was decided about a request, when (epoch seconds), and what the person said to it."""

    decision: str
    at: float
    note: str = ""


def _with_mode(value: Mapping[str, Any]) -> None:
    if not value.get("mode"):
        raise Expected("before or plan, or a mapping such as {mode: before, expires: 3d}")


KEYS = (
    Key(
        "approve",
        PART,
        {},
        "Whether a request asks a person before it runs; see [Approval](approval.md). `approve: before` is short for "
        "`approve: {mode: before}`.",
        keys=(
            Key(
                "mode",
                CHOICE,
                help="`before`: each request waits until a person has approved it. `plan`: claude may first only read, and "
                "makes a plan; once a person has approved that, the same conversation goes on with the task's own rights.",
                choices=MODES,
                default="",
                env=NEVER,
                example=BEFORE,
            ),
            Key(
                "expires",
                DURATION,
                WEEK,
                "A request that nobody has decided about for so long is closed; `clodputer retry` asks again.",
                smallest=60,
                largest=366 * 86400,
                env=NEVER,
                example="3d",
            ),
        ),
        check=_with_mode,
        short="mode",
        absent="none",
        env=NEVER,
        example={"mode": BEFORE},
    ),
    Key(
        CONFIRM,
        FLAG,
        default=False,
        help="`true` is the same as `approve: before`, for task files of other tools.",
        env=NEVER,
        example=True,
    ),
)


def is_plan(keys: Mapping[str, Any]) -> bool:
    """Whether a task file says `approve: plan`, in short or as a mapping."""
    rule = keys.get("approve")
    return (rule.get("mode") if isinstance(rule, Mapping) else rule) == PLAN


def contradiction(keys: Mapping[str, Any]) -> str:
    """What is wrong with `approve` and `require_confirmation` side by side; empty for nothing."""
    if keys.get(CONFIRM) and is_plan(keys):
        return "means approve: before; keep one of them"
    if keys.get(CONFIRM) is False and "approve" in keys:
        return "says the opposite of approve; keep one of them"
    return ""


def has_plan(story: Iterable[Past]) -> bool:
    """Whether one of these runs of a request has made a plan."""
    return any(run.reason == PLANNED for run in story)


def plan_of(story: Sequence[Past]) -> Optional[str]:
    """How the latest plan among these runs begins; None when there is none."""
    return next((run.result for run in reversed(story) if run.reason == PLANNED), None)


def verdict(
    rule: Approval, decision: Optional[Decision], since: float, now: float, plan: Optional[str] = None
) -> Verdict:
    """What becomes of a request that has waited for a decision since `since`, at `now` (both in epoch seconds).

    plan: how the plan of its first run begins; None as long as there is none, so that with PLAN it is to be made.
    A decision counts even when the task does not ask any more, or did not when it was taken.
    """
    if decision is not None and decision.decision != APPROVED:
        return closing(decision, rule)
    if not rule.mode or decision is not None:
        return GO
    if rule.mode == PLAN and plan is None:
        return GO
    until = since + rule.expires
    if until <= now:
        return closing(Decision(EXPIRED, now), rule)
    # The end is said in the message alone: that a wait ends would mean that the request is run then.
    if rule.mode == PLAN and plan is not None:
        # Imported here: few tasks make a plan first.
        from clodputer.model.text.cleaning import without_controls

        shown = " ".join(without_controls(plan).split())
        shown = shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 3]}..."
        return Wait(None, APPROVAL, f"Its plan waits for your approval, until {iso(until)}: {shown}")
    return Wait(None, APPROVAL, f"It waits for your approval (approve: {rule.mode}), until {iso(until)}")


def closing(decision: Decision, rule: Approval) -> Close:
    """Why a request is closed that was denied, that a newer one stands for, or about which nobody decided."""
    if decision.decision == DENIED:
        said = f": {decision.note}" if decision.note else "."
        return Close(DENIED_BY_PERSON, f"A person denied it{said}")
    if decision.decision == SUPERSEDED:
        return Close(SUPERSEDED, decision.note)
    days = f"{rule.expires / 86400:g} days" if rule.expires >= 2 * 86400 else f"{rule.expires / 3600:g} hours"
    return Close(APPROVAL_EXPIRED, f"Nobody approved it within {days} (approve.expires).")


def read_form(fields: Any) -> Form:
    """The decision that a dropped file gives. Raises ValueError for anything else."""
    if not isinstance(fields, Mapping) or not is_shallow(fields):
        raise ValueError("a decision is a mapping")
    chosen = [name for name in ("approve", "deny", "token") if fields.get(name) is not None]
    if len(chosen) != 1:
        raise ValueError("a decision has exactly one of the keys approve, deny and token")
    key, word = chosen[0], "reason" if chosen[0] == "deny" else "note"
    unknown = sorted(str(name) for name in fields if name not in (key, word))
    if unknown:
        raise ValueError(f"unknown key {unknown[0][:40]!r}; beside {key} there may be {word}")
    value, note = fields[key], fields.get(word) or ""
    if not isinstance(value, str) or not value.strip() or len(value) > (300 if key == "token" else 100):
        raise ValueError(f"{key}: expected {'a token' if key == 'token' else 'the id of a request'}")
    if not isinstance(note, str):
        raise ValueError(f"{word}: expected a text")
    value, note = value.strip(), note[:LONGEST_NOTE]
    if key == "token":
        return Form("", "", note, value)
    return Form(APPROVED if key == "approve" else DENIED, value, note)
