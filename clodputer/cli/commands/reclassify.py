"""`clodputer reclassify`: how past runs ended by today's rules, and corrections where that is something else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from time import time
from typing import Optional

import click

from clodputer import __version__
from clodputer.cli.arguments.since import moment_since
from clodputer.cli.commands.show import find
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.runner.replay import judge
from clodputer.runner.replay.judge import Judged
from clodputer.store.context import Context
from clodputer.store.records import corrections, runs
from clodputer.store.spool.find import RUN, handle


@click.command()
@click.argument("wanted", metavar="[RUN...]", nargs=-1, shell_complete=complete.runs)
@click.option(
    "--since",
    metavar="WHEN",
    help="Without RUN, those begun since then: 7d (the default), yesterday, or a date.",
)
@click.option(
    "--write", is_flag=True, help="Keep changed verdicts as corrections; otherwise they are only shown."
)
@click.option("--dry-run", is_flag=True, help="Only show what would change, as without --write.")
@json_option
def command(wanted: tuple[str, ...], since: Optional[str], write: bool, dry_run: bool) -> Result:
    """Judge past runs by today's rules, from their kept streams.

    A newer Clodputer may read off a stream what an older one did not. Nothing is run and nothing that followed is undone. With
    --write, a verdict that has changed becomes a correction beside the record, which stays as it is; show, runs, stats and all
    that counts runs go by the correction.

    \b
    Examples:
      clodputer reclassify --since 30d
      clodputer reclassify 3f9a2c1b --write
    """
    return reclassify(os.environ, wanted, since, write=write and not dry_run, now=time())


def reclassify(
    environ: Mapping[str, str], wanted: Sequence[str], since: Optional[str], *, write: bool, now: float
) -> Result:
    """Judge them. Raises ClodputerError, OSError."""
    context = look(environ)
    judged = [judge.again(context, task, run_id) for task, run_id in _wanted(context, wanted, since, now)]
    for one in judged:
        if write and one.changed and one.now is not None and not _is_known(context, one):
            corrections.write(context.home, one.task, one.run_id, one.now.to_json(), __version__, now)
            context.log(
                now,
                "reclassified",
                task=one.task,
                request_id=runs.request_of(one.run_id),
                run_id=one.run_id,
                outcome=one.now.outcome,
                reason=one.now.reason,
                message=f"It was {one.was.outcome} ({one.was.reason}).",
            )
    changed = [one for one in judged if one.changed]
    data = {
        "looked_at": len(judged),
        "changed": len(changed),
        "left_alone": sum(one.now is None for one in judged),
        "written": write,
        "runs": [one.to_json() for one in judged if one.changed or one.now is None],
    }
    lines = [line for one in changed for line in _lines(one)]
    lines.append(
        f"{counted(len(judged), 'run')} looked at: {len(changed)} would be judged otherwise, "
        f"{data['left_alone']} left alone because more than the stream decided"
    )
    if changed:
        lines.append("Corrections are written." if write else "Nothing was written; to keep this: --write")
    return Result(data, "\n".join(lines))


def _wanted(
    context: Context, wanted: Sequence[str], since: Optional[str], now: float
) -> Iterator[tuple[str, str]]:
    for word in wanted:
        found = find(context.home, word)
        if found.state != RUN:
            raise ClodputerError("not_begun", f"{handle(found)} is not a run", "See: clodputer runs")
        yield found.task, found.run_id
    if wanted:
        return
    begun = moment_since(since or "7d", now)
    for task in runs.tasks(context.home):
        for run_id in runs.ids(context.home, task):
            if runs.is_id(run_id) and runs.moment_of(run_id) >= begun:
                yield task, run_id


def _is_known(context: Context, one: Judged) -> bool:
    before = corrections.read(context.home, one.task, one.run_id)
    return before is not None and one.now is not None and (before["outcome"], before["reason"]) == one.now[:2]


def _lines(one: Judged) -> Iterator[str]:
    if one.now is None:
        return
    yield f"{one.task} {one.run_id}"
    yield f"  was  {one.was.outcome} ({one.was.reason})"
    yield hung(f"  now  {one.now.outcome} ({one.now.reason}) {one_line(printable(one.now.message), 200)}", 7)
