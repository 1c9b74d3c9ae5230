"""`clodputer import SOURCE`: what other programs' schedules hold made into tasks, with a word for each line of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from time import time
from typing import Any, NamedTuple

from clodputer.archive.imports.making import KNOWN
from clodputer.archive.imports.values import LEFT, TASK, UNSAID, Facts
from clodputer.archive.tasks import gathering, importing
from clodputer.archive.tasks.importing import Made
from clodputer.cli import called
from clodputer.cli.result import Result
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.plural import counted
from clodputer.schedulers import originals, place
from clodputer.schedulers.cron import table
from clodputer.schedulers.originals import Off, Original
from clodputer.store.context import Context
from clodputer.store.files import owner
from clodputer.store.files.tilde import expand

HOW = {"crontab": "crontab -e", "launchd": "launchctl", "systemd": "systemctl --user"}


class Options(NamedTuple):
    """How a source is to be imported."""

    source: str
    where: str = ""
    dry_run: bool = False
    enable: bool = False
    disable_originals: bool = False


def take_over(environ: Mapping[str, str], options: Options) -> Result:
    """Import a source. Raises ClodputerError when nothing can be read or made, OSError."""
    context, now = look(environ), time()
    if options.disable_originals:
        _check(options)
    account = expand("~", environ)
    facts = Facts(account, owner.name(os.geteuid()), account)
    content = b""
    if options.where == gathering.STDIN:
        content = sys.stdin.buffer.read(gathering.LARGEST) if sys.stdin is not None else b""
    elif options.source == "crontab" and not options.where:
        content = table.read(place.look(context.home, environ, sys.platform).frame) or b""
    entries = gathering.gather(options.source, options.where, facts, content)
    made = importing.make(
        context, environ, options.source, entries, now, enable=options.enable, dry_run=options.dry_run
    )
    off = [] if not options.disable_originals else _switch_off(context, environ, options, made, now)
    if not options.dry_run and any(one.fate == TASK for one in made):
        context.log(
            now, "imported", source=options.source, tasks=[one.draft.name for one in made if one.fate == TASK]
        )
    return _result(context, options, made, off)


def _check(options: Options) -> None:
    if options.source not in HOW:
        raise ClodputerError(
            "usage",
            f"--disable-originals: nothing of {options.source} is switched off by Clodputer",
            "Switch it off yourself, after you have looked at the tasks.",
            ExitCode.USAGE,
        )
    if options.where == gathering.STDIN or (options.source == "crontab" and options.where):
        raise ClodputerError(
            "usage",
            "--disable-originals goes with what is in force, not with a file",
            "Leave FILE out.",
            ExitCode.USAGE,
        )


def _switch_off(
    context: Context, environ: Mapping[str, str], options: Options, made: list[Made], now: float
) -> list[Off]:
    """Switch off what became tasks as a whole."""
    groups: dict[tuple[str, int], list[Made]] = {}
    for one in made:
        groups.setdefault((one.draft.entry.original, one.draft.entry.line), []).append(one)
    wanted, off = [], []
    for (name, line), group in groups.items():
        if not any(one.fate in (TASK, KNOWN) for one in group):
            continue
        tasks = tuple(dict.fromkeys(one.draft.name for one in group if one.fate in (TASK, KNOWN)))
        original = Original(name, tasks, group[0].draft.entry.where, line)
        if any(one.fate == UNSAID for one in group):
            off.append(Off(original, "some of what it calls is no task"))
        elif any(one.draft.entry.call.beside for one in group):
            off.append(Off(original, "it runs other programs as well, which no task would run"))
        else:
            wanted.append(original)
    if options.dry_run or not wanted:
        return [*off, *(Off(original, "this is a dry run") for original in wanted)]
    frame = place.look(context.home, environ, sys.platform).frame
    return [*off, *originals.switch_off(options.source, frame, wanted, now)]


def _result(context: Context, options: Options, made: list[Made], off: list[Off]) -> Result:
    counts = {fate: sum(one.fate == fate for one in made) for fate in (TASK, KNOWN, UNSAID, LEFT)}
    data: dict[str, Any] = {
        "source": options.source,
        "dry_run": options.dry_run,
        "made": counts[TASK],
        "known": counts[KNOWN],
        "unsaid": counts[UNSAID],
        "left": counts[LEFT],
        "entries": [context.masker.data(one.to_json()) for one in made],
        "originals": [
            {
                "name": context.masker.text(_shown(one.original)),
                "tasks": list(one.original.tasks),
                "off": not one.problem,
                "problem": one.problem or None,
            }
            for one in off
        ],
    }
    lines: list[str] = []
    for one in data["entries"]:
        lines += _entry(one, dry_run=options.dry_run)
    if counts[LEFT]:
        lines.append(
            f"{counted(counts[LEFT], 'other entry', 'other entries')} left alone: no call of claude -p"
        )
    lines += _originals(data["originals"], options)
    if not made:
        lines.append(f"It is empty: {printable(options.where or options.source)}")
    tasks = [one["task"] for one in data["entries"] if one["fate"] == TASK]
    steps = []
    if tasks and options.dry_run:
        steps.append((f"import {options.source}", "make these tasks"))
    elif tasks:
        steps = [
            (f"run {tasks[0]} --dry-run", "see what would be started"),
            (f"try {tasks[0]}", "try it once, and keep what it has"),
        ]
        steps += (
            [] if options.enable else [(f"enable {' '.join(tasks[:5])}", "let them run: they are disabled")]
        )
    return Result(data, "\n".join([*lines, *(called.next_steps(*steps) if steps else ())]))


def _shown(original: Original) -> str:
    return f"line {original.line}" if original.line else original.name


def _entry(one: Mapping[str, Any], *, dry_run: bool) -> list[str]:
    """What became of an entry, in lines."""
    where, fate = one["where"], one["fate"]
    if fate == LEFT:
        return []
    text = f"  {one_line(one['text'], 100)}" if one["text"] else ""
    if fate == KNOWN:
        return [f"{printable(where)}: there is its task already: {one['task']}"]
    if fate == UNSAID:
        head = f"{ink('no task', 'yellow')}  {printable(where)}: {printable(one['reason'] or '')}"
        return [hung(head, 9), *([text] if text else [])]
    verb = "would make" if dry_run else "made"
    lines = [f"{ink(verb, 'green')}  {one['task']}  from {printable(where)}"]
    lines += [text] if text else []
    lines += [hung(f"      could not be taken over: {printable(sentence)}", 8) for sentence in one["unsaid"]]
    lines += [hung(f"      {printable(sentence)}", 8) for sentence in one["notes"]]
    for name in one["secrets"]:
        lines.append(
            hung(
                f"      a secret was left out: write {name}=... into secrets.env, with the value of {printable(where)}",
                8,
            )
        )
    return lines


def _originals(off: list[dict[str, Any]], options: Options) -> list[str]:
    lines = []
    for one in off:
        name = printable(one["name"])
        if one["off"]:
            lines.append(f"{ink('switched off', 'green')}  {name}; to have it back: {_back(options.source)}")
        else:
            lines.append(hung(f"{ink('still on', 'yellow')}  {name}: {printable(one['problem'])}", 9))
    if any(one["off"] for one in off) and not options.enable:
        lines.append("Nothing runs in their place until you enable the tasks.")
    return lines


def _back(source: str) -> str:
    return originals.restorable(source).get("how", "")
