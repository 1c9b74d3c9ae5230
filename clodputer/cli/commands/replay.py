"""`clodputer replay`: a recorded run, or a bundle of one, played again by a fake agent, and what today's rules say of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from json import loads
from shutil import rmtree
from tempfile import mkdtemp
from time import monotonic
from typing import Any, NamedTuple, Optional

import click

from clodputer import agents
from clodputer.archive import bundle
from clodputer.cli.commands.show import find
from clodputer.cli.completion import complete
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.runs import rejudge
from clodputer.model.task import Task
from clodputer.model.text.mask import Masker
from clodputer.model.text.plural import counted
from clodputer.runner.replay import judge, play
from clodputer.runner.replay.judge import Kept
from clodputer.runner.replay.play import COMPRESSED, ORIGINAL, Played
from clodputer.store.context import Context
from clodputer.store.home import Home, locate
from clodputer.store.records import runs
from clodputer.store.spool.find import RUN, handle
from clodputer.tasks import taskfile


class Options(NamedTuple):
    """How it is played. task: by whose keys it is judged; rules: only judged, without a process."""

    task: str = ""
    rules: bool = False
    timing: str = COMPRESSED


@click.command()
@click.argument("run", metavar="RUN|BUNDLE", shell_complete=complete.runs)
@click.option(
    "--task",
    metavar="TASK",
    default="",
    help="Judge it by the keys of this task.",
    shell_complete=complete.tasks,
)
@click.option("--rules", is_flag=True, help="Only fold and judge the stream, without a fake agent.")
@click.option(
    "--timing",
    type=click.Choice([COMPRESSED, ORIGINAL]),
    default=COMPRESSED,
    help="original keeps the pauses of the run; by default there are none.",
)
@json_option
def command(run: str, task: str, rules: bool, timing: str) -> Result:
    """Replay a recorded run, and judge it by today's rules.

    A fake agent prints what the recorded one printed and ends as it ended, watched and judged by the code that runs every
    agent. No claude is started, there is no network, and nothing is recorded. BUNDLE is a file that `clodputer bundle` made,
    here or on another machine; no home is needed for it.

    \b
    Examples:
      clodputer replay nightly
      clodputer replay 3f9a2c1b --timing original
      clodputer replay bundle-20261128T030000.tar.gz --rules
    """
    return replay(os.environ, run, Options(task, rules, timing))


def replay(environ: Mapping[str, str], run: str, options: Options) -> Result:
    """Play it. Raises ClodputerError, OSError."""
    is_bundle = os.path.isfile(run)
    with _bundled(environ, run, options) if is_bundle else _of_home(environ, run, options) as (context, kept):
        if not os.path.isfile(f"{kept.folder}/stdout"):
            raise ClodputerError(
                "no_stream", "the stream of this run is gone, or it had none", "Nothing was played."
            )
        began = monotonic()
        if options.rules:
            report = judge.report(kept)
            now = rejudge.of_outcome(report.outcome)
            now = now._replace(message=context.masker.text(now.message))
            with open(f"{kept.folder}/stdout", "rb") as file:
                number = sum(1 for _ in file)
            seconds = monotonic() - began
            played = Played(
                rejudge.recorded(kept.record), now, number, seconds, report.num_turns, report.cost_usd
            )
        else:
            played = play.play(context, kept, options.timing)
    data: dict[str, Any] = {
        "run_id": str(kept.record.get("run_id") or ""),
        "task": kept.rules.name,
        "agent": kept.rules.agent,
        "bundle": is_bundle,
        "left_alone": rejudge.left_alone(kept.record) or None,
        **played.to_json(),
    }
    return Result(data, _text(data))


def _text(data: Mapping[str, Any]) -> str:
    was, now = data["was"], data["now"]
    lines = [
        f"{data['run_id']}: {counted(data['lines'], 'line')} in {data['seconds']:.1f} s, by the keys of {data['task']}",
        f"  was  {was['outcome']} ({was['reason']})",
        hung(f"  now  {now['outcome']} ({now['reason']}) {one_line(printable(now['message']), 300)}", 7),
    ]
    if data["left_alone"]:
        lines.append(hung(f"  More than the stream decided then: {data['left_alone']}.", 2))
    elif not data["changed"]:
        lines.append("  Today's rules say the same.")
    return "\n".join(lines)


@contextmanager
def _of_home(environ: Mapping[str, str], run: str, options: Options) -> Iterator[tuple[Context, Kept]]:
    context = look(environ)
    found = find(context.home, run)
    record = runs.record(context.home, found.task, found.run_id) if found.state == RUN else None
    if record is None:
        raise ClodputerError(
            "no_record", f"{handle(found)} has no record", "Only a run that has ended can be replayed."
        )
    name = options.task or found.task
    if options.task:
        taskfile.load(context.home, options.task, environ)
    rules = judge.rules(context, name, str(record.get("agent")))
    yield context, Kept(runs.folder(context.home, found.task, found.run_id), record, rules)


@contextmanager
def _bundled(environ: Mapping[str, str], path: str, options: Options) -> Iterator[tuple[Context, Kept]]:
    files = bundle.read(path)
    record = _record(files.get("record.json", b""))
    home = locate(environ)
    context = Context(home, environ, Settings(), {}, Masker())
    agent = str(record.get("agent"))
    rules: Optional[Task] = taskfile.load(home, options.task, environ) if options.task else None
    if rules is None and "task.yaml" in files:
        rules, _ = taskfile.check_content(
            Home(f"{home.root}/none"),
            f"{home.root}/none/tasks/bundled.yaml",
            files["task.yaml"],
            environ,
        )
    rules = rules or Task("bundled", "", agent=agent if agent in agents.KINDS else "command")
    folder = mkdtemp(prefix="clodputer-bundle-")
    try:
        for name in ("stdout", "stderr"):
            if name in files:
                with open(f"{folder}/{name}", "wb") as file:
                    file.write(files[name])
        yield context, Kept(folder, record, rules)
    finally:
        rmtree(folder, ignore_errors=True)


def _record(content: bytes) -> dict[str, Any]:
    try:
        record = loads(content)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise ClodputerError(
            "bundle_invalid", "this bundle has no record", "Make one with: clodputer bundle RUN"
        )
    return record
