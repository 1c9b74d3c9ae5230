"""The record of a run: the JSON whose keys are a promise to programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any, Optional

from clodputer.model.follow.line import line_of
from clodputer.model.follow.plan import without_content
from clodputer.model.proof.changed import Changed
from clodputer.model.request import Request
from clodputer.model.run import Ended, Launch, Report
from clodputer.model.text.mask import Masker
from clodputer.model.text.moment import iso

# A result longer than this is cut in the record; the whole of it is in the run's stdout.
LONGEST_RESULT = 256 * 1024


def build(
    run_id: str,
    request: Request,
    agent: str,
    account: str,
    launch: Optional[Launch],
    report: Report,
    ended: Optional[Ended],
    started_at: float,
    ended_at: float,
    expect: Sequence[Mapping[str, Any]] = (),
    effects: Sequence[Mapping[str, Any]] = (),
    retry_of: str = "",
    proof: Sequence[Mapping[str, Any]] = (),
    suspect: str = "",
    over_budget: str = "",
    changed: Changed = Changed(),  # noqa: B008 (it cannot be changed itself)
    protected: Optional[Mapping[str, Any]] = None,
    tree: Optional[Mapping[str, Any]] = None,
    prompt_version: str = "",
) -> dict[str, Any]:
    """The record of a run; moments are epoch seconds here and UTC ISO 8601 in the record.

    `launch` is None when the agent could not even be named, `ended` when nobody saw it end. retry_of: the id of the request's
    run before this one, if it had any. tree: what became of its worktree, None when it had none. prompt_version: empty
    when its prompt could not be read.
    """
    result, cut = _shortened(report.result)
    line = line_of(request.origin, request.id)
    return {
        "run_id": run_id,
        "task": request.task,
        "request_id": request.id,
        "trigger": str(request.origin.get("trigger", "spool")),
        "attempt": request.attempt,
        "retry_of": retry_of,
        "item": request.item,
        "parent": line.parent,
        "trace_id": line.trace_id,
        "outcome": report.outcome.outcome,
        "reason": report.outcome.reason,
        "message": report.outcome.message,
        "started_at": iso(started_at),
        "ended_at": iso(ended_at),
        "duration_seconds": round(max(0.0, ended_at - started_at), 3),
        "exit_status": ended.exit_status if ended else None,
        "signal": ended.signal if ended else None,
        "agent": agent,
        "account": account,
        "agent_version": report.agent_version or (launch.agent_version if launch else ""),
        "prompt_version": prompt_version,
        "argv": list(launch.argv) if launch else [],
        "working_directory": launch.working_directory if launch else "",
        "session_id": report.session_id or (launch.session_id if launch else ""),
        "model": report.model,
        "num_turns": report.num_turns,
        "cost_usd": report.cost_usd,
        "cost_estimated": report.cost_estimated,
        "usage": dict(report.usage),
        "result": result,
        "result_cut": cut,
        "permission_denials": list(report.permission_denials),
        "mcp_servers": list(report.mcp_servers),
        "in_effect": dict(report.in_effect),
        "fed_by": list(launch.fed_by) if launch else [],
        "sandbox": dict(launch.sandbox) if launch and launch.sandbox else None,
        "swept": list(ended.swept) if ended else [],
        "expect": list(expect),
        "proof": list(proof),
        "changes": report.done.changes if report.done else None,
        **changed.to_json(),
        "protected": None if protected is None else dict(protected),
        "suspect": suspect,
        "session_totals": dict(report.session_totals),
        "over_budget": over_budget,
        "worktree": None if tree is None else dict(tree),
        "origin": dict(request.origin),
        "publish": [],
        "effects": list(effects),
    }


# The keys of a record that a follow-up's templates may name.
FIELDS = (
    "run_id",
    "task",
    "request_id",
    "trigger",
    "attempt",
    "retry_of",
    "item",
    "parent",
    "trace_id",
    "outcome",
    "reason",
    "message",
    "started_at",
    "ended_at",
    "duration_seconds",
    "exit_status",
    "signal",
    "agent",
    "account",
    "agent_version",
    "prompt_version",
    "argv",
    "working_directory",
    "session_id",
    "model",
    "num_turns",
    "cost_usd",
    "cost_estimated",
    "usage",
    "result",
    "result_cut",
    "permission_denials",
    "mcp_servers",
    "in_effect",
    "fed_by",
    "swept",
    "expect",
    "proof",
    "files_changed",
    "files_changed_total",
    "files_changed_by",
    "tests",
    "protected",
    "session_totals",
    "origin",
)

# Told by others, so a secret may be in it. The rest is ours, and other files are found by it: a secret that happens to be a
# task's name as well must not hide the way to its runs.
TOLD = (
    "worktree",
    "message",
    "argv",
    "working_directory",
    "model",
    "result",
    "usage",
    "permission_denials",
    "mcp_servers",
    "in_effect",
    "swept",
    "expect",
    "proof",
    "files_changed",
    "protected",
    "session_totals",
    "origin",
    "publish",
)


def masked(record: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    """The record with secrets masked in all that came from outside."""
    return {key: masker.data(value) if key in TOLD else value for key, value in record.items()}


# What may be left out of a record for want of room, with what is there instead. All else is needed to settle the run.
_DISPENSABLE: Mapping[str, Any] = {
    "argv": [],
    "result": None,
    "usage": {},
    "permission_denials": [],
    "mcp_servers": [],
    "in_effect": {},
    "swept": [],
    "expect": [],
    "proof": [],
    "files_changed": [],
    "protected": None,
    "session_totals": {},
    "origin": {},
    "publish": [],
}
_LONGEST_MESSAGE = 2000


def shortened(record: Mapping[str, Any], room: int) -> tuple[dict[str, Any], list[str]]:
    """A record whose JSON takes at most `room` bytes, as far as that can be had, and the names of the keys left empty for it.

    The longest values go first.
    """
    kept, left_out = dict(record), []
    kept["message"] = str(kept["message"])[:_LONGEST_MESSAGE]
    lengths = {key: len(dumps(kept.get(key))) for key in _DISPENSABLE}
    for key in sorted(lengths, key=lambda name: -lengths[name]):
        if len(dumps(kept)) <= room:
            break
        kept[key] = _DISPENSABLE[key]
        left_out.append(key)
    if "result" in left_out:
        kept["result_cut"] = True
    if len(dumps(kept)) > room:
        # Last of all, so that as much as possible follows.
        kept["effects"] = without_content(kept["effects"])
    return kept, left_out


def _shortened(result: Any) -> tuple[Any, bool]:
    if isinstance(result, str):
        return result[:LONGEST_RESULT], len(result) > LONGEST_RESULT
    text = dumps(result)
    return (result, False) if len(text) <= LONGEST_RESULT else (text[:LONGEST_RESULT], True)
