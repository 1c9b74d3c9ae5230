"""`clodputer show`: one run, from its record, its prompt and its files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Optional

import click

from clodputer.cli import complete, recordtext
from clodputer.cli.group import json_option
from clodputer.cli.ink import ink
from clodputer.cli.printable import printable
from clodputer.cli.result import Result
from clodputer.model.errors import ClodputerError
from clodputer.model.suggest import did_you_mean
from clodputer.runner.surroundings import Surroundings
from clodputer.store.home import Home

MOST_SHOWN = 8


class Found(NamedTuple):
    """A run by its task and id."""

    task: str
    run_id: str


@click.command()
@click.argument("run", metavar="RUN|TASK", shell_complete=complete.runs)
@json_option
def command(run: str) -> Result:
    """Show a run: its outcome, its prompt and its files.

    RUN is a run id, or the beginning or the end of one that fits no other run. The name of a TASK stands for its
    latest run.

    \b
    Examples:
      clodputer show nightly
      clodputer show 3f9a2c1b
      clodputer show nightly --json
    """
    return show(os.environ, run)


def show(environ: Mapping[str, str], wanted: str) -> Result:
    """Look a run up and lay it out. Raises ClodputerError when nothing, or more than one thing, fits."""
    from clodputer.runner.surroundings import look
    from clodputer.store import runs

    around = look(environ)
    found = find(around.home, wanted)
    folder = runs.folder(around.home, found.task, found.run_id)
    record = around.masker.data(runs.record(around.home, found.task, found.run_id))
    prompt = _prompt(around, folder)
    files = recordtext.files(folder)
    data = {
        "task": found.task,
        "run_id": found.run_id,
        "folder": folder,
        "record": record,
        "prompt": prompt,
        "files": [{"name": name, "bytes": size} for name, size in files],
    }
    parts = [recordtext.summary(record, folder) if record else _unfinished(found, folder)]
    not_run = _not_run(around.home, found.task) if wanted == found.task else []
    if not_run:
        parts.append(ink("Not run", "bold") + "\n" + "\n".join(f"  {line}" for line in not_run))
    if prompt:
        parts.append(
            ink("Prompt", "bold") + "\n" + _indented(recordtext.shortened(prompt, f"{folder}/prompt.txt"))
        )
    listing = "\n".join(f"{size:>12,}  {printable(name)}" for name, size in files)
    parts.append(ink("Files", "bold") + f" in {printable(folder)}\n{listing}")
    return Result(data, "\n\n".join(parts))


def find(home: Home, wanted: str) -> Found:
    """The run that is wanted. Raises ClodputerError ("run_unknown", "run_ambiguous", "no_runs")."""
    from clodputer.store import runs, taskfile

    tasks = runs.tasks(home)
    if wanted in tasks and runs.ids(home, wanted):
        return Found(wanted, runs.ids(home, wanted)[0])
    everything = [Found(task, run_id) for task in tasks for run_id in runs.ids(home, task)]
    fitting = [
        run for run in everything if wanted and (run.run_id.startswith(wanted) or run.run_id.endswith(wanted))
    ]
    exact = [run for run in fitting if run.run_id == wanted or runs.request_of(run.run_id) == wanted]
    if exact or len(fitting) == 1:
        # A request's own id stands for its latest attempt.
        return (exact or fitting)[0]
    if fitting:
        message = f"{len(fitting)} runs fit {wanted!r}: {_listed(run.run_id for run in fitting)}"
        raise ClodputerError("run_ambiguous", message, "Write more of the one you mean.")
    known = taskfile.names(home)
    if wanted in known or wanted in tasks:
        raise ClodputerError(
            "no_runs",
            f"task {wanted} has not run yet",
            f"Run it with: clodputer run {wanted}, or ask what it waits for: clodputer why {wanted}",
        )
    near = did_you_mean(wanted, {*known, *tasks})
    raise ClodputerError("run_unknown", f"no run and no task fits {wanted[:80]!r}{near}", _hint(everything))


def _not_run(home: Home, task: str) -> list[str]:
    """The slot times of a task that led to no run of their own, and why."""
    from clodputer.cli import slottext
    from clodputer.store import ledger

    return slottext.fates(fate for entry in ledger.entries(home, task).values() for fate in entry.fates)


def _hint(everything: list[Found]) -> str:
    if not everything:
        return "Nothing has run in this home yet."
    latest = sorted(everything, key=lambda run: run.run_id, reverse=True)
    return f"The latest runs are {_listed(f'{run.run_id} ({run.task})' for run in latest[:3])}."


def _listed(words: Iterable[str]) -> str:
    words = list(words)
    return ", ".join(words[:MOST_SHOWN]) + (", ..." if words[MOST_SHOWN:] else "")


def _prompt(around: Surroundings, folder: str) -> Optional[str]:
    try:
        with open(f"{folder}/prompt.txt", encoding="utf-8", errors="replace") as file:
            return around.masker.text(file.read())
    except FileNotFoundError:
        return None


def _unfinished(found: Found, folder: str) -> str:
    from clodputer.store import runs

    process: dict[str, Any] = runs.read_json(f"{folder}/process.json") or {}
    state = "has no record yet: it is being run, or its exec died and the next one will tell"
    lines = [f"{ink(found.task, 'bold')} {ink(found.run_id, 'dim')} {state}"]
    for label, key in (("started", "started_at"), ("process", "pid")):
        if process.get(key) is not None:
            lines.append(recordtext.field(label, printable(str(process[key]))))
    return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
