"""What the agent is asked: the prompt and the other texts of a task, with their templates filled in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.follow.keys import NOTHING
from clodputer.model.request import Request
from clodputer.model.runs.attempts import Past
from clodputer.model.task import FLAT, LARGEST_PROMPT, Task
from clodputer.model.text.mask import masker
from clodputer.model.text.suggest import did_you_mean
from clodputer.runner.prompt.guard import guard
from clodputer.store.files.tilde import expand
from clodputer.store.taskfiles import promptfile, template_text

# The prompt's own, which `render` fills in, what is no text of the person's, and what is filled in when the run has ended or
# something is told.
_NOT_HERE = frozenset(
    (
        "name",
        "path",
        "prompt",
        "prompt_file",
        "context",
        "follow",
        "notify",
        "ping",
        "isolation",
        "worktree",
        "container",
    )
)


def render(
    task: Task,
    request: Request,
    last: Optional[Mapping[str, Any]],
    environ: Mapping[str, str],
    secrets: Mapping[str, str],
    last_success: Optional[Mapping[str, Any]] = None,
    story: Iterable[Past] = (),
    found: str = "",
    state: Optional[Mapping[str, Any]] = None,
    memory: Optional[str] = None,
    *,
    nonce: str,
    read: Optional[tuple[str, str]] = None,
) -> str:
    """The prompt of one run; `last` is the record of the task's previous run, `last_success` that of its latest good one.
    `story`: the runs that the request has had before this one. `found`: what its precheck printed.
    `state`: what the task remembers, None when it has no state; `memory`: its memory, likewise. `nonce`: random, for the
    fences around text from outside. A prompt for a program has none: it follows no instructions, and its input stays exact.
    `read`: what `template_of` has returned, where it was asked before.

    `{{ env.X }}` is taken from secrets.env first, then from `environ`. For an agent that does what a prompt says,
    the text cannot begin with a slash command that the template does not name. Raises ClodputerError: "not_started", or
    "body_unused" for a body that would be lost.
    """
    template, file = read or template_of(task, environ, secrets)
    text = template
    if template_text.marked(template):
        # Imported for templates alone, as jinja2 is: it loads every kind of trigger.
        from clodputer.runner.prompt import names

        names.check(template, file)
        if not task.precheck and "precheck" in template and "precheck" in template_text.names(template):
            # In a file of its own it may have been changed since the task was checked.
            raise ClodputerError(
                "not_started",
                f"{file}: {{{{ precheck }}}} is what the program under precheck prints, and the task has none",
                f"Add precheck: [program, argument] to {task.path}.",
            )
        if request.body:
            _check_body(template, file)
        context = _filled(task, "context", task.context, environ, secrets)
        both = {**environ, **secrets}
        values = names.values(task, request, context, both, last, last_success, story, found)
        if state is not None:
            values["state"] = state
        if memory is not None:
            values["memory"] = memory
        fences = names.outside(task, request, values, nonce) if task.prompted else None
        text = _render(task, file, template, values, secrets, fences)
    elif request.body:
        _check_body(template, file)
    # Half characters can come in by the environment or JSON, and no file can take them.
    data = text.encode("utf-8", "replace")
    if len(data) > LARGEST_PROMPT:
        raise ClodputerError(
            "not_started",
            f"{file}: the prompt has {len(data):,} bytes, more than {LARGEST_PROMPT:,}",
            "Put the bulk into a file and let the prompt name it.",
        )
    text = data.decode("utf-8")
    if task.prompted and not text.strip():
        raise ClodputerError(
            "not_started",
            f"{file}: the prompt is empty once it is filled in",
            f"Look at what {file} is filled with.",
        )
    return guard(text, template) if task.prompted else text


def fed_by(
    task: Task,
    request: Optional[Request],
    environ: Mapping[str, str],
    secrets: Mapping[str, str],
    read: Optional[tuple[str, str]] = None,
) -> tuple[str, ...]:
    """The names by which what somebody else wrote comes into the prompt of an agent; see `names.fed_by`.

    `read`: as in `render`. Raises ClodputerError ("not_started") when the file of the prompt cannot be read.
    """
    if not task.prompted:
        return ()
    template, _ = read or template_of(task, environ, secrets)
    if not template_text.marked(template):
        return ()
    from clodputer.runner.prompt import names

    return names.fed_by(task, request, template_text.names(template))


def check_body(task: Task, environ: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """Raise ClodputerError ("body_unused") when the prompt has no place for the text of a request."""
    _check_body(*template_of(task, environ, secrets))


def check_context(
    task: Task, given: Iterable[str], environ: Mapping[str, str], secrets: Mapping[str, str]
) -> None:
    """Raise ClodputerError ("context_unused") when the prompt has no place for context that a person has given.

    Not for a program: it can read the request in the folder of its run.
    """
    template, file = template_of(task, environ, secrets)
    used = template_text.names(template)
    unused = [name for name in given if f"context.{name}" not in used]
    if not unused or not task.prompted or used & {"context", "request", "request.context"}:
        return
    known = sorted(name.partition(".")[2] for name in used if name.startswith("context."))
    hint = f"It uses {', '.join(known)}." if known else "It uses no context at all."
    if "body" in unused and used & {"body", "request.body"}:
        hint = "The text of a request is given with --body."
    message = f"the prompt in {file} does not use {', '.join(unused)}{did_you_mean(unused[0], known)}"
    raise ClodputerError(
        "context_unused", message, f"{hint} Write {{{{ context.{unused[0]} }}}} where it belongs."
    )


def _check_body(template: str, file: str) -> None:
    if not template_text.names(template) & {"body", "request", "request.body"}:
        raise ClodputerError(
            "body_unused",
            f"the request brings a text, but the prompt in {file} has no place for it",
            "Write {{ body }} where the text belongs, or drop the request without a text.",
        )


def render_task(task: Task, environ: Mapping[str, str], secrets: Mapping[str, str]) -> Task:
    """The task with `{{ env.X }}` filled in everywhere but in its prompt and context, which are `render`'s.

    A leading `~/` is expanded in paths and in the names of programs. To be done once: what a variable holds
    is no template. Raises ClodputerError ("not_started").
    """
    filled = {
        name: value if name in _NOT_HERE else _filled(task, name, value, environ, secrets)
        for name, value in task._asdict().items()
    }
    claude = filled["claude"]
    filled["working_directory"] = _expanded(filled["working_directory"], environ)
    filled["claude"] = claude._replace(
        add_dirs=_expanded(claude.add_dirs, environ), mcp_config=_expanded(claude.mcp_config, environ)
    )
    filled["guards"] = filled["guards"]._replace(protect=_expanded(filled["guards"].protect, environ))
    for name in ("command", "precheck", "setup", "verify", "teardown"):
        filled[name] = _program(filled[name], environ)
    expect = filled["expect"]
    filled["expect"] = expect._replace(
        file_exists=_expanded(expect.file_exists, environ),
        file_changed=_expanded(expect.file_changed, environ),
        command_succeeds=_program(expect.command_succeeds, environ),
    )
    return Task(**filled)


def may_hold_templates(task: Task) -> bool:
    """Whether any text of the task is a template, or may be one: that of a prompt's file is not known before a run."""
    return bool(task.prompt_file) or _any_marked(task._replace(follow=NOTHING, ping=""))


def _any_marked(value: Any) -> bool:
    if isinstance(value, str):
        return template_text.marked(value)
    if isinstance(value, dict):
        return any(map(_any_marked, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_any_marked, value))


def template_of(task: Task, environ: Mapping[str, str], secrets: Mapping[str, str]) -> tuple[str, str]:
    """The text of the prompt's template, and the file it is in."""
    if not task.prompt_file:
        return task.prompt, task.path
    path = _filled(task, "prompt_file", task.prompt_file, environ, secrets)
    path = os.path.join(os.path.dirname(task.path), expand(path, environ))
    try:
        return promptfile.read(path), path
    except ValueError as error:
        raise ClodputerError(
            "not_started", f"{task.path}: prompt_file: {error}", "Fix the file, or change prompt_file."
        ) from None


def _filled(task: Task, name: str, value: Any, environ: Mapping[str, str], secrets: Mapping[str, str]) -> Any:
    """The value with every text in it rendered; `name` is the key it is under."""
    if isinstance(value, str):
        if not template_text.marked(value):
            return value
        return _render(task, f"{task.path}: {name}", value, {"env": {**environ, **secrets}}, secrets)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        # In the file the keys of these parts are at the top.
        before = "" if name in FLAT else f"{name}."
        parts = {
            part: _filled(task, f"{before}{part}", item, environ, secrets)
            for part, item in zip(value._fields, value)
        }
        return type(value)(**parts)
    if isinstance(value, dict):
        return {key: _filled(task, f"{name}.{key}", item, environ, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(
            _filled(task, f"{name}[{index}]", item, environ, secrets) for index, item in enumerate(value)
        )
    return value


def _render(
    task: Task,
    where: str,
    template: str,
    values: Mapping[str, Any],
    secrets: Mapping[str, str],
    outside: Optional[template_text.Outside] = None,
) -> str:
    try:
        return template_text.render(template, values, LARGEST_PROMPT, outside)
    except template_text.CannotRender as error:
        message = masker(secrets.values()).text(f"{where}: {error}")
        raise ClodputerError("not_started", message, _remedy(task, error.missing)) from None


def _remedy(task: Task, missing: str) -> str:
    root, _, name = missing.partition(".")
    if root == "env":
        home = os.path.dirname(os.path.dirname(task.path))
        return f"Put {name}=... into {home}/secrets.env or the environment of the scheduler."
    if root == "context":
        return f"Give {name} in the request's context, or a default under context: in {task.path}."
    from clodputer.runner.prompt import names

    if missing == "event":
        return "A route brings it; for requests that come in other ways write {% if event is defined %}."
    kind = names.brought_by(missing)
    if kind:
        return (
            f"A trigger {kind} brings it; for requests of other kinds write {{% if {missing} is defined %}}."
        )
    return "Fix the template; for what may be missing write {{ name | default('') }}."


def _expanded(paths: Any, environ: Mapping[str, str]) -> Any:
    return (
        expand(paths, environ) if isinstance(paths, str) else tuple(expand(path, environ) for path in paths)
    )


def _program(arguments: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, ...]:
    return (expand(arguments[0], environ), *arguments[1:]) if arguments else ()
