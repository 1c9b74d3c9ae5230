"""What is found of our units: files with our mark, what the manager has loaded, and what others of ours left behind."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.mark import Mark
from clodputer.schedulers.systemd import systemctl, unitfile
from clodputer.schedulers.systemd.unitfile import PREFIX, SERVICE, SUFFIXES, TEMPLATE, TIMER, WANTS, stem
from clodputer.schedulers.unit import FoundUnit, Frame

Shown = Mapping[str, Mapping[str, str]]
# The error that says: our units are there, and nobody can be asked about them.
UNASKED = "systemd_units_unasked"

# systemd's words for how a unit ended, in ours.
_RESULTS = {
    "exit-code": "it ended with status {status}",
    "signal": "it was killed",
    "core-dump": "it crashed",
    "timeout": "it took longer than its time limit",
    "oom-kill": "memory ran out",
    "resources": "systemd could not prepare its start",
    "start-limit-hit": "it was started too often in a short time",
    "unit-start-limit-hit": "what it starts was started too often in a short time",
    "trigger-limit-hit": "it went off too often in a short time",
}
# What execve and systemd's preparations for it end with (systemd.exec(5)).
_STATUSES = {
    "200": "its working folder does not exist",
    "203": "the program does not exist or cannot be started",
}


def inspect(frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
    """All our units, of this home or of all.

    While the person has no manager the files are all there is. Raises ClodputerError when there is one that does not answer,
    unless there is no trace of us: then it has nothing of ours.
    """
    folder = unitfile.folder(frame)
    files, marks, names = _marked(folder)
    traces = [*_links(folder), *_stamps(frame)]
    shown: Optional[Shown] = None
    try:
        if not systemctl.away():
            shown = systemctl.show(
                frame, [*files, *(f"{PREFIX}*{suffix}" for suffix in SUFFIXES if suffix != TEMPLATE)]
            )
    except ClodputerError as error:
        if files or traces:
            what = f"units of Clodputer are in {folder}, and {error.message}"
            raise ClodputerError(UNASKED, what, error.hint) from None
        return []
    found = [one for one in _of_files(frame, files, marks, shown) if everywhere or one.home == frame.home]
    left = (stem(unit) for unit in [*traces, *_ghosts(folder, shown or {})])
    for name in sorted(set(left) - {stem(unit) for unit in names}):
        ours = unitfile.is_of_this_home(frame, name)
        if ours or everywhere:
            mark = Mark(frame.home if ours else "", "", "")
            found.append(_found(frame, name, mark, {}, shown)._replace(loaded=False))
    return found


def written(frame: Frame) -> list[FoundUnit]:
    """The units of this home whose files are there; `loaded` when the links are that have the next manager start them."""
    files, marks, _ = _marked(unitfile.folder(frame))
    return [one for one in _of_files(frame, files, marks, None) if one.home == frame.home]


def _of_files(
    frame: Frame, files: Mapping[str, str], marks: Mapping[str, Mark], shown: Optional[Shown]
) -> list[FoundUnit]:
    """The units of these files, in order."""
    found = []
    for name in sorted({stem(unit) for unit in files}):
        units = [name + suffix for suffix in SUFFIXES if name + suffix in files]
        own = {f"{unitfile.folder(frame)}/{unit}": files[unit] for unit in units}
        found.append(_found(frame, name, marks[name], own, shown))
    return found


def _marked(folder: str) -> tuple[dict[str, str], dict[str, Mark], list[str]]:
    """The files with our mark by unit, the marks by name, and all files that are named like ours."""
    files, marks = {}, {}
    names = [name for name in _listed(folder) if name.startswith(PREFIX) and name.endswith(SUFFIXES)]
    for unit in names:
        text = unitfile.read(f"{folder}/{unit}")
        mark = unitfile.marked(text) if text is not None else None
        if text is not None and mark is not None:
            files[unit], marks[stem(unit)] = text, mark
    return files, marks, names


def _links(folder: str) -> list[str]:
    """Links of ours to units that are not there any more."""
    return [
        unit
        for suffix, wants in WANTS.items()
        for unit in _listed(f"{folder}/{wants}")
        if unit.startswith(PREFIX)
        and unit.endswith(suffix)
        and not os.path.exists(f"{folder}/{wants}/{unit}")
    ]


def _stamps(frame: Frame) -> list[str]:
    begin = os.path.basename(unitfile.stamp(frame, PREFIX))
    stamps = _listed(os.path.dirname(unitfile.stamp(frame, "")))
    return [stamp[len("stamp-") :] for stamp in stamps if stamp.startswith(begin) and stamp.endswith(TIMER)]


def _ghosts(folder: str, shown: Shown) -> list[str]:
    """Units that the manager still has without a file: it has not reloaded since, or the unit failed afterwards."""
    return [
        unit
        for unit, one in shown.items()
        if one.get("FragmentPath") == f"{folder}/{unit}"
        or (one.get("LoadState") == "not-found" and one.get("ActiveState") == "failed")
    ]


def _listed(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _found(
    frame: Frame, name: str, mark: Mark, files: Mapping[str, str], shown: Optional[Shown]
) -> FoundUnit:
    if shown is None:
        # It will be loaded by the next manager if its links are there.
        linked = all(enabled(frame, os.path.basename(path)) for path in files if not path.endswith(SERVICE))
        return FoundUnit(name, mark.home, mark.kind, mark.task, files, loaded=linked)
    units = [os.path.basename(path) for path in files] or [name + suffix for suffix in SUFFIXES]
    known = {unit: shown.get(unit, {}) for unit in units if not unit.endswith(TEMPLATE)}
    starters = [unit for unit in units if not unit.endswith(SERVICE)]
    return FoundUnit(
        name,
        mark.home,
        mark.kind,
        mark.task,
        files,
        loaded=all(one.get("LoadState") == "loaded" for one in known.values())
        and all(known[unit].get("ActiveState") == "active" and enabled(frame, unit) for unit in starters),
        current=all(one.get("NeedDaemonReload") == "no" for one in known.values()),
        state="; ".join(
            f"{os.path.splitext(unit)[1][1:]} {_state(one)}"
            for unit, one in known.items()
            if one.get("ActiveState")
        ),
        failed=_failed(known),
        next=_soonest(known.get(unit, {}).get("NextElapseUSecRealtime", "") for unit in starters),
    )


def enabled(frame: Frame, unit: str) -> bool:
    """Whether a timer or path unit is started with the manager: whether its link leads to its file."""
    return os.path.realpath(unitfile.link(frame, unit)) == os.path.realpath(
        f"{unitfile.folder(frame)}/{unit}"
    )


def _state(one: Mapping[str, str]) -> str:
    if one.get("LoadState") not in ("loaded", None):
        return f"{one['LoadState']}, {one['ActiveState']}"
    return f"{one['ActiveState']} ({one.get('SubState', '')})"


def _failed(known: Shown) -> str:
    failures = [f"{unit}: {failure(one)}" for unit, one in known.items() if failure(one)]
    return "; ".join(failures)


def failure(one: Mapping[str, str]) -> str:
    """Why a unit last failed, in words; "" when it did not."""
    result = one.get("Result", "success")
    if result in ("success", "") or (
        one.get("LoadState") == "not-found" and one.get("ActiveState") == "inactive"
    ):
        return ""
    status = one.get("ExecMainStatus", "")
    if result == "exit-code" and status in _STATUSES:
        return _STATUSES[status]
    return _RESULTS.get(result, result).format(status=status)


def _soonest(moments: Iterable[str]) -> Optional[float]:
    """The first of moments such as `Sat 2026-11-21 05:40:00 UTC`; systemctl was asked in UTC."""
    found = []
    for text in moments:
        match = re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? UTC", text)
        if match:
            found.append(
                datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
            )
    return min(found, default=None)
