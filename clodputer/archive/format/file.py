"""The file of an archive: written under another name, closed to everybody else, and put in its place when it is whole."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from contextlib import suppress

from clodputer.archive.backup import backup
from clodputer.archive.backup.backup import Done, Wanted
from clodputer.archive.format import compress
from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.home import Home

STDOUT = "-"
# In the home, the one folder that no backup has in it.
OWN = "backup"


def write(home: Home, path: str, wanted: Wanted, now: float) -> Done:
    """Back a home up to a file, or to stdout. Raises ClodputerError, OSError; then nothing is at `path` that was not before."""
    if path == STDOUT:
        out = sys.stdout.buffer
        with compress.writing(out, compress.GZIP) as stream:
            done = backup.write(home, stream, tempfile.gettempdir(), wanted, now)
        out.flush()
        return done
    path = os.path.abspath(path)
    check(home, path)
    folder, name = os.path.split(path)
    temporary = f"{folder}/.{name}.{os.getpid()}"
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)  # one that a kill left may have been opened to others
            with compress.writing(file, compress.by_name(name)) as stream:
                done = backup.write(home, stream, folder, wanted, now)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    atomic.sync_folder(folder)
    return done


def check(home: Home, path: str) -> None:
    """Refuse a place where an archive cannot be, or would be part of the next one. Raises ClodputerError ("place_unfit")."""
    real, root = os.path.realpath(path), os.path.realpath(home.root)
    if real.startswith(f"{root}/") and not real.startswith(f"{root}/{OWN}/"):
        raise ClodputerError(
            "place_unfit",
            f"{path} is inside the home that is to be backed up",
            f"Choose a place outside of it, best on another disk, or in {home.root}/{OWN}/.",
        )
    if not os.path.isdir(os.path.dirname(path)):
        raise ClodputerError("place_unfit", f"there is no folder {os.path.dirname(path)}", "Make it first.")
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise ClodputerError("place_unfit", f"{path} is there and is not a file", "Choose another name.")
