"""The exit codes of every command."""

# Not in `errors`, which each run imports: an enum costs a third of a bare Python's start.
from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What one of our commands exits with; an unknown code must be read as failure."""

    DONE = 0
    EXPECTED = 1
    USAGE = 2
    BUG = 3
    DOCTOR = 4
    LATER = 75
    INTERRUPTED = 130
