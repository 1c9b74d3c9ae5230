"""A launchd unit as text: its label, its place, its mark and its keys."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple, Optional
from urllib.parse import quote, unquote

from clodputer.model import trigger as triggers
from clodputer.schedulers import names, template
from clodputer.schedulers.launchd import calendar
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, Alarm, Frame, Unit
from clodputer.store.home import Home
from clodputer.store.log import joblogs

PREFIX = "org.clodputer."
PROBE = "probe"
TEMPLATE = "launchd/unit.plist.j2"
FINGERPRINT = "CLODPUTER_PLIST"
# SIGTERM to SIGKILL at bootout and logout: exec stops its agent's tree and puts the request back meanwhile.
EXIT_TIMEOUT = 60

_MARK = re.compile(r"<!-- clodputer unit 1 kind=(\S+) task=(\S*) home=(\S+) -->")


class Mark(NamedTuple):
    """What the id line of a unit says."""

    kind: str
    task: str
    home: str


def folder(frame: Frame) -> str:
    """Where launchd looks for a person's units at each login."""
    return f"{frame.account}/Library/LaunchAgents"


def logs(frame: Frame) -> str:
    """Where what an exec prints is kept."""
    return joblogs.folder(frame.account)


def label(frame: Frame, kind: str, task: str = "") -> str:
    """What a unit is called."""
    return PREFIX + names.stem(frame.home, frame.account, kind, task, ".")


def render(frame: Frame, alarm: Alarm) -> Unit:
    """The unit that rings this alarm. Raises ClodputerError when its template is not there or is broken."""
    name = label(frame, alarm.kind, alarm.task)
    arguments = ("exec", "--task", alarm.task) if alarm.kind == TASK else ("exec",)
    path = f"{folder(frame)}/{name}.plist"
    text = plist(frame, name, alarm.kind, arguments, _alarms(frame, alarm), alarm.task)
    return Unit(name, alarm.kind, alarm.task, {path: text})


def plist(
    frame: Frame, name: str, kind: str, arguments: Sequence[str], alarms: dict[str, Any], task: str = ""
) -> str:
    """The text of a unit that starts the shim with these arguments. Raises ClodputerError."""
    told = {
        "label": name,
        "mark": _mark(Mark(kind, task, frame.home)),
        "home": frame.home,
        "arguments": [frame.shim, *arguments],
        # Not the person's own shell: claude was seen to hang in a login zsh's start-up files.
        "environment": {**frame.environment, "CLODPUTER_HOME": frame.home, "SHELL": "/bin/sh"},
        "log": f"{logs(frame)}/{name}.log",
        "exit_timeout": EXIT_TIMEOUT,
        "run_at_load": False,
        "queue": "",
        "watched": [],
        "interval": 0,
        "calendar": [],
        **alarms,
    }
    blank = _filled(frame, {**told, "fingerprint": ""})
    return _filled(frame, {**told, "fingerprint": digest(blank)})


def digest(blank: str) -> str:
    """What tells the text of a unit, in which the place for this is empty, from others."""
    return sha256(blank.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def mark(text: str) -> Optional[Mark]:
    """What the id line in a text says; None when it has none."""
    found = _MARK.search(text)
    return (
        None if found is None else Mark(*(unquote(word, errors="surrogateescape") for word in found.groups()))
    )


def _mark(one: Mark) -> str:
    # Two hyphens would end the comment.
    words = [quote(word, safe="/", errors="surrogateescape").replace("--", "%2D%2D") for word in one]
    return "clodputer unit 1 kind={} task={} home={}".format(*words)


def _alarms(frame: Frame, alarm: Alarm) -> dict[str, Any]:
    """What starts it, in the words of the template."""
    if alarm.kind == SPOOL:
        return {"queue": os.path.realpath(Home(frame.home).new), "run_at_load": True}
    if alarm.kind == SWEEP:
        grid = 3600 % frame.sweep == 0 and frame.sweep % 60 == 0
        swept = range(0, 60, frame.sweep // 60) if grid else ()
        # The calendar starts it after a sleep, which an interval does not; the interval rings in the hour that autumn shows
        # twice, in which a calendar does not, and after the computer was taken to another zone.
        return {"calendar": calendar.entries((), "", swept), "interval": frame.sweep}
    timed = [one for one in alarm.triggers if one.type in triggers.TIMED]
    watched = [] if not alarm.paths else [os.path.realpath(path) for path in alarm.paths]
    apart = [path for path in watched if not _holds_ours(frame, path)]
    # Watches lose events, so there is a look each quarter of an hour; what is not watched at all is looked at each minute.
    minutes = tuple(range(60)) if len(apart) < len(watched) else calendar.QUARTERS if watched else ()
    return {
        "calendar": calendar.entries(timed, alarm.task, minutes),
        "watched": list(dict.fromkeys(apart)),
        "run_at_load": bool(watched)  # the first look must come before the first file
        or any(one.type == "startup" for one in alarm.triggers)
        or any(triggers.policy(one, alarm.task).catch_up != "skip" for one in timed),
    }


def _holds_ours(frame: Frame, path: str) -> bool:
    """Whether our own writing happens below a folder: watched, it would start itself for ever."""
    ours = [os.path.realpath(place) for place in (frame.home, logs(frame))]
    return any(os.path.commonpath((path, place)) in (path, place) for place in ours)


def _filled(frame: Frame, values: dict[str, Any]) -> str:
    return template.rendered(frame.templates, TEMPLATE, values, xml=True)
