"""A systemd unit: one service for each alarm, and the timer and the path unit that start it."""

from __future__ import annotations

import os
from math import ceil

from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.ring import Expression
from clodputer.schedulers import template
from clodputer.schedulers.systemd import calendar, unitfile
from clodputer.schedulers.systemd.unitfile import PATH, SERVICE, SOCKET, TEMPLATE, TIMER
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, WEBHOOKS, Alarm, Frame, Unit

# How much longer than its limit an exec gets, in seconds: it has its own clocks, and settles what they stop.
GRACE = 120
ENV = "/usr/bin/env"
# Where systemd looks for a time zone by its name.
ZONES = "/usr/share/zoneinfo"


def render(frame: Frame, alarm: Alarm) -> Unit:
    """The unit files that serve this alarm. Raises ClodputerError ("unit_text") for what a unit file cannot hold."""
    name = unitfile.name(frame, alarm.kind, alarm.task)
    stem = f"{unitfile.folder(frame)}/{name}"
    what = {
        TASK: f"task {alarm.task}",
        SPOOL: "requests in the spool",
        SWEEP: "what no other unit started",
        WEBHOOKS: "webhooks",
    }
    values = {
        "mark": unitfile.mark(frame.home, alarm.kind, alarm.task),
        "description": plain(f"Clodputer: {what[alarm.kind]}"),
        "service": name + SERVICE,
    }
    service = {
        "command": " ".join([_program(frame.shim), *map(argument, alarm.arguments())]),
        "environment": [quoted(plain(f"{key}={value}")) for key, value in sorted(frame.environment.items())],
        "timeout": f"{ceil(alarm.timeout) + GRACE}s" if alarm.timeout else "infinity",
        "pause": alarm.kind == SPOOL,
    }
    if alarm.kind == WEBHOOKS and alarm.listen:
        host, port = alarm.listen
        listen = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        files = {
            stem + SOCKET: template.filled("systemd/socket.j2", {**values, "listen": listen}),
            stem + TEMPLATE: template.filled("systemd/connection.j2", {**values, **service}),
        }
        return Unit(name, alarm.kind, alarm.task, files)
    files = {stem + SERVICE: template.filled("systemd/service.j2", {**values, **service})}
    lines, watched = _calendar(frame, alarm), _watched(alarm)
    startup = alarm.kind == SWEEP or alarm.ring.startup
    if lines or startup:
        timer = {**values, "calendar": lines, "startup": startup}
        files[stem + TIMER] = template.filled("systemd/timer.j2", timer)
    filled = [_folder(f"{frame.home}/spool/new")] if alarm.kind == SPOOL else []
    if watched or filled:
        path = {**values, "changed": watched, "filled": filled}
        files[stem + PATH] = template.filled("systemd/path.j2", path)
    return Unit(name, alarm.kind, alarm.task, files)


def _calendar(frame: Frame, alarm: Alarm) -> list[str]:
    if alarm.kind == SWEEP:
        return calendar.at_least_every(frame.sweep)
    lines: list[str] = []
    for one in alarm.ring.times:
        known = not isinstance(one, Expression) or _zone_is_known(one.zone)
        lines += calendar.calendar(one, frame.zone) if known else [calendar.MINUTELY]
    # systemd looks at one folder, not at those inside it.
    if any(watch.deep or not _can_be_named(watch.path) for watch in alarm.ring.watches):
        lines.append(calendar.MINUTELY)
    return list(dict.fromkeys(lines))


def _zone_is_known(zone: str) -> bool:
    """Whether systemd has a time zone; it passes over a line with one that it does not have, with a warning in its journal."""
    return zone.upper() in ("", "UTC", "Z") or os.path.exists(f"{ZONES}/{zone}")


def _folder(path: str) -> str:
    """A folder as it is written into a unit. Raises ClodputerError."""
    if not _can_be_named(path):
        raise _unfit(path)
    return plain(path)


def _watched(alarm: Alarm) -> list[str]:
    paths = (watch.path for watch in alarm.ring.watches)
    return list(dict.fromkeys(plain(path) for path in paths if _can_be_named(path)))


def _can_be_named(path: str) -> bool:
    """Whether a path can be written into a unit, where it is neither quoted nor escaped."""
    return path == path.strip() and not path.endswith("\\") and path.isprintable()


def plain(text: str) -> str:
    """Text in which systemd finds no specifier."""
    return text.replace("%", "%%")


def quoted(text: str) -> str:
    """Text as one word in double quotes. Raises ClodputerError for what a unit file cannot hold."""
    # Lone surrogates, which stand for bytes that are no text, are not printable either.
    for letter in text:
        if not (letter.isprintable() or letter in "\n\t "):
            raise _unfit(text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _program(path: str) -> str:
    """What is started. systemd takes no program with a quote or a backslash in its path, but an argument may have them."""
    if set(path) & set("\"'\\"):
        return f"{ENV} {argument(path)}"
    return quoted(plain(path))


def argument(text: str) -> str:
    """One argument of a command. In the program itself, unlike in its arguments, systemd leaves a `$` alone."""
    return quoted(plain(text).replace("$", "$$"))


def _unfit(text: str) -> ClodputerError:
    return ClodputerError(
        "unit_text",
        f"a unit file of systemd cannot hold {text!a}",
        "Rename the folder, or correct the environment variable, that it comes from.",
    )
