"""Commands run in a pseudo-terminal, as a person would."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import Optional

from clodputer.store.home import Home
from tests.workshop import environment


def in_terminal(home: Home, *arguments: str, extra: Optional[dict[str, str]] = None) -> tuple[int, str]:
    """A command run in a pseudo-terminal; its exit status and what the terminal got."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "clodputer", *arguments],
        env=environment(home, {"TERM": "xterm", **(extra or {})}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    got = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        got += part
    os.close(master)
    return process.wait(timeout=30), got.decode()
