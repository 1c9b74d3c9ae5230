"""Which file names in a lane are our requests: the one test that `exec`'s quick look and its drain share."""

# Nothing is imported here: an `exec` that finds nothing to do comes by.
from __future__ import annotations

BEGUN, STARTED = ".run", ".started"


def is_place(name: str) -> bool:
    """Whether a name has the shape `<microseconds>.<priority>.<id>.<dropped name>`; stray files are not ours."""
    parts = name.split(".", 3)
    return (
        len(parts) == 4
        and parts[0].isascii()
        and parts[0].isdecimal()
        and parts[1] in ("1", "2", "3", "4", "5")
        and parts[2] != ""
    )


def is_mark(name: str) -> bool:
    """Whether a name is the mark of a run, `<task>@<run id>.run`; '@' is in no task's name and in no run id.

    Once something of the run may have been started it ends in `.started`.
    """
    task, run_id = marked_run(name) if "@" in name and name.endswith((BEGUN, STARTED)) else ("", "")
    return task != "" and run_id != ""


def marked_run(mark: str) -> tuple[str, str]:
    """The task and the run id that a mark names."""
    task, _, rest = mark.partition("@")
    return task, rest[: -len(STARTED if rest.endswith(STARTED) else BEGUN)]
