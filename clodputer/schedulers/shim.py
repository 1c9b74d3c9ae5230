"""The shim: the one program that all alarms start, and which knows with which Python and environment to go on."""

# It stays the same, byte by byte, as long as nothing that matters changes: units name it and never change with an upgrade.
# A shell comes first, for a millisecond, since only it can say what is wrong when the Python or the program has gone (a
# checkout that was deleted, an interpreter that was upgraded away), and as it takes paths of any length with any characters.
# Python is started with -I (nothing of the caller's decides which code runs) and -S (no .pth files, which may cost several
# interpreters); so the shim itself names the folders of the packages.
from __future__ import annotations

import os
import re
import sys
from ast import literal_eval
from collections.abc import Mapping
from json import dumps
from shlex import quote
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.store.files import atomic
from clodputer.store.program.incomplete import OLDEST_PYTHON, PACKAGES

MARK = "# Written by `clodputer install`, which writes it anew; what is changed by hand is lost."
MODE = 0o700
CODE = "shim_broken"
HINT = "Install Clodputer again, then run: clodputer install"


class Shim(NamedTuple):
    """What a shim knows.

    places: the folders where packages are, that of the program itself first. zone: for the doctor. version: of the Python for
    which those packages were installed.
    """

    python: str
    places: tuple[str, ...]
    environment: Mapping[str, str]
    zone: str = ""
    version: tuple[int, int] = sys.version_info[:2]


# The shell's half is a string to Python. It says on stderr each time why nothing can be started, and logs it and keeps it for
# `status` (store/blocked.py) once for each cause, and not at every alarm until somebody comes. A Python that cannot run the
# program starts it anew with the cause, so that the half that every alarm reads and compiles stays short.
_FORM = r"""#!/bin/sh
''':'
@MARK@
@BACKSLASH@python=@SHELL_PYTHON@
program=@SHELL_PROGRAM@
if [ "$1" != --cannot-run ]; then
    if [ -f "$python" ] && [ -x "$python" ] && [ -f "$program" ]; then exec "$python" -X utf8 -IS "$0" "$@"; fi
    set -- --cannot-run @SHELL_LOST@ @SHELL_QUOTED@
fi
home=@SHELL_HOME@
cause=@SHELL_CAUSE@"$2"
printf 'clodputer: %s. %s\n' "$2" @SHELL_HINT@ >&2
if [ -d "$home/ledger" ] && [ "$(cat "$home/ledger/blocked" 2>/dev/null)" != "$cause" ]; then
    {
        printf '{"timestamp": "%s", "event": "blocked", ' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)"
        printf '"task": null, "request_id": null, "run_id": null, "reason": "%s", "message": %s}\n' @SHELL_CODE@ "$3"
    } >>"$home/execution.log"
    printf '%s\n' "$cause" >"$home/ledger/blocked"
fi
exit 1
'''
PYTHON = @PYTHON_PYTHON@
VERSION = @PYTHON_VERSION@
PLACES = @PYTHON_PLACES@
ENVIRONMENT = @PYTHON_ENVIRONMENT@
ZONE = @PYTHON_ZONE@
import os
import sys

os.environ["CLODPUTER_HOME"] = ENVIRONMENT["CLODPUTER_HOME"]
if sys.argv[1:2] == ["exec"]:
    # A run that a person starts by hand sees what the night sees.
    os.environ.pop("TZ", None)
    os.environ.update(ENVIRONMENT)
sys.path += PLACES
try:
    if sys.version_info < @PYTHON_OLDEST@:
        raise ImportError("Clodputer needs Python %s.%s or newer" % @PYTHON_OLDEST@)
    if sys.version_info[:2] != VERSION:
        for package in @PYTHON_PACKAGES@:
            __import__(package)
    from clodputer.__main__ import program
except (ImportError, SyntaxError) as error:
    import json

    why = "Python %s (%s) cannot run Clodputer: %s" % (sys.version.split()[0], PYTHON, str(error)[:4000])
    os.execv("/bin/sh", ["sh", sys.argv[0], "--cannot-run", why, json.dumps(why)])
program()
"""


def text(shim: Shim) -> str:
    """The file. Raises ClodputerError when a path cannot be written into a file that two languages read."""
    home = shim.environment["CLODPUTER_HOME"]
    for value in (home, shim.python, *shim.places, *shim.environment.values()):
        _writable(value)
    program = f"{shim.places[0]}/clodputer/__main__.py"
    lost = f"{shim.python} or {program} is gone, so nothing in {home} can run"
    shell = {
        "PYTHON": shim.python,
        "PROGRAM": program,
        "HOME": home,
        "LOST": lost,
        "QUOTED": dumps(lost, ensure_ascii=False),
        "HINT": HINT,
        "CAUSE": f"{CODE}\n{HINT}\n\n",
        "CODE": CODE,
    }
    python = {
        "PYTHON": shim.python,
        "VERSION": tuple(shim.version),
        "PLACES": list(shim.places),
        "ENVIRONMENT": dict(shim.environment),
        "ZONE": shim.zone,
        "OLDEST": OLDEST_PYTHON,
        "PACKAGES": PACKAGES,
    }
    words = {
        "MARK": MARK,
        **{f"SHELL_{name}": _quoted(value) for name, value in shell.items()},
        **{f"PYTHON_{name}": ascii(value) for name, value in python.items()},
    }
    # It costs a fork at every alarm, and paths with one are rare.
    needs = any("$backslash" in word for word in words.values())
    words["BACKSLASH"] = "backslash=$(printf '\\134')\n" if needs else ""
    return re.sub("@([A-Z_]+)@", lambda found: words[found.group(1)], _FORM)


def read(path: str) -> Optional[Shim]:
    """What the shim at `path` knows; None when there is none, or it is not one of ours. Raises OSError."""
    try:
        with open(path, "rb") as file:
            content = file.read(256 * 1024).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    values = {}
    for line in content.splitlines():
        name, equals, value = line.partition(" = ")
        if equals and name in ("PYTHON", "VERSION", "PLACES", "ENVIRONMENT", "ZONE"):
            try:
                values[name] = literal_eval(value)
            except (ValueError, SyntaxError):
                return None
    if MARK not in content or len(values) != 5:
        return None
    return Shim(
        values["PYTHON"], tuple(values["PLACES"]), values["ENVIRONMENT"], values["ZONE"], values["VERSION"]
    )


def ours(path: str) -> bool:
    """Whether the file at `path` is a shim, of whatever version."""
    try:
        with open(path, "rb") as file:
            return MARK.encode() in file.read(4096)
    except OSError:
        return False


def current(path: str, wanted: str) -> bool:
    """Whether the file is there as it is wanted, and may be executed."""
    try:
        with open(path, "rb") as file:
            return file.read() == wanted.encode() and os.access(path, os.X_OK)
    except OSError:
        return False


def write(path: str, wanted: str) -> None:
    """Put the shim in its place at one stroke. Raises OSError, and ClodputerError when something else has the place."""
    if os.path.lexists(path) and not ours(path):
        raise ClodputerError(
            "shim_foreign", f"{path} exists already and is not ours", "Move it away, then install again."
        )
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.mkdir(folder, 0o700)
    atomic.write(path, wanted.encode(), mode=MODE)


def restore(path: str, before: str) -> None:
    """Put back what was there. Raises OSError."""
    atomic.write(path, before.encode("utf-8", "surrogateescape"), mode=MODE)


def remove(path: str) -> bool:
    """Take it away again, and its folder when that is then empty; whether there was one of ours. Raises OSError."""
    if not ours(path):
        return False
    os.unlink(path)
    try:
        os.rmdir(os.path.dirname(path))
    except OSError:
        return True  # the person keeps something of their own there
    return True


def _quoted(value: str) -> str:
    """A word for the shell, without a backslash: the shell's half is a string to Python, which would read more into one."""
    return '"$backslash"'.join(quote(part) if part else "" for part in value.split("\\")) or "''"


def _writable(value: str) -> None:
    try:
        value.encode()
        fits = value.isprintable() and "'''" not in _quoted(value)
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise ClodputerError(
            "path_unfit",
            f"{value!a} cannot be written into the files of a scheduler",
            "Use a folder whose name has only printable characters.",
        )
