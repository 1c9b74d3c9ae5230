"""`clodputer ask`: one question to Claude, without a task file; a request like any other, for the built-in task `ask`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from json import dumps
from time import time
from typing import Any, Callable, Optional

import click

from clodputer.cli.commands import run as runs
from clodputer.cli.commands.run_options import Wanted, read_text, usage
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.consent import confirm_option
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.request import Request
from clodputer.model.task import ASK
from clodputer.model.text.money import dollars
from clodputer.store import homes, settings
from clodputer.tasks import ask

# In US dollars, where neither the command line nor config.yaml says how much a question may cost.
MOST = 1.0


@click.command()
@click.argument("question", nargs=-1, metavar="QUESTION...")
@click.option(
    "--model", "-m", metavar="MODEL", help="The model; by default that of config.yaml, else the account's."
)
@click.option(
    "--max-cost",
    metavar="USD",
    help=f"The most it may cost; by default max_cost_usd of config.yaml, else {MOST:.2f}.",
)
@click.option(
    "--timeout",
    metavar="DURATION",
    help="How long it may take; by default the timeout of config.yaml, else an hour.",
)
@click.option(
    "--cwd",
    "-C",
    metavar="FOLDER",
    type=click.Path(),
    help="The folder it is about, in which Claude may read; by default the current one.",
)
@click.option("--follow", "-f", is_flag=True, help="Print the conversation as it happens.")
@click.option(
    "--no-wait", is_flag=True, help="Only drop the request and print its id; the next exec runs it."
)
@confirm_option
@json_option
@click.pass_obj
def command(
    as_json: bool,
    question: tuple[str, ...],
    model: Optional[str],
    max_cost: Optional[str],
    timeout: Optional[str],
    cwd: Optional[str],
    follow: bool,
    no_wait: bool,
    confirm: bool,
) -> Result:
    """Ask Claude one question, and print the answer.

    Needs no task file: it is a request for the built-in task `ask`, which may read files and search them, and change nothing.
    It has a lane of its own, a record, a cost and a conversation as every run has: clodputer show ask. With - as the last
    word, what stdin holds is put below the question.

    Exit code 0 when there is an answer; otherwise as with `clodputer run`.

    \b
    Examples:
      clodputer ask "What does this project do?"
      clodputer ask --model haiku --max-cost 0.10 "Which of these files are tests?"
      git diff | clodputer ask "Is anything wrong with this?" -
    """
    if follow and (as_json or no_wait):
        raise usage(f"--follow and {'--json' if as_json else '--no-wait'} exclude each other", _HINT)
    wanted = Wanted(_chosen(os.environ, model, max_cost, timeout, cwd), None, _question(question))
    _check(wanted)
    _agreed(os.environ, wanted, confirm)
    say = runs.teller(as_json)
    if no_wait:
        return runs.drop(os.environ, ASK, wanted, say, live=not as_json)
    made = runs.run(os.environ, ASK, wanted, say, follow=follow, live=not as_json)
    return made if follow else _answered(made, say)


_HINT = "Try: clodputer ask --help"


def _question(words: tuple[str, ...]) -> str:
    text = " ".join(words[:-1] if words[-1:] == ("-",) else words)
    if words[-1:] == ("-",):
        text = f"{text}\n\n{read_text('-', '-')}".lstrip("\n")
    if not text.strip():
        raise usage("a question is missing", 'For example: clodputer ask "What does this project do?"')
    return read_text("QUESTION", text)


def _chosen(
    environ: Mapping[str, str],
    model: Optional[str],
    max_cost: Optional[str],
    timeout: Optional[str],
    cwd: Optional[str],
) -> dict[str, Any]:
    folder = os.path.abspath(cwd or os.getcwd())
    if not os.path.isdir(folder):
        raise usage(f"--cwd: {folder} is not a folder", "Name one that is there.")
    chosen: dict[str, Any] = {"working_directory": folder}
    if model is not None:
        chosen["model"] = model
    if timeout is not None:
        chosen["timeout"] = timeout
    if max_cost is not None:
        try:
            chosen["max_cost_usd"] = float(max_cost.strip().lstrip("$"))
        except ValueError:
            raise usage(
                f"--max-cost: not an amount: {max_cost[:40]!r}", "In US dollars, such as 0.50."
            ) from None
    elif settings.load(homes.existing(environ), environ).max_cost_usd is None:
        chosen["max_cost_usd"] = MOST
    return chosen


def _agreed(environ: Mapping[str, str], wanted: Wanted, confirm: bool) -> None:
    """Refuse to an agent that a question costs more than one may that says nothing of it. Raises ClodputerError."""
    most = settings.load(homes.existing(environ), environ).max_cost_usd or MOST
    if wanted.context.get("max_cost_usd", most) > most:
        persons.require(environ, "--max-cost", f"unasked, a question may cost {dollars(most)}", confirm)


def _check(wanted: Wanted) -> None:
    """Raise ClodputerError (a usage error) when the task does not take what was chosen."""
    try:
        ask.fitted(ask.task(), Request("none", ASK, time(), wanted.context))
    except ClodputerError as error:
        raise usage(error.message.replace("context.", ""), _HINT) from None


def _answered(made: Result, say: Callable[[str], None]) -> Result:
    """The answer alone, which is what was asked for; without one, how the run ended."""
    record = made.data["record"]
    if record["outcome"] != SUCCEEDED:
        return made
    say(ink(" ".join(word for word in (record["run_id"], dollars(record["cost_usd"])) if word), "dim"))
    answer = record["result"]
    text = answer if isinstance(answer, str) else dumps(answer, indent=2)
    return made._replace(text=printable(text.rstrip("\n")))
