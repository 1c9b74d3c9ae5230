"""The person's editor: which program it is, and a file opened in it."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Mapping
from shutil import which
from subprocess import Popen

from clodputer.cli.terminal.ink import is_terminal
from clodputer.model.errors import ClodputerError

# Where neither variable says; each needs a terminal.
USUAL = ("editor", "nano", "vim", "vi")


def argv(environ: Mapping[str, str]) -> list[str]:
    """The words of $VISUAL, else of $EDITOR, else an editor that is there. Raises ClodputerError ("no_editor")."""
    for name in ("VISUAL", "EDITOR"):
        text = environ.get(name, "")
        if not text.strip():
            continue
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise ClodputerError("no_editor", f"{name} cannot be read as a command: {error}", _HINT) from None
        if not words or not which(words[0], path=environ.get("PATH")):
            raise ClodputerError(
                "no_editor", f"there is no program {words[0] if words else ''!r}, which {name} names", _HINT
            )
        return words
    if is_terminal(sys.stdin):
        for program in USUAL:
            if which(program, path=environ.get("PATH")):
                return [program]
    raise ClodputerError("no_editor", "neither VISUAL nor EDITOR names an editor", _HINT)


_HINT = "For example: export EDITOR=nano"


def open_file(command: list[str], path: str, *, quiet: bool) -> int:
    """Open a file and wait until the editor ends; its exit status. `quiet`: what it prints goes to stderr.

    Raises ClodputerError when it cannot be started.
    """
    # Ctrl-C is the editor's while it has the terminal; a handler, unlike "ignore", is not inherited.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        sys.stdout.flush()
        return Popen([*command, path], stdout=2 if quiet else None).wait()
    except OSError as error:
        raise ClodputerError(
            "no_editor", f"{command[0]} cannot be started: {error.strerror}", _HINT
        ) from None
    finally:
        signal.signal(signal.SIGINT, before)


def asks(as_json: bool) -> bool:
    """Whether there is somebody who can be asked."""
    return not as_json and is_terminal(sys.stdin) and is_terminal(sys.stdout) and bool(os.environ.get("TERM"))
