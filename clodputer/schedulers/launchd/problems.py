"""What a doctor sees of launchd: what keeps a unit from being loaded, started, or seeing what it is to see."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from shutil import which
from typing import Any, Callable

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.launchd import launchctl, plist
from clodputer.schedulers.launchd.plist import parsed
from clodputer.schedulers.pathfolders import below
from clodputer.schedulers.unit import FoundUnit, Frame, SchedulerProblem, Unit
from clodputer.store.log import joblogs

# Exec shortens what is larger than joblogs.LARGEST once a day; what has grown to so much was not shortened.
LARGEST_LOG = 2 * joblogs.LARGEST
# A computer that sleeps by itself most likely sleeps in these hours.
NIGHT = range(7)


def problems(frame: Frame, units: Sequence[Unit], found: Sequence[FoundUnit]) -> list[SchedulerProblem]:
    """All of them; what cannot be asked is a problem of its own."""
    listed: list[SchedulerProblem] = []
    looks: tuple[Callable[[], Iterable[SchedulerProblem]], ...] = (
        lambda: _session(frame),
        lambda: _jobs(frame, found),
        lambda: _doubled(frame, found),
        lambda: _sleep(frame, units),
        lambda: _quarantine(frame),
    )
    for look in looks:
        try:
            listed += look()
        except ClodputerError as error:
            listed.append(SchedulerProblem(error.code, error.message, error.hint))
    return [*listed, *_files(found), *_folders(frame, units), *_logs(frame)]


def _session(frame: Frame) -> Iterator[SchedulerProblem]:
    refused = launchctl.refusal()
    if refused is not None:
        yield SchedulerProblem(refused.code, refused.message, refused.hint)
    name = launchctl.text(launchctl.call(frame, "managername")).strip()
    if name and name != "Aqua":
        yield SchedulerProblem(
            "no_desktop",
            f"launchd runs units in the desktop session, but this is another one ({name}), such as one by ssh",
            "Units are loaded when you log in at the screen, and end when you log out.",
            fatal=False,
        )


def _jobs(frame: Frame, found: Sequence[FoundUnit]) -> Iterator[SchedulerProblem]:
    disabled = launchctl.disabled(frame)
    there = launchctl.session(frame) is not None
    for one in found:
        if one.name in disabled:
            yield SchedulerProblem(
                "launchd_disabled",
                f"{one.name} is disabled in launchd, which launchd remembers even without its file",
                "Enable it, then install again.",
                one.name,
                fix=("launchctl", "enable", launchctl.target(one.name)),
            )
        elif there and one.files and not one.loaded:
            yield SchedulerProblem(
                "login_items",
                f"{one.name} has its file, but is not loaded",
                "Install again. If that does not help, look in System Settings, General, Login Items, Allow in "
                "the Background: switched off there, no command can switch it on.",
                one.name,
            )
        if re.search(r"\b78\b", one.failed):
            yield SchedulerProblem(
                "could_not_start",
                f"{one.name} could not be started: {one.failed}",
                f"{frame.shim} must be there and executable, and {frame.home} and "
                f"{plist.logs(frame)} yours. The reason is in: {launchctl.LOG}",
                one.name,
            )
        elif one.failed:
            yield SchedulerProblem(
                "exec_failed",
                f"{one.name}: {one.failed}",
                f"What it said: {plist.logs(frame)}/{one.name}.log",
                one.name,
                fatal=False,
            )


def _doubled(frame: Frame, found: Sequence[FoundUnit]) -> Iterator[SchedulerProblem]:
    for one in found:
        target = f"user/{os.getuid()}/{one.name}"
        if launchctl.call(frame, "print", target).returncode == 0:
            yield SchedulerProblem(
                "loaded_twice",
                f"{one.name} is also loaded outside of the desktop session",
                "Each of its alarms goes off twice.",
                one.name,
                False,
                ("launchctl", "bootout", target),
            )


def _files(found: Sequence[FoundUnit]) -> Iterator[SchedulerProblem]:
    for one in found:
        for path in one.files:
            try:
                status = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISLNK(status.st_mode):
                yield SchedulerProblem(
                    "plist_is_a_link",
                    f"{path} is a symbolic link, which launchd ignores at login",
                    "Install again; it is then a file.",
                    one.name,
                )
            elif status.st_uid != os.getuid() or status.st_mode & 0o022:
                yield SchedulerProblem(
                    "plist_not_safe",
                    f"{path} belongs to another account, or others can write to it: launchd refuses it",
                    "Make it yours, with mode 0644.",
                    one.name,
                    fix=("chmod", "0644", path),
                )


def _folders(frame: Frame, units: Sequence[Unit]) -> Iterator[SchedulerProblem]:
    guarded = [
        f"{frame.account}/{name}"
        for name in ("Desktop", "Documents", "Downloads", "Library/Mobile Documents")
    ]
    for unit in units:
        for path in _keys(unit).get("WatchPaths", []):
            if any(below(path, place) for place in [*guarded, "/Volumes"]):
                yield SchedulerProblem(
                    "guarded_folder",
                    f"{path}: macOS asks for consent before a program may read there, and nobody "
                    "answers at night",
                    "In System Settings, Privacy & Security, Full Disk Access, add the "
                    "Python that Clodputer runs with; or watch a folder elsewhere.",
                    unit.name,
                    False,
                )
            if not os.path.isdir(path):
                yield SchedulerProblem(
                    "no_folder",
                    f"{path} is watched, but does not exist",
                    "Create it. Until then files in it are not noticed.",
                    unit.name,
                    False,
                )
    for path in (frame.home, frame.shim):
        if any(below(os.path.realpath(path), place) for place in [*guarded, "/Volumes"]):
            yield SchedulerProblem(
                "guarded_folder",
                f"{path} is in a folder for which macOS asks for consent",
                "Put CLODPUTER_HOME somewhere else, such as ~/.clodputer.",
            )


def _keys(unit: Unit) -> Mapping[str, Any]:
    return next((keys for text in unit.files.values() if (keys := parsed(text)) is not None), {})


def _sleep(frame: Frame, units: Sequence[Unit]) -> Iterator[SchedulerProblem]:
    nightly = [unit.name for unit in units if unit.task and _at_night(_keys(unit))]
    if not nightly or which("pmset") is None:
        return
    asleep = re.search(
        r"^\s*sleep\s+(\d+)", launchctl.text(launchctl.program(frame, "pmset", "-g")), re.MULTILINE
    )
    if asleep and asleep[1] != "0":
        yield SchedulerProblem(
            "sleeps_at_night",
            f"this computer goes to sleep after {asleep[1]} minutes, and launchd does not wake "
            f"it; these are due at night: {', '.join(nightly)}",
            "They run when it wakes, if their catch_up says so. Or have it stay awake on power, or wake up: "
            "sudo pmset repeat wakeorpoweron MTWRFSU 02:55:00",
            fatal=False,
        )


def _at_night(keys: Mapping[str, Any]) -> bool:
    return any(entry.get("Hour", -1) in NIGHT for entry in keys.get("StartCalendarInterval", []))


def _quarantine(frame: Frame) -> Iterator[SchedulerProblem]:
    if (
        which("xattr") is not None
        and "com.apple.quarantine" in launchctl.text(launchctl.program(frame, "xattr", frame.shim)).split()
    ):
        yield SchedulerProblem(
            "quarantined",
            f"{frame.shim} is marked as downloaded, and launchd refuses to start it",
            "Remove that mark.",
            fix=("xattr", "-d", "com.apple.quarantine", frame.shim),
        )


def _logs(frame: Frame) -> Iterator[SchedulerProblem]:
    place = plist.logs(frame)
    if os.path.isdir(place) and not os.access(place, os.W_OK):
        yield SchedulerProblem(
            "logs_not_writable",
            f"{place} cannot be written to, and so nothing is started",
            "Make it yours, with mode 0700.",
        )
        return
    for name in sorted(os.listdir(place)) if os.path.isdir(place) else ():
        path = f"{place}/{name}"
        size = os.path.getsize(path) if os.path.isfile(path) else 0
        if size > LARGEST_LOG:
            yield SchedulerProblem(
                "log_large",
                f"{path} has {size // 2**20} MB; exec, which shortens it once a day, has not",
                "Empty it.",
                fatal=False,
                fix=("cp", "/dev/null", path),
            )
