"""The report that config.yaml asks for, written again beside the runs by a process of its own; none waits for it."""

from __future__ import annotations

import signal
import sys
from time import time

from clodputer.model.text.jsontext import loads
from clodputer.model.upkeep import freshreport
from clodputer.runner.upkeep.beside import Beside
from clodputer.store.context import Context
from clodputer.store.due import nextround
from clodputer.store.files.tilde import expand
from clodputer.store.home import Home
from clodputer.store.processes import bounded
from clodputer.store.upkeep import freshreport as kept
from clodputer.store.upkeep import lastfailure

# So long it may take, in seconds: a year of runs takes some. So much of its answer is read, in bytes.
LIMIT, LARGEST = 120.0, 64 * 1024
# So long a reason is kept, in characters.
LONGEST = 500


def _due(home: Home) -> bool:
    return kept.due(home, time())


def write(context: Context) -> None:
    """Write it, if config.yaml names a file. That it cannot be written is logged once, and said by the doctor."""
    signal.signal(signal.SIGTERM, _leave)
    home, setting = context.home, context.settings.report
    folder, mark = kept.folder(home), nextround.stamp(home)
    path = freshreport.file(setting)
    # First: whatever goes wrong from here on, it is not started again at once.
    nextround.note(folder, time() + freshreport.every(setting) if path else None, mark)
    message = _written(context, expand(path, context.environ)) if path else ""
    if lastfailure.note(kept.failed(home), message) and message:
        context.log(time(), "report_lost", message=message)


def _written(context: Context, path: str) -> str:
    """Write it; why that was not possible, or empty."""
    # The command itself, as a program: this floor knows no views, and what it needs of memory ends with it.
    isolated = ["-I"] if sys.flags.isolated else []
    argv = [sys.executable, *isolated, "-m", "clodputer", "report", "--json", "--out", path]
    environ = {**context.environ, "CLODPUTER_HOME": context.home.root}
    try:
        ended = bounded.run(argv, context.home.root, environ, LIMIT, LARGEST)
    except OSError as error:
        return f"{argv[0]} cannot be started: {error.strerror or error}"
    if ended.status == 0:
        return ""
    if ended.status == bounded.TOO_LATE:
        return f"writing {path} took longer than {LIMIT:.0f} seconds"
    said = _message(ended.out) or bounded.last_words("", ended.err.decode("utf-8", "replace"))
    return (said or f"writing {path} ended with status {ended.status}")[:LONGEST]


def _message(answer: bytes) -> str:
    """What the answer of a command says of its failure; empty when it says nothing."""
    try:
        return str(loads(answer.decode())["errors"][0]["message"])
    except (ValueError, TypeError, KeyError, IndexError):
        return ""


def _leave(number: int, frame: object) -> None:  # noqa: ARG001 (as signals call it)
    # What it has started is ended on the way out.
    sys.exit(128 + number)


REPORT = Beside("report", _due, write, "report")
