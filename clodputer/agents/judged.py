"""What a run amounts to by the events of its agent, for agents whose events become `Notes`; an exit status says too little."""

from __future__ import annotations

from typing import Any, Optional

from clodputer.agents import ending, nothing
from clodputer.agents.lines import shortened
from clodputer.agents.notes import LAST_WORDS, Notes
from clodputer.model.outcome import Outcome, of
from clodputer.model.run import Ended, Launch, Progress, Report
from clodputer.model.task import Task


def interpret(task: Task, launch: Launch, progress: Progress, ended: Ended) -> Report:
    """The report of a run. Pure."""
    notes: Notes = progress.notes
    outcome = _outcome(task, launch, progress, ended)
    lost = (
        launch.resumed and not notes.session and outcome.reason in ("exit_status", "agent_error", "no_result")
    )
    remark = "The session could not be resumed; a new one is begun." if lost else launch.remark
    return Report(
        outcome=outcome._replace(message=" ".join(filter(None, (outcome.message, remark)))),
        result=notes.reply or None if notes.finished else None,
        num_turns=notes.steps or None,
        cost_usd=notes.cost,
        usage=dict(notes.tokens),
        session_id=notes.session or ("" if lost else launch.session_id),
        model=notes.model,
        permission_denials=notes.denials,
        unresumed=lost,
    )


def _outcome(task: Task, launch: Launch, progress: Progress, ended: Ended) -> Outcome:
    notes: Notes = progress.notes
    if ended.stopped == "max_cost":
        return of(
            "max_cost", f"It was stopped at ${notes.cost or 0.0:.2f}; it may cost ${notes.cap or 0.0:.2f}."
        )
    if notes.hopeless and ended.stopped == notes.hopeless:
        return of(notes.hopeless, notes.failure)
    # What we did to it does not undo a result that it already had.
    excused = notes.finished and ended.stopped in ending.AFTER_THE_RESULT
    ours = None if excused else ending.stopped_by_us(launch, ended)
    if ours is not None:
        return _with_last_words(ours, notes)
    if notes.failed:
        return of(notes.failed, shortened(notes.failure, ending.LONGEST_MESSAGE))
    # Its own word comes first: gemini has statuses of its own from 129 on.
    signalled = ending.by_signal(ended)
    if signalled is not None:
        return _with_last_words(signalled, notes)
    denied = _denied(task, notes)
    if not notes.finished:
        return denied or ending.by_status(ended) or of("no_result", _unfinished(notes, ended))
    status = None if excused else ending.by_status(ended)
    if status is not None or denied is not None:
        return status or denied or of("no_result")
    lingered = "It gave its result but did not exit, and was stopped." if ended.stopped else ""
    if not notes.reply.strip():
        return of("empty", "It gave no answer.")
    why = nothing.said(notes.reply)
    if why is not None:
        return of("nothing_to_do", " ".join(filter(None, (f"It says: {why}" if why else "", lingered))))
    return of("completed", lingered)


def _denied(task: Task, notes: Notes) -> Optional[Outcome]:
    if not notes.denials or task.claude.on_denied == "ignore":
        return None
    calls = "; ".join(dict.fromkeys(_words(denial) for denial in notes.denials[:5]))
    more = f" and {len(notes.denials) - 5} more" if len(notes.denials) > 5 else ""
    return of("denied", f"It was not allowed: {calls}{more}.")


def _words(denial: Any) -> str:
    given = next(iter(denial["tool_input"].values()), "")
    return shortened(f"{denial['tool_name']} {given}".strip(), 120)


def _unfinished(notes: Notes, ended: Ended) -> str:
    unread = f" Lines of its stdout that could not be read: {notes.unreadable}." if notes.unreadable else ""
    said = f" It last said: {shortened(notes.reply, LAST_WORDS)}" if notes.reply.strip() else ""
    return ending.with_stderr(f"It ended without saying that it has finished.{unread}{said}", ended)


def _with_last_words(outcome: Outcome, notes: Notes) -> Outcome:
    said = f"It last said: {shortened(notes.reply, LAST_WORDS)}" if notes.reply.strip() else ""
    failed = f"It reported: {shortened(notes.failure, LAST_WORDS)}" if notes.failure else ""
    return outcome._replace(message=" ".join(filter(None, (outcome.message, failed, said))))
