"""Our launchd units that are there: files by their marks, and loaded jobs whose file is gone."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.schedulers.launchd import launchctl, plist
from clodputer.schedulers.launchd.plist import FINGERPRINT, LARGEST, PROBE, parsed
from clodputer.schedulers.mark import Mark
from clodputer.schedulers.unit import SPOOL, SWEEP, TASK, WEBHOOKS, FoundUnit, Frame

SUFFIX = ".plist"


class File(NamedTuple):
    """One of our files among the LaunchAgents."""

    label: str
    path: str
    text: str
    mark: Mark
    fingerprint: str


def inspect(frame: Frame, everywhere: bool = False) -> list[FoundUnit]:
    """All our units, of this home or of all. Raises ClodputerError when that is not known."""
    files = {file.label: file for file in own_files(frame)}
    try:
        there = launchctl.session(frame)
    except ClodputerError as error:
        if files or error.code != "launchctl_missing":
            raise
        return []  # no macOS, and nothing of ours left by one
    found = [_of_file(frame, file, there is not None) for file in files.values()]
    found += [
        _orphan(label, job)
        for label in sorted((there or set()) - set(files))
        if (job := launchctl.loaded(frame, label)) is not None and job.fingerprint
    ]
    return [one for one in found if everywhere or one.home == frame.home]


def written(frame: Frame) -> list[FoundUnit]:
    """The units of this home whose files are there; `loaded` when the next login will take them."""
    return [
        _found(file)._replace(loaded=is_plain(file.path))
        for file in own_files(frame)
        if file.mark.home == frame.home
    ]


def own_files(frame: Frame) -> list[File]:
    """The files that have our prefix and our mark, in order. Raises ClodputerError when the folder cannot be read."""
    place = plist.folder(frame)
    try:
        names = sorted(os.listdir(place))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ClodputerError(
            "agents_unreadable",
            f"{place} cannot be read: {error.strerror}",
            "It must belong to you; look at it with: ls -ld",
        ) from None
    ours = [name for name in names if name.startswith(plist.PREFIX) and name.endswith(SUFFIX)]
    found = (read(f"{place}/{name}") for name in ours)
    return [file for file in found if file is not None]


def read(path: str) -> Optional[File]:
    """The file at a path, when it is one of ours; links are followed, for launchd does so too."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode) or os.path.getsize(path) > LARGEST * 4:
            return None
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
    except OSError:
        return None
    label = os.path.basename(path)[: -len(SUFFIX)]
    keys = parsed(text) or {}
    mark = plist.mark(text) or _by_keys(label, keys)
    return None if mark is None else File(label, path, text, mark, plist.fingerprint(text))


def is_plain(path: str) -> bool:
    """Whether launchd will take a file as it is; at login it passes over links. Raises OSError when it is not there."""
    status = os.lstat(path)
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022


def _by_keys(label: str, keys: Mapping[str, Any]) -> Optional[Mark]:
    """The mark of a file that a tool has written again, without comments."""
    environment, arguments = keys.get("EnvironmentVariables"), keys.get("ProgramArguments")
    if not isinstance(environment, dict) or FINGERPRINT not in environment or not isinstance(arguments, list):
        return None
    home = environment.get("CLODPUTER_HOME")
    task = str(arguments[3]) if arguments[1:3] == ["exec", "--task"] and len(arguments) > 3 else ""
    return Mark(home, _kind(label, task), task) if isinstance(home, str) else None


def _kind(label: str, task: str) -> str:
    if task:
        return TASK
    parts = label.split(".")
    return next((kind for kind in (TASK, SPOOL, SWEEP, WEBHOOKS, PROBE) if kind in parts), "")


def _of_file(frame: Frame, file: File, session: bool) -> FoundUnit:
    job = launchctl.loaded(frame, file.label) if session else None
    found = _found(file)._replace(loaded=job is not None)
    if job is None:
        return found._replace(state="not loaded" if session else "no desktop session")
    current = job.fingerprint == file.fingerprint if job.fingerprint else None
    if not is_plain(file.path):
        current = False  # it is not what the next login will load
    return found._replace(current=current, state=job.state, failed=_failed(job.last_exit))


def _found(file: File) -> FoundUnit:
    mark = file.mark
    return FoundUnit(file.label, mark.home, mark.kind, mark.task, {file.path: file.text}, loaded=False)


def _orphan(label: str, job: launchctl.Loaded) -> FoundUnit:
    return FoundUnit(
        label, job.home, _kind(label, ""), "", {}, True, False, job.state, _failed(job.last_exit)
    )


def _failed(last_exit: str) -> str:
    return "" if last_exit in ("", "0", "(never exited)") else f"last exit code {last_exit}"
