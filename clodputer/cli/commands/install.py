"""`clodputer install`: have the operating system's scheduler start the tasks."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from subprocess import SubprocessError, run
from time import time
from typing import Callable, NamedTuple

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.firstlooks import first_looks
from clodputer.cli.steps.rendering import check, render
from clodputer.cli.terminal.progress import Progress
from clodputer.cli.text.setup.install import page
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.schedulers import NAMES, Scheduler, freeze, installation, load, place, rendered, shim
from clodputer.schedulers import plan as plans
from clodputer.schedulers.rendered import handed
from clodputer.schedulers.unit import Change
from clodputer.store import blocked
from clodputer.store.home import locate
from clodputer.tasks import taskfile
from clodputer.views.schedule.installing import Outcome


class Options(NamedTuple):
    """What the command line asks for."""

    tasks: Collection[str] = ()
    scheduler: str = installation.AUTO
    dry_run: bool = False
    diff: bool = False


@click.command()
@click.argument("tasks", nargs=-1, metavar="[TASK]...")
@click.option(
    "--scheduler",
    type=click.Choice([installation.AUTO, *NAMES, *rendered.NAMES]),
    default=installation.AUTO,
    help="Which one to use; by default the one that is in use, or the best that answers.",
)
@click.option("--out", metavar="DIR", default="", help="Of slurm and kubernetes: the folder for their files.")
@click.option("--image", metavar="IMAGE", default="", help="Of kubernetes: the image with Clodputer in it.")
@click.option("--secret", metavar="NAME", default="", help="Of kubernetes: the Secret with logins, if any.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--diff", is_flag=True, help="Only show how each file would change.")
@persons.of_person("install", "dry_run", "diff")
@json_option
@click.pass_obj
def command(
    as_json: bool,
    tasks: tuple[str, ...],
    scheduler: str,
    *,
    out: str,
    image: str,
    secret: str,
    dry_run: bool,
    diff: bool,
) -> Result:
    """Have the system's scheduler start the tasks.

    launchd on macOS; on Linux systemd, or cron where no user manager answers. Each enabled task with a trigger that
    needs no person gets an alarm, and so do files that are moved into spool/new. Tasks that are gone, disabled or
    manual lose theirs. With TASK, only these are looked at. Run it again after each change of a trigger; what is right
    already is left alone.

    slurm and kubernetes are for people whose clock is a cluster: their alarms are written to DIR, as lines for scrontab
    or as CronJobs with a volume, and you hand them over.

    PATH and a few more variables are frozen as they are in this terminal: all alarms run with them.

    \b
    Examples:
      clodputer install
      clodputer install --dry-run
      clodputer install --scheduler cron --diff
      clodputer install --scheduler kubernetes --image registry.example/clodputer:1 --out cluster
    """
    check(scheduler, out, image, bool(tasks))
    if out:
        given = rendered.Given(image, secret)
        return render(os.environ, scheduler, out, given, time(), _try, dry_run=dry_run or diff)
    named = installation.candidates(sys.platform, scheduler)
    options = Options(tasks, scheduler, dry_run or diff, diff)
    with Progress(as_json, "installing") as progress:
        return install(os.environ, options, {name: load(name) for name in named}, time(), progress.step_done)


def install(
    environ: Mapping[str, str],
    options: Options,
    schedulers: Mapping[str, Scheduler],
    now: float,
    step_done: Callable[[Change, int], None],
) -> Result:
    """Install what the tasks want; `step_done` is called after each change, with how many there are.

    Raises ClodputerError when nothing can be installed at all, OSError.
    """
    home = locate(environ)
    place.check(home, environ)
    with place.Alone(home.root):
        at = place.look(home, environ, sys.platform)
        wanted = plans.wanted(home, at.frame.environment, options.tasks, at.frame.listen)
        seen = installation.look(schedulers, at.frame)
        name = installation.choose(options.scheduler, sys.platform, seen)
        if seen[name].unknown:
            raise ClodputerError(
                "scheduler_unknown",
                f"the alarms in {name} cannot be read: {seen[name].unknown}",
                seen[name].answer.hint or "Nothing was changed.",
            )
        elsewhere = {other: one.found for other, one in seen.items() if other != name and one.found}
        plan = installation.plan(
            name, schedulers[name], at.frame, wanted, options.tasks, seen[name].found, elsewhere
        )
        text = shim.text(at.shim)
        before = shim.read(at.frame.shim)
        outcome = Outcome(
            plan,
            wanted,
            options.dry_run,
            not shim.current(at.frame.shim, text),
            tuple(freeze.differences(before.environment, at.frame.environment)) if before else (),
            (
                *at.notes,
                *seen[name].answer.notes,
                *_unasked(name, seen),
                *_passed_over(options.scheduler, seen),
            ),
        )
        if not options.dry_run:
            done: list[Change] = []

            def step(change: Change) -> None:
                done.append(change)
                step_done(change, number)

            # Before the alarms are there: none of them then takes the first look after the first file has come.
            tasks = [
                one.task for one in taskfile.check_all(home, at.frame.environment, options.tasks) if one.task
            ]
            outcome = outcome._replace(notes=(*outcome.notes, *first_looks(at.frame.environment, tasks)))
            number = len(plan.changes) + sum(map(len, elsewhere.values()))
            failed = installation.perform(plan, schedulers, text, step, _try)
            handed.forget(home)
            blocked.over(home)
            outcome = outcome._replace(done=tuple(done), failed=failed)
    errors = tuple(ClodputerError(one.code, one.message, one.hint) for one in outcome.problems() if one.fatal)
    shown = page(outcome, text, now, options.diff)
    return Result(outcome.to_json(now), shown, ExitCode.EXPECTED if errors else ExitCode.DONE, errors)


def _unasked(name: str, seen: Mapping[str, installation.Known]) -> list[str]:
    """The other schedulers of which it is not known whether they are set up for this home, too."""
    return [
        f"the alarms in {other} cannot be read: {one.unknown}"
        for other, one in seen.items()
        if other != name and one.unknown
    ]


def _passed_over(asked: str, seen: Mapping[str, installation.Known]) -> list[str]:
    """What to know of schedulers that cannot be used just now, unless another one was asked for."""
    if asked != installation.AUTO:
        return []
    return [
        note for one in seen.values() if not one.answer.usable and not one.found for note in one.answer.notes
    ]


def _try(path: str) -> None:
    """Start a new shim once. Raises ClodputerError when that does not work."""
    try:
        ended = run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=60, check=False
        )
        said, works = ended.stderr.strip() or ended.stdout.strip(), ended.returncode == 0
    except (OSError, SubprocessError) as error:
        said, works = str(error), False
    if not works:
        raise ClodputerError(
            "shim_fails",
            f"{path}, which all alarms start, does not work: {said[-500:]}",
            "Nothing was installed.",
        )
