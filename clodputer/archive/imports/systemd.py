"""Timers of systemd with their services, as tasks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from shlex import shlex
from typing import Any, NamedTuple, Optional

from clodputer.archive.imports import oncalendar, shell
from clodputer.archive.imports.values import LEFT, UNSAID, Call, Entry, Facts, Value, entries

OURS = "clodputer"
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*")
_SECONDS = {
    "": 1.0, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 0.001, "msec": 0.001, "us": 0.000001, "usec": 0.000001,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0, "w": 604800.0, "week": 604800.0, "weeks": 604800.0,
}  # fmt: skip
_QUIET_TIMER = frozenset(
    ["OnCalendar", "Persistent", "AccuracySec", "Unit", "WakeSystem", "RemainAfterElapse", "FixedRandomDelay"]
)
_QUIET_SERVICE = frozenset(
    [
        "Type",
        "ExecStart",
        "WorkingDirectory",
        "Environment",
        "TimeoutStartSec",
        "RuntimeMaxSec",
        "TimeoutSec",
        "TimeoutStopSec",
        "StandardOutput",
        "StandardError",
        "StandardInput",
        "SyslogIdentifier",
        "Nice",
        "IOSchedulingClass",
        "IOSchedulingPriority",
        "CPUSchedulingPolicy",
        "KillMode",
        "RemainAfterExit",
        "SuccessExitStatus",
        "UMask",
        "CPUWeight",
        "SendSIGKILL",
    ]
)
_WHY: Mapping[str, str] = {
    "EnvironmentFile": "write its variables into env, and secrets into secrets.env",
    "ExecStartPre": "see setup",
    "ExecStartPost": "see on_success",
    "ExecStopPost": "see teardown",
    "ExecCondition": "see precheck",
    "Restart": "see retry",
    "RestartSec": "see retry",
    "OnFailure": "see on_failure and notify",
    "LoadCredential": "see secrets by reference",
    "User": "a task runs as you",
}
_QUIET_SERVICE_UNIT = frozenset(
    [
        "Description",
        "Documentation",
        "After",
        "Wants",
        "Requires",
        "Before",
        "BindsTo",
        "PartOf",
        "StartLimitIntervalSec",
    ]
)


class Unit(NamedTuple):
    """A unit file with its drop-ins: what each section assigns, in order."""

    assignments: tuple[tuple[str, str, str], ...] = ()

    def all(self, section: str, key: str) -> list[str]:
        """The values of a key; an empty one forgets those before it."""
        found: list[str] = []
        for where, name, value in self.assignments:
            if where == section and name == key:
                found = [*found, value] if value else []
        return found

    def last(self, section: str, key: str) -> str:
        """The value that holds; empty for none."""
        return ["", *self.all(section, key)][-1]

    def keys(self, section: str) -> list[str]:
        """The keys of a section that have a value."""
        names = dict.fromkeys(name for where, name, _ in self.assignments if where == section)
        return [name for name in names if self.all(section, name)]


def unit(texts: Iterable[str]) -> Unit:
    """The unit that these files make together, the drop-ins after the file itself."""
    found: list[tuple[str, str, str]] = []
    for text in texts:
        section, joined = "", ""
        for line in text.split("\n"):
            stripped = line.strip()
            if not joined and (not stripped or stripped[0] in "#;"):
                continue
            if stripped.endswith("\\"):
                joined += stripped[:-1] + " "
                continue
            whole, joined = joined + stripped, ""
            if whole.startswith("[") and whole.endswith("]"):
                section = whole[1:-1]
            elif "=" in whole:
                name, _, value = whole.partition("=")
                found.append((section, name.strip(), value.strip()))
    return Unit(tuple(found))


def read(
    name: str, timer: Unit, service: Optional[Unit], facts: Facts, *, enabled: bool = True
) -> list[Entry]:
    """The entries of a timer, called `NAME.timer`, and of the service that it starts; None when there is none."""
    stem = name.removesuffix(".timer")
    starts = service.all("Service", "ExecStart") if service is not None else []
    entry = Entry(name, "; ".join(starts), UNSAID, hint=stem, original=name, enabled=enabled)
    if stem.startswith(OURS):
        return [entry._replace(fate=LEFT, reason="it is Clodputer's own")]
    if service is None:
        return [entry._replace(fate=LEFT, reason=f"its service {service_of(stem, timer)} is not there")]
    triggers, unsaid, notes = _triggers(timer)
    for section, quiet in (("Service", _QUIET_SERVICE), ("Unit", _QUIET_SERVICE_UNIT)):
        unsaid += [
            f"{key}={service.last(section, key)[:60]}: {_WHY.get(key, 'a task has no key for this')}"
            for key in service.keys(section)
            if key not in quiet
        ]
    keys = _keys(service, unsaid)
    folder = specifiers(service.last("Service", "WorkingDirectory"), stem, facts).lstrip("-") or "~"
    place = facts._replace(folder=facts.place(folder))
    env = _environment(service, stem, facts)
    whole = entry._replace(
        triggers=tuple(triggers), call=Call(keys, unsaid=tuple(unsaid), notes=tuple(notes))
    )
    found: list[Entry] = []
    for start in starts:
        arguments = words(specifiers(start.lstrip("@-:+!"), stem, facts), env)
        if arguments is None:
            calls = shell.names_claude(start)
            found.append(
                whole._replace(fate=UNSAID if calls else LEFT, reason="a quote in ExecStart is not closed")
            )
            continue
        found += entries(shell.read_arguments(arguments, place, env, stdin_of(service)), whole)
    return found or [entry._replace(fate=LEFT, reason="its service starts nothing")]


def service_of(stem: str, timer: Unit) -> str:
    """The name of the unit that a timer starts."""
    return timer.last("Timer", "Unit") or f"{stem}.service"


def _triggers(timer: Unit) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    made: list[dict[str, Any]] = []
    unsaid: list[str] = []
    notes: list[str] = []
    for value in timer.all("Timer", "OnCalendar"):
        found = oncalendar.read(value)
        made += found.triggers
        unsaid += [found.problem] if found.problem else []
    later: dict[str, Any] = {}
    if made and timer.last("Timer", "Persistent").lower() not in ("true", "yes", "on", "1"):
        later["catch_up"] = "skip"
        notes.append("without Persistent=true what was missed is not made up for: catch_up: skip")
    delay = span(timer.last("Timer", "RandomizedDelaySec"))
    if delay:
        later["jitter"] = f"{int(min(delay, 86400))}s"
        if timer.last("Timer", "FixedRandomDelay").lower() not in ("true", "yes", "on", "1"):
            later["jitter_by"] = "slot"
    made = [{**trigger, **later} if trigger["type"] == "cron" else trigger for trigger in made]
    for key in timer.keys("Timer"):
        seconds = span(timer.last("Timer", key)) if key.startswith("On") and key != "OnCalendar" else None
        if key in ("OnBootSec", "OnStartupSec") and seconds is not None:
            made.append({"type": "startup", **({"after": f"{int(min(seconds, 86400))}s"} if seconds else {})})
        elif key in ("OnUnitActiveSec", "OnUnitInactiveSec") and seconds:
            made.append({"type": "interval", "every": f"{int(max(seconds, 60))}s"})
            notes.append(
                f"{key} became interval, which is counted from fixed moments and not from the last run"
            )
        elif key == "RandomizedDelaySec" and delay is not None:
            continue
        elif key not in _QUIET_TIMER:
            unsaid.append(f"{key}={timer.last('Timer', key)[:60]}: a trigger has no key for this")
    return made, unsaid, notes


def _keys(service: Unit, unsaid: list[str]) -> dict[str, Any]:
    """The limit of time: of a oneshot service that of its start."""
    for key in ("RuntimeMaxSec", "TimeoutStartSec", "TimeoutSec"):
        text = service.last("Service", key)
        seconds = span(text)
        if seconds and (key == "RuntimeMaxSec" or service.last("Service", "Type") == "oneshot"):
            return {"timeout": f"{int(max(1, seconds))}s"}
        if text and seconds is None and text != "infinity":
            unsaid.append(f"{key}={text[:60]}: this is not a duration")
    return {}


def span(text: str) -> Optional[float]:
    """Seconds of a duration such as `1h 30min`; None for none."""
    stripped, at, total = text.strip(), 0, 0.0
    while at < len(stripped):
        match = _SPAN.match(stripped, at)
        if match is None or match[2] not in _SECONDS:
            return None
        total += float(match[1]) * _SECONDS[match[2]]
        at = match.end()
    return total if stripped else None


def specifiers(text: str, stem: str, facts: Facts) -> str:
    """The text with systemd's specifiers filled in that are known here."""
    known = {
        "h": facts.account,
        "u": facts.name or "%u",
        "n": f"{stem}.service",
        "N": stem,
        "p": stem,
        "%": "%",
    }
    return re.sub(r"%(.)", lambda match: known.get(match[1], match[0]), text)


def words(text: str, env: Mapping[str, str]) -> Optional[list[str]]:
    """The arguments of a command line as systemd parts them, variables filled in; None for one whose quotes do not match."""
    lexer = shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    lexer.escapedquotes = "\"'"
    try:
        found = list(lexer)
    except ValueError:
        return None
    return [_filled(word, env) for word in found]


def _filled(word: str, env: Mapping[str, str]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return env.get(match[1] or match[2], match[0])

    return re.sub(r"\$\$|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)", one, word)


def _environment(service: Unit, stem: str, facts: Facts) -> dict[str, str]:
    env: dict[str, str] = {}
    for line in service.all("Service", "Environment"):
        for word in words(specifiers(line, stem, facts), {}) or ():
            name, sign, value = word.partition("=")
            if sign:
                env[name] = value
    return env


def stdin_of(service: Unit) -> Optional[Value]:
    """What a service reads, when that is a file."""
    source = service.last("Service", "StandardInput")
    return Value(source[5:], True, source[5:]) if source.startswith("file:") else None
