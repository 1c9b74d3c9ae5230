"""Why an agent could not be started, said so that a person can fix it."""

from __future__ import annotations

import errno
import os

from clodputer.model.errors import ClodputerError

# macOS has this number, Python has no name for it: a binary for another processor.
EBADARCH = 86


def of_directory(directory: str, error: OSError) -> ClodputerError:
    """The system did not let us go to the working directory."""
    number = error.errno
    if number in (errno.ENOENT, errno.ELOOP):
        return _refused(
            f"there is no working directory {directory}", "Make it, or correct working_directory."
        )
    if number == errno.ENOTDIR:
        return _refused(f"the working directory {directory} is not a folder", "Correct working_directory.")
    if number == errno.EPERM:
        hint = "macOS keeps background programs out of Desktop, Documents and Downloads: use another folder."
        return _refused(f"the system does not let Clodputer into the working directory {directory}", hint)
    if number == errno.EACCES:
        return _refused(
            f"this account may not enter the working directory {directory}", f"Run: ls -ld {directory}"
        )
    return _refused(f"the working directory {directory} cannot be entered: {error.strerror}")


def of_program(program: str, error: OSError) -> ClodputerError:
    """The system did not execute the program."""
    number = error.errno
    if number in (errno.ENOENT, errno.ENOTDIR):
        if not os.path.exists(program):
            return _refused(f"there is no program {program}", "Install it, or correct its path.")
        # Then something else that it names does not exist.
        missing = _interpreter(program) or "a part that it needs to be loaded"
        return _refused(
            f"{program} needs {missing}, which is missing", "Install it, or correct the first line."
        )
    if number in (errno.EACCES, errno.EPERM):
        if os.path.isdir(program):
            return _refused(f"{program} is a folder, not a program", "Correct its path.")
        if os.access(program, os.X_OK):
            return _refused(f"{program} or its interpreter may not be started here", f"Run: ls -l {program}")
        return _refused(f"{program} is not executable", f"Run: chmod +x {program}")
    if number == errno.E2BIG:
        hint = "Hand long text over in the prompt or in a file."
        return _refused(f"the argument list of {program} is too long", hint)
    if number in (errno.ENOEXEC, EBADARCH):
        hint = "A script begins with a line such as #!/bin/sh; a binary is made for one kind of machine."
        return _refused(f"{program} is not a program that this system can run", hint)
    if number == errno.ETXTBSY:
        return _refused(f"{program} is being written at this moment", "Try again when it is in place.")
    return _refused(f"{program} cannot be started: {error.strerror or error}")


def of_arguments(program: str, error: ValueError) -> ClodputerError:
    """What it should be given cannot be passed on: a NUL somewhere, or a = in the name of a variable."""
    return _refused(f"{program} cannot be given its arguments or environment: {error}")


def _interpreter(program: str) -> str:
    try:
        with open(program, "rb") as file:
            first = file.read(256).split(b"\n")[0]
    except OSError:
        return ""
    return first[2:].strip().partition(b" ")[0].decode("utf-8", "replace") if first.startswith(b"#!") else ""


def _refused(message: str, hint: str = "") -> ClodputerError:
    return ClodputerError("not_started", message, hint)
