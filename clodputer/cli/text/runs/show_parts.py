"""The parts of a run as `show` lays them out: its record, its prompt, its conversation, its files."""

from __future__ import annotations

from typing import Optional

from clodputer.cli.terminal import when
from clodputer.cli.terminal.fields import wrapped_field
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung, typed, wrapped
from clodputer.cli.text.runs import conversation, run_record
from clodputer.cli.text.setup import fates
from clodputer.model.text.moment import format_duration, parse_moment
from clodputer.runner.place import withsecrets
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.views.runs.debugging import CLAUDE
from clodputer.views.runs.run import ABANDONED, INTERRUPTED, LOST, RUNNING, Run, Unfinished
from clodputer.views.schedule.fates import of_task

# Of the conversation, without --conversation: enough to see how it came to its end.
LAST_SAID = 12
EARLIER = 3

_STATES = {
    RUNNING: ("is being run now", ""),
    ABANDONED: ("was being run, but its exec died", "The next exec settles it: clodputer exec"),
    INTERRUPTED: (
        "has no record yet, and its agent has ended",
        "It is being settled at this moment, or its exec died; then the next exec settles it.",
    ),
    LOST: (
        "has no record, and no process is working on it",
        "Its request is in no slot; see what became of it: clodputer logs",
    ),
}


def head(run: Run, now: float) -> str:
    """The first lines: what its record says, or how far it is."""
    if run.record is not None:
        record = run_record.corrected(run.record, run.correction)
        return run_record.summary(record, run.folder, tree_gone=run.tree_gone)
    progress = run.unfinished or Unfinished(LOST, None, ())
    broken = ("has a record that cannot be read", run.record_problem)
    state, remark = broken if run.record_problem else _STATES[progress.state]
    fields = [
        ("remark", remark),
        ("started", _started(progress.started_at, now)),
        ("processes", ", ".join(map(str, progress.pids))),
    ]
    line = hung(f"{ink(run.task, 'bold')} {ink(run.run_id, 'dim')} {ink(state, 'yellow')}")
    return "\n".join([line, *(wrapped_field(label, printable(text)) for label, text in fields if text)])


def _started(moment: Optional[str], now: float) -> str:
    """When its agent was started, in local time, and how long ago."""
    try:
        epoch = parse_moment(moment or "", now)
    except ValueError:
        return ""
    return f"{zone.wall(int(epoch))}, {when.ago(epoch, now)}"


def prompt_text(run: Run) -> str:
    """The prompt's first lines; empty when there is none."""
    if not run.prompt:
        return ""
    return _headed("Prompt", "", run_record.shortened(run.prompt, f"{run.folder}/prompt.txt"))


def conversation_text(context: Context, run: Run) -> str:
    """The end of the conversation; empty when nothing was said."""
    try:
        said, more = conversation.last_said(run.folder, LAST_SAID, withsecrets.hiding(context, run.folder))
    except FileNotFoundError:
        return ""
    if not said and not more:
        return ""
    remark = f" (its end; all of it: clodputer show {run.run_id} --conversation)" if more else ""
    return _headed("Conversation", remark, "\n".join(map(conversation.entry, said)))


def files_text(run: Run) -> str:
    """The files of the run with their sizes."""
    listing = "\n".join(f"{size:>12,}  {printable(name)}" for name, size in run.files)
    return hung(f"{ink('Files', 'bold')} in {printable(run.folder)}") + f"\n{listing}"


def debug_text(run: Run) -> str:
    """How Claude is asked why it failed."""
    command = typed(["clodputer show", run.run_id, "--debug-prompt |", *CLAUDE], margin=2)
    return f"{ink('Ask Claude why', 'bold')}\n  " + command.replace("\n", "\n  ")


def not_run_text(home: Home, task: str) -> str:
    """The slot times of a task that led to no run of their own, and why."""
    lines = fates.lines(of_task(home, task))
    return _headed("Not run", "", wrapped("\n".join(lines), 2)) if lines else ""


def earlier_text(home: Home, task: str) -> str:
    """The runs of a task before its latest one, in a line each, and how many more there are."""
    ids = runs.ids(home, task)[1:]
    if not ids:
        return ""
    lines = [wrapped(f"{run_id}  {_ended(home, task, run_id)}", 2) for run_id in ids[:EARLIER]]
    if ids[EARLIER:]:
        lines.append(ink(wrapped(f"and {len(ids) - EARLIER} more in {home.runs}/{task}", 2), "dim"))
    return _headed("Earlier", f" (clodputer show {ids[0]})", "\n".join(lines))


def _ended(home: Home, task: str, run_id: str) -> str:
    record = runs.record(home, task, run_id)
    if record is None or not isinstance(record.get("duration_seconds"), (int, float)):
        return "has no record that can be read"
    return printable(f"{record.get('outcome')} after {format_duration(record['duration_seconds'])}")


def _headed(title: str, remark: str, text: str) -> str:
    indented = "\n".join(f"  {line}" for line in text.split("\n"))
    return hung(f"{ink(title, 'bold')}{ink(printable(remark), 'dim')}") + f"\n{indented}"
