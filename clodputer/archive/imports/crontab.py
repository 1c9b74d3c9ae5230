"""A crontab: each of its lines read as cron reads it, and those that call `claude -p` as tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from clodputer.archive.imports import shell
from clodputer.archive.imports.values import UNSAID, Call, Entry, Facts, Value, entries
from clodputer.model.schedules import cron

_ASSIGNMENT = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z_][A-Za-z0-9_]*))\s*=\s*(.*?)\s*""", re.DOTALL)
_FIELDS = re.compile(r"-?((?:\S+[ \t]+){4}\S+)[ \t]+(\S.*)", re.DOTALL)
_ALIAS = re.compile(r"(@\S+)[ \t]+(\S.*)", re.DOTALL)
_USER = re.compile(r"(\S+)[ \t]+(\S.*)", re.DOTALL)
_BEGIN, _END = re.compile(r"\s*#\s*BEGIN clodputer\b"), re.compile(r"\s*#\s*END clodputer\b")
# What `import --disable-originals` has written.
DISABLED = "# imported by clodputer as "
# Variables that say something to cron, and not to what it starts.
_OF_CRON = frozenset(
    (
        "SHELL",
        "MAILTO",
        "MAILFROM",
        "CRON_TZ",
        "HOME",
        "LOGNAME",
        "USER",
        "RANDOM_DELAY",
        "CONTENT_TYPE",
        "CONTENT_TRANSFER_ENCODING",
    )
)
_OTHER_SHELLS = ("fish", "csh", "tcsh", "nu", "elvish", "xonsh", "pwsh")
LONGEST_LINE = 100_000


def read(text: str, facts: Facts, *, system: bool = False) -> list[Entry]:
    """The entries of a table, one or more for each line that is to be run. system: with the field that names an account."""
    env: dict[str, str] = {}
    found: list[Entry] = []
    ours, comment = False, ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip(" \t")
        if _BEGIN.match(line) or _END.match(line):
            ours = bool(_BEGIN.match(line))
        elif ours:
            continue
        elif stripped.startswith("#"):
            comment = "" if stripped.startswith(DISABLED) else stripped.lstrip("# ")
        elif not stripped:
            comment = ""
        elif (assignment := _assignment(line)) is not None:
            env[assignment[0]] = assignment[1]
        else:
            entry = Entry(f"line {number}", stripped, UNSAID, hint=comment, original=line, line=number)
            found += _line(stripped, entry, env, facts, system=system)
            comment = ""
    return found


def _assignment(line: str) -> Optional[tuple[str, str]]:
    match = _ASSIGNMENT.fullmatch(line)
    if match is None:
        return None
    value = match[4]
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return match[1] or match[2] or match[3], value


def _line(line: str, entry: Entry, env: Mapping[str, str], facts: Facts, *, system: bool) -> list[Entry]:
    match = _ALIAS.fullmatch(line) if line.startswith("@") else _FIELDS.fullmatch(line)
    if match is None or len(line) > LONGEST_LINE:
        calls = shell.names_claude(line)
        return (
            [entry._replace(reason="cron would not accept this line")]
            if calls
            else [entry._replace(fate="left", reason="it is not a line of a crontab that calls claude -p")]
        )
    schedule, command = match[1], match[2]
    if system:
        user = _USER.fullmatch(command)
        if user is None or (user[1] != facts.name and shell.names_claude(command)):
            who = user[1] if user is not None else "nobody"
            return [entry._replace(reason=f"it runs as {who}, and tasks run as {facts.name or 'you'}")]
        command = user[2]
    command, stdin = split(command)
    place = facts._replace(account=env.get("HOME") or facts.account, folder=env.get("HOME") or facts.account)
    passed = {name: value for name, value in env.items() if name not in _OF_CRON}
    triggers, unsaid = trigger(schedule, env)
    notes = [f"MAILTO={env['MAILTO']}: to be told of its runs, see notify"] if env.get("MAILTO") else []
    shell_name = env.get("SHELL", "").rpartition("/")[2]
    if shell_name in _OTHER_SHELLS:
        unsaid.append(f"SHELL={env['SHELL']}: the line is read here as sh would read it")
    given = Value(stdin) if stdin is not None else None
    whole = entry._replace(triggers=tuple(triggers), call=Call(unsaid=tuple(unsaid), notes=tuple(notes)))
    return entries(shell.read(command, place, passed, given), whole)


def split(command: str) -> tuple[str, Optional[str]]:
    """The command as its shell gets it, and what it reads: cron ends it at the first `%` that has no backslash before it."""
    parts: list[str] = [""]
    at = 0
    while at < len(command):
        if command.startswith("\\%", at):
            parts[-1] += "%"
            at += 2
        elif command[at] == "%":
            parts.append("")
            at += 1
        else:
            parts[-1] += command[at]
            at += 1
    return parts[0].rstrip(), "\n".join(parts[1:]) + "\n" if len(parts) > 1 else None


def trigger(schedule: str, env: Mapping[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The trigger of a line, and what of it cannot be said."""
    if schedule == "@reboot":
        return [{"type": "startup"}], []
    try:
        cron.parse(schedule)
    except cron.InvalidCron as error:
        return [], [f"when it is due, {schedule}: {error}"]
    made: dict[str, Any] = {"type": "cron", "schedule": " ".join(schedule.split())}
    if env.get("CRON_TZ"):
        made["timezone"] = env["CRON_TZ"]
    minutes = re.fullmatch(r"\d+", env.get("RANDOM_DELAY", ""))
    if minutes is not None and 0 < int(minutes[0]) <= 1440:
        made["jitter"] = f"{minutes[0]}m"
    return [made], []
