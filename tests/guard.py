"""Make every touch of the real Clodputer or Claude home an error: a forgotten fixture could do great harm there.

An audit hook sees every open, listing, creation, renaming and removal in this process. Child processes are kept away
by HOME and CLODPUTER_HOME, which tests/conftest.py sets for every test. From this machine's schedulers they are kept away by
programs that refuse and come first on PATH (tests/refusing).
"""

from __future__ import annotations

import os
import pwd
import shutil
import sys

EVENTS = frozenset(
    {
        "open",
        "os.chmod",
        "os.chown",
        "os.link",
        "os.listdir",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.scandir",
        "os.symlink",
        "os.truncate",
        "os.utime",
        "shutil.rmtree",
    }
)


class RealHomeTouched(BaseException):
    """Not an Exception: code that survives every OSError must not survive this."""


def protected_folders() -> tuple[str, ...]:
    """Return the folders that no test may touch, under every name that the real home has."""
    homes = {os.path.expanduser("~"), pwd.getpwuid(os.getuid()).pw_dir}
    homes |= {os.path.realpath(home) for home in homes}
    return tuple(sorted(os.path.join(home, name) for home in homes for name in (".clodputer", ".claude")))


# The programs that refuse, one for each that changes what rings on this machine.
REFUSING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "refusing")
REFUSED = ("crontab", "launchctl", "loginctl", "systemctl", "systemd-run")

# Taken when this module is first imported, which is before any test has changed HOME.
REAL_HOME = os.path.expanduser("~")
PROTECTED = protected_folders()


def refusing_first(path: str) -> str:
    """PATH with the programs that refuse before all others."""
    return os.pathsep.join([REFUSING, *(part for part in path.split(os.pathsep) if part != REFUSING)])


def real(name: str) -> str:
    """This machine's own program of that name, for labs; it may be asked only for what is theirs."""
    others = [part for part in os.environ["PATH"].split(os.pathsep) if part != REFUSING]
    return shutil.which(name, path=os.pathsep.join(others)) or name


def install(folders: tuple[str, ...]) -> None:
    """Forbid every path inside `folders` until this process ends; audit hooks cannot be taken out again."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event not in EVENTS:
            return
        for argument in arguments[:2]:
            if isinstance(argument, (str, bytes)):
                path = os.path.abspath(os.fsdecode(argument))
                if any(path == folder or path.startswith(folder + os.sep) for folder in folders):
                    raise RealHomeTouched(f"{event} of {path}: a test reached the real home")

    sys.addaudithook(hook)
