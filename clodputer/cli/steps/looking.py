"""The surroundings for commands that look or stop: they work when config.yaml or secrets.env is broken, and say so."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from clodputer.cli.terminal.printable import printable
from clodputer.store.context import Context, look_on


def look(environ: Mapping[str, str]) -> Context:
    """The home and what could be read, with a warning on stderr for each file that could not be.

    Raises ClodputerError when there is no home, OSError.
    """
    context = look_on(environ)
    for problem in context.problems:
        text = context.masker.text(f"{problem.message}\n{problem.hint}".rstrip())
        print(f"warning: nothing runs until this is fixed: {printable(text)}", file=sys.stderr)
    return context
