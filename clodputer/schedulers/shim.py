"""The shim: the one program that all alarms start, and which knows with which Python and environment to go on."""

# It stays the same, byte by byte, as long as nothing that matters changes: units name it and never change with an upgrade.
# A shell comes first, for a millisecond, since only it can say what is wrong when the Python or the program has gone (a
# checkout that was deleted, an interpreter that was upgraded away), and as it takes paths of any length with any characters.
# Python is started with -I (nothing of the caller's decides which code runs) and -S (no .pth files, which may cost several
# interpreters); so it is told where packages are.
from __future__ import annotations

import os
import re
from ast import literal_eval
from collections.abc import Mapping
from json import dumps
from shlex import quote
from typing import NamedTuple, Optional

from clodputer.model.errors import ClodputerError
from clodputer.store import atomic

MARK = "# Written by `clodputer install`, which writes it anew; what is changed by hand is lost."
MODE = 0o700


class Shim(NamedTuple):
    """What a shim knows. places: the folders where packages are, that of the program itself first. zone: for the doctor."""

    python: str
    places: tuple[str, ...]
    environment: Mapping[str, str]
    zone: str = ""


# The shell's half is a string to Python. The event is told once, and not at every alarm until somebody comes.
_FORM = r"""#!/bin/sh
''':'
@MARK@
@BACKSLASH@python=@SHELL_PYTHON@
program=@SHELL_PROGRAM@
if [ -x "$python" ] && [ -f "$program" ]; then exec "$python" -IS "$0" "$@"; fi
told=@SHELL_LOST@
event=@SHELL_EVENT@
log=@SHELL_LOG@
printf 'clodputer: %s\n' "$told" >&2
case $(tail -n 1 "$log" 2>/dev/null) in
    *shim_broken*) ;;
    *)
        now=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
        if [ -d "${log%/*}" ]; then printf '{"timestamp": "%s", %s\n' "$now" "$event" >>"$log"; fi
        ;;
esac
exit 1
'''
PYTHON = @PYTHON_PYTHON@
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
from clodputer.__main__ import program

program()
"""


def text(shim: Shim) -> str:
    """The file. Raises ClodputerError when a path cannot be written into a file that two languages read."""
    home = shim.environment["CLODPUTER_HOME"]
    for value in (home, shim.python, *shim.places, *shim.environment.values()):
        _writable(value)
    program = f"{shim.places[0]}/clodputer/__main__.py"
    lost = _lost(shim.python, program, home)
    shell = (_quoted(word) for word in (shim.python, program, lost, _event(lost), f"{home}/execution.log"))
    # It costs a fork at every alarm, and paths with one are rare.
    needs = any("$backslash" in word for word in shell)
    words = {
        "MARK": MARK,
        "BACKSLASH": "backslash=$(printf '\\134')\n" if needs else "",
        "SHELL_PYTHON": _quoted(shim.python),
        "SHELL_PROGRAM": _quoted(program),
        "SHELL_LOST": _quoted(lost),
        "SHELL_EVENT": _quoted(_event(lost)),
        "SHELL_LOG": _quoted(f"{home}/execution.log"),
        "PYTHON_PYTHON": ascii(shim.python),
        "PYTHON_PLACES": ascii(list(shim.places)),
        "PYTHON_ENVIRONMENT": ascii(dict(shim.environment)),
        "PYTHON_ZONE": ascii(shim.zone),
    }
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
        if equals and name in ("PYTHON", "PLACES", "ENVIRONMENT", "ZONE"):
            try:
                values[name] = literal_eval(value)
            except (ValueError, SyntaxError):
                return None
    if MARK not in content or len(values) != 4:
        return None
    return Shim(values["PYTHON"], tuple(values["PLACES"]), values["ENVIRONMENT"], values["ZONE"])


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
            "shim_foreign", f"{path} is there already and is not ours", "Move it away, then install again."
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


def _lost(python: str, program: str, home: str) -> str:
    return (
        f"{python} or {program} is gone, so nothing in {home} can be run. "
        "Install Clodputer again, then run: clodputer install"
    )


def _event(message: str) -> str:
    """The rest of a line of the execution log, after its time."""
    fields = {"event": "shim_broken", "task": None, "request_id": None, "run_id": None, "message": message}
    return dumps(fields, ensure_ascii=False)[1:]


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
