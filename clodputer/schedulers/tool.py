"""How the programs of a scheduler (launchctl, systemctl, crontab, ...) are called: without a shell, to their end, in time."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from subprocess import CompletedProcess
from typing import Optional

from clodputer.model.errors import ClodputerError


def call(
    words: Sequence[str],
    environ: Mapping[str, str],
    seconds: float,
    scheduler: str,
    missing: str,
    hangs: str,
    folder: Optional[str] = None,
) -> CompletedProcess[bytes]:
    """Run a program to its end, with nothing to read and its output kept.

    environ: its whole environment. seconds: how long it may take. folder: its working directory.
    Raises ClodputerError: "<scheduler>_missing" when it cannot be started, with the hint `missing`; "<scheduler>_hangs"
    when it does not end, with the hint `hangs`.
    """
    try:
        return subprocess.run(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environ,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        shown = " ".join(words[:4])
        raise ClodputerError(
            f"{scheduler}_hangs", f"`{shown}` did not end within {seconds:g} seconds", hangs
        ) from None
    except OSError as error:
        raise ClodputerError(
            f"{scheduler}_missing", f"the program {words[0]} cannot be started: {error.strerror}", missing
        ) from None


def said(ended: CompletedProcess[bytes]) -> str:
    """What a program printed about its failure, in one line of at most four of its own."""
    text = (ended.stderr.strip() or ended.stdout.strip()).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "; ".join(lines[:4]) or f"it printed nothing and ended with status {ended.returncode}"
