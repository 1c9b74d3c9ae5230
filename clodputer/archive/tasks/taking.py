"""Taking in the document of a task: checked like any task file, with its prompts beside it, before anything is in place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from shutil import rmtree
from typing import Callable, NamedTuple

from clodputer.archive.tasks.one_task import TaskDocument
from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task, is_name
from clodputer.model.text.moment import compact
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.store.files import atomic, plainfile
from clodputer.store.taskfiles import document
from clodputer.tasks import change, rewrite, taskfile
from clodputer.tasks.change import Edit
from clodputer.tasks.check import check


class Taken(NamedTuple):
    """A task that was imported. kept: where the file is that it replaces; empty for none."""

    task: Task
    path: str
    prompts: tuple[str, ...]
    kept: str = ""


def take(
    context: Context,
    environ: Mapping[str, str],
    made: TaskDocument,
    name: str,
    now: float,
    *,
    enable: bool,
    replace: bool,
    fits: Callable[[Task], None],
) -> Taken:
    """Write the task under that name, disabled unless `enable` is given. fits: raises when the state does not fit the task.

    Nothing that is there is overwritten unless `replace` is given; the file of a task is then kept in `tasks/removed/`. The
    prompts are written first: killed in between, no task is there whose prompt is not. Raises ClodputerError, OSError.
    """
    home = context.home
    if not is_name(name):
        raise ClodputerError("name_unfit", f"{name[:80]!r} is not a valid task name", "Name it: --as NAME")
    text = _text(made, name, enable)
    with change.alone(home):
        there = taskfile.claimant(home, name)
        if there and not replace:
            raise ClodputerError(
                "task_exists",
                f"there is a task {name} already, in {there}",
                "To replace it: --replace. Or: --as NAME",
            )
        path = there or f"{home.tasks}/{name}.yaml"
        others = _different(home.tasks, made.prompts)
        if others and not replace:
            raise ClodputerError(
                "prompt_exists", f"{others[0]} is there, and holds another text", "To replace it: --replace."
            )
        task = _checked(context, environ, made, text, path)
        fits(task)
        for below, prompt in made.prompts.items():
            target = f"{home.tasks}/{below}"
            os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
            atomic.write(target, prompt.encode())
        kept = _keep(context, there, now) if there else ""
        if there:
            atomic.write(os.path.realpath(path), text.encode())
        else:
            atomic.create(path, text.encode())
    return Taken(task, path, tuple(made.prompts), kept)


def _text(made: TaskDocument, name: str, enable: bool) -> str:
    """The text of the file, under its new name. Raises ClodputerError ("task_not_editable", "task_invalid")."""
    text = made.file.lstrip("\ufeff")
    found = document.parse(text)
    if found.wrong or not isinstance(found.value, dict):
        wrong = f"line {found.wrong[0].line}: {found.wrong[0].message}" if found.wrong else "it has no keys"
        raise ClodputerError(
            "task_invalid", f"the file in this document is not in order: {wrong}", "Nothing was changed."
        )
    if "name" in found.value and found.value["name"] != name:
        text = rewrite.without(text, ("name",)) or change.edited(text, Edit("name", name), name)
    if enable:
        return text
    return change.edited(text, Edit("enabled", False), name)


def _different(folder: str, prompts: Mapping[str, str]) -> list[str]:
    found = []
    for below, prompt in prompts.items():
        path = f"{folder}/{below}"
        if not os.path.lexists(path):
            continue
        data = prompt.encode()
        try:
            same = plainfile.read(path, len(data)).content == data
        except (OSError, ValueError):
            same = False
        if not same:
            found.append(path)
    return found


def _checked(context: Context, environ: Mapping[str, str], made: TaskDocument, text: str, path: str) -> Task:
    """The task that the file is going to be, checked in a folder of its own with its prompts beside it.

    Raises ClodputerError ("task_invalid").
    """
    home = context.home
    stage = f"{home.tmp}/import-{os.getpid()}"
    try:
        for below, prompt in made.prompts.items():
            os.makedirs(os.path.dirname(f"{stage}/{below}"), mode=0o700, exist_ok=True)
            atomic.write(f"{stage}/{below}", prompt.encode(), durable=False)
        file = f"{stage}/{os.path.basename(path)}"
        shown = taskfile.shown(home, path)
        checked = check(document.read(text.encode()), file, shown, environ, lambda: secrets.load(home))
    finally:
        rmtree(stage, ignore_errors=True)
    task = checked.task._replace(path=path) if checked.task is not None else None
    problems = checked.problems or (taskfile.following_problems(home, environ, task) if task else ())
    if task is None or problems:
        listed = "\n".join(
            f"{problem.key}: {problem.message}" if problem.key else problem.message for problem in problems
        )
        raise ClodputerError("task_invalid", listed.replace(f"{stage}/", ""), "Nothing was imported.")
    return task


def _keep(context: Context, path: str, now: float) -> str:
    folder = f"{context.home.tasks}/removed/{compact(now)}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    kept = f"{folder}/{os.path.basename(path)}"
    atomic.write(kept, plainfile.read(path, document.LARGEST).content)
    return kept
