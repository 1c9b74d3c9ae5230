"""A tool that is run for its report: what is started, and how it ended."""

from __future__ import annotations

from typing import NamedTuple, Optional


class Tool(NamedTuple):
    """What is to be run. timeout: in seconds. most: bytes that it may print."""

    argv: tuple[str, ...]
    folder: str
    timeout: float
    most: int


class Ended(NamedTuple):
    """How it ended. began: epoch seconds. stopped: why we ended it, as in `model.run.Ended`. problem: why it did not start.

    said: the end of what it wrote to stderr, in one line. program: what changes when its program does; empty when nobody knows.
    """

    began: float
    seconds: float
    status: Optional[int] = None
    signal: Optional[int] = None
    stopped: str = ""
    problem: str = ""
    said: str = ""
    program: str = ""
