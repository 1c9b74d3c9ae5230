"""Changes of our units performed: files and links first, then one reload and one restart, however many they are.

Only timers and path units are ever stopped or restarted. A service is not: it may be in the middle of a run, which goes
on to its end with its file changed or gone. The service's file is the last that is removed, so that after a kill at any
moment what is left can be recognised, and the next call puts it right.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Callable

from clodputer.model.errors import ClodputerError
from clodputer.schedulers import tool
from clodputer.schedulers.systemd import systemctl, unitfile
from clodputer.schedulers.systemd.inspect import enabled, failure
from clodputer.schedulers.systemd.unitfile import SERVICE, SUFFIXES, TEMPLATE, TIMER, WANTS
from clodputer.schedulers.unit import ADD, REMOVE, SWEEP, Change, Frame, SchedulerProblem
from clodputer.store.files import atomic

# What systemctl ends with when it was asked to stop a unit that is not loaded.
_NOT_LOADED = 5
_AGAIN = "Correct that, then run clodputer install again."


def apply(frame: Frame, changes: Sequence[Change], done: Callable[[Change], None]) -> list[SchedulerProblem]:
    """Perform changes; may be repeated. Raises ClodputerError only when the manager does not answer at all."""
    if not changes:
        return []
    # While the person has no manager there is no manager to stop what is removed.
    asked = not systemctl.away() or any(change.verb != REMOVE for change in changes)
    _take_down(frame, [unit for change in changes for unit in _gone(change)], asked)
    problems, performed = [], []
    _clear_drafts(unitfile.folder(frame))
    for change in changes:
        try:
            _write(frame, change)
            performed.append(change)
        except OSError as error:
            what = f"{change.name} could not be written: {error.strerror or error} ({error.filename})"
            problems.append(SchedulerProblem("unit_not_written", what, _AGAIN, change.name))
        except ClodputerError as error:
            problems.append(SchedulerProblem(error.code, error.message, error.hint, change.name))
    shown: Mapping[str, Mapping[str, str]] = {}
    if asked:
        _reload(frame, performed)
        shown = systemctl.show(frame, [unit for change in performed for unit in _concerned(change)])
    for change in performed:
        left = [path for path in change.found.files if os.path.lexists(path)] if change.found else []
        if change.verb == REMOVE and left:
            problems.append(
                SchedulerProblem("unit_not_removed", f"{left[0]} could not be removed", _AGAIN, change.name)
            )
            continue
        wrong = [unit for unit in _starters(change) if shown.get(unit, {}).get("ActiveState") != "active"]
        if wrong and change.verb != REMOVE:
            one = shown.get(wrong[0], {})
            why = failure(one) or f"it is {one.get('LoadState')}, {one.get('ActiveState')}"
            hint = f"Look at what `systemctl --user status {wrong[0]}` says."
            problems.append(
                SchedulerProblem(
                    "unit_not_started", f"systemd did not start {wrong[0]}: {why}", hint, change.name
                )
            )
        else:
            done(change)
    return problems


def start(frame: Frame) -> None:
    """Have the sweep's unit started now; it stays as it is when it is at work."""
    try:
        systemctl.systemctl(frame, "start", "--no-block", unitfile.name(frame, SWEEP) + SERVICE)
    except ClodputerError:
        return  # then the sweep comes in its time


def _concerned(change: Change) -> list[str]:
    """The unit files that a change is about."""
    wanted = [os.path.basename(path) for path in change.unit.files] if change.unit else []
    return wanted or [os.path.basename(path) for path in change.found.files] if change.found else wanted


def _starters(change: Change) -> list[str]:
    return [unit for unit in _concerned(change) if not unit.endswith(SERVICE)]


def _loadable(units: Sequence[str]) -> list[str]:
    """Those that systemd can have loaded; of a template it has only instances."""
    return [unit for unit in units if not unit.endswith(TEMPLATE)]


def _gone(change: Change) -> list[str]:
    """The unit files that are no longer wanted; of what left no file behind, all that there may have been."""
    found = [os.path.basename(path) for path in change.found.files] if change.found else []
    if change.verb == REMOVE:
        return found or [change.name + suffix for suffix in SUFFIXES]
    wanted = {os.path.basename(path) for path in change.unit.files} if change.unit else set()
    return [unit for unit in found if unit not in wanted]


def _take_down(frame: Frame, gone: list[str], asked: bool) -> None:
    """Stop what starts services, and remove the files: the service's last, as it says whose all of them were."""
    if not gone:
        return
    starters = [unit for unit in gone if not unit.endswith(SERVICE)]
    if starters and asked:
        # Units that are not loaded are a failure of the call, but keep it from none of the others.
        ended = systemctl.systemctl(frame, "stop", "--", *starters)
        if ended.returncode not in (0, _NOT_LOADED):
            systemctl.show(frame, starters)  # raises when nobody is there: then nothing must be removed
    if asked:
        systemctl.systemctl(frame, "reset-failed", "--", *_loadable(gone))
    folder = unitfile.folder(frame)
    for unit in starters:
        # What belongs to a file goes before it: without the file nobody would look for it.
        _unlink(unitfile.link(frame, unit))
        if unit.endswith(TIMER):
            _unlink(unitfile.stamp(frame, unit))
        _remove(f"{folder}/{unit}")
    for unit in gone:
        if unit.endswith(SERVICE):
            _remove(f"{folder}/{unit}")
    for wants in WANTS.values():
        try:
            os.rmdir(f"{folder}/{wants}")
        except OSError:
            pass  # not empty, or not there


def _unlink(path: str) -> None:
    """Remove a link or a stamp, which may be gone already."""
    try:
        os.unlink(path)
    except OSError:
        # Not there, or not to be removed: what is left is found again.
        pass


def _remove(path: str) -> None:
    """Remove a unit file, unless it is somebody else's by now."""
    text = unitfile.read(path)
    if text is not None and unitfile.marked(text) is not None:
        _unlink(path)


def _clear_drafts(folder: str) -> None:
    """Remove what a call that was killed had begun to write."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        match = re.fullmatch(r"\.clodputer-[a-z0-9-]+@?\.(?:service|timer|path|socket)\.(\d+)", name)
        if match and not _alive(int(match[1])):
            try:
                os.unlink(f"{folder}/{name}")
            except OSError:
                pass


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _write(frame: Frame, change: Change) -> None:
    """Put the files and the links of a change where they belong. Raises OSError, and ClodputerError for a foreign file."""
    if change.unit is None:
        return
    there = dict(change.found.files) if change.found else {}
    for path, text in change.unit.files.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            found = unitfile.read(path)
            if found is None or unitfile.marked(found) is None:
                raise ClodputerError(
                    "unit_foreign",
                    f"{path} exists, and was not written by Clodputer",
                    "Move it elsewhere if it is not needed; Clodputer changes no other program's files.",
                )
        if change.verb == ADD or there.get(path) != text:
            atomic.write(path, text.encode("utf-8", "surrogateescape"), mode=0o644)
    for unit in _starters(change):
        if not enabled(frame, unit):
            _link(unitfile.link(frame, unit), f"{unitfile.folder(frame)}/{unit}")


def _link(link: str, target: str) -> None:
    """Enable a unit, as `systemctl --user enable` does; many of them need no call and no reload each."""
    os.makedirs(os.path.dirname(link), exist_ok=True)
    _unlink(link)
    os.symlink(target, link)


def _reload(frame: Frame, done: Sequence[Change]) -> None:
    """Have the manager read everything again, and restart timers and path units. Raises ClodputerError when it will not."""
    ended = systemctl.systemctl(frame, "daemon-reload")
    if ended.returncode:
        raise systemctl.unreachable(tool.said(ended))
    failed = [unit for change in done if change.found and change.found.failed for unit in _concerned(change)]
    failed = _loadable(failed)
    if failed:
        systemctl.systemctl(frame, "reset-failed", "--", *failed)
    starters = [unit for change in done if change.verb != REMOVE for unit in _starters(change)]
    if starters:
        # Those that cannot be started are seen by their state afterwards.
        systemctl.systemctl(frame, "restart", "--", *starters)
