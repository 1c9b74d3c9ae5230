"""What `pause` and `resume` are about: a task, a lane, an account or everything, as options and in words."""

from __future__ import annotations

from typing import Any, Callable, Optional

import click

from clodputer.cli.completion import complete
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.store.holds import ACCOUNT, EVERYTHING, LANE, TASK, Target


def target_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument TASK and the options --lane, --account and --all."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Everything."),
        click.option(
            "--account",
            metavar="ACCOUNT",
            help="All tasks of an account, such as claude (see: clodputer status).",
        ),
        click.option("--lane", metavar="LANE", help="All tasks of a lane.", shell_complete=complete.lanes),
        click.argument("task", metavar="[TASK]", default="", shell_complete=complete.tasks),
    ):
        function = option(function)
    return function


def target(task: str, lane: Optional[str], account: Optional[str], *, everything: bool) -> Optional[Target]:
    """What was named; None when nothing was. Raises ClodputerError (a usage error) when more than one thing was."""
    named = [
        *([Target(TASK, task)] if task else []),
        *([Target(LANE, lane)] if lane else []),
        *([Target(ACCOUNT, account)] if account else []),
        *([EVERYTHING] if everything else []),
    ]
    if len(named) > 1:
        raise ClodputerError(
            "usage",
            f"one of TASK, --lane, --account and --all can be named at a time, found {len(named)} of them",
            "Call it once for each.",
            ExitCode.USAGE,
        )
    return named[0] if named else None


def back_in_queue(woken: int) -> str:
    """What to say about requests that wait no more, and run as soon as an exec comes."""
    return f"Back in the queue: {woken}. They run at the next alarm, or now by: clodputer exec"
