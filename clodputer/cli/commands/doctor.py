"""`clodputer doctor`: look at everything, and say what is wrong and what helps."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, Callable, NamedTuple, Optional

import click

from clodputer.cli import called
from clodputer.cli.commands.doctor_canary import canary, ticks
from clodputer.cli.commands.doctor_fix import perform
from clodputer.cli.group import json_option
from clodputer.cli.report import masker_now
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import ink, is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.cli.text.setup.doctor import page
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.store.home import locate
from clodputer.views.doctor import examine
from clodputer.views.doctor.finding import OK, PROBLEM, Diagnosis, Finding
from clodputer.views.doctor.fix import Fixed

# Of text that goes into a file or a mail.
USUAL_WIDTH = 100


class Canary(NamedTuple):
    """A canary that is asked for. seconds: how long to wait for its start; shown: somebody may see the seconds go by."""

    real: bool
    seconds: float
    shown: bool


@click.command()
@click.option("--all", "everything", is_flag=True, help="List what is in order as well.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes, each named before it is done.")
@click.option(
    "--canary", is_flag=True, help="Have the scheduler start a probe, and report what it sees there."
)
@click.option(
    "--real", is_flag=True, help="With --canary: let the probe run claude once; costs a few cents at most."
)
@click.option(
    "--seconds",
    metavar="N",
    type=click.IntRange(1, 3600),
    default=90,
    help="With --canary: how many seconds to wait for the probe to start; 90 by default.",
)
@json_option
@click.pass_obj
def command(as_json: bool, everything: bool, fix: bool, canary: bool, real: bool, seconds: int) -> Result:
    """Check everything, and say what is wrong and how to fix it.

    Looks at the installation, the home, the tasks, claude, the spool, the clock and the scheduler. It also drops a request
    of its own, which does nothing, and sees whether it runs: in a small home of its own, so that your queue, log and
    figures stay as they are. Nothing else is changed or started, and nothing is spent. docs/doctor.md tells what each
    check looks at.

    --fix applies those fixes that cannot lose a request: permissions, missing folders, leftovers, a run that its exec
    has left behind, an installation that differs from what the tasks need. All others are left to you.

    --canary has the scheduler itself start a probe, as it would start a run, and tells what that sees: environment,
    folders, claude. --real adds one small answer of claude, which shows whether its login works there.

    The exit code is 4 when there is a problem, 0 otherwise; notes are no problems.

    \b
    Examples:
      clodputer doctor
      clodputer doctor --fix
      clodputer doctor --canary --real
    """
    if real and not canary:
        raise ClodputerError("usage", "--real belongs to --canary", "Add --canary.", ExitCode.USAGE)
    say = _nothing if as_json else click.echo
    return doctor(
        os.environ, everything, fix, say, Canary(real, float(seconds), not as_json) if canary else None
    )


def doctor(
    environ: Mapping[str, str],
    everything: bool,
    fix: bool,
    say: Callable[[str], Any],
    sent: Optional[Canary] = None,
) -> Result:
    """What is found, after the safe remedies when `fix` is asked for; `say` is told of each before it is done."""
    findings, fixed = examine(environ, time()), None
    if fix:
        fixed = _fix(environ, findings, say)
        if fixed:
            findings = examine(environ, time())
    if sent is not None:
        findings += canary(environ, sent.real, sent.seconds, say, sent.shown and ticks())
    return result(Diagnosis(tuple(findings), fixed), everything)


def result(diagnosis: Diagnosis, everything: bool) -> Result:
    """The diagnosis as the answer of the command, secrets masked."""
    masker = masker_now()
    findings = tuple(
        finding._replace(message=masker.text(finding.message), remedy=masker.text(finding.remedy))
        for finding in diagnosis.findings
    )
    diagnosis = diagnosis._replace(findings=findings)
    problems = diagnosis.problems()
    width = shutil.get_terminal_size((USUAL_WIDTH, 24)).columns if is_terminal(sys.stdout) else USUAL_WIDTH
    text = page(findings, width, everything, f"{called.name()} doctor --fix")
    errors = tuple(ClodputerError(each.check, each.message, each.remedy) for each in problems)
    return Result(diagnosis.to_json(), text, ExitCode.DOCTOR if problems else ExitCode.DONE, errors)


def _fix(
    environ: Mapping[str, str], findings: Sequence[Finding], say: Callable[[str], Any]
) -> tuple[Fixed, ...]:
    """Do what is safe; one remedy that fails does not stop the others."""
    home = locate(environ)
    fixes = dict.fromkeys(finding.fix for finding in findings if finding.fix and finding.level != OK)
    fixed = []
    for fix in fixes:
        say(f"{ink('fix', 'cyan')}      {printable(fix.words)}")
        try:
            came, well = perform(home, environ, fix), True
        except (OSError, ClodputerError) as error:
            came, well = f"failed: {error}", False
        say(f"         {printable(came)}")
        fixed.append(Fixed(fix, well, came))
    if fixes:
        say("")
    elif any(finding.level == PROBLEM for finding in findings):
        say("None of the problems can be fixed safely without you.\n")
    return tuple(fixed)


def _nothing(text: str) -> None:
    """Print nothing on the way: programs read the one object at the end."""
