"""`clodputer verify-records`: whether the records of runs are what they were when they were written."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Optional

import click

from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.plural import counted
from clodputer.views.runs import sealed

# More lines nobody reads; --json has all.
MOST = 30


@click.command()
@click.option("--day", metavar="DAY", help="Only this day, such as 2026-11-28 (UTC).")
@json_option
def command(day: Optional[str]) -> Result:
    """Check that no record was changed since it was written.

    When a record is written, its hash goes into a chain, a file for each day. What was changed, is gone, or does not fit
    together is named, with its line. The head of a day is worth keeping elsewhere: whoever can write to the home
    could rewrite the whole chain, but not with the same head.

    \b
    Examples:
      clodputer verify-records
      clodputer verify-records --day 2026-11-28
    """
    return verify(os.environ, day)


def verify(environ: Mapping[str, str], day: Optional[str]) -> Result:
    """What was found. Raises ClodputerError ("usage"), OSError."""
    if day is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII):
        raise ClodputerError("usage", f"--day: no day: {day[:40]!r}", "Such as 2026-11-28.", ExitCode.USAGE)
    found = sealed.verify(look(environ).home, day)
    lines = []
    for one in found.days:
        word = ink("sound", "green") if one.sound else ink("damaged", "red")
        lines.append(f"{one.day}  {word}  {counted(one.number, 'seal')}  head {one.head or '-'}")
        faults = (*one.faults, *one.wrong)
        lines += [hung(f"    {printable(fault.message)}", 6) for fault in faults[:MOST]]
        if len(faults) > MOST:
            lines.append(f"    and {len(faults) - MOST} more; all of them: --json")
    lines += [f"{one}  tidied away  head {head}" for one, head in found.tidied if day in (None, one)]
    if found.unsealed:
        listed = ", ".join(printable(name) for name in found.unsealed[:5])
        lines.append(hung(f"{counted(len(found.unsealed), 'record')} without a seal: {listed}"))
    if found.older:
        lines.append(f"{counted(found.older, 'record')} older than the first seal")
    if not lines:
        lines.append("No run has ended here yet." if day is None else f"Nothing was sealed on {day}.")
    return Result(found.to_json(), "\n".join(lines), ExitCode.DONE if found.sound else ExitCode.EXPECTED)
