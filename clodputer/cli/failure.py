"""The one place where an error ends: a sentence for the person, an exit code for the program."""

# Without click at the top: the fast door of `exec` ends here as well, and so does a click that is missing.
from __future__ import annotations

import errno
import os
import sys
from typing import NamedTuple, Optional

from clodputer.cli import envelope
from clodputer.cli.report import masker_now, write
from clodputer.cli.terminal.ink import ink, is_terminal, shown
from clodputer.cli.terminal.printable import printable
from clodputer.cli.terminal.prose import hung
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.store.files import doing
from clodputer.store.home import locate
from clodputer.store.program import incomplete

# What the machine may run out of or forbid: nothing that a report to us could fix.
_OF_THE_MACHINE = frozenset(
    (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EAGAIN,
        errno.ENOMEM,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EMFILE,
        errno.ENFILE,
        errno.EIO,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ESTALE,
        # A file where one of our folders should be, or the other way round: nobody but a person puts one there.
        errno.ENOTDIR,
        errno.EISDIR,
    )
)


_ROOM = "Make room on that disk. Nothing is lost: what waits is done when there is room, by the next exec."
_REMEDIES = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f).",
    errno.EMFILE: "Raise the limit on open files (ulimit -n).",
    errno.EAGAIN: "Wait until fewer processes run, or raise their limit (ulimit -u).",
}


class _Known(NamedTuple):
    """An error in words for a person; `usage` is the line that click puts above its own."""

    error: ClodputerError
    usage: str = ""


def failure(error: BaseException, command: str, as_json: bool) -> int:
    """Report an error, on stderr or as an envelope, and return the exit code. Never raises."""
    taken = _flush()
    if isinstance(error, BrokenPipeError):
        return int(ExitCode.EXPECTED)
    if isinstance(error, SystemExit):
        # click's own answer to a broken pipe.
        return error.code if isinstance(error.code, int) else int(ExitCode.EXPECTED)
    known = _known(error, command)
    masker = masker_now()
    if known is None:
        known = _Known(write(error, masker))
    final = ClodputerError(known.error.code, masker.text(known.error.message), masker.text(known.error.hint))
    # What stdout does not take may still be read on stderr.
    for way in (_enclose, _complain) if as_json and taken else (_complain,):
        try:
            way(final, command, known.usage)
            break
        except (OSError, ValueError, AttributeError):
            _flush()
    return int(known.error.exit_code)


def explain(error: BaseException) -> ClodputerError:
    """An error in our words; of a fault of Clodputer a report is written first, as it is found nowhere else."""
    known = _known(error)
    return known.error if known else write(error, masker_now())


def _enclose(error: ClodputerError, command: str, _usage: str) -> None:
    envelope.write(envelope.build(command, {}, [error], ok=False))


def _known(error: BaseException, command: str = "") -> Optional[_Known]:
    """The error in our words, or None when it is a fault of Clodputer."""
    if isinstance(error, ClodputerError):
        return _Known(error)
    if isinstance(error, KeyboardInterrupt):
        return _interrupted()
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
        said = doing.said(error, f"running clodputer {command}".strip())
        return _Known(ClodputerError("system", said, _REMEDIES.get(error.errno, "")))
    if isinstance(error, FileNotFoundError):
        return _missing(error)
    lacking = incomplete.explain(error)
    if lacking is not None:
        return _Known(lacking)
    if type(error).__module__.startswith("click."):
        return _of_click(error)
    return None


def _missing(error: FileNotFoundError) -> Optional[_Known]:
    """A folder that somebody took away; any other file that is missing is a fault of Clodputer."""
    try:
        os.getcwd()
    except OSError:
        return _Known(ClodputerError("system", "the working directory is gone", "Go to another one with cd."))
    if str(error.strerror).startswith("No usable temporary directory"):  # the tempfile module's own words
        hint = "Make room there, or set TMPDIR to a folder that this account can write to."
        return _Known(
            ClodputerError("no_temporary_folder", f"no temporary file can be made: {error.strerror}", hint)
        )
    path = os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else ""
    folder, root = os.path.dirname(path), locate(os.environ).root
    while folder.startswith(f"{root}/") and not os.path.isdir(os.path.dirname(folder)):
        folder = os.path.dirname(folder)
    if not folder.startswith(f"{root}/") or os.path.isdir(folder):
        return None
    hint = "Run: clodputer init (it makes what is missing, and keeps what is there)"
    return _Known(ClodputerError("home_damaged", f"a folder of the home is missing: {folder}", hint))


def _of_click(error: BaseException) -> Optional[_Known]:
    import click

    if isinstance(error, click.Abort):
        return _interrupted()
    if isinstance(error, click.UsageError):
        context = error.ctx
        usage = context.get_usage() if context else ""
        hint = f"Try: {context.command_path} --help" if context else "Try: clodputer --help"
        return _Known(ClodputerError("usage", _sentence(error.format_message()), hint, ExitCode.USAGE), usage)
    if isinstance(error, click.ClickException):
        return _Known(ClodputerError("usage", _sentence(error.format_message())))
    return None


def _sentence(text: str) -> str:
    """click begins with a capital and ends with a stop; our messages do neither."""
    text = text.strip()
    head = text[:1].lower() if text[1:2].islower() else text[:1]
    return head + (text[1:-1] if text.endswith(".") and not text.endswith("..") else text[1:])


def _interrupted() -> _Known:
    return _Known(ClodputerError("interrupted", "interrupted", exit_code=ExitCode.INTERRUPTED))


def _complain(error: ClodputerError, _command: str, usage: str) -> None:
    lines = [ink(usage, "dim")] if usage else []
    lines.append(f"{ink('error:', 'red', 'bold')} {printable(error.message)}")
    if error.hint:
        lines.append(printable(error.hint))
    if is_terminal(sys.stderr):
        lines = list(map(hung, lines))
    sys.stderr.write(shown("\n".join(lines) + "\n", sys.stderr, os.environ))
    sys.stderr.flush()


def _flush() -> bool:
    """Print what is still to be printed, and whether it was taken; if not, keep the interpreter from trying again."""
    stream = sys.__stdout__
    if stream is None:
        return True
    try:
        stream.flush()
    except (OSError, ValueError):
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except (OSError, ValueError):
            pass
        return False
    return True
