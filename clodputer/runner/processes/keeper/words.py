"""What exec and the keeper say to each other over their pipes: one byte for an order, one line of JSON for a report."""

from __future__ import annotations

import errno
import os
from json import dumps, loads
from typing import Any, NamedTuple, Optional

from clodputer.model.errors import ClodputerError

# Orders. GO: start the agent. TERMINATE: ask it to leave, by SIGTERM. CLEAR: kill all that is left, report it and exit.
GO, TERMINATE, CLEAR = b"g", b"t", b"c"

# Reports. STARTED has the agent's pid, ENDED nothing, CLEARED the agent's wait status (or null) and who was killed.
# REFUSED: there is no agent, and why; nothing further is reported.
STARTED, REFUSED, ENDED, CLEARED = "started", "refused", "ended", "cleared"


class Report(NamedTuple):
    """One report: its kind, and what belongs to it."""

    kind: str
    value: Any = None


def write(report: Report) -> bytes:
    """A report as it is sent."""
    return dumps(report).encode() + b"\n"


def read(data: bytes) -> tuple[list[Report], bytes]:
    """The whole reports in what has arrived, and the beginning of the next one."""
    *lines, rest = data.split(b"\n")
    return [Report(*loads(line)) for line in lines], rest


def of_error(error: BaseException) -> Any:
    """Why the agent was not started, as a REFUSED report has it."""
    if isinstance(error, ClodputerError):
        return ["told", error.code, error.message, error.hint]
    if isinstance(error, OSError):
        filename: Optional[str] = None
        if isinstance(error.filename, (str, bytes)):
            filename = os.fsdecode(error.filename)
        return ["system", error.errno or errno.EIO, error.strerror or str(error), filename]
    return ["fault", f"{type(error).__name__}: {error}"[:500]]


def error_of(value: Any) -> Exception:
    """The error in a REFUSED report, to be raised by exec as if the start had failed there."""
    kind, *rest = value
    if kind == "told":
        return ClodputerError(*rest)
    if kind == "system":
        return OSError(*rest)
    return RuntimeError(*rest)
