"""What a command hands back: data for programs, text for people, and how to exit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode


class Result(NamedTuple):
    """The answer of one command. `text` may hold ink of ours (`cli/terminal/ink.py`), left out where it would not show.

    `errors` say why the exit code is not 0 although there is something to show; the text says so in its own way.
    """

    data: Mapping[str, Any]
    text: str = ""
    exit_code: ExitCode = ExitCode.DONE
    errors: tuple[ClodputerError, ...] = ()


class Printed(NamedTuple):
    """The answer of a command that has printed all there is to say itself."""

    exit_code: int
