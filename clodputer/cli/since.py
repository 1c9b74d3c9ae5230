"""What people write behind `--since`: how long ago, or a date."""

from __future__ import annotations

from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.moment import parse_duration, parse_moment


def moment_since(text: str, now: float) -> float:
    """Epoch seconds of `2h` before `now`, or of a date or moment. Raises ClodputerError ("usage")."""
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        if not text.strip().startswith("+"):
            return parse_moment(text, now)
    except ValueError:
        pass
    raise ClodputerError(
        "usage",
        f"--since: neither a duration nor a date: {text[:40]!r}",
        "Such as 2h, 7d or 2026-11-01.",
        ExitCode.USAGE,
    )
