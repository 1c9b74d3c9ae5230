"""The resource `scratch`: a private temporary folder, which a run has as its TMPDIR while it lasts."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any, Optional
from zlib import crc32

from clodputer.isolate.prepared import Prepared
from clodputer.model.config.keys import Key
from clodputer.model.errors import ClodputerError
from clodputer.model.task import Task
from clodputer.store.files import exposed

KEYS: tuple[Key, ...] = ()
LATE, STAYS = False, False

_PREFIX = "cp-"
DEFAULT = "/tmp"  # noqa: S108
REMEDY = "Set TMPDIR to the absolute path of a folder that this account can write to, then: clodputer install"


def plan(_task: Optional[Task], environ: Mapping[str, str], run_id: str) -> dict[str, Any]:
    """A folder below TMPDIR where that can be used, and else below /tmp.

    The name is short: agents put sockets below it, and a socket's path may have 103 characters on macOS, whose own TMPDIR takes
    half of them. Of the request's id it has a checksum, as ids often begin alike.

    Raises ClodputerError ("no_temporary_folder") when neither can be used.
    """
    moment, _, request_id = run_id.partition("-")
    name = f"{_PREFIX}{moment[-11:-1].replace('.', '')}-{crc32(request_id.encode('utf-8', 'replace')):08x}"
    base, problems = place(environ)
    if base:
        return {"path": f"{base}/{name}"}
    raise ClodputerError(
        "no_temporary_folder", f"a run has nowhere to put its temporary files: {'; '.join(problems)}", REMEDY
    )


def place(environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """The folder in which runs have their temporary folders, empty for none; and what is wrong with those before it."""
    problems: list[str] = []
    for base in dict.fromkeys((environ.get("TMPDIR", "").rstrip("/"), DEFAULT)):
        problem = unusable(base) if base else ""
        if base and not problem:
            return base, problems
        problems += [f"{base}: {problem}"] if base else []
    return "", problems


def replaced(environ: Mapping[str, str]) -> str:
    """That TMPDIR is not used, and why, as a clause; empty when it is used or not set, or when nothing else can be."""
    base, problems = place(environ)
    return f"TMPDIR cannot be used, and runs use {base} instead ({problems[0]})" if base and problems else ""


def enter(token: Mapping[str, Any]) -> Prepared:
    """Make it. Raises OSError."""
    # mkdir makes the folder or fails, so nothing of another account can be in its place.
    os.mkdir(token["path"], 0o700)
    return Prepared(token["path"])


def undo(token: Mapping[str, Any]) -> None:
    """Remove it with all that is in it; what cannot be removed stays."""
    path = str(token.get("path", ""))
    # The path comes from a file that somebody may have edited, so only a folder with our prefix is removed.
    if not os.path.isabs(path) or not os.path.basename(path).startswith(_PREFIX):
        return
    try:
        os.rmdir(path)
    except OSError:
        # With shutil come three libraries of compression, which most runs have no use for.
        from shutil import rmtree

        rmtree(path, ignore_errors=True)


def unusable(base: str) -> str:
    """Why no run's temporary folder can be made in the folder `base`; empty when it can."""
    if not os.path.isabs(base):
        return "this is not an absolute path"
    try:
        mode, others = os.stat(base).st_mode, exposed.folder(base)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    if not stat.S_ISDIR(mode):
        return "this is not a folder"
    if not os.access(base, os.W_OK | os.X_OK):
        return "this account cannot write to it"
    # Whoever may rename what is in it can put a folder of theirs in the place of ours.
    return "" if others is None else others.message
