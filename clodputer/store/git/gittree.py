"""A git work tree looked at without changing it, and without running anything that its own configuration names."""

from __future__ import annotations

import os
import re
import select
from time import monotonic
from typing import Any, Optional

from clodputer.model.proof.changed import Tree, status

# Of what one command of git may print, in bytes, and of the files that may differ from the commit.
LARGEST_OUTPUT, MOST_FILES = 8 * 1024 * 1024, 20_000
_CHUNK = 1 << 16

# The work tree belongs to whoever writes in it, an agent perhaps, and its configuration can name programs: monitors, hooks and
# filters of files. What a command line says comes before it. Submodules, which have their own, are not looked into.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_FILTER = re.compile(r"filter\.(?s:.+)\.(?:clean|process)")
_STATUS = (
    "status",
    "--porcelain=v2",
    "--branch",
    "--no-renames",
    "-z",
    "--untracked-files=all",
    "--ignore-submodules=all",
)
_DIFF = ("diff-tree", "-r", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "-z")
_FIRST = ("ls-tree", "-r", "--name-only", "--full-tree", "-z")


class CannotLook(OSError):
    """Git did not answer in time, or not in a way that can be used; the message says how."""


def top_of(folder: str) -> str:
    """The top folder of the work tree that a folder is in; empty when it is in none. Never raises."""
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above


def environment(path: str, home: str, top: str) -> dict[str, str]:
    """What git is started with: no settings but those of the work tree, no lock, no network, nobody to ask.

    home: for the person's own list of files to ignore.
    """
    return {
        "PATH": path,
        "HOME": home,
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CEILING_DIRECTORIES": os.path.dirname(top),
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


def look(git: str, top: str, env: dict[str, str], patience: float) -> Tree:
    """The work tree as it is now. Raises OSError when git does not say within `patience` seconds."""
    until = monotonic() + patience
    safe = (*_SAFE, *_without_filters(git, top, env, until))
    head, paths = status(_asked((git, *safe, *_STATUS), top, env, until))
    if len(paths) > MOST_FILES:
        raise CannotLook(f"more than {MOST_FILES} files differ from the last commit")
    return Tree(top, head, {path: _stamp(os.path.join(top, path)) for path in paths})


def committed(git: str, top: str, env: dict[str, str], patience: float, old: str, new: str) -> list[str]:
    """The files that differ between two commits; `old` is empty where `new` is the first one. Raises OSError."""
    asked = (*_DIFF, old, new) if old else (*_FIRST, new)
    printed = _asked((git, *_SAFE, *asked), top, env, monotonic() + patience)
    return [path for path in printed.split("\0") if path]


def _stamp(path: str) -> Optional[list[int]]:
    """What tells a file's state apart from another one; None for one that is not there."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode]


def _without_filters(git: str, top: str, env: dict[str, str], until: float) -> list[str]:
    """The options that keep git from running the programs by which files are filtered."""
    names = _asked((git, *_SAFE, "config", "--name-only", "-z", "--list"), top, env, until).split("\0")
    # Without its program a filter that is required would be an error.
    found = {name: name.rpartition(".")[0] for name in names if _FILTER.fullmatch(name)}
    settings = [
        setting for name, driver in found.items() for setting in (f"{name}=", f"{driver}.required=false")
    ]
    return [word for setting in settings for word in ("-c", setting)]


def _asked(argv: tuple[str, ...], top: str, env: dict[str, str], until: float) -> str:
    # Few runs are in a git work tree, and this takes milliseconds to import.
    import subprocess

    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=top, env=env
    )
    assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
    with process.stdout as output:
        try:
            printed = _read(output, until)
            status = process.wait(max(0.1, until - monotonic()))
        except (CannotLook, subprocess.TimeoutExpired) as error:
            process.kill()
            process.wait()
            raise CannotLook(str(error)) from None
    if status:
        raise CannotLook(f"git ended with status {status}")
    return os.fsdecode(bytes(printed))


def _read(output: Any, until: float) -> bytearray:
    found = bytearray()
    while True:
        if not select.select([output], [], [], max(0.0, until - monotonic()))[0]:
            raise CannotLook("git took too long")
        some = os.read(output.fileno(), _CHUNK)
        if not some:
            return found
        found += some
        if len(found) > LARGEST_OUTPUT:
            raise CannotLook("git printed too much")
