"""`clodputer state`: what a task remembers from run to run, shown, changed, and its earlier versions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from json import dumps
from time import time
from typing import Any, Optional

import click

from clodputer.cli.commands.run_options import parse_context
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.state import merged
from clodputer.model.task import Task
from clodputer.model.text.suggest import did_you_mean
from clodputer.runner.memory.noting import filled, given, rights_of
from clodputer.runner.memory.remember import misfit
from clodputer.store.context import Context
from clodputer.store.folder import entries
from clodputer.store.taskstate import notes, state
from clodputer.store.taskstate.state import PERSON, Kept
from clodputer.tasks import taskfile

memory_option = click.option(
    "--memory", is_flag=True, help="Its memory instead: the text that its runs write down for each other."
)


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[get TASK [KEY] | set TASK KEY=VALUE... | delete TASK [KEY]... | history TASK | accept TASK]",
)
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """Show or change what a task remembers from run to run.

    Without a command, it lists the tasks that remember something. A task has a state when its file says `state: {}`. Its runs
    change it by themselves; each change is a version, and the last ten are kept. With --memory it is about the text that its
    runs write down for each other (`memory: true`).

    \b
    Examples:
      clodputer state get nightly
      clodputer state set nightly last_issue:=41 note=seen
      clodputer state delete nightly note
      clodputer state history nightly
      clodputer state get nightly --memory
    """
    return None if context.invoked_subcommand else _listed(look(os.environ))


def _listed(context: Context) -> Result:
    found = [(task, state.newest(context.home, task)) for task in sorted(entries(context.home.state))]
    tasks = [{"task": task, "version": version} for task, version in found if version]
    text = "\n".join(f"{printable(task)}: version {version}" for task, version in found if version)
    return Result({"tasks": tasks}, text or "No task remembers anything yet.")


@command.command()
@click.argument("task", shell_complete=complete.tasks)
@click.argument("key", required=False)
@memory_option
@json_option
def get(task: str, key: Optional[str], *, memory: bool) -> Result:
    """Print the state of a task, or one key of it."""
    context = look(os.environ)
    _known(context, task)
    if memory:
        return _memory(context, task)
    kept = state.read(context.home, task)
    if key is None:
        data = {"task": task, **kept.to_json()}
        return Result(data, printable(dumps(kept.value, indent=2, ensure_ascii=False)))
    if key not in kept.value:
        raise ClodputerError(
            "key_unknown",
            f"the state of {task} has no key {key[:60]!r}{did_you_mean(key, kept.value)}",
            f"See: clodputer state get {task}",
        )
    value = kept.value[key]
    text = value if isinstance(value, str) else dumps(value, indent=2, ensure_ascii=False)
    return Result({"task": task, "version": kept.version, "key": key, "value": value}, printable(text))


@command.command("set")
@click.argument("task", shell_complete=complete.tasks)
@click.argument("values", nargs=-1, required=True, metavar="KEY=VALUE...")
@json_option
def set_(task: str, values: tuple[str, ...]) -> Result:
    """Set keys of a task's state: KEY=TEXT, or KEY:=JSON."""
    context = look(os.environ)
    found = taskfile.load(context.home, task, os.environ)
    if not found.state.kept:
        raise ClodputerError("no_state", f"task {task} has no state", "Add to its file: state: {}")
    return _changed(context, task, found, parse_context(values))


@command.command()
@click.argument("task", shell_complete=complete.tasks)
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@memory_option
@json_option
def delete(task: str, keys: tuple[str, ...], *, memory: bool) -> Result:
    """Delete keys of a task's state, or all of it."""
    context = look(os.environ)
    _known(context, task)
    if keys and not memory:
        return _changed(context, task, None, dict.fromkeys(keys))
    place = notes.name(task) if memory else task
    version, kept = state.newest(context.home, place), None
    while version and kept is None:
        # The state may be damaged: what it was is not asked.
        kept = state.write(context.home, place, version, {}, PERSON, time())
        version = state.newest(context.home, place)
    if kept is not None:
        _log(context, task, kept, memory=memory)
    return Result({"task": task, "version": version}, f"{task} remembers nothing now")


@command.command()
@click.argument("task", shell_complete=complete.tasks)
@memory_option
@json_option
def history(task: str, *, memory: bool) -> Result:
    """List the versions of a task's state that are kept, the newest first."""
    context = look(os.environ)
    _known(context, task)
    kept = state.history(context.home, notes.name(task) if memory else task)
    lines = [
        f"{one.version:>6}  {one.at}  {one.by}  {printable(dumps(one.value, ensure_ascii=False))}"
        for one in kept
    ]
    data = {"task": task, "versions": [one.to_json() for one in kept]}
    return Result(data, "\n".join(lines) or f"{task} has no state yet")


@command.command()
@click.argument("task", shell_complete=complete.tasks)
@persons.of_person("state accept")
@json_option
def accept(task: str) -> Result:
    """Give a task's memory to its runs again, though its writer had fewer rights.

    Read it first: clodputer state get TASK --memory. It is then taken as written with the rights that the task has now.
    """
    context = look(os.environ)
    found = taskfile.load(context.home, task, os.environ)
    if not found.memory.kept:
        raise ClodputerError("no_state", f"task {task} has no memory", "Add to its file: memory: true")
    note = notes.read(context.home, task)
    if not note.text:
        return Result({"task": task, "version": note.version}, f"{task} has no memory yet")
    written = filled(found, context)
    new = notes.write(context.home, task, note.version, note.text, rights_of(written, ()), PERSON, time())
    if new is None:
        raise ClodputerError(
            "state_changed", f"the memory of {task} was changed just now", "Look at it again."
        )
    _log(context, task, state.Kept(new.version), memory=True)
    return Result(
        {"task": task, "version": new.version},
        f"version {new.version} of the memory of {task} is given to its runs",
    )


def _memory(context: Context, task: str) -> Result:
    """The memory as a person reads it, and whether the next run is given it."""
    note = notes.read(context.home, task)
    lines = [printable(note.text).rstrip()] if note.text else [f"{task} has no memory yet"]
    withheld = ""
    if task in taskfile.names(context.home):
        start = given(filled(taskfile.load(context.home, task, os.environ), context), note, ())
        withheld = start.withheld if start is not None else ""
    if withheld:
        lines.append(f"It is not given to a run by hand: {withheld}")
    return Result({"task": task, **note.to_json(), "withheld": withheld}, "\n".join(lines))


def _changed(context: Context, task: str, rules: Optional[Task], updates: Mapping[str, Any]) -> Result:
    def updated(kept: Kept) -> dict[str, Any]:
        value = merged(kept.value, updates)
        problem = misfit(rules, value) if rules else ""
        if problem:
            raise ClodputerError(
                "state_unfit", f"the state of {task} cannot be so: {problem}", "Nothing was changed."
            )
        return value

    kept = state.change(context.home, task, updated, PERSON, time())
    _log(context, task, kept)
    return Result(
        {"task": task, "version": kept.version}, f"{task} has version {kept.version} of its state now"
    )


def _log(context: Context, task: str, kept: Kept, *, memory: bool = False) -> None:
    event = "memory_kept" if memory else "state_changed"
    context.log(time(), event, task=task, version=kept.version, by=PERSON)


def _known(context: Context, task: str) -> None:
    names = taskfile.names(context.home)
    if task not in names and not (
        state.newest(context.home, task) or state.newest(context.home, notes.name(task))
    ):
        raise ClodputerError(
            "task_unknown",
            f"there is no task {task[:80]!r}{did_you_mean(task, names)}",
            "See the tasks with: clodputer list",
        )
