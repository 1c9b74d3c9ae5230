"""The one error class of the house."""

from __future__ import annotations


class ClodputerError(Exception):
    """Something a person can fix.

    `code` is stable and for programs, `message` says what happened and where, `hint` what to do next; `exit_code` is one of
    `exitcode.ExitCode`, by default EXPECTED.
    """

    def __init__(self, code: str, message: str, hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message
