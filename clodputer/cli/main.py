"""The command line: find the command, call it, and print what it hands back, as text or as JSON."""

from __future__ import annotations

import codecs
import locale
import os
import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from clodputer.cli.envelope import build, write
from clodputer.cli.failure import failure
from clodputer.cli.result import Printed, Result
from clodputer.cli.terminal.ink import shown
from clodputer.store.files.doing import doing

__all__ = ["failure", "main"]


def main(argv: list[str]) -> int:
    """Run one command and return its exit code; `argv` without the program's name. Never raises."""
    as_json = wants_json(argv)
    command = ""
    try:
        repair_streams()
        from clodputer.cli.group import COMMANDS, program

        if "_CLODPUTER_COMPLETE" in os.environ:
            from clodputer.cli.completion import shells

            shells.register()
        command = next((word for word in argv if word in COMMANDS), "")
        # What anybody prints on the way to an envelope (help, the version) becomes part of it.
        caught = StringIO()
        with redirect_stdout(caught if as_json else sys.stdout):
            outcome = program.main(list(argv), prog_name="clodputer", standalone_mode=False, obj=as_json)
        with doing("printing the answer", "standard output"):
            return present(command, outcome, caught.getvalue(), as_json)
    except BaseException as error:  # noqa: BLE001 (whatever it is, it ends in one place)
        return failure(error, command, as_json)


def present(command: str, outcome: Any, caught: str, as_json: bool) -> int:
    """Print a command's result and return its exit code. Raises OSError."""
    if isinstance(outcome, Printed):
        sys.stdout.write(caught)
        sys.stdout.flush()
        return outcome.exit_code
    result = outcome if isinstance(outcome, Result) else Result({"text": caught} if caught else {})
    if as_json:
        write(build(command, result.data, result.errors, ok=result.exit_code == 0))
    elif result.text:
        sys.stdout.write(shown(result.text, sys.stdout, os.environ) + "\n")
    sys.stdout.flush()
    return int(result.exit_code)


def wants_json(argv: list[str]) -> bool:
    """Whether `--json` is among the options."""
    options = argv[: argv.index("--")] if "--" in argv else argv
    return "--json" in options


def repair_streams() -> None:
    """Make stdout and stderr take every character in every locale, and be there even when they were closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", **_encoding(stream))


def _encoding(stream: Any) -> dict[str, str]:
    """In UTF-8 mode, the encoding of a terminal whose locale names another one; nothing for files, pipes and the locale C."""
    if not sys.flags.utf8_mode or not stream.isatty():
        return {}
    named = locale.nl_langinfo(locale.CODESET)
    try:
        known = codecs.lookup(named).name
    except LookupError:
        return {}
    return {} if known in ("ascii", "utf-8") else {"encoding": known}
