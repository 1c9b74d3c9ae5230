"""`clodputer new`: a task file from a template or from JSON, checked before it exists."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Optional

import click

from clodputer import triggers
from clodputer.cli import called
from clodputer.cli.arguments.givenjson import mapping, read
from clodputer.cli.commands.edit import edit as edit_task
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import consent
from clodputer.cli.steps.firstlooks import first_looks
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.task import Task, is_name
from clodputer.store import homes
from clodputer.store.files import atomic
from clodputer.store.program import templates
from clodputer.store.taskfiles import write
from clodputer.tasks import change, taskfile
from clodputer.tasks.change import Edit
from clodputer.views.tasks.written import Written, shipped

USUAL = "manual"


@click.command()
@click.argument("name", required=False)
@click.option(
    "--template", "-t", metavar="TEMPLATE", help=f"The template to begin with; {USUAL} if none is named."
)
@click.option("--list-templates", "listing", is_flag=True, help="Only list the templates.")
@click.option(
    "--from-json",
    "source",
    metavar="FILE",
    help="Make the task from a JSON object with a task file's keys; - reads stdin.",
)
@click.option("--edit", "-e", is_flag=True, help="Open it in an editor when it is made.")
@consent.confirm_option
@json_option
@click.pass_obj
def command(
    as_json: bool,
    name: Optional[str],
    template: Optional[str],
    listing: bool,
    source: Optional[str],
    edit: bool,
    confirm: bool,
) -> Result:
    """Make a task file from a template, or from JSON.

    Writes tasks/NAME.yaml, which is checked before it exists: if there is any mistake, nothing is made. Never
    overwrites a file, and never takes a name that another file claims.

    When an agent calls it, the task is disabled until its person enables it, unless --confirm is given (docs/skill.md).

    \b
    Examples:
      clodputer new --list-templates
      clodputer new inbox --template file-watcher --edit
      echo '{"prompt": "Say hello.", "timeout": "5m"}' | clodputer new hello --from-json -
    """
    if listing:
        return list_templates()
    if name is None:
        raise _usage("a NAME is missing", "For example: clodputer new nightly")
    if template is not None and source is not None:
        raise _usage("--template and --from-json exclude each other")
    content = None if source is None else read(source)
    made = new(os.environ, name, template or USUAL, content, confirm=confirm)
    if not edit:
        return made
    edited = edit_task(os.environ, name, as_json=as_json, confirm=confirm)
    return edited._replace(data={**made.data, **edited.data}, text=f"{made.text}\n\n{edited.text}")


def list_templates() -> Result:
    """The shipped templates, each with its description. Raises ClodputerError."""
    found = shipped()
    width = max((len(template.name) for template in found), default=0)
    lines = [f"{ink(template.name.ljust(width), 'bold')}  {template.description}" for template in found]
    return Result({"templates": [template.to_json() for template in found]}, "\n".join(lines))


def new(
    environ: Mapping[str, str],
    name: str,
    template: str,
    content: Optional[bytes] = None,
    *,
    confirm: bool = False,
) -> Result:
    """Make the task, of JSON when there is `content`. Raises ClodputerError when nothing was made, OSError.

    confirm: an agent may make one that runs.
    """
    home = homes.existing(environ)
    if not is_name(name):
        raise ClodputerError(
            "name_unfit",
            f"{name[:80]!r} is not a valid task name",
            "Write 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit.",
            ExitCode.USAGE,
        )
    path = f"{home.tasks}/{name}.yaml"
    starts_disabled = consent.by_agent(environ) and not confirm
    if content is None:
        text = _from_template(template, name, starts_disabled)
    else:
        text = _from_json(content, name, starts_disabled)
    taken = taskfile.claimant(home, name)
    if taken:
        raise _exists(name, taken)
    task, problems = taskfile.check_content(home, path, text.encode(), environ)
    problems = problems or (taskfile.following_problems(home, environ, task) if task else ())
    if task is None or problems:
        # The lines are those of a file that nobody has seen; the keys are what was given.
        listed = "\n".join(
            f"{problem.key}: {problem.message}" if problem.key else problem.message for problem in problems
        )
        raise ClodputerError("task_invalid", listed, "Nothing was made. All keys are in docs/tasks.md.")
    if task.enabled:
        consent.require_to_enable(environ, name, confirm, "Nothing was made.")
    try:
        atomic.create(path, text.encode())
    except FileExistsError:
        raise _exists(name, path) from None
    looks = first_looks(environ, [task])
    return Result(Written(task.name, path, looks, enabled=task.enabled).to_json(), _made(path, task, looks))


def _exists(name: str, path: str) -> ClodputerError:
    return ClodputerError(
        "task_exists",
        f"there is a task {name} already, in {path}",
        f"Nothing was changed. To change it: clodputer edit {name}",
    )


def _made(path: str, task: Task, looks: Sequence[str]) -> str:
    steps = [
        (f"edit {task.name}", "change it; it is checked when the editor closes"),
        (f"validate {task.name}", "check it at any other time"),
        (f"run {task.name} --dry-run", "see what would be started"),
        (f"run {task.name}", "run it now")
        if task.enabled
        else (f"enable {task.name}", "let it run: it is disabled"),
    ]
    if any(map(triggers.has_slot_times, task.triggers)):
        steps.append((f"next {task.name}", "see when it is due"))
    lines = [f"{ink('made', 'green')}  {printable(path)}"]
    if task.description:
        lines.append(f"      {one_line(task.description, 100)}")
    lines += [hung(f"      {printable(look)}", 6) for look in looks]
    return "\n".join([*lines, *called.next_steps(*steps)])


def _from_template(template: str, name: str, disabled: bool) -> str:
    """A template's text, with the commands and requests in its comments naming the new task. Raises ClodputerError."""
    pattern = rf"((?:clodputer run|task:|\"task\":) \"?){re.escape(template)}(?![\w.-])"
    text = re.sub(pattern, rf"\g<1>{name}", templates.task(template))
    return change.edited(text, Edit("enabled", False), f"the template {template}") if disabled else text


def _from_json(content: bytes, name: str, disabled: bool) -> str:
    """A task file's text with the keys of a JSON object; disabled if that says nothing of it. Raises ClodputerError."""
    try:
        keys = mapping(content)
    except ValueError as error:
        raise ClodputerError(
            "json_invalid",
            f"what was given is not JSON for a task: {error}",
            "Nothing was made. All keys are in docs/tasks.md.",
        ) from None
    if keys.get("name", name) != name:
        raise ClodputerError(
            "task_invalid",
            f"name: expected {name}, as in the command, found {keys['name']!r}",
            "Leave the key out: the file's name is the task's.",
        )
    return write.written({"enabled": False, **keys} if disabled else keys)


def _usage(message: str, hint: str = "Try: clodputer new --help") -> ClodputerError:
    return ClodputerError("usage", message, hint, ExitCode.USAGE)
