"""`clodputer state`: what a task remembers from run to run, shown, changed, and its earlier versions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from json import dumps
from time import time
from typing import Any, Optional

import click

from clodputer.cli import complete
from clodputer.cli.commands.run_options import parse_context
from clodputer.cli.group import json_option
from clodputer.cli.looking import look
from clodputer.cli.result import Result
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.state import merged
from clodputer.model.suggest import did_you_mean
from clodputer.model.task import Task
from clodputer.runner.remember import misfit
from clodputer.store import state
from clodputer.store.context import Context
from clodputer.store.folder import entries
from clodputer.store.state import PERSON, Kept
from clodputer.tasks import taskfile


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[get TASK [KEY] | set TASK KEY=VALUE... | delete TASK [KEY]... | history TASK]",
)
@json_option
@click.pass_context
def command(context: click.Context) -> Optional[Result]:
    """Show or change what a task remembers from run to run.

    Without more, it lists the tasks that remember something. A task has a state when its file says `state: {}`. Its runs
    change it by themselves; each change is a version, and the last ten are kept.

    \b
    Examples:
      clodputer state get nightly
      clodputer state set nightly last_issue:=41 note=seen
      clodputer state delete nightly note
      clodputer state history nightly
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
@json_option
def get(task: str, key: Optional[str]) -> Result:
    """Print the state of a task, or one key of it."""
    context = look(os.environ)
    _known(context, task)
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
@json_option
def delete(task: str, keys: tuple[str, ...]) -> Result:
    """Delete keys of a task's state, or all of it."""
    context = look(os.environ)
    _known(context, task)
    if keys:
        return _changed(context, task, None, dict.fromkeys(keys))
    version, kept = state.newest(context.home, task), None
    while version and kept is None:
        # The state may be damaged: what it was is not asked.
        kept = state.write(context.home, task, version, {}, PERSON, time())
        version = state.newest(context.home, task)
    if kept is not None:
        _log(context, task, kept)
    return Result({"task": task, "version": version}, f"{task} remembers nothing now")


@command.command()
@click.argument("task", shell_complete=complete.tasks)
@json_option
def history(task: str) -> Result:
    """List the versions of a task's state that are kept, the newest first."""
    context = look(os.environ)
    _known(context, task)
    kept = state.history(context.home, task)
    lines = [
        f"{one.version:>6}  {one.at}  {one.by}  {printable(dumps(one.value, ensure_ascii=False))}"
        for one in kept
    ]
    data = {"task": task, "versions": [one.to_json() for one in kept]}
    return Result(data, "\n".join(lines) or f"{task} has no state yet")


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


def _log(context: Context, task: str, kept: Kept) -> None:
    context.log(time(), "state_changed", task=task, version=kept.version, by=PERSON)


def _known(context: Context, task: str) -> None:
    names = taskfile.names(context.home)
    if task not in names and not state.newest(context.home, task):
        raise ClodputerError(
            "task_unknown",
            f"there is no task {task[:80]!r}{did_you_mean(task, names)}",
            "See the tasks with: clodputer list",
        )
