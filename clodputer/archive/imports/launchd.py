"""A LaunchAgent: what its property list starts and when, as a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.archive.imports import shell
from clodputer.archive.imports.values import LEFT, UNSAID, Call, Entry, Facts, Value, entries
from clodputer.model.schedules import cron

_FIELDS = (("Minute", 0, 59), ("Hour", 0, 23), ("Day", 1, 31), ("Month", 1, 12), ("Weekday", 0, 7))
# What a job may have that says nothing of when it runs or what it does.
_QUIET = frozenset(
    [
        "Label",
        "Program",
        "ProgramArguments",
        "StandardOutPath",
        "StandardErrorPath",
        "StandardInPath",
        "WorkingDirectory",
        "EnvironmentVariables",
        "StartCalendarInterval",
        "StartInterval",
        "WatchPaths",
        "QueueDirectories",
        "RunAtLoad",
        "Disabled",
        "ProcessType",
        "LowPriorityIO",
        "Nice",
        "LowPriorityBackgroundIO",
        "ThrottleInterval",
        "LegacyTimers",
        "AbandonProcessGroup",
        "LimitLoadToSessionType",
        "ExitTimeOut",
        "AssociatedBundleIdentifiers",
        "EnableTransactions",
        "SessionCreate",
        "UserName",
        "Debug",
        "OnDemand",
    ]
)
_WHY: Mapping[str, str] = {
    "KeepAlive": "a task ends, and comes again at its next slot time",
    "StartOnMount": "see file_watch",
    "Sockets": "see webhooks",
    "SoftResourceLimits": "see container and sandbox",
    "HardResourceLimits": "see container and sandbox",
    "LaunchOnlyOnce": "see the trigger `at`",
}
# Clodputer's own jobs.
OURS = "clodputer"
MOST_TRIGGERS = 50


def read(job: Any, where: str, facts: Facts) -> list[Entry]:
    """The entries of a job, whose property list was read into `job`. where: its path."""
    text = _text(job)
    entry = Entry(
        where, text, UNSAID, original=_label(job, where), hint=_label(job, where).rpartition(".")[2]
    )
    if not isinstance(job, Mapping):
        return [entry._replace(fate=LEFT, reason="it is not the property list of a job")]
    if entry.original.startswith(OURS) or f"{OURS}." in entry.original:
        return [entry._replace(fate=LEFT, reason="it is Clodputer's own")]
    listed = job.get("ProgramArguments")
    arguments = [str(one) for one in listed] if isinstance(listed, list) else []
    program = job.get("Program")
    if isinstance(program, str) and program:
        arguments = [program, *arguments[1:]]
    folder = job.get("WorkingDirectory")
    given = folder if isinstance(folder, str) and folder else "/"
    place = facts._replace(folder=facts.place(given))
    env = job.get("EnvironmentVariables")
    env = (
        {str(name): value for name, value in env.items() if isinstance(value, str)}
        if isinstance(env, Mapping)
        else {}
    )
    reads = job.get("StandardInPath")
    stdin = Value(reads, True, reads) if isinstance(reads, str) and reads not in ("", "/dev/null") else None
    triggers, unsaid, notes = _triggers(job, facts)
    unsaid += [
        f"{key}: {_WHY.get(key, 'a task has no key for this')}"
        for key in job
        if key not in _QUIET and job[key] is not False
    ]
    whole = entry._replace(
        triggers=tuple(triggers),
        call=Call(unsaid=tuple(unsaid), notes=tuple(notes)),
        enabled=job.get("Disabled") is not True,
    )
    return entries(shell.read_arguments(arguments, place, env, stdin), whole)


def _label(job: Any, where: str) -> str:
    label = job.get("Label") if isinstance(job, Mapping) else None
    name = where.rpartition("/")[2]
    return label if isinstance(label, str) and label else name.removesuffix(".plist")


def _text(job: Any) -> str:
    if not isinstance(job, Mapping):
        return ""
    arguments = job.get("ProgramArguments") or (
        [job["Program"]] if isinstance(job.get("Program"), str) else []
    )
    return " ".join(str(one) for one in arguments) if isinstance(arguments, list) else ""


def _triggers(job: Mapping[Any, Any], facts: Facts) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """What starts it, what of that cannot be said, and what was taken care of."""
    made: list[dict[str, Any]] = []
    unsaid: list[str] = []
    notes: list[str] = []
    calendar = job.get("StartCalendarInterval")
    times = calendar if isinstance(calendar, list) else [] if calendar is None else [calendar]
    expressions: list[str] = []
    for entry in times:
        expression, problem = expression_of(entry)
        expressions += [expression] if expression else []
        unsaid += [problem] if problem else []
    schedules = merged(expressions)
    made += [{"type": "cron", "schedule": expression} for expression in schedules[:MOST_TRIGGERS]]
    if len(schedules) > MOST_TRIGGERS:
        unsaid.append(f"StartCalendarInterval: it has more than {MOST_TRIGGERS} different times")
    seconds = job.get("StartInterval")
    if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0:
        made.append({"type": "interval", "every": f"{max(60, seconds)}s"})
        if seconds < 60:
            unsaid.append(f"StartInterval {seconds}: a task comes once a minute at most")
    elif seconds is not None:
        unsaid.append(f"StartInterval {seconds!r}: this is not a number of seconds, and launchd ignores it")
    for key in ("WatchPaths", "QueueDirectories"):
        paths = job.get(key)
        paths = paths if isinstance(paths, list) else []
        made += [{"type": "file_watch", "path": facts.place(str(path)), "batch": "all"} for path in paths]
        if paths:
            notes.append(f"{key} became file_watch: one run for all that has changed")
    if job.get("RunAtLoad") is True:
        made.append({"type": "startup"})
        notes.append(
            "RunAtLoad became startup, which is for each start of the computer and not for each login"
        )
    return made, unsaid, notes


def expression_of(entry: Any) -> tuple[str, str]:
    """The cron expression of a dict of StartCalendarInterval, and what is wrong with it; one of the two is empty."""
    if not isinstance(entry, Mapping):
        return "", f"StartCalendarInterval: {str(entry)[:60]!r} is not a dictionary"
    fields = []
    for name, lowest, highest in _FIELDS:
        value = entry.get(name)
        if value is None:
            fields.append("*")
        elif isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            return "", f"StartCalendarInterval: {name} is {value!r}, so that launchd ignores this time"
        else:
            fields.append(str(value % 7 if name == "Weekday" else value))
    strange = [str(key) for key in entry if key not in {name for name, _, _ in _FIELDS}]
    if strange:
        return "", f"StartCalendarInterval: {', '.join(strange)[:80]} is unknown to launchd"
    expression = " ".join(fields)
    try:
        cron.parse(expression)
    except cron.InvalidCron as error:
        return "", f"StartCalendarInterval {expression}: {error}"
    return expression, ""


def merged(expressions: list[str]) -> list[str]:
    """The same times in fewer expressions: those that differ in one field alone become one with a list there."""
    found = [expression.split() for expression in dict.fromkeys(expressions)]
    for field in (4, 1, 0, 2, 3):
        groups: dict[tuple[str, ...], list[str]] = {}
        for fields in found:
            groups.setdefault((*fields[:field], "", *fields[field + 1 :]), []).append(fields[field])
        found = []
        for rest, values in groups.items():
            if "*" in values or any(not value.isdecimal() for value in values):
                found += [[*rest[:field], value, *rest[field + 1 :]] for value in dict.fromkeys(values)]
            else:
                found.append(
                    [*rest[:field], _listed(sorted({int(value) for value in values})), *rest[field + 1 :]]
                )
    return [" ".join(fields) for fields in found]


def _listed(values: list[int]) -> str:
    """`1,2,3,4,5` as `1-5`."""
    if len(values) > 2 and values[-1] - values[0] == len(values) - 1:
        return f"{values[0]}-{values[-1]}"
    return ",".join(str(value) for value in values)
