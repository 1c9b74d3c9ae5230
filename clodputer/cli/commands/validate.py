"""`clodputer validate`: all mistakes of all task files, told at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from time import time
from typing import Any, Callable

import click

from clodputer.cli import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.store import exposed, secrets, settings
from clodputer.store import home as homes
from clodputer.store.home import Home
from clodputer.store.tasks.problems import Problem
from clodputer.tasks import taskfile
from clodputer.tasks.taskfile import Report
from clodputer.views import warnings


@click.command()
@click.argument("tasks", nargs=-1, metavar="[TASK]...", shell_complete=complete.tasks)
@json_option
def command(tasks: tuple[str, ...]) -> Result:
    """Check task files and tell every mistake at once.

    Without a TASK all files in tasks/ are checked, and config.yaml and secrets.env as well. Each mistake is one line:
    file, line, key, and what is wrong. Exit code 1 when there is any.

    It is a mistake as well when another account could change what a task does: its requests wait until the permissions
    of the file or folder are put right.

    A warning is about something that is written well and cannot work as things are: a folder or a program that is not
    there, a tool that Claude does not have. It changes no exit code.

    \b
    Examples:
      clodputer validate
      clodputer validate nightly
    """
    return validate(os.environ, tasks, time())


def validate(environ: Mapping[str, str], names: Iterable[str], now: float) -> Result:
    """Check the task files of those names, or all files. Raises ClodputerError for a name that no file claims."""
    home = homes.existing(environ)
    names = tuple(names)
    errors: list[ClodputerError] = []
    if not names:
        errors += _mistakes(lambda: settings.load(home, environ)) + _mistakes(lambda: secrets.load(home))
    reports = taskfile.check_all(home, environ, names)
    errors += [
        ClodputerError("task_invalid", str(problem), f"Fix: clodputer edit {report.name}")
        for report in reports
        for problem in report.problems
    ]
    doubts = _warnings(home, environ, reports, now)
    errors += _exposed(home, reports)
    data = {"tasks": [_told(report, doubts.get(report.path, ())) for report in reports]}
    told = ", ".join(report.name for report in reports if not report.problems)
    warned = [
        hung(f"{ink('warning', 'yellow')}  {printable(str(one))}", 9) for of in doubts.values() for one in of
    ]
    good = hung(f"{ink('ok', 'green')}  {printable(told)}", 4) if told else ""
    if errors:
        found = f"{len(errors)} mistake{'' if len(errors) == 1 else 's'}"
        lines = [*(hung(printable(error.message)) for error in errors), *warned, good, ink(found, "red")]
        return Result(data, "\n".join(filter(None, lines)), ExitCode.EXPECTED, tuple(errors))
    text = "\n".join([*warned, good] if good else warned)
    return Result(data, text or f"There are no task files in {printable(home.tasks)} yet.")


def _warnings(
    home: Home, environ: Mapping[str, str], reports: Iterable[Report], now: float
) -> dict[str, tuple[Problem, ...]]:
    """What cannot work of the files that are in order, by their paths; secrets that were filled in are masked."""
    try:
        known = secrets.load(home)
    except ClodputerError:
        known = {}  # a mistake of its own
    around, mask = warnings.of_alarms(home, environ), secrets.masker_for(known, environ)
    found = {
        report.path: warnings.of_task(home, report.task, around, known, now)
        for report in reports
        if report.task is not None
    }
    return {
        path: tuple(one._replace(message=mask.text(one.message)) for one in of) for path, of in found.items()
    }


def _exposed(home: Home, reports: Iterable[Report]) -> list[ClodputerError]:
    """What other accounts could change, which keeps requests waiting; each file or folder once."""
    found = dict.fromkeys(one for report in reports for one in exposed.of_task(home, report.path))
    return [ClodputerError(exposed.CODE, f"{one.message}; fix: {one.fix}", one.fix) for one in found]


def _mistakes(load: Callable[[], object]) -> list[ClodputerError]:
    """What is wrong with a file, each mistake as an error of its own."""
    try:
        load()
    except ClodputerError as error:
        return [ClodputerError(error.code, line, error.hint) for line in error.message.split("\n")]
    return []


def _told(report: Report, doubts: Iterable[Problem]) -> dict[str, Any]:
    problems = [problem._asdict() for problem in report.problems]
    return {
        "name": report.name,
        "path": report.path,
        "ok": not problems,
        "problems": problems,
        "warnings": [one._asdict() for one in doubts],
    }
