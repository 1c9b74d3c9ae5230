"""How much memory can be had without swapping, read from the system's own figures: psutil stays out of a run's way."""

from __future__ import annotations

import sys
from typing import Optional

from clodputer.store.files import plainfile

# In bytes: more than any of these files has.
LARGEST = 65536
MEMINFO, CGROUPS, OWN_CGROUP = "/proc/meminfo", "/sys/fs/cgroup", "/proc/self/cgroup"


def memory() -> Optional[int]:
    """In bytes; None where that is not known. In a container with a limit, what the limit leaves."""
    if sys.platform == "darwin":
        return _of_vm_stat()
    known = [found for found in (_of_meminfo(_text(MEMINFO)), _of_cgroups()) if found is not None]
    return min(known, default=None)


def _of_meminfo(text: str) -> Optional[int]:
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if name == "MemAvailable" and words and words[0].isdecimal():
            return int(words[0]) * 1024
    return None


def _of_cgroups() -> Optional[int]:
    """What the limits of our control groups leave, from our own up to the root (cgroup v2); None without a limit."""
    lines = _text(OWN_CGROUP).splitlines()
    path = next((line[3:] for line in lines if line.startswith("0::/")), "")
    found = []
    while path:
        folder = f"{CGROUPS}{path.rstrip('/')}"
        most, used = _text(f"{folder}/memory.max").strip(), _text(f"{folder}/memory.current").strip()
        if most.isdecimal() and used.isdecimal():
            # Of what it uses, the kernel gives up at once what it has only read from files.
            cached = _of_stat(_text(f"{folder}/memory.stat"))
            found.append(max(0, int(most) - int(used) + cached))
        path = path.rpartition("/")[0] if path != "/" else ""
    return min(found, default=None)


def _of_stat(text: str) -> int:
    words = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    cached = words.get("inactive_file", "0")
    return int(cached) if cached.isdecimal() else 0


def _of_vm_stat() -> Optional[int]:
    from subprocess import DEVNULL, SubprocessError, run

    try:
        listing = run(
            ["/usr/bin/vm_stat"], stdin=DEVNULL, capture_output=True, timeout=5, check=False
        ).stdout.decode("ascii", "replace")
    except (OSError, SubprocessError):
        return None
    return pages(listing)


def pages(listing: str) -> Optional[int]:
    """What a listing of macOS' vm_stat says can be had; None when it does not say so."""
    first, *lines = listing.splitlines() or [""]
    size = "".join(filter(str.isdecimal, first.partition("page size of")[2]))
    counts = {name.strip(): rest.strip(" .") for name, _, rest in (line.partition(":") for line in lines)}
    free = [counts.get(f"Pages {kind}", "") for kind in ("free", "inactive", "speculative", "purgeable")]
    if not size or not free[0].isdecimal():
        return None
    return int(size) * sum(int(count) for count in free if count.isdecimal())


def _text(path: str) -> str:
    try:
        return plainfile.read(path, LARGEST).content.decode("ascii", "replace")
    except (OSError, ValueError):
        return ""
