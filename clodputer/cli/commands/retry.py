"""`clodputer retry`: drop a request again that failed, was lost or was set aside."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.runner.requests import cancel, retry
from clodputer.runner.requests.retry import Ended, Retried
from clodputer.store.context import Context, look


@click.command()
@click.argument("run", metavar="[RUN|REQUEST|TASK]", default="", shell_complete=complete.run_ids)
@click.option("--all-dead", is_flag=True, help="Retry all that lies in spool/dead/.")
@persons.of_person("retry")
@json_option
def command(run: str, all_dead: bool) -> Result:
    """Run a request again that failed, was lost or could not be run.

    RUN is a run's id, REQUEST that of its request, or the beginning or the end of one that fits no other; a TASK stands for
    its latest run. The request is dropped once more, as a new one whose origin names the one it retries, and the next exec
    runs it. One that lay in spool/dead/ is closed by that. Called twice, it is still dropped once; retry the new one instead.

    A file in spool/rejected/, by its name, is put back into spool/new/ as it is, when what was wrong is fixed.

    \b
    Examples:
      clodputer retry nightly
      clodputer retry 3f9a2c1b
      clodputer retry rejected/report.json
      clodputer retry --all-dead
    """
    if bool(run) == all_dead:
        raise ClodputerError(
            "usage",
            "retry takes one run, request or task, or --all-dead",
            "See what was given up with: clodputer queue --dead",
            ExitCode.USAGE,
        )
    return _all_dead(os.environ) if all_dead else _one(os.environ, run)


def _one(environ: Mapping[str, str], wanted: str) -> Result:
    context = look(environ)
    found = retry.find(context, wanted)
    if found is None:
        raise _unknown(context, wanted)
    if found.folder != context.home.rejected:
        _refuse_unfinished(context, found)
    return _result([retry.retry(context, found)], [])


def _all_dead(environ: Mapping[str, str]) -> Result:
    context = look(environ)
    done, errors = [], []
    for one in retry.dead(context):
        try:
            done.append(retry.retry(context, one))
        except ClodputerError as error:
            errors.append(ClodputerError(error.code, f"{one.name}: {error.message}", error.hint))
    return _result(done, errors)


def _result(done: list[Retried], errors: list[ClodputerError]) -> Result:
    lines = [_line(one) for one in done]
    lines += [f"{ink('not retried:', 'red')} {printable(str(error))}" for error in errors]
    data = {"retried": [each.to_json() for each in done]}
    code = ExitCode.EXPECTED if errors else ExitCode.DONE
    return Result(data, "\n".join(lines) or "Nothing was given up.", code, tuple(errors))


def _line(one: Retried) -> str:
    who = f"{ink(printable(one.task), 'bold')} {printable(one.retries)}".strip()
    if one.file:
        return f"{who or 'The file'} put back as {printable(one.file)}; the next exec takes it in"
    if one.already:
        return f"{who} was already retried, as request {one.request_id}; to run it once more, retry that one"
    return f"{who} dropped again as request {one.request_id}; the next exec runs it"


def _refuse_unfinished(context: Context, ended: Ended) -> None:
    """Raise ClodputerError when the request still waits or runs."""
    state = retry.unfinished(context, ended)
    if state is not None:
        raise ClodputerError(
            "not_ended",
            f"request {ended.request_id} has not ended: it is {state}",
            "See it with: clodputer queue",
        )


def _unknown(context: Context, wanted: str) -> ClodputerError:
    waits = cancel.find(context, wanted)
    if waits:
        return ClodputerError(
            "not_ended",
            f"request {waits.id or waits.name} has not ended: it is {waits.state}",
            "See it with: clodputer queue",
        )
    message = f"no run and no request that has ended fits {wanted[:80]!r}"
    return ClodputerError(
        "request_unknown",
        message,
        "See the last runs: clodputer status. See what was set aside: clodputer queue --dead, "
        "clodputer queue --rejected",
    )
