"""Doing: what was being done, and to which file, when the system refused; every OSError that reaches a person says both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def doing(what: str, path: str = "") -> Iterator[None]:
    """Add to an OSError that leaves the block what was being done, such as "writing the record", and the file concerned.

    What an inner block has said stays. Of what fails on a descriptor the system names no file; then it is `path`.
    """
    try:
        yield
    except OSError as error:
        if not of(error):
            vars(error)["doing"] = what
        if error.filename is None and path:
            error.filename = path
        raise


def of(error: OSError) -> str:
    """What was being done; empty when nobody has said so."""
    return str(vars(error).get("doing", ""))


def said(error: OSError, otherwise: str = "") -> str:
    """The error in a clause: what the system says, of which file, while what was done (`otherwise`, if nobody has said)."""
    path = error.filename
    if isinstance(path, bytes):
        path = path.decode("utf-8", "surrogateescape")
    where = f": {path}" if isinstance(path, str) and path else ""
    what = of(error) or otherwise
    return f"{error.strerror or error}{where}{f' (while {what})' if what else ''}"
