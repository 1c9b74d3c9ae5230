"""`clodputer uninstall`: take away what `install` has made, and with --purge the home as well."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Callable, NamedTuple

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.progress import Progress
from clodputer.cli.text.setup.install import by_kind, problem_lines
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.plural import counted
from clodputer.schedulers import NAMES, Scheduler, installation, load, place, removal, shim
from clodputer.schedulers.installation import removals
from clodputer.schedulers.rendered import handed
from clodputer.schedulers.unit import Change, SchedulerProblem
from clodputer.store import homes
from clodputer.store.files import owner
from clodputer.store.home import Home, locate
from clodputer.store.upkeep import purge
from clodputer.tasks import taskfile
from clodputer.views.schedule.installing import Removal


class Options(NamedTuple):
    """What the command line asks for."""

    scheduler: str = ""
    everywhere: bool = False
    purge: bool = False
    dry_run: bool = False


@click.command()
@click.option(
    "--scheduler",
    type=click.Choice(NAMES),
    help="Only this scheduler; by default all are looked at.",
)
@click.option("--everywhere", is_flag=True, help="Remove what is left of homes that no longer exist, too.")
@click.option("--purge", is_flag=True, help="Remove the home as well: tasks, secrets, runs, records.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation (--purge).")
@json_option
@click.pass_obj
def command(
    as_json: bool, scheduler: str | None, everywhere: bool, purge: bool, dry_run: bool, yes: bool
) -> Result:
    """Remove what install has set up.

    From every scheduler that has something of this home, whatever it was installed with; also when the home or a task
    has gone meanwhile. Nothing else is touched. The home stays, unless --purge is given.

    \b
    Examples:
      clodputer uninstall
      clodputer uninstall --dry-run --everywhere
      clodputer uninstall --purge
    """
    options = Options(scheduler or "", everywhere, purge, dry_run)
    # All are looked at: what another one starts still needs the shim.
    names = installation.candidates(sys.platform, scheduler or installation.AUTO)
    asks = not (yes or as_json) and is_terminal(sys.stdin) and is_terminal(sys.stdout)
    ask = _ask if asks else (lambda _: yes)
    with Progress(as_json, "removing") as progress:
        return uninstall(os.environ, options, {name: load(name) for name in names}, ask, progress.step_done)


def _ask(question: str) -> bool:
    return click.confirm(question, default=False)


def uninstall(
    environ: Mapping[str, str],
    options: Options,
    schedulers: Mapping[str, Scheduler],
    ask: Callable[[str], bool],
    step_done: Callable[[Change, int], None],
) -> Result:
    """Remove what is installed, after `ask` agreed to lose a home. Raises ClodputerError, OSError."""
    home = locate(environ)
    there = os.path.isdir(home.root)
    refused = owner.refusal(
        environ, os.geteuid(), os.stat(home.root).st_uid if there else os.geteuid(), home.root
    )
    if refused is not None:
        raise refused
    homes.refuse_newer(home)
    if options.purge and there:
        purge.check(home, environ)
        if not options.dry_run and not ask(_question(home)):
            raise ClodputerError(
                "not_agreed",
                f"{home.root} was not removed, and nothing else either",
                "To confirm in advance: --yes",
            )
    frame = place.bare(home.root, environ)
    with place.Alone(home.root):
        left = removal.look(schedulers, frame, options.scheduler)
        has_shim = shim.ours(frame.shim)
        everywhere = left.lost.items() if options.everywhere else ()
        wanted = [
            found for name, found in (*left.own.items(), *everywhere) if options.scheduler in ("", name)
        ]
        steps = [step for found in wanted for step in removals(found)]
        problems = left.problems
        if not options.dry_run:
            steps, number = [], len(steps)

            def done(change: Change) -> None:
                steps.append(change)
                step_done(change, number)

            problems += removal.perform(schedulers, frame, left, options.everywhere, done, options.scheduler)
            problems += _handed_over(home)
        errors = tuple(ClodputerError(one.code, one.message, one.hint) for one in problems if one.fatal)
        # A home whose alarms are still there must stay: they would only find it gone.
        kept = bool(errors) or any(one.code == removal.OTHER for one in problems)
        purged = options.purge and there and not kept
        if purged and not options.dry_run:
            purge.remove(home)
    lost = tuple(sorted({unit.home for found in left.lost.values() for unit in found}))
    gone = Removal(
        home.root, options.dry_run, tuple(steps), has_shim and not kept, purged, lost, tuple(problems)
    )
    lines = [_headline(gone)]
    if lost and not options.everywhere:
        lines.append(f"Alarms are left of homes that no longer exist: {', '.join(map(printable, lost))}")
        lines.append("To remove these as well: clodputer uninstall --everywhere")
    lines += problem_lines(problems)
    return Result(gone.to_json(), "\n".join(lines), ExitCode.EXPECTED if errors else ExitCode.DONE, errors)


def _handed_over(home: Home) -> tuple[SchedulerProblem, ...]:
    """What a cluster may have, which only a person can take away there. Raises OSError."""
    known = handed.read(home)
    if known is None:
        return ()
    handed.forget(home)
    text = f"what was written into {known.out} for {known.scheduler} is not taken away there"
    return (SchedulerProblem("handed_over", text, "Take it away with scrontab or kubectl.", fatal=False),)


def _headline(gone: Removal) -> str:
    would, home = "would remove " if gone.dry_run else "removed ", printable(gone.home)
    parts = [by_kind(gone.changes, gone.dry_run).replace(would, would + "alarms: ") if gone.changes else ""]
    parts.append(f"{would}bin/clodputer" if gone.shim and not gone.purged else "")
    parts.append(f"{would}{home}" if gone.purged else "")
    words = ", ".join(part for part in parts if part)
    if not words:
        return f"Nothing of {home} {'is' if gone.dry_run else 'was'} installed."
    return f"{words[0].upper()}{words[1:]}."


def _question(home: Home) -> str:
    tasks = counted(len(taskfile.names(home)), "task")
    return f"Remove {printable(home.root)} with its {tasks}, its secrets and all records?"
