"""Changes of our units performed: files and links first, then one reload and one restart of what rings, however many they are.

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
from clodputer.schedulers.systemd import control, place
from clodputer.schedulers.systemd import found as systemd_found
from clodputer.schedulers.systemd.place import SERVICE, SUFFIXES, TIMER, WANTS
from clodputer.schedulers.unit import ADD, REMOVE, Change, Frame, Trouble
from clodputer.store import atomic

# What systemctl ends with when it was asked to stop a unit that is not loaded.
_NOT_LOADED = 5
_AGAIN = "Fix that, and call it again; what is done stays done."


def apply(frame: Frame, changes: Sequence[Change], told: Callable[[Change], None]) -> list[Trouble]:
    """Perform changes; may be repeated. Raises ClodputerError only when the manager does not answer at all."""
    if not changes:
        return []
    # While the person has no manager there is nobody to be told of what is removed.
    asked = not control.away() or any(change.verb != REMOVE for change in changes)
    _take_down(frame, [unit for change in changes for unit in _gone(change)], asked)
    troubles, done = [], []
    _clear_drafts(place.folder(frame))
    for change in changes:
        try:
            _write(frame, change)
            done.append(change)
        except OSError as error:
            what = f"{change.name} could not be written: {error.strerror or error} ({error.filename})"
            troubles.append(Trouble("unit_not_written", what, _AGAIN, change.name))
        except ClodputerError as error:
            troubles.append(Trouble(error.code, error.message, error.hint, change.name))
    shown: Mapping[str, Mapping[str, str]] = {}
    if asked:
        _start(frame, done)
        shown = control.show(frame, [unit for change in done for unit in _concerned(change)])
    for change in done:
        left = [path for path in change.found.files if os.path.lexists(path)] if change.found else []
        if change.verb == REMOVE and left:
            troubles.append(
                Trouble("unit_not_removed", f"{left[0]} could not be removed", _AGAIN, change.name)
            )
            continue
        wrong = [unit for unit in _ringing(change) if shown.get(unit, {}).get("ActiveState") != "active"]
        if wrong and change.verb != REMOVE:
            one = shown.get(wrong[0], {})
            why = systemd_found.failure(one) or f"it is {one.get('LoadState')}, {one.get('ActiveState')}"
            hint = f"Look at what `systemctl --user status {wrong[0]}` says."
            troubles.append(
                Trouble("unit_not_started", f"systemd did not start {wrong[0]}: {why}", hint, change.name)
            )
        else:
            told(change)
    return troubles


def _concerned(change: Change) -> list[str]:
    """The unit files that a change is about."""
    wanted = [os.path.basename(path) for path in change.unit.files] if change.unit else []
    return wanted or [os.path.basename(path) for path in change.found.files] if change.found else wanted


def _ringing(change: Change) -> list[str]:
    return [unit for unit in _concerned(change) if not unit.endswith(SERVICE)]


def _gone(change: Change) -> list[str]:
    """The unit files that are no longer wanted; of what left no file behind, all that there may have been."""
    found = [os.path.basename(path) for path in change.found.files] if change.found else []
    if change.verb == REMOVE:
        return found or [change.name + suffix for suffix in SUFFIXES]
    wanted = {os.path.basename(path) for path in change.unit.files} if change.unit else set()
    return [unit for unit in found if unit not in wanted]


def _take_down(frame: Frame, gone: list[str], asked: bool) -> None:
    """Stop what rings, forget what failed, and remove the files: the service's last, as it says whose all of them were."""
    if not gone:
        return
    ringing = [unit for unit in gone if not unit.endswith(SERVICE)]
    if ringing and asked:
        # Units that are not loaded are a failure of the call, but keep it from none of the others.
        ended = control.systemctl(frame, "stop", "--", *ringing)
        if ended.returncode not in (0, _NOT_LOADED):
            control.show(frame, ringing)  # raises when nobody is there: then nothing must be removed
    if asked:
        control.systemctl(frame, "reset-failed", "--", *gone)
    folder = place.folder(frame)
    for unit in ringing:
        # What belongs to a file goes before it: without the file nobody would look for it.
        _unlink(place.link(frame, unit))
        if unit.endswith(TIMER):
            _unlink(place.stamp(frame, unit))
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
    text = place.read(path)
    if text is not None and place.marked(text) is not None:
        _unlink(path)


def _clear_drafts(folder: str) -> None:
    """Remove what a call that was killed had begun to write."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        match = re.fullmatch(r"\.clodputer-[a-z0-9-]+\.(?:service|timer|path)\.(\d+)", name)
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
            found = place.read(path)
            if found is None or place.marked(found) is None:
                raise ClodputerError(
                    "unit_foreign",
                    f"{path} is there, and not of Clodputer",
                    "Move it elsewhere if it is not needed; Clodputer touches nothing of others.",
                )
        if change.verb == ADD or there.get(path) != text:
            atomic.write(path, text.encode("utf-8", "surrogateescape"), mode=0o644)
    for unit in _ringing(change):
        if not systemd_found.enabled(frame, unit):
            _link(place.link(frame, unit), f"{place.folder(frame)}/{unit}")


def _link(link: str, target: str) -> None:
    """Enable a unit, as `systemctl --user enable` does; many of them need no call and no reload each."""
    os.makedirs(os.path.dirname(link), exist_ok=True)
    _unlink(link)
    os.symlink(target, link)


def _start(frame: Frame, done: Sequence[Change]) -> None:
    """Have the manager read everything again, and restart what rings. Raises ClodputerError when it will not."""
    ended = control.systemctl(frame, "daemon-reload")
    if ended.returncode:
        raise control.unreachable(control.said(ended))
    failed = [unit for change in done if change.found and change.found.failed for unit in _concerned(change)]
    if failed:
        control.systemctl(frame, "reset-failed", "--", *failed)
    ringing = [unit for change in done if change.verb != REMOVE for unit in _ringing(change)]
    if ringing:
        # Those that cannot be started are told by their state afterwards.
        control.systemctl(frame, "restart", "--", *ringing)
