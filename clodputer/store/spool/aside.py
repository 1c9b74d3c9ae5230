"""Setting aside: a file that will not be run moves to `rejected/`, `dead/` or `closed/`, with the reason beside it."""

from __future__ import annotations

import os
from hashlib import blake2b
from shlex import quote

from clodputer.store import atomic
from clodputer.store.home import Home

REASON_SUFFIX = ".reason.txt"
# In bytes. File systems allow 255; a reason that is being written adds 24 to the name, with a number before it.
LONGEST_KEPT, SHORTENED = 230, 200


def _kept_name(name: str) -> str:
    """What a file is kept as: a name that leaves room for that of its reason, and does not look like one."""
    data = os.fsencode(name)
    if len(data) > LONGEST_KEPT:
        return f"{data[:SHORTENED].decode('utf-8', 'ignore')}~{blake2b(data, digest_size=8).hexdigest()}"
    return f"{name}~" if name.endswith((REASON_SUFFIX, ".reason.json")) else name


def set_aside(home: Home, path: str, folder: str, prefix: str, name: str, reason: str) -> str:
    """Move a file of any kind, unopened, into `rejected/`, `dead/` or `closed/`, its reason beside it; where it is now.

    `name` is what it was dropped as: the reason ends with the command that drops it again under that name. The reason is
    written first: a crash in between leaves a reason too many, never a file without one. Without fsync: what a power cut undoes
    is done again, and ten thousand stray files should not take minutes. Raises FileNotFoundError when the file is gone
    meanwhile, OSError.
    """
    kept, number = f"{folder}/{_kept_name(prefix + name)}", 1
    while os.path.lexists(kept) or os.path.lexists(kept + REASON_SUFFIX):
        number += 1
        kept = f"{folder}/{number}.{_kept_name(prefix + name)}"
    again = f"mv {quote(kept)} {quote(f'{home.new}/{name}')}"
    text = f"{reason.rstrip()}\n\nTo drop it again, once that is fixed:\n  {again}\n"
    atomic.write(kept + REASON_SUFFIX, text.encode("utf-8", "backslashreplace"), durable=False)
    try:
        os.rename(path, kept)
    except OSError:
        # Somebody was quicker, or it cannot be moved. Where another process set it aside, the reason there is its own.
        if not os.path.lexists(kept):
            atomic.remove(kept + REASON_SUFFIX)
        raise
    return kept
