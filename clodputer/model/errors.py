"""The one error class of the house, and the exit codes it ends with."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command of ours exits with; an unknown code must be read as failure."""

    DONE = 0
    EXPECTED = 1
    USAGE = 2
    BUG = 3
    DOCTOR = 4
    LATER = 75
    INTERRUPTED = 130


class ClodputerError(Exception):
    """Something a person can mend.

    `code` is stable and for programs, `message` says what happened and where, `hint` what to do next.
    """

    def __init__(
        self, code: str, message: str, hint: str = "", exit_code: ExitCode = ExitCode.EXPECTED
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
