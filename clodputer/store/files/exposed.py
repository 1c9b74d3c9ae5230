"""Files and folders that decide what runs, and that other accounts may write to or own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from shlex import quote
from typing import NamedTuple, Optional

from clodputer.store.files import owner
from clodputer.store.home import Home

CODE = "exposed"
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Exposed(NamedTuple):
    """A file or folder, how others can change it, and the command that ends that."""

    path: str
    message: str
    fix: str


def of_home(home: Home) -> tuple[Exposed, ...]:
    """What concerns every task: the home itself, `tasks/`, `bin/` and config.yaml."""
    folders = (home.root, home.tasks, f"{home.root}/bin")
    return _found((*(folder(path) for path in folders), file(home.config)))


def of_task(home: Home, path: str) -> tuple[Exposed, ...]:
    """What keeps a task from being run whose file is at `path`: that of its home, and the file, behind a link as well."""
    real = os.path.realpath(path)
    beside = os.path.dirname(real)
    elsewhere = folder(beside) if beside != os.path.realpath(home.tasks) else None
    return (*of_home(home), *_found((elsewhere, file(path))))


def folder(path: str) -> Optional[Exposed]:
    """How others can change what is in a folder; None when they cannot, and when it is not there.

    In a folder with the sticky bit, such as /tmp, everybody may make files and only their owner may take them away.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    sticky = bool(status.st_mode & stat.S_ISVTX)
    return _exposed(path, status, 0 if sticky else status.st_mode & _OTHERS)


def file(path: str) -> Optional[Exposed]:
    """How others can change a file; None when they cannot, and when it is not there."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    bits = status.st_mode & _OTHERS
    if bits & stat.S_IWGRP and _is_private(status.st_gid):
        bits &= ~stat.S_IWGRP
    return _exposed(path, status, bits)


def _exposed(path: str, status: os.stat_result, bits: int) -> Optional[Exposed]:
    if status.st_uid not in (0, os.geteuid()):
        whose = owner.name(status.st_uid)
        fix = f"sudo chown {os.geteuid()} {quote(path)}"
        return Exposed(path, f"{path} belongs to another account, {whose}", fix)
    if bits:
        who = "everybody" if bits & stat.S_IWOTH else "its group"
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        return Exposed(path, f"{who} can write to {path} (mode {mode})", f"chmod go-w {quote(path)}")
    return None


def _is_private(gid: int) -> bool:
    """Whether a group is the account's own, with nobody else in it: with such groups editors make files of mode 0664."""
    import grp
    import pwd

    try:
        account, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    return (
        account.pw_gid == gid and group.gr_name == account.pw_name and not {*group.gr_mem} - {account.pw_name}
    )


def _found(each: Iterable[Optional[Exposed]]) -> tuple[Exposed, ...]:
    return tuple(one for one in each if one is not None)
