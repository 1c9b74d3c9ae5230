"""The trigger `findings`: when a tool that looks at code finds something that was not there before."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from clodputer.model.config.keys import (
    ARGUMENTS,
    CHOICE,
    COUNT,
    DURATION,
    FLAG,
    NEVER,
    PATH,
    PERCENT,
    TEXT,
    Key,
)
from clodputer.model.errors import ClodputerError
from clodputer.model.findings import judge
from clodputer.model.findings.finding import Limits
from clodputer.model.findings.formats import FORMATS, THRESHOLDS
from clodputer.model.numbers.digest import digest
from clodputer.model.schedules.ring import Every, Ring
from clodputer.model.task import Task, Trigger
from clodputer.model.text.filename import shown
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.model.triggers.decision import Decision, Facts, next_look
from clodputer.model.triggers.tool import Tool
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.store.files.tilde import expand
from clodputer.triggers.file_watch.path import filled_in
from clodputer.triggers.findings import report

EVERY, TIMEOUT = 3600.0, 600.0
MIN_COVERAGE, COMPLEXITY, AT_MOST = 80.0, 15, 5

KEYS = (
    Key(
        "format",
        CHOICE,
        None,
        "What the report is: of `ruff check --output-format json`, in SARIF 2.1, of `coverage json`, `lizard --csv` or "
        "`--xml`, `complexipy --output-format json`, `radon cc -j`, `pip-audit -f json`, or in JUnit's XML.",
        choices=tuple(FORMATS),
        required=True,
        example="ruff",
    ),
    Key(
        "command",
        ARGUMENTS,
        None,
        "The tool, which is run for the report; it prints it, or writes it to `file`. No shell reads it, and no template is "
        "filled in: what it needs comes by the task's `env`.",
        env=NEVER,
        absent="none: another program writes `file`",
        example=["ruff", "check", "--output-format", "json"],
    ),
    Key(
        "file",
        TEXT,
        "",
        "The file with the report, relative to `folder`.",
        env=NEVER,
        absent="what `command` prints",
        takes="path, relative to `folder` or absolute",
        example="build/junit.xml",
    ),
    Key(
        "folder",
        PATH,
        "",
        "The project: the tool is run there, and the paths in its report are relative to it.",
        absent="the task's `working_directory`",
        example="~/projects/shop",
    ),
    Key(
        "every",
        DURATION,
        EVERY,
        "How often the tool is run, or the file is looked at.",
        smallest=60.0,
        largest=86400.0,
        example="1d",
    ),
    Key(
        "timeout",
        DURATION,
        TIMEOUT,
        "How long the tool may take; after that it is ended, and its report does not count.",
        smallest=1.0,
        largest=7200.0,
        example="30m",
    ),
    Key(
        "baseline",
        FLAG,
        default=True,
        help="Whether what the first report holds is taken as known, so that only what comes later makes requests.",
        example=False,
    ),
    Key(
        "min_coverage",
        PERCENT,
        MIN_COVERAGE,
        "With `format: coverage`: a file of which less is covered is a finding.",
        smallest=0,
        largest=100,
        example="90%",
    ),
    Key(
        "complexity",
        COUNT,
        COMPLEXITY,
        "With `format: lizard`, `complexipy` or `radon`: a function that is more complex is a finding.",
        smallest=1,
        largest=1000,
        example=10,
    ),
    Key(
        "at_most",
        COUNT,
        AT_MOST,
        "The most requests at one look; the highest score comes first, and the others wait for the next look.",
        smallest=1,
        largest=report.MOST_CANDIDATES,
        example=1,
    ),
)
BRINGS: Mapping[str, tuple[str, ...]] = {
    "finding": (
        "rule",
        "message",
        "path",
        "line",
        "severity",
        "snippet",
        "tool",
        "score",
        "fingerprint",
        "why",
    )
}


def faults(options: Mapping[str, Any], task: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong between the keys that are written, here and in the task: (path, sentence) of each."""
    if not options.get("folder") and not task.get("working_directory"):
        yield (), "expected folder, where the project is, or a working_directory of the task"
    if not options.get("command") and not options.get("file"):
        yield (), "expected command, the tool that is run, or file, the report that another program writes"
    if "timeout" in options and not options.get("command"):
        yield ("timeout",), "has no effect without command"
    for name, formats in THRESHOLDS.items():
        if name in options and options.get("format") not in formats:
            yield (
                (name,),
                f"has no effect with format: {options.get('format')}; it is for {', '.join(formats)}",
            )


def mark(context: Context, task: Task, trigger: Trigger) -> str:
    """A name for what is looked at, and how: with anything else, a trigger starts again. Raises ClodputerError."""
    options = trigger.options
    parts = (
        *(str(options.get(name)) for name in ("format", "file", *THRESHOLDS)),
        _folder(context, task, trigger),
        *(options.get("command") or ()),
    )
    return digest("\0".join(parts).encode("utf-8", "surrogateescape"), 8)


def tool(context: Context, task: Task, trigger: Trigger, entry: Any, now: float) -> Optional[Tool]:
    """The tool that is to be run now, beside the runs, before the next look; None for none. Raises ClodputerError."""
    options = trigger.options
    at = judge.read(entry)["at"]
    if not options.get("command") or (at is not None and at <= now < next_look(at, _every(trigger))):
        return None
    return Tool(
        tuple(options["command"]),
        _folder(context, task, trigger),
        _timeout(trigger),
        report.LARGEST,
    )


def look(
    context: Context, task: Task, trigger: Trigger, entry: Optional[Mapping[str, Any]], now: float
) -> dict[str, Any]:
    """What the latest report holds, if there is a new one. Raises ClodputerError, OSError."""
    options, before = trigger.options, judge.read(entry)
    limits = Limits(
        float(options.get("min_coverage", MIN_COVERAGE)), int(options.get("complexity", COMPLEXITY))
    )
    wish = report.Wish(
        str(options["format"]),
        limits,
        _folder(context, task, trigger),
        expand(str(options.get("file") or ""), context.environ),
        _timeout(trigger),
        judge.records(before, baseline=bool(options.get("baseline", True))),
    )
    if options.get("command"):
        return report.of_tool(context.home, task.name, mark(context, task, trigger), wish, before)
    return report.of_file(wish, before, now)


def decide(trigger: Trigger, entry: Optional[Mapping[str, Any]], facts: Facts, now: float) -> Decision:
    """Which findings become requests."""
    options = trigger.options
    return judge.judge(
        entry,
        facts.seen,
        facts.trouble,
        baseline=bool(options.get("baseline", True)),
        at_most=int(options.get("at_most", AT_MOST)),
        replaces=facts.replaces,
        every=_every(trigger),
        now=now,
    )


def remembers(trigger: Trigger, entry: Optional[Mapping[str, Any]]) -> str:
    """How many findings are known, in which state; since when; and why the latest report does not count."""
    known = judge.read(entry)
    parts = []
    if known["since"] is None:
        there = "what the first report holds is taken as known"
        if not trigger.options.get("baseline", True) and not known["anew"]:
            there = "what the first report holds makes requests"
        parts.append(f"no report was read yet; {there}")
    else:
        number = judge.numbers(known)
        parts.append(
            f"{counted(number[judge.BASELINE], 'finding')} of the baseline of {zone.wall(known['since'])} still there"
        )
        if number[judge.OPEN]:
            parts.append(f"{number[judge.OPEN]} later ones reported and still there")
        if number[judge.WAITING]:
            parts.append(f"{number[judge.WAITING]} waiting for the next look")
        if number[judge.FIXED]:
            parts.append(f"{number[judge.FIXED]} fixed")
    if known["trouble"]:
        last = f", as that of {zone.wall(known['whole'])} did" if known["whole"] else ""
        parts.append(
            f"the look of {zone.wall(known['at'])} was {known['trouble']}; nothing counts as fixed or new "
            f"until a report is whole{last}"
        )
    return "; ".join(parts)


def alarm(trigger: Trigger) -> Ring:
    """Every so often."""
    return Ring(times=(Every(int(_every(trigger))),), catches_up=True)


def words(trigger: Trigger) -> str:
    """Such as `when ruff finds something new (run every 1h)`; may hold anything that a path may."""
    options = trigger.options
    what = options.get("format")
    every = format_duration(_every(trigger))
    if options.get("command"):
        return f"when {what} finds something new (run every {every})"
    return f"when {shown(str(options.get('file') or 'a report'))} ({what}) names something new (looked at every {every})"


def _every(trigger: Trigger) -> float:
    return float(trigger.options.get("every") or EVERY)


def _timeout(trigger: Trigger) -> float:
    return float(trigger.options.get("timeout") or TIMEOUT)


def _folder(context: Context, task: Task, trigger: Trigger) -> str:
    """The project's folder. Raises ClodputerError."""
    written = str(trigger.options.get("folder") or task.working_directory or "")
    if not written:
        raise ClodputerError(
            "task_invalid",
            f"{task.path}: trigger.folder is not set, and neither is working_directory",
            "Say in which folder the project is: folder: ~/projects/...",
        )
    return os.path.normpath(filled_in(task, written, context.environ, context.secrets, "folder"))
