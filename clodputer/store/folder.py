"""The names in a folder that may not be there; files that say something by their names, such as a moment that has come."""

# Only `os` is imported: this is on the way of an `exec` that finds nothing to do.
import os

# By so many seconds another machine, which serves the folder, may date a file ahead of our clock.
AHEAD = 60.0


def entries(folder: str) -> list[str]:
    """The names in a folder; none when it is not there. Raises OSError when it cannot be read."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def touch(path: str) -> None:
    """Make an empty file, whose name says something, as of now: also where it is there already. Raises OSError."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    os.utime(path)


def has_come(path: str, when: str, now: float, farthest: float) -> bool:
    """Whether a moment in a file's name, in digits (epoch milliseconds), has come at `now` (epoch seconds).

    It has as well where the clock was put back since: it is more than `farthest` seconds ahead, or the file was written later.
    """
    return not now * 1000 < int(when) <= (now + farthest) * 1000 or is_ahead(path, now)


def is_ahead(path: str, now: float) -> bool:
    """Whether a file was written more than AHEAD after `now` (epoch seconds): the clock was put back since."""
    try:
        return os.stat(path, follow_symlinks=False).st_mtime > now + AHEAD
    except OSError:
        return False
