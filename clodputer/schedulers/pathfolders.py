"""The PATH that runs get at night: the folders of the person's own PATH that will still mean the same then."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from typing import NamedTuple

USUAL = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")

# Parts of paths that are gone with the shell, the login or the command that made them: fnm gives every shell a folder of links
# of its own, npm puts the project's tools in front while it runs a script.
_PASSING = ("fnm_multishells", "node_modules/.bin")
_TEMPORARY = (
    "/tmp",  # noqa: S108  (named to be left out)
    "/var/tmp",  # noqa: S108
    "/private/tmp",
    "/private/var/folders",
    "/var/folders",
    "/run/user",
    "/dev/shm",  # noqa: S108
)


class Folder(NamedTuple):
    """A part of PATH, and what is there: `real` is where it leads, `open` whether anybody may put programs there."""

    path: str
    real: str = ""
    there: bool = True
    open: bool = False


class Chosen(NamedTuple):
    """The folders of the frozen PATH, and what was left out: (part of PATH, why)."""

    folders: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def look(path: str) -> list[Folder]:
    """The parts of a PATH as they are now."""
    return [_look(part) for part in path.split(os.pathsep)] if path else []


def _look(part: str) -> Folder:
    if not os.path.isabs(part):
        return Folder(part)
    real = os.path.realpath(part)
    try:
        mode = os.stat(real).st_mode
    except OSError:
        return Folder(part, real, there=False)
    # Sticky or not: others may add a program under a name that is not there yet.
    return Folder(part, real, stat.S_ISDIR(mode), bool(mode & stat.S_IWOTH))


def choose(parts: Iterable[Folder], environ: Mapping[str, str], needed: Iterable[str] = ()) -> Chosen:
    """The folders to freeze: absolute, there, and not of this moment only. Pure.

    `needed` are folders of programs that runs start; they come last when nothing has them yet. A passing folder that leads to a
    lasting one stands for that.
    """
    kept: list[str] = []
    left: list[tuple[str, str]] = []
    for part in parts:
        path = os.path.normpath(part.path) if part.path else ""
        why = _unfit(part, path, environ)
        if why == _BRIEF and not _unfit(part, part.real, environ):
            path, why = part.real, ""
        if not why:
            kept.append(path)
        elif part.path not in (name for name, _ in left):
            left.append((part.path, why))
    kept += [os.path.normpath(path) for path in needed]
    return Chosen(tuple(dict.fromkeys([*kept, *USUAL])), tuple(left))


_BRIEF = "it is temporary"


def _unfit(part: Folder, path: str, environ: Mapping[str, str]) -> str:
    """Why a part of PATH is left out, or nothing."""
    if not os.path.isabs(path):
        return "it is not absolute, so it would mean a different place in every folder"
    if not path.isprintable() or _undecodable(path):
        return "its name cannot be written into every scheduler's files"
    if not part.there:
        return "it is not there"
    if part.open:
        return "anybody on this computer may put programs there"
    return _BRIEF if passing(path, environ) else ""


def passing(path: str, environ: Mapping[str, str]) -> bool:
    """Whether a folder belongs to this shell, login or virtual environment only. Pure."""
    moment = [environ.get("VIRTUAL_ENV", ""), environ.get("TMPDIR", ""), *_TEMPORARY]
    return any(below(path, folder.rstrip("/")) for folder in moment if folder) or any(
        f"/{word}" in path for word in _PASSING
    )


def below(path: str, folder: str) -> bool:
    """Whether a path is that folder or lies in it."""
    return path == folder or path.startswith(f"{folder}/")


def _undecodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return True
    return False
