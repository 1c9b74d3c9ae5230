"""What a run of `claude` amounts to, judged by the fields of its events and by how it ended, never by prose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.agents import apistatus, ending, nothing
from clodputer.agents.claude.reading import denied as claude_denied
from clodputer.agents.claude.reading.apierror import ApiError
from clodputer.agents.claude.reading.changes import kept, operations
from clodputer.agents.claude.reading.cost import spent
from clodputer.agents.claude.reading.denied import Refusal
from clodputer.agents.claude.reading.in_effect import weaker_than_asked
from clodputer.agents.claude.reading.stream import Notes, missing_servers
from clodputer.agents.lines import count, items, shortened, text
from clodputer.model.outcome import Outcome, of
from clodputer.model.run import Ended, Facts, Launch, Progress, Report
from clodputer.model.task import Task

# By `error` or `api_error` of the event, where these say more than the status: a 400 may mean no credit.
BY_ERROR = {
    "usage_limit_reached": "usage_limit",
    "connection_failed": "offline",
    "max_output_tokens": "max_tokens",
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "billing_error": "billing",
    "model_not_found": "model",
    "invalid_request": "invalid_request",
}
BY_TERMINAL_REASON = {
    "max_turns": "max_turns",
    "budget_exhausted": "max_cost",
    "prompt_too_long": "invalid_request",
    "blocking_limit": "invalid_request",
    "image_error": "invalid_request",
}
BY_HOOK = {
    "hook_stopped": "A hook stopped the run (it answered with continue: false).",
    "stop_hook_prevented": "A Stop hook ended the run before its reply was complete (it answered with continue: false).",
}
HOOK_AFTER_THE_REPLY = (
    "A Stop hook kept it from going on after this reply (it answered with continue: false)."
)
# 2.1.197 has no terminal_reason on some ends, 2.1.329 none on slash commands. A Stop hook comes after the last word.
FINISHED = ("", None, "completed", "stop_hook_prevented")
BY_SUBTYPE = {
    "error_max_turns": "max_turns",
    "error_max_budget_usd": "max_cost",
    "error_max_structured_output_retries": "no_structure",
}


def interpret(task: Task, facts: Facts, launch: Launch, progress: Progress, ended: Ended) -> Report:
    """What the run amounts to, expectations of the task aside. Pure."""
    notes: Notes = progress.notes
    session_id = notes.session_id or launch.session_id
    cost = spent(facts, session_id, notes)
    outcome = _outcome(task, launch, progress, ended)
    outcome = outcome._replace(message=" ".join(filter(None, (outcome.message, _of_session(launch, notes)))))
    result = notes.result or {}
    return Report(
        outcome=outcome,
        result=_final(notes),
        num_turns=count(result.get("num_turns")),
        cost_usd=cost.cost_usd,
        cost_estimated=cost.estimated,
        usage=cost.usage,
        session_id=session_id,
        session_totals=cost.totals,
        model=notes.model,
        agent_version=notes.version,
        permission_denials=_denials(notes),
        mcp_servers=notes.mcp_servers,
        in_effect={**notes.in_effect, "subscription": notes.subscription} if notes.in_effect else {},
        resets_at=notes.resets_at if outcome.reason == "usage_limit" else None,
        retry_after=notes.retried.delay if notes.retried else None,
        files=notes.repeats.files,
        done=notes.done,
        unresumed=launch.resumed and _took_no_turn(outcome, notes),
    )


def _took_no_turn(outcome: Outcome, notes: Notes) -> bool:
    """Whether a run that was to go on with a session ended at once: as 2.1.329 and 2.1.332 tell it, or as 2.1.197 does."""
    if notes.result is None:
        return outcome.reason == "exit_status" and not notes.session_id
    return outcome.reason == "agent_error" and count(notes.result.get("num_turns")) == 0


def _final(notes: Notes) -> Any:
    """The result, if it is one: not what stood in for it when a turn was cut off, a hook stepped in or more was to come."""
    result = notes.result or {}
    whole = notes.final and result.get("is_error") is False and bool(count(result.get("num_turns")))
    if not whole or result.get("terminal_reason") not in FINISHED:
        return None
    return result.get("structured_output", result.get("result"))


def _of_session(launch: Launch, notes: Notes) -> str:
    """What the record says of the session beside the outcome: that a new one was begun, or that the next run begins one."""
    result = notes.result or {"is_error": False}
    if launch.resumed and result.get("is_error") is not False and count(result.get("num_turns")) == 0:
        return "The session could not be resumed; the next run begins a new one."
    return launch.remark


def _denials(notes: Notes) -> tuple[dict[str, Any], ...]:
    """The denied calls, each with the reason that claude gave and the entries of allowed_tools that would let it through."""
    return tuple(
        {
            **denial,
            "reason_type": refusal.kind,
            "reason": refusal.words,
            "rules": claude_denied.entries(denial, refusal),
        }
        for call, denial in notes.denials.items()
        for refusal in (notes.refusals.get(call, Refusal("")),)
    )


def _outcome(task: Task, launch: Launch, progress: Progress, ended: Ended) -> Outcome:
    notes: Notes = progress.notes
    if ended.stopped == "mcp":
        missing = missing_servers(notes, task.claude.requires_mcp)
        return of(
            "mcp",
            f"MCP servers that are not connected: {', '.join(missing)}. It was stopped before it spent anything.",
        )
    if ended.stopped == "permissions":
        return of(
            "permissions",
            f"It was stopped before it did anything: {weaker_than_asked(notes.in_effect, notes.asked_mode, notes.forbidden)}.",
        )
    if ended.stopped == "no_progress":
        repeats = notes.repeats
        said = f"It called {repeats.tool} with the same input {repeats.most} times (repeat_limit: {repeats.limit})."
        return _with_last_words(of("no_progress", said), notes)
    made, most = operations(notes.done, notes.open_tools), notes.most_operations
    # It may have come to its end before it could be stopped.
    if ended.stopped in ("", "file_operations") and most is not None and made > most:
        said = f"It came to file operation {made} (max_file_operations: {most})."
        return of("file_operations", f"{said} {kept(notes.done.files)}")
    if ended.stopped == "max_cost":
        spent_so_far, cap = f"${notes.tokens.cost:.2f}", f"${notes.cap or 0.0:.2f}"
        return of("max_cost", f"It was stopped at {spent_so_far} by the list of prices; it may cost {cap}.")
    excused = progress.done and ended.stopped in ending.AFTER_THE_RESULT
    ours = None if excused else ending.stopped_by_us(launch, ended)
    if ours is not None:
        return _with_last_words(ours, notes)
    signalled = ending.by_signal(ended)
    if signalled is not None:
        return _with_last_words(signalled, notes)
    if notes.result is None or not notes.final:
        return _without_result(notes, ended)
    reason = _reported_failure(notes.result, notes)
    if reason is not None:
        if reason == "hook":
            return of(reason, notes.hook or BY_HOOK.get(text(notes.result.get("terminal_reason")), ""))
        denied = claude_denied.message(task, _denials(notes)) if notes.denials else ""
        return of(reason, " ".join(part for part in (_said(notes.result), denied) if part))
    unmet = _unmet(task, notes, notes.result)
    status = None if excused else ending.by_status(ended)
    if status is not None:
        # The modes `plan` and `auto` end so when they refuse to act (2.1.329).
        return unmet if unmet is not None and unmet.reason == "denied" else status
    lingered = "It gave its result but did not exit, and was stopped." if ended.stopped else ""
    hook = HOOK_AFTER_THE_REPLY if _hook_after_the_reply(notes.result, notes) else ""
    if unmet is not None:
        return unmet
    why = nothing.said(_final(notes))
    reason, says = ("completed", "") if why is None else ("nothing_to_do", f"It says: {why}" if why else "")
    return of(reason, " ".join(filter(None, (says, hook, lingered))))


def _without_result(notes: Notes, ended: Ended) -> Outcome:
    error = notes.error or (notes.retried if ended.exit_status else None)
    if error is not None:
        return of(_api_reason(error, notes), notes.last_words)
    unreadable = (
        f" Lines of its stdout that could not be read: {notes.unreadable}." if notes.unreadable else ""
    )
    failed = ending.by_status(ended)
    if failed is not None:
        return failed._replace(message=failed.message + unreadable)
    return of("no_result", ending.with_stderr(f"It ended without a final result event.{unreadable}", ended))


def _reported_failure(result: Mapping[str, Any], notes: Notes) -> Optional[str]:
    """The reason when the result event itself reports a failure, else None."""
    subtype, terminal, stop = (text(result.get(key)) for key in ("subtype", "terminal_reason", "stop_reason"))
    failed = result.get("is_error") is not False
    if subtype in BY_SUBTYPE:
        return BY_SUBTYPE[subtype]
    after_the_reply = _hook_after_the_reply(result, notes)
    if (notes.hook or terminal in BY_HOOK) and not after_the_reply:
        return "hook"
    if stop == "refusal":
        return "refused"
    if stop == "max_tokens":
        return "max_tokens"
    status, api_error = count(result.get("api_error_status")), text(result.get("api_error"))
    if failed and (notes.error or status or api_error or terminal == "api_error"):
        return _api_reason(ApiError(notes.error.error if notes.error else "", status, api_error), notes)
    if terminal in BY_TERMINAL_REASON:
        return BY_TERMINAL_REASON[terminal]
    if failed and subtype == "success" and (notes.resets_at is not None or notes.retried):
        # The error is given in prose alone: what was seen before it says which one it is.
        return _api_reason(notes.retried or ApiError("", 429), notes)
    if failed or subtype != "success" or not (terminal in ("", "completed") or after_the_reply):
        return "agent_error"
    return None


def _hook_after_the_reply(result: Mapping[str, Any], notes: Notes) -> bool:
    """Whether all that a hook did was to end the run when the model had said its last word, so that the work is done.

    2.1.329 and 2.1.332 ask Stop hooks only after a reply without tool calls: `stop_reason` is then `end_turn`.
    """
    return (
        not notes.hook
        and result.get("is_error") is False
        and result.get("terminal_reason") == "stop_hook_prevented"
        and result.get("stop_reason") == "end_turn"
    )


def _api_reason(error: ApiError, notes: Notes) -> str:
    """The reason behind an API error. Without a status no answer came, or one that was not the API's."""
    for word in (error.api_error, error.error):
        if word in BY_ERROR:
            return BY_ERROR[word]
    if error.status == 429 and notes.resets_at is not None:
        return "usage_limit"
    if error.status is None:
        return {"rate_limit": "overloaded", "overloaded": "overloaded"}.get(error.error, "offline")
    return apistatus.reason(error.status)


def _unmet(task: Task, notes: Notes, result: Mapping[str, Any]) -> Optional[Outcome]:
    """What keeps an end without an error from being a success, else None."""
    missing = missing_servers(notes, task.claude.requires_mcp)
    if missing:
        return of("mcp", f"MCP servers that are not connected: {', '.join(missing)}.")
    if notes.denials and task.claude.on_denied != "ignore":
        return of("denied", claude_denied.message(task, _denials(notes)))
    if not count(result.get("num_turns")):
        command = text(result.get("local_command"))
        return of(
            "empty", f"The prompt was taken for the command /{command}." if command else "No turn was taken."
        )
    if task.claude.json_schema is not None and "structured_output" not in result:
        # claude calls this a success (2.1.329).
        said = shortened(text(result.get("result")), 200)
        return of("no_structure", f"It ended without output that fits json_schema. It said: {said}")
    if "structured_output" not in result and not text(result.get("result")).strip():
        return of("empty", "The result is empty.")
    return None


def _said(result: Mapping[str, Any]) -> str:
    said = [text(result.get("result")), *(text(error) for error in items(result.get("errors")))]
    return shortened(" ".join(part for part in said if part), ending.LONGEST_MESSAGE)


def _with_last_words(outcome: Outcome, notes: Notes) -> Outcome:
    retried = notes.retried
    trying = (
        f"It had to repeat its requests to the API ({retried.error}, status {retried.status})."
        if retried
        else ""
    )
    words = f"It last said: {notes.last_words}" if notes.last_words else ""
    return outcome._replace(message=" ".join(part for part in (outcome.message, trying, words) if part))
