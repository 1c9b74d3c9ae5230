"""Ready: all that is settled of a run before anything of it is started; nothing is written here."""

from __future__ import annotations

import os
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from clodputer import agents
from clodputer.gates import budget
from clodputer.isolate import around, container
from clodputer.isolate.prepared import Prepared
from clodputer.model.agent import kind_of
from clodputer.model.config.settings import with_defaults
from clodputer.model.errors import ClodputerError
from clodputer.model.learning.version import version_of
from clodputer.model.proof import proof
from clodputer.model.request import Request, by_hand
from clodputer.model.run import Facts, Launch
from clodputer.model.runs.attempts import NONE, Attempts
from clodputer.model.task import Task, from_json, to_json
from clodputer.model.text import fence
from clodputer.runner import planning
from clodputer.runner.place import worktree
from clodputer.runner.prompt import texts as prompt
from clodputer.runner.prompt.goingon import going_on
from clodputer.runner.prompt.past import past_of
from clodputer.store import settings
from clodputer.store.context import Context
from clodputer.store.files.tilde import expand
from clodputer.store.outgoing import intentplace
from clodputer.store.records import runs
from clodputer.store.records.history import History
from clodputer.store.spool.requests import approvals
from clodputer.store.taskfiles import limited
from clodputer.store.taskfiles.template_terms import CannotRender
from clodputer.store.taskstate import notes, state
from clodputer.tasks import risk

if TYPE_CHECKING:
    from clodputer.runner.memory.noting import Given
    from clodputer.store.taskstate.notes import Note
    from clodputer.store.taskstate.state import Kept

Record = Optional[dict[str, Any]]

# Of the random number in the marks of a prompt's fences, in bytes.
NONCE = 8


class Ready(NamedTuple):
    """All that was settled before the start; `task` has its templates filled in. state: None for a task that has none.

    nonce: of the fences around text from outside in the prompt. memory: what the run is given of `note`, its task's memory.
    plans: whether the run is only to make a plan (`approve: plan`). version: that of the prompt, as in the record.
    """

    task: Task
    facts: Facts
    launch: Launch
    prompt: str
    state: Optional[Kept] = None
    nonce: str = ""
    memory: Optional[Given] = None
    note: Optional[Note] = None
    plans: bool = False
    version: str = ""


class _Filled(NamedTuple):
    """The prompt, the other texts of the task, the names by which text from outside comes in, the prompt's version."""

    prompt: str
    task: Task
    fed_by: tuple[str, ...]
    version: str


def prepare(
    context: Context,
    run_id: str,
    request: Request,
    task: Task,
    temporary: str,
    attempts: Attempts = NONE,
    history: Optional[History] = None,
    settle_in: Optional[Callable[[str], Prepared]] = None,
    *,
    plans: bool = False,
    earlier: Record = None,
) -> Ready:
    """How this run would be started; `temporary` need not be there yet. Raises ClodputerError, OSError.

    history: by which it was let through; without one it is read again. settle_in: makes what the run
    has for itself, such as another place than the task's working directory, with which it is called. plans: whether the run
    is only to make a plan. earlier: the record of a run whose conversation it goes on with, if it can, to do something else.
    """
    last, session, success = past_of(context, task)
    if earlier is not None:
        session, task = earlier, task._replace(claude=task.claude._replace(session="continue"))
    kept, note = _remembered(context, task)
    nonce = os.urandom(NONCE).hex()
    text, written, fed_by, version = _filled_in(
        context, request, task, last, success, attempts, kept, note, nonce
    )
    memory = _given(written, note, fed_by)
    final = with_defaults(written, context.settings, settings.ruling(context.environ))
    if not final.working_directory:
        final = final._replace(working_directory=expand("~", context.environ))
    if not os.path.isabs(final.working_directory):
        raise ClodputerError(
            "not_started",
            f"{task.path}: working_directory is not absolute: {final.working_directory}",
            "Write it from / or from ~ on.",
        )
    prepared = settle_in(final.working_directory) if settle_in is not None else Prepared()
    if prepared.working_directory:
        final = final._replace(working_directory=prepared.working_directory)
    risky = risk.fault(final, context.environ)
    if risky:
        raise ClodputerError("not_started", f"{task.path}: permission_mode: {risky}", f"Fix {task.path}.")
    final, capped = _within_budget(context, request, final, history or History(context.home))
    max_output = final.limits.max_output or context.settings.max_output
    facts = Facts(
        run_id,
        context.environ,
        context.secrets,
        temporary,
        max_output,
        context.settings.claude,
        session,
        context.home.root,
        fenced=fence.is_in(text, nonce),
        fed_by=fed_by,
        intents=intentplace.path(temporary) if task.publish.kinds else "",
        given=prepared.environ,
        contained=final.container.used,
        sessions=f"{container.config(context.home.containers, task.name)}/projects"
        if final.container.used
        else "",
    )
    if memory is not None:
        facts = facts._replace(memory=notes.path(temporary))
    if attempts.session:
        cut_off = runs.record(context.home, task.name, attempts.last_run)
        facts = facts._replace(resume=attempts.session, last=cut_off or session)
    launch = agents.load(final.agent).launch(final, facts)
    if prepared.working_directory:
        launch = launch._replace(env=worktree.without_git(launch.env))
    launch = launch._replace(
        remark=" ".join(filter(None, (launch.remark, capped, memory.remark if memory else "")))
    )
    launch = launch._replace(within=prepared.within)
    if context.masker.found_in((*around(launch).argv, *final.setup, *final.teardown)):
        raise ClodputerError(
            "not_started",
            "a secret would be in the argument list, which every account here can read",
            "Pass it in the task's env: mapping instead.",
        )
    ready = Ready(final, facts, launch, text, kept, nonce, memory, note, plans, version)
    return ready._replace(prompt=_goes_on(context, request, attempts, ready))


def _remembered(context: Context, task: Task) -> tuple[Optional[Kept], Optional[Note]]:
    """The state and the memory of the task; None for what it does not have. Raises ClodputerError, OSError."""
    if not task.state.kept and not task.memory.kept:
        return None, None
    # Imported for a task that remembers something.
    from clodputer.runner.memory import noting

    return state.read(context.home, task.name) if task.state.kept else None, noting.read(context, task)


def _given(task: Task, note: Optional[Note], fed_by: tuple[str, ...]) -> Optional[Given]:
    if note is None:
        return None
    from clodputer.runner.memory import noting

    return noting.given(task, note, fed_by)


def with_found(
    context: Context, request: Request, task: Task, ready: Ready, attempts: Attempts, found: str
) -> Ready:
    """The same with a prompt that has what the task's precheck found. Raises ClodputerError, OSError."""
    last, _, success = past_of(context, task)
    filled = _filled_in(
        context, request, task, last, success, attempts, ready.state, ready.note, ready.nonce, found
    )
    ready = ready._replace(prompt=filled.prompt, version=filled.version)
    return ready._replace(prompt=_goes_on(context, request, attempts, ready))


def _goes_on(context: Context, request: Request, attempts: Attempts, ready: Ready) -> str:
    """The prompt of a run that goes on with what an earlier one of the request has begun, or has planned."""
    task, text, resumed = ready.task, ready.prompt, ready.launch.resumed
    if not ready.plans:
        decision = approvals.read(context.home, request) if attempts.story else None
        note = decision.note if decision else ""
        planned = planning.prompt(context, task, attempts, text, ready.nonce, resumed=resumed, note=note)
        if planned is not None:
            return planned
    return ready.launch.preface + going_on(text, attempts, resumed=resumed)


def _within_budget(context: Context, request: Request, task: Task, history: History) -> tuple[Task, str]:
    """The task, its cost capped at what the budgets leave, and the remark that says so; not for a person's own request."""
    if not kind_of(task.agent).capped or by_hand(request):
        return task, ""
    now = time()
    left = budget.left(task, history, context, now)
    cap = task.claude.max_cost_usd
    if left is None or left <= 0 or (cap is not None and cap <= left):
        return task, ""
    remark = f"It may cost no more than ${left:.2f}, which the budget leaves."
    return task._replace(claude=task.claude._replace(max_cost_usd=left)), remark


def _filled_in(
    context: Context,
    request: Request,
    task: Task,
    last: Optional[dict[str, Any]],
    success: Optional[dict[str, Any]],
    attempts: Attempts,
    kept: Optional[Kept],
    note: Optional[Note],
    nonce: str,
    found: str = proof.NOT_ASKED,
) -> _Filled:
    """All that is filled in. What may hold a template is filled in by one child with limits."""
    environ, secrets = context.environ, context.secrets

    def fill() -> _Filled:
        remembered = None if kept is None else kept.value
        read = prompt.template_of(task, environ, secrets)
        fed_by = prompt.fed_by(task, request, environ, secrets, read)
        written = prompt.render_task(task, environ, secrets)
        memory = _given(written, note, fed_by)
        more = None if memory is None else memory.text
        text = prompt.render(
            task,
            request,
            last,
            environ,
            secrets,
            success,
            attempts.story,
            found,
            remembered,
            more,
            nonce=nonce,
            read=read,
        )
        return _Filled(text, written, fed_by, version_of(read[0]))

    def fill_as_json() -> tuple[str, dict[str, Any], tuple[str, ...], str]:
        text, filled, fed_by, version = fill()
        return text, to_json(filled), fed_by, version

    if not prompt.may_hold_templates(task):
        return fill()
    try:
        text, fields, fed_by, version = limited.call(fill_as_json)
        return _Filled(text, from_json(fields), tuple(fed_by), version)
    except CannotRender as error:
        raise ClodputerError("not_started", f"{task.path}: {error}", f"Fix {task.path}.") from None
