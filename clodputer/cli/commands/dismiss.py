"""`clodputer dismiss`: dismissed what was given up, rejected or parked, once a person is done with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Callable, Optional

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink, is_terminal
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.plural import counted
from clodputer.runner.requests import dismiss as dismissing
from clodputer.runner.requests.dismiss import Dismissed
from clodputer.store.spool.find import CLOSED, DEAD, PARKED, REJECTED, Found

# So many of them have a line of their own; of more the number is shown.
MOST_SHOWN = 20


@click.command()
@click.argument("wanted", metavar="[REQUEST|FILE]...", nargs=-1, shell_complete=complete.set_aside)
@click.option("--all-dead", is_flag=True, help="All requests that were given up (spool/dead/).")
@click.option("--all-rejected", is_flag=True, help="All files that were rejected (spool/rejected/).")
@click.option("--all-parked", is_flag=True, help="All requests that are parked (spool/parked/).")
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@json_option
@click.pass_obj
def command(
    as_json: bool,
    wanted: tuple[str, ...],
    *,
    all_dead: bool,
    all_rejected: bool,
    all_parked: bool,
    yes: bool,
) -> Result:
    """Dismiss requests that were given up, rejected or parked.

    REQUEST is an id from `clodputer queue --dead` or `--parked`, FILE a name from `clodputer queue --rejected`. It is counted
    no more, and nothing is deleted: it is moved to spool/closed/ with its reason; `clodputer retry` can drop it again. What
    waited for a parked item goes on; its failures so far still count, unlike after `clodputer unpark`.

    \b
    Examples:
      clodputer dismiss 3f9a2c1b
      clodputer dismiss rejected/report.json
      clodputer dismiss --all-dead --yes
    """
    flags = ((DEAD, all_dead), (REJECTED, all_rejected), (PARKED, all_parked))
    places = [place for place, asked in flags if asked]
    if bool(wanted) == bool(places):
        raise ClodputerError(
            "usage",
            "dismiss takes requests and files, or --all-dead, --all-rejected and --all-parked",
            "See what there is with: clodputer queue --dead, --rejected or --parked",
            ExitCode.USAGE,
        )
    if wanted:
        return named(os.environ, wanted)
    return everything(os.environ, places, None if yes else _asking(as_json))


def _asking(as_json: bool) -> Callable[[str], bool]:
    def ask(question: str) -> bool:
        if as_json or not is_terminal(sys.stdin):
            raise ClodputerError(
                "usage",
                "there is no terminal here in which to ask whether to go on",
                "Add --yes.",
                ExitCode.USAGE,
            )
        return bool(click.confirm(question, default=False))

    return ask


def named(environ: Mapping[str, str], wanted: Sequence[str]) -> Result:
    """Put away what is named, each in turn; one that cannot be found does not keep the others. Raises OSError."""
    context = look(environ)
    done, errors = [], []
    for each in wanted:
        try:
            done.append(dismissing.dismiss(context, dismissing.find(context, each)))
        except ClodputerError as error:
            errors.append(error)
    return _result(done, errors)


def everything(
    environ: Mapping[str, str], places: Sequence[str], ask: Optional[Callable[[str], bool]]
) -> Result:
    """Put away all that lies in these places, after `ask` agreed. Raises ClodputerError, OSError."""
    context = look(environ)
    found: list[Found] = [each for place in places for each in dismissing.every(context, place)]
    if not found:
        return Result({"dismissed": []}, "There is nothing to dismiss.")
    number = counted(len(found), "file")
    if ask is not None and not ask(
        f"Put away {number} from {' and '.join(f'spool/{place}' for place in places)}?"
    ):
        return Result({"dismissed": []}, "Nothing was dismissed.")
    done, errors = [], []
    for each in found:
        try:
            done.append(dismissing.dismiss(context, each))
        except ClodputerError as error:
            errors.append(error)
    return _result(done, errors)


def _result(done: Sequence[Dismissed], errors: Sequence[ClodputerError]) -> Result:
    lines = [_line(each) for each in done[:MOST_SHOWN]]
    if done[MOST_SHOWN:]:
        lines.append(f"and {len(done) - MOST_SHOWN} more; see: clodputer queue --closed")
    lines += [f"{ink('not dismissed:', 'red')} {printable(str(error))}" for error in errors]
    data = {"dismissed": [each.to_json() for each in done]}
    code = ExitCode.EXPECTED if errors else ExitCode.DONE
    return Result(data, "\n".join(lines), code, tuple(errors))


def _line(one: Dismissed) -> str:
    who = f"{ink(printable(one.task), 'bold')} {one.request_id}".strip()
    if one.place == CLOSED:
        return f"{who} was put away before; it is {printable(one.kept)}"
    return f"{who} dismissed; kept as {printable(one.kept)}"
