"""Setting aside: a file that will not be run moves to `rejected/`, `dead/` or `closed/`, with the reason beside it."""

from __future__ import annotations

import os
from shlex import quote

from clodputer.store import atomic
from clodputer.store.home import Home

REASON_SUFFIX = ".reason.txt"


def set_aside(home: Home, path: str, folder: str, prefix: str, name: str, reason: str) -> str:
    """Move a file of any kind, unopened, into `rejected/`, `dead/` or `closed/`, its reason beside it; where it is now.

    `name` is what it was dropped as: the reason ends with the command that drops it again under that name. The reason is
    written first: a crash in between leaves a reason too many, never a file without one. Without fsync: what a power cut undoes
    is done again, and ten thousand stray files should not take minutes. Raises FileNotFoundError when the file is gone
    meanwhile, OSError.
    """
    kept, number = f"{folder}/{prefix}{name}", 1
    while os.path.lexists(kept) or os.path.lexists(kept + REASON_SUFFIX):
        number += 1
        kept = f"{folder}/{number}.{prefix}{name}"
    again = f"mv {quote(kept)} {quote(f'{home.new}/{name}')}"
    text = f"{reason.rstrip()}\n\nTo drop it again, once that is fixed:\n  {again}\n"
    atomic.write(kept + REASON_SUFFIX, text.encode("utf-8", "backslashreplace"), durable=False)
    try:
        os.rename(path, kept)
    except FileNotFoundError:
        # Somebody was quicker. If it was another one who sets it aside, to the same place, the reason is that one's.
        if not os.path.lexists(kept):
            atomic.remove(kept + REASON_SUFFIX)
        raise
    return kept
