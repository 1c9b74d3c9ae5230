"""Protect: the files that a task protects, before its run and after it, and put back if it asks for that; also after a kill."""

# What is on disk in the run's folder: `protected.json` before the agent is started, `protected/` with copies of the files if
# they are to be put back, `touched.json` before the first of them is, and `touched/` with what the run had made of them. So
# recovery comes to the same end as the run itself would have.
from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.model.outcome import of
from clodputer.model.proof import guards
from clodputer.model.proof.guards import Meant, Seen, Touched
from clodputer.model.run import Report
from clodputer.model.task import Task
from clodputer.store.files import atomic, fingerprints
from clodputer.store.files.fingerprints import Taken
from clodputer.store.processes import deadline
from clodputer.store.records import runs

# How long it may take to look at the files, and to put them back, in seconds. A child does it, as a folder may hang.
PATIENCE = 60.0

_LIST, _COPIES, _TOUCHED, _KEPT = "protected.json", "protected", "touched.json", "touched"


class Known(NamedTuple):
    """The protected files before the run, where they are looked for, and whether they are to be put back.

    parents: their folders, by the paths that these really had.
    """

    places: tuple[Meant, ...]
    taken: Taken
    parents: dict[str, str]
    restore: bool


class Looked(NamedTuple):
    """The report, failed if a protected file was touched, and what the record has of it: None when none is protected."""

    report: Report
    record: Optional[dict[str, Any]] = None


def before(task: Task, folder: str) -> Optional[Known]:
    """Look at the files that a task protects, and note them in the run's folder; None for a task that protects nothing.

    Raises ClodputerError ("not_started") when they cannot all be looked at, and OSError when they cannot be noted.
    """
    if not task.guards.protect:
        return None
    places = tuple(guards.meant(text, task.working_directory) for text in task.guards.protect)
    copies = f"{folder}/{_COPIES}" if task.guards.protect_restore else ""
    if copies:
        os.makedirs(copies, mode=0o700, exist_ok=True)

    def look() -> dict[str, Any]:
        taken = fingerprints.take(places, copies)
        parents = {parent: os.path.realpath(parent) for parent in set(map(os.path.dirname, taken.files))}
        return {**fingerprints.to_json(taken), "parents": parents}

    try:
        fields = _in_time(look)
    except (TimeoutError, deadline.WorkFailed) as error:
        why = str(error) or f"it took longer than {PATIENCE:g} s"
        raise ClodputerError(
            "not_started",
            f"protect: the files could not be looked at ({why}), and a run is not started unprotected",
            "Write narrower patterns.",
        ) from None
    known = Known(places, fingerprints.from_json(fields), fields["parents"], task.guards.protect_restore)
    noted = {"places": [list(place) for place in places], "restore": known.restore, **fields}
    # It lasts, as the run may end with the computer's.
    runs.write_json(f"{folder}/{_LIST}", noted, durable=True)
    return known


def after(known: Optional[Known], folder: str, report: Report) -> Looked:
    """Look at them again, and put back what was touched if that is wanted. Raises OSError when that cannot be noted."""
    if known is None:
        return Looked(report)
    touched = _compared(known, folder)
    record = guards.to_json(len(known.taken.files), touched)
    _forget_copies(folder)
    if not touched:
        return Looked(report, record)
    ended = report.outcome
    otherwise = f" Otherwise it ended as {ended.outcome} ({ended.reason}). {ended.message}".rstrip()
    return Looked(report._replace(outcome=of("protected", guards.words(touched) + otherwise)), record)


def recovered(folder: str, report: Report) -> Looked:
    """The same for a run whose exec was killed, by what is noted in its folder. Raises OSError."""
    noted = runs.read_json(f"{folder}/{_LIST}")
    if noted is None:
        return Looked(report)
    try:
        places = tuple(Meant(*map(str, place)) for place in noted["places"])
        taken = fingerprints.from_json(noted)
        known = Known(places, taken, dict(noted["parents"]), noted["restore"] is True)
    except (TypeError, ValueError, KeyError, AttributeError):
        return Looked(report)  # somebody has edited it
    return after(known, folder, report)


def forget(folder: str) -> None:
    """Remove what is kept for a run whose agent was not started. Never raises."""
    _forget_copies(folder)
    with suppress(OSError):
        os.unlink(f"{folder}/{_LIST}")


def _forget_copies(folder: str) -> None:
    if not os.path.isdir(f"{folder}/{_COPIES}"):
        return
    # With shutil come three libraries of compression, which most runs have no use for.
    from shutil import rmtree

    rmtree(f"{folder}/{_COPIES}", ignore_errors=True)


def _compared(known: Known, folder: str) -> list[Touched]:
    """What was touched, by this look and by an earlier one that was cut short."""
    noted = (runs.read_json(f"{folder}/{_TOUCHED}") or {}).get("touched") or []
    earlier = [Touched(str(one[0]), str(one[1])) for one in noted]
    try:
        now = fingerprints.from_json(
            _in_time(lambda: fingerprints.to_json(fingerprints.take(known.places, strict=False)))
        )
        found = guards.touched(known.taken.files, now.files)
    except (TimeoutError, deadline.WorkFailed, ClodputerError) as error:
        why = str(error) or f"it took longer than {PATIENCE:g} s"
        return [
            *earlier,
            Touched(known.places[0].root, guards.UNREADABLE, False if known.restore else None, why),
        ]
    again = {one.path for one in found}
    found = [*found, *(one for one in earlier if one.path not in again)]
    if not found or not known.restore:
        return found
    os.makedirs(f"{folder}/{_KEPT}", mode=0o700, exist_ok=True)
    runs.write_json(f"{folder}/{_TOUCHED}", {"touched": [list(one[:2]) for one in found]}, durable=True)
    return _put_back(known, folder, found)


def _put_back(known: Known, folder: str, found: Sequence[Touched]) -> list[Touched]:
    def work() -> list[str]:
        return [_restored(known, folder, number, one.path) for number, one in enumerate(found)]

    try:
        problems = _in_time(work)
    except (TimeoutError, deadline.WorkFailed) as error:
        problems = [str(error) or f"it took longer than {PATIENCE:g} s"] * len(found)
    return [one._replace(restored=not problem, problem=problem) for one, problem in zip(found, problems)]


def _restored(known: Known, folder: str, number: int, path: str) -> str:
    """Make a file what it was; why that cannot be done, or empty. What the run had made of it goes into the run's folder."""
    was = known.taken.files.get(path)
    try:
        if fingerprints.fingerprint(path) == was:
            return ""
        parent = known.parents.get(os.path.dirname(path)) or _new_parent(known, path)
        # A folder on the way may be a link to somewhere else by now.
        if os.path.realpath(parent) != parent:
            return "its folder was replaced"
        target = f"{parent}/{os.path.basename(path)}"
        copy = f"{folder}/{_COPIES}/{known.taken.copies.get(path, '')}"
        if was is not None and was.kind == "file" and not _is_sound(copy, was):
            return f"there is no copy of it; copies are kept of at most {fingerprints.BOUNDS.copied // 1024**2} MB in all"
        if was is not None and was.kind not in ("file", "link"):
            return "it was not a regular file"
        if os.path.lexists(target):
            _move_aside(target, f"{folder}/{_KEPT}/{number}-{os.path.basename(path)[:100]}")
        if was is not None:
            os.makedirs(parent, exist_ok=True)
            _made(target, was, copy)
        if was is not None and was.kind == "link":
            # What it leads to is not put back, unless it is protected itself.
            return (
                ""
                if fingerprints.fingerprint(target) == was
                else "the file that the link leads to was changed"
            )
    except OSError as error:
        return error.strerror or str(error)
    except ClodputerError as error:
        return error.message
    return ""


def _new_parent(known: Known, path: str) -> str:
    """The folder of a file that was not there before, by the path that it had then as far as that is known."""
    folder = os.path.dirname(path)
    return next(
        (
            real + folder[len(above) :]
            for above, real in known.parents.items()
            if folder.startswith(f"{above}/")
        ),
        os.path.realpath(folder),
    )


def _is_sound(copy: str, was: Seen) -> bool:
    found = fingerprints.fingerprint(copy)
    return found is not None and (found.kind, found.digest) == ("file", was.digest)


def _move_aside(path: str, target: str) -> None:
    """Move what is there away. Raises OSError."""
    try:
        os.rename(path, target)
    except OSError as error:
        from errno import EXDEV

        found = os.lstat(path)
        if error.errno != EXDEV or found.st_size > fingerprints.BOUNDS.copied:
            raise
        if os.path.islink(path):
            os.symlink(os.readlink(path), target)
        else:
            _written(target, path, 0o600)
        os.unlink(path)


def _made(target: str, was: Seen, copy: str) -> None:
    """Make a file or a link as it was. Raises OSError."""
    if was.kind == "link":
        os.symlink(was.target, target)
        return
    temporary = f"{target}.clodputer-{os.getpid()}"
    _written(temporary, copy, 0o600)
    os.chmod(temporary, was.mode)
    os.rename(temporary, target)


def _written(target: str, source: str, mode: int) -> None:
    """A new file with the content of another one. Raises OSError."""
    reader = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            while some := os.read(reader, 1 << 20):
                atomic.write_all(writer, some)
            os.fsync(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _in_time(work: Callable[[], Any]) -> Any:
    return deadline.within(PATIENCE, work)
