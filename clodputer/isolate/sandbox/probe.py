"""What the preflight runs inside a sandbox: it tries what must succeed and what must fail, and prints what came of it.

Started as `python -I -S probe.py FACTS`, with JSON; it imports the standard library alone.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any, Callable

# In seconds; a connection on this machine takes none.
PATIENCE = 2.0


def tried(attempt: Callable[[], object]) -> bool:
    """Whether an attempt succeeds."""
    try:
        attempt()
    except OSError:
        return False
    return True


def write(path: str) -> None:
    """Make a file. Raises OSError."""
    with open(path, "x", encoding="ascii") as file:
        file.write("probe\n")


def read(path: str) -> None:
    """Read a file. Raises OSError."""
    with open(path, "rb") as file:
        file.read(1)


def connect(family: int, address: Any) -> None:
    """Connect. Raises OSError."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.connect(address)


def privileges() -> bool:
    """Whether it may gain privileges, or has some; as the kernel says, where it says that."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            status = dict(line.split(":", 1) for line in file if ":" in line)
    except OSError:
        return False
    return status["NoNewPrivs"].strip() != "1" or int(status["CapEff"], 16) != 0


def main(facts: dict[str, Any]) -> dict[str, bool]:
    """facts: `may_write` and `must_not_write`, files that are not there; `must_not_read`, one that is; `port`, of a server at
    127.0.0.1; `abstract`, the name of an abstract socket; `pid`, of a process.
    """
    abstract = facts["abstract"]
    return {
        "write_allowed": tried(lambda: write(facts["may_write"])),
        "write_forbidden": tried(lambda: write(facts["must_not_write"])),
        "read_forbidden": tried(lambda: read(facts["must_not_read"])),
        "connect": tried(lambda: connect(socket.AF_INET, ("127.0.0.1", facts["port"]))),
        "abstract_socket": bool(abstract) and tried(lambda: connect(socket.AF_UNIX, f"\0{abstract}")),
        "signal": tried(lambda: os.kill(facts["pid"], 0)),
        "kernel": tried(lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))),
        "privileges": privileges(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(json.loads(sys.argv[1]))) + "\n")
