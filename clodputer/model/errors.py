"""The one error class of the house, and how errors are handed from one process to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union


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


def error_to_json(error: Union[ClodputerError, OSError]) -> dict[str, Any]:
    """An error as values that JSON can hold."""
    if isinstance(error, ClodputerError):
        return {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "exit_code": int(error.exit_code),
        }
    name = error.filename
    if isinstance(name, bytes):
        name = name.decode("utf-8", "surrogateescape")
    return {
        "errno": error.errno,
        "strerror": error.strerror or str(error),
        "filename": name if isinstance(name, str) else None,
    }


def error_from_json(fields: Mapping[str, Any]) -> Union[ClodputerError, OSError]:
    """The error that `error_to_json` wrote."""
    if "code" in fields:
        return ClodputerError(fields["code"], fields["message"], fields["hint"], fields["exit_code"])
    return OSError(fields["errno"], fields["strerror"], fields["filename"])
