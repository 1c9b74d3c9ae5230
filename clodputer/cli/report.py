"""The report of a fault of Clodputer: a file that is ready to be pasted into an issue, secrets masked."""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from platform import platform
from tempfile import mkstemp
from time import time
from traceback import extract_tb, format_exception

from clodputer import __version__
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.text.mask import Masker
from clodputer.model.text.moment import iso
from clodputer.store import secrets
from clodputer.store.home import exists, is_own, locate
from clodputer.store.program import crashes


def write(error: BaseException, masker: Masker) -> ClodputerError:
    """Write the report and return what to tell the person; without a folder to write to, the message alone."""
    name = type(error).__name__
    text = masker.text(_text(error))
    for create in (_in_home, _in_temporary_folder):
        try:
            path = create(error, text)
        except OSError:
            continue
        return ClodputerError(
            "bug",
            f"unexpected {name}; this is a fault in Clodputer",
            f"A report, ready for an issue, is in {path}",
            ExitCode.BUG,
        )
    return ClodputerError(
        "bug",
        f"unexpected {name}: {error}; this is a fault in Clodputer",
        f"No report could be written. {_place(error)}",
        ExitCode.BUG,
    )


def masker_now() -> Masker:
    """What hides the secrets of the home and of the environment, as far as they can be read. Never raises."""
    try:
        known = secrets.load(locate(os.environ))
    except (ClodputerError, OSError):
        known = {}
    return secrets.masker_for(known, os.environ)


def _in_home(error: BaseException, text: str) -> str:
    home = locate(os.environ)
    if not exists(home) or not is_own(home):
        raise FileNotFoundError(home.root)
    return crashes.write(home, _cause(error), text, time())


def _cause(error: BaseException) -> str:
    """The same name whenever the same fault is met in this version, at whatever time and with whatever values."""
    frames = [f"{os.path.basename(step.filename)}:{step.lineno}" for step in extract_tb(error.__traceback__)]
    digest = sha256("\n".join([type(error).__name__, *frames]).encode()).hexdigest()[:12]
    return f"{__version__}-{type(error).__name__}-{digest}"


def _in_temporary_folder(_error: BaseException, text: str) -> str:
    descriptor, path = mkstemp(prefix="clodputer-bug-", suffix=".txt")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path


def _text(error: BaseException) -> str:
    lines = [
        "# Clodputer: an unexpected error",
        "",
        f"- when: {iso(time())}",
        f"- clodputer: {__version__}",
        f"- python: {sys.version.split()[0]} ({sys.executable})",
        f"- system: {platform()}",
        f"- command: clodputer {' '.join(_without_values(sys.argv[1:]))}",
        "",
        "```",
        "".join(format_exception(type(error), error, error.__traceback__)).rstrip(),
        "```",
        "",
    ]
    return "\n".join(lines)


def _without_values(argv: list[str]) -> list[str]:
    """The arguments, with `k=***` for what a person gave as context: it is theirs, and we need not know it."""
    shown = []
    for word in argv:
        name, equals, _ = word.partition("=")
        shown.append(f"{name}=***" if equals and name != "--task" else word)
    return shown


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (
        ""
        if trace is None
        else f"It happened in {trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}."
    )
