"""The way in: `exec` by a fast door of its own, everything else by the command line proper."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional


def main(argv: "Optional[list[str]]" = None) -> int:
    """Run one command and return its exit code; `argv` without the program's name, by default the process's own."""
    if sys.version_info < (3, 9):  # noqa: UP036 (pip alone would have refused it)
        sys.exit(
            f"clodputer: Clodputer needs Python 3.9 or newer, and this is {sys.version.split()[0]} ({sys.executable})"
        )
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["exec"]:
        from clodputer.cli import door

        options = door.parse(arguments[1:])
        if options is not None:
            return door.execute(*options)
    if arguments[:1] == ["statusline"]:
        from clodputer.cli import statusline

        wanted = statusline.parse(arguments[1:])
        if wanted is not None:
            return statusline.show(wanted)
    if arguments[:1] == ["receive"]:
        from clodputer.cli import receive

        if receive.parse(arguments[1:]):
            return receive.serve()
    from clodputer.cli.main import main as command_line

    return command_line(arguments)


def program() -> "NoReturn":
    """Run one command, as the program itself, and leave with its exit code; 1 when not all of its answer could be written."""
    if sys.getfilesystemencoding() != "utf-8":
        begin_again_in_utf8()
    code = main()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # it was closed when we started
                stream.flush()
    except (OSError, ValueError):
        code = code or 1
        # Python flushes once more when it ends, and would complain about the same again.
        sys.stdout = sys.stderr = None
    sys.exit(code)


def begin_again_in_utf8() -> "NoReturn":
    """Replace this process by one in Python's UTF-8 mode: under LC_ALL=C, say, names with umlauts could not even be printed.

    The shim of the alarms starts Python in that mode at once. Raises OSError.
    """
    if hasattr(sys, "orig_argv"):
        words = list(sys.orig_argv[1:])
    else:  # Python 3.9
        entry = ["-m", "clodputer"] if os.path.basename(sys.argv[0]) == "__main__.py" else [sys.argv[0]]
        words = [*(["-I"] if sys.flags.isolated else []), *entry, *sys.argv[1:]]
    given = [os.fsencode(sys.executable), b"-X", b"utf8", *map(_in_utf8, words)]
    os.execv(sys.executable, given)  # noqa: S606  (an argument list)


def _in_utf8(word: str) -> bytes:
    """An argument as it was given when that is UTF-8, and else what it means in the encoding of the locale."""
    given = os.fsencode(word)
    try:
        given.decode()
    except UnicodeDecodeError:
        return word.encode("utf-8", "surrogateescape")
    return given


if __name__ == "__main__":
    program()
