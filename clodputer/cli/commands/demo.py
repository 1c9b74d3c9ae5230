"""`clodputer demo`: the main job at work in a throw-away home, shown while it happens."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, Optional

import click

from clodputer import agents
from clodputer.cli import called
from clodputer.cli.commands import demo_stage as stage
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.terminal.fields import field
from clodputer.cli.terminal.follow import follow
from clodputer.cli.terminal.ink import ink, shown
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.text.runs import run_record
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.outcome import SUCCEEDED, remedy
from clodputer.model.run import Said
from clodputer.store import homes
from clodputer.store.home import Home
from clodputer.store.records import runs

_STYLES = {"uses": "cyan", "gets": "dim", "fails": "red", "ends": "green", "retries": "yellow"}
_FILES = {
    "request.json": "what was asked for",
    "prompt.txt": "what the agent was asked",
    "stdout": "what it printed: the lines above",
    "stderr": "what it wrote to standard error",
    "process.json": "the process that ran",
    "record.json": "how it ended",
}

Say = Callable[[str], None]


class Ran(NamedTuple):
    """What the demo saw: the events as they came, the run, its record if it left one, and what exec complained of."""

    events: list[Said]
    run_id: str
    record: Optional[Mapping[str, Any]]
    complaint: str

    def to_json(self, kept: Optional[str], path: list[str]) -> dict[str, Any]:
        """With the home where it is kept, and the places the request went through. Its keys are a promise to programs."""
        events = [{"kind": said.kind, "text": said.text} for said in self.events]
        return {"home": kept, "events": events, "path": path, "record": self.record}


@click.command()
@click.option(
    "--claude", is_flag=True, help="Let the real claude do it; needs a login and spends a few tokens."
)
@click.option("--keep", is_flag=True, help="Keep the home of the demo and say where it is.")
@json_option
@click.pass_obj
def command(as_json: bool, claude: bool, keep: bool) -> Result:
    """Watch one request become a recorded run, in a temporary home.

    Writes a task, drops a request into the spool, starts `clodputer exec`, shows the run while it happens, and then the
    record that it left. Needs no account and no network: the agent is a small script, unless --claude is given.

    \b
    Examples:
      clodputer demo
      clodputer demo --claude
    """
    return demo(os.environ, _silent if as_json else _speak, claude=claude, keep=keep)


def demo(environ: Mapping[str, str], say: Say, *, claude: bool = False, keep: bool = False) -> Result:
    """Run the demo, saying what happens; it succeeds only when the record says so. Raises ClodputerError, OSError."""
    with stage.throw_away(keep) as root:
        home = Home(root)
        homes.make(home)
        say(f"{ink('Clodputer demo:', 'bold')} a file that is dropped becomes a run that is recorded.")
        say(_step(1, f"A temporary home, for this demo only: {printable(root)}"))
        text = stage.write_task(environ, home, claude)
        say(_step(2, f"A task, in tasks/{stage.TASK}.yaml:"))
        say(_quoted(text))
        text = stage.drop(home)
        say(_step(3, f"A request, written in spool/tmp and moved into spool/new/{stage.REQUEST}:"))
        say(_quoted(text))
        ran = _execute(environ, home, say)
        if ran.record is None:
            raise ClodputerError(
                "demo_failed", f"exec left no record. {ran.complaint}".strip(), f"Look at {root}."
            )
        way = stage.way(home)
        _tell_record(home, ran.record, ran.run_id, way, say)
    say("")
    say(f"The home of this demo is kept: {printable(root)}" if keep else _REMOVED)
    return _result(ran, ran.record, root if keep else None, way, claude)


_REMOVED = "This temporary home is now removed; --keep keeps it."


def _result(ran: Ran, record: Mapping[str, Any], kept: Optional[str], way: list[str], claude: bool) -> Result:
    data = ran.to_json(kept, way)
    if record["outcome"] == SUCCEEDED:
        return Result(data, _next_steps(claude))
    error = ClodputerError(record["reason"], record["message"], remedy(record["reason"], record["run_id"]))
    return Result(data, "", ExitCode.EXPECTED, (error,))


def _execute(environ: Mapping[str, str], home: Home, say: Say) -> Ran:
    events: list[Said] = []
    # The demo's agent is a small program that prints what claude would.
    describe = agents.load("claude").describe
    with tempfile.TemporaryFile() as complaints:
        execution = stage.start(environ, home, complaints)
        started = time.monotonic()
        try:
            say(
                _step(4, f"`clodputer exec`, started as process {execution.pid}, finds it there and runs it:")
            )
            for line in follow(home, stage.TASK, execution):
                for said in describe(line).said:
                    events.append(said)
                    say(_event(said, time.monotonic() - started))
        finally:
            stage.stop(execution)
        complaints.seek(0)
        complaint = complaints.read().decode("utf-8", "replace")
    run_id = next(iter(runs.ids(home, stage.TASK)), "")
    return Ran(events, run_id, runs.record(home, stage.TASK, run_id) if run_id else None, complaint)


def _event(said: Said, seconds: float) -> str:
    width = min(shutil.get_terminal_size().columns, 120) - 20
    text = one_line(said.text, max(width, 30))
    return f"     {ink(f'{seconds:4.1f}s', 'dim')}  {said.kind:<7}  {_styled(said.kind, text)}"


def _styled(kind: str, text: str) -> str:
    return ink(text, _STYLES[kind]) if kind in _STYLES else text


def _tell_record(home: Home, record: Mapping[str, Any], run_id: str, way: list[str], say: Say) -> None:
    folder = runs.folder(home, stage.TASK, run_id)
    say(_step(5, "It is over. What its record says:"))
    for line in run_record.summary(record, folder).split("\n")[:-1]:
        say(f"   {line}")
    say(_field("path", "\n-> ".join(way)))
    say(_step(6, f"Its files, in runs/{stage.TASK}/{run_id}/:"))
    order = list(_FILES)
    for name, size in sorted(
        runs.files(folder), key=lambda file: order.index(file[0]) if file[0] in order else -1
    ):
        say(f"     {name:<14}{size:>7,} bytes  {ink(_FILES.get(name, 'the file that was dropped'), 'dim')}")


def _field(label: str, text: str) -> str:
    return "   " + field(label, text).replace("\n", "\n   ")


def _next_steps(claude: bool) -> str:
    steps = [
        ("init", "make your own home, with a first task in it"),
        ("run hello", "let claude answer that task"),
    ]
    if not claude:
        steps.append(("demo --claude", "see this again, with the real claude"))
    return "\n".join(called.next_steps(*steps))


def _step(number: int, text: str) -> str:
    return f"\n{ink(f'{number}.', 'bold')} {text}"


def _quoted(text: str) -> str:
    return "\n".join(f"     {ink(printable(line), 'cyan')}" for line in text.rstrip("\n").split("\n"))


def _speak(text: str) -> None:
    sys.stdout.write(shown(text + "\n", sys.stdout, os.environ))
    sys.stdout.flush()


def _silent(text: str) -> None:
    del text
