"""What `clodputer approve` and `clodputer deny` have in common."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from time import time

import click

from clodputer.cli.failure import explain
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.gates.approval import APPROVED
from clodputer.model.gates.approvaltoken import LONGEST
from clodputer.runner.detached import DetachedDrain
from clodputer.runner.publish import decide as publications
from clodputer.runner.requests import approve
from clodputer.runner.requests.approve import Decided

token_option = click.option(
    "--token",
    metavar="TOKEN",
    default="",
    help="The token of a link, in place of REQUEST; - reads it from stdin.",
)


def decide(environ: Mapping[str, str], wanted: str, wish: str, note: str, token: str) -> Result:
    """Decide, and have what was approved run in the background. Raises ClodputerError, OSError."""
    if bool(wanted) == bool(token):
        raise ClodputerError(
            "usage",
            "give the id of a request, or --token TOKEN",
            "See what waits with: clodputer inbox",
            ExitCode.USAGE,
        )
    context = look(environ)
    published = None
    if token:
        text = sys.stdin.read(LONGEST) if token == "-" else token  # noqa: S105  (a name for stdin)
        done = approve.decide_by_token(context, text, wish, note, time())
    else:
        published = publications.decide(context, wanted, wish, note, time())
        done = published or approve.decide(context, wanted, wish, note, time())
    starts = done.decision == APPROVED and not done.already and not context.problems
    if starts:
        DetachedDrain(context, explain).leave(0.0)
    data = {**done.to_json(), "started": starts}
    text = _of_publication(done) if published else _line(done, starts=starts)
    return Result(context.masker.data(data), context.masker.text(text))


def _of_publication(done: Decided) -> str:
    """What became of what a run would publish."""
    who = f"{ink(printable(done.task), 'bold')} {done.request_id}".strip()
    if done.already:
        return f"{who} was {done.decision} before"
    if done.decision == APPROVED:
        return f"{who} {ink('approved', 'green')}: it is sent now. See: clodputer show {done.request_id}"
    return f"{who} {ink('denied', 'yellow')}: nothing of it is sent. See: clodputer show {done.request_id}"


def _line(done: Decided, *, starts: bool) -> str:
    who = f"{ink(printable(done.task), 'bold')} {done.request_id}".strip()
    if done.already:
        return f"{who} was {done.decision} before"
    if done.decision == APPROVED:
        begins = "it runs when its turn comes" if starts else "nothing runs until the warning above is fixed"
        return f"{who} {ink('approved', 'green')}: {begins}. See: clodputer why {done.task}"
    kept = f"; kept as {printable(done.kept)}" if done.kept else "; the exec that has it closes it"
    return f"{who} {ink('denied', 'yellow')}{kept}. To ask again: clodputer retry {done.request_id}"
