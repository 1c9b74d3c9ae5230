"""When to poll each plugin again, kept as the names of empty files: an `exec` with nothing due reads nothing else."""

# Only `os`: this is on the way of every `exec`. A name in ledger/plugins/next/ is `<when>.<stamp>.<plugin>`, where `when` is
# epoch milliseconds or NEVER; the stamp changes whenever the plugin's manifest or config.yaml does.
from __future__ import annotations

import os

from clodputer.store.folder import entries, has_come, touch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from clodputer.store.home import Home

NEVER = "never"
MANIFEST = "manifest.yaml"
# Longer than any plugin waits, in seconds.
FARTHEST = 40 * 86400.0


def names(home: Home) -> list[str]:
    """The plugins there are, by the names of their folders."""
    found = [name for name in entries(home.plugins) if not name.startswith(".")]
    return sorted(name for name in found if os.path.lexists(f"{home.plugins}/{name}/{MANIFEST}"))


def due(home: Home, now: float) -> list[str]:
    """The plugins that are to be looked at, at `now` (epoch seconds): their time has come, or they are new or changed."""
    found = names(home)
    if not found:
        return []
    known = _known(home)
    return [name for name in found if _is_due(home, name, known.get(name), now)]


def noted(home: Home, name: str) -> Optional[float]:
    """When a plugin is to be polled again (epoch seconds); None when nothing says so."""
    when = _known(home).get(name, (NEVER, ""))[0]
    return int(when) / 1000 if when.isdecimal() else None


def stamp(home: Home, name: str) -> str:
    """What changes when the plugin's manifest or config.yaml does."""
    marks = []
    for path in (f"{home.plugins}/{name}/{MANIFEST}", home.config):
        try:
            status = os.stat(path)
            marks.append(f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}")
        except OSError:
            marks.append("none")
    return "-".join(marks)


def note(home: Home, name: str, when: Optional[float], mark: str) -> None:
    """Note when to look at a plugin again, None: not before something changes. mark: its stamp. Raises OSError."""
    folder = f"{home.ledger}/plugins/next"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    moment = NEVER if when is None else f"{int(when * 1000):013d}"
    path = f"{folder}/{moment}.{mark}.{name}"
    touch(path)
    for entry in entries(folder):
        if _parts(entry)[2] == name and entry != os.path.basename(path):
            os.unlink(f"{folder}/{entry}")


def _is_due(home: Home, name: str, known: Optional[tuple[str, str]], now: float) -> bool:
    if known is None or known[1] != stamp(home, name):
        return True
    when = known[0]
    path = f"{home.ledger}/plugins/next/{when}.{known[1]}.{name}"
    return when.isdecimal() and has_come(path, when, now, FARTHEST)


def _known(home: Home) -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for entry in entries(f"{home.ledger}/plugins/next"):
        when, mark, name = _parts(entry)
        # Two notes about one plugin: a kill came in between. It is looked at.
        known[name] = (when, mark if name not in known else "")
    return known


def _parts(entry: str) -> tuple[str, str, str]:
    parts = entry.split(".", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")
