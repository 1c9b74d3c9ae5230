"""When to ask ntfy topics again, kept as the name of one empty file: an `exec` with nothing due reads nothing else."""

# Only `os`: this is on the way of every `exec`. The name is `<when>.<stamp>.next`, where `when` is epoch
# milliseconds or NEVER; the stamp changes whenever config.yaml does.
from __future__ import annotations

import os

from clodputer.store.folder import entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from clodputer.store.home import Home

NEVER = "never"
# Longer than any topic waits, in seconds; what is noted for later than that is of a clock that went back.
FARTHEST = 2 * 86400.0
# So much of config.yaml is looked through, in bytes.
LARGEST = 1024 * 1024

_ENDING = ".next"


def folder(home: Home) -> str:
    """Where what is known of topics is."""
    return f"{home.ledger}/topics"


def due(home: Home, now: float) -> bool:
    """Whether config.yaml names topics and was changed since they were asked, or the time of one has come (epoch seconds)."""
    noted = [name for name in entries(folder(home)) if name.endswith(_ENDING)]
    mark = stamp(home)
    when, _, rest = noted[0].partition(".") if len(noted) == 1 else ("", "", "")
    if rest != f"{mark}{_ENDING}":
        return _named(home)
    return when.isdecimal() and not now * 1000 < int(when) <= (now + FARTHEST) * 1000


def _named(home: Home) -> bool:
    """Whether config.yaml may name a topic: most do not, and its changes then concern nobody here."""
    try:
        with open(home.config, "rb") as file:
            return b"ntfy_topic" in file.read(LARGEST)
    except OSError:
        return False


def stamp(home: Home) -> str:
    """What changes when config.yaml does; NEVER where there is none."""
    try:
        status = os.stat(home.config)
    except OSError:
        return NEVER
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"


def note(home: Home, when: Optional[float], mark: str) -> None:
    """Note when the next topic is to be asked (epoch seconds), None: not before config.yaml changes. Raises OSError."""
    os.makedirs(folder(home), mode=0o700, exist_ok=True)
    moment = NEVER if when is None else f"{int(when * 1000):013d}"
    name = f"{moment}.{mark}{_ENDING}"
    os.close(os.open(f"{folder(home)}/{name}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for other in entries(folder(home)):
        if other.endswith(_ENDING) and other != name:
            os.unlink(f"{folder(home)}/{other}")
