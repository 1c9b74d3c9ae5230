"""What is wrong with rendered units of systemd, found by reading them back key by key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from os.path import basename, splitext

from clodputer.model.text.suggest import did_you_mean
from clodputer.schedulers.systemd import unitfile
from clodputer.schedulers.systemd.render import ENV
from clodputer.schedulers.systemd.unitfile import PATH, SERVICE, SOCKET, TEMPLATE, TIMER
from clodputer.schedulers.unit import SPOOL, TASK, Frame, Unit
from tests.schedulers.systemd_keys import KNOWN
from tests.schedulers.systemd_parse import Lines, Malformed, command, parse, words

# After these, runs would overlap, be doubled, or leave processes behind.
_FORBIDDEN = {
    "Restart": ("no",),
    "RemainAfterExit": ("no", "false", "0", "off"),
    "KillMode": ("mixed", "control-group"),
    "Type": ("oneshot",),
}


def faults(frame: Frame, unit: Unit) -> list[str]:
    """Everything that is wrong with a unit's files."""
    return [
        f"{basename(path)}: {what}"
        for path, text in unit.files.items()
        for what, _ in _wrong(frame, unit, path, text)
    ]


def _wrong(frame: Frame, unit: Unit, path: str, text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with one file, each with what to do."""
    suffix = splitext(path)[1]
    found = unitfile.marked(text)
    if found is None or (found.home, found.kind, found.task) != (frame.home, unit.kind, unit.task):
        yield "the first line does not say whose it is", "Let the template begin with {{ mark }}."
    try:
        lines = parse(text)
        yield from _wrong_keys(suffix, lines)
        if path.endswith(TEMPLATE):
            yield from _wrong_connection(frame, lines)
        elif suffix == SERVICE:
            yield from _wrong_service(frame, unit, lines)
        elif suffix == SOCKET:
            yield from _wrong_socket(lines)
        else:
            yield from _wrong_starter(unit, suffix, lines)
    except Malformed as error:
        yield str(error), ""


def _wrong_keys(suffix: str, lines: Lines) -> Iterator[tuple[str, str]]:
    for section, key, value in lines:
        keys = KNOWN[suffix].get(section)
        if section.startswith("X-"):
            continue
        if keys is None:
            yield f"[{section}] is no section of it{did_you_mean(section, KNOWN[suffix])}", ""
        elif key not in keys:
            yield f"{key}= is not known in [{section}]{did_you_mean(key, keys)}", ""
        elif not value and key != "Environment":
            yield f"{key}= has no value", ""


def _values(lines: Lines, key: str) -> list[str]:
    return [value for _, name, value in lines if name == key]


def _wrong_service(frame: Frame, unit: Unit, lines: Lines) -> Iterator[tuple[str, str]]:
    arguments = ["exec", "--task", unit.task] if unit.kind == TASK else ["exec"]
    commands = [command(value) for value in _values(lines, "ExecStart")]
    if commands not in ([[frame.shim, *arguments]], [[ENV, frame.shim, *arguments]]):
        yield (
            f"ExecStart= does not start {' '.join([frame.shim, *arguments])}",
            "Write ExecStart={{ command }}.",
        )
    if not _values(lines, "Type"):
        yield "Type=oneshot is missing: the next alarm would not wait for the end of this exec", ""
    for key, allowed in _FORBIDDEN.items():
        for value in _values(lines, key):
            if value not in allowed:
                yield (
                    f"{key}={value} would leave processes behind, or run twice",
                    f"Write {key}={allowed[0]}.",
                )
    if _values(lines, "StartLimitIntervalSec") != ["0"]:
        yield "StartLimitIntervalSec=0 is missing: after five alarms in a row the unit would be dead", ""
    yield from _wrong_environment(frame, lines)


def _wrong_connection(frame: Frame, lines: Lines) -> Iterator[tuple[str, str]]:
    """What is wrong with the service of a socket, of which there is one for each connection."""
    commands = [command(value) for value in _values(lines, "ExecStart")]
    if commands not in ([[frame.shim, "receive"]], [[ENV, frame.shim, "receive"]]):
        yield f"ExecStart= does not start {frame.shim} receive", "Write ExecStart={{ command }}."
    for key, value in {"StandardInput": "socket", "StandardOutput": "journal", "Type": "exec"}.items():
        if _values(lines, key) != [value]:
            yield f"{key}={value} is missing", ""
    if not _values(lines, "RuntimeMaxSec") or _values(lines, "CollectMode") != ["inactive-or-failed"]:
        yield "a connection could last for ever, or stay as a failed unit", ""
    yield from _wrong_environment(frame, lines)


def _wrong_socket(lines: Lines) -> Iterator[tuple[str, str]]:
    if _values(lines, "WantedBy") != ["sockets.target"]:
        yield "WantedBy=sockets.target is missing", ""
    if _values(lines, "Accept") != ["yes"] or _values(lines, "TriggerLimitIntervalSec") != ["0"]:
        yield "after 200 connections within two seconds it would listen no more", ""
    if len(_values(lines, "ListenStream")) != 1:
        yield "it does not listen at one address", ""


def _wrong_environment(frame: Frame, lines: Lines) -> Iterator[tuple[str, str]]:
    there = dict(_pair(value) for value in _values(lines, "Environment") if value)
    for name, value in frame.environment.items():
        if there.get(name) != value:
            yield (
                f"Environment= does not set {name} to what was frozen",
                "Write one line for each of environment.",
            )


def _pair(value: str) -> tuple[str, str]:
    name, _, rest = " ".join(words(value)).partition("=")
    return name, rest


def _wrong_starter(unit: Unit, suffix: str, lines: Lines) -> Iterator[tuple[str, str]]:
    """What is wrong with a timer or a path unit. That Unit= exists is seen by none of systemd's own tools."""
    if _values(lines, "Unit") != [unit.name + SERVICE]:
        yield f"Unit= does not name {unit.name}{SERVICE}", "Write Unit={{ service }}."
    target = unitfile.WANTS[suffix].rsplit(".", 1)[0]
    if _values(lines, "WantedBy") != [target]:
        yield f"WantedBy={target} is missing", ""
    if suffix == TIMER:
        if not any(
            _values(lines, key)
            for key in ("OnCalendar", "OnActiveSec", "OnStartupSec", "OnBootSec", "OnUnitActiveSec")
        ):
            yield "it never starts it: there is neither OnCalendar= nor OnActiveSec=", ""
        if _values(lines, "OnCalendar") and _values(lines, "Persistent") != ["true"]:
            yield "Persistent=true is missing: what is due while the computer is off would not start it", ""
        for accuracy in _values(lines, "AccuracySec") or ["1min"]:
            if not re.fullmatch(r"\d+(us|ms)|[1-5]?\d(s|sec)?", accuracy):
                yield f"AccuracySec={accuracy} is longer than a minute", "Write AccuracySec=1s."
    if suffix == PATH:
        paths = [
            value
            for key in ("DirectoryNotEmpty", "PathChanged", "PathModified")
            for value in _values(lines, key)
        ]
        if not paths or (unit.kind == SPOOL and not _values(lines, "DirectoryNotEmpty")):
            yield "it watches nothing, or not what is dropped", ""
        for path in paths:
            if not path.startswith(("/", "%h/")) or re.search(r"%(?![%h])", path.replace("%%", "")):
                yield f"{path!r} is no absolute path with each percent sign doubled", ""
