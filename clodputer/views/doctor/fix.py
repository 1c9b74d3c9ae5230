"""The safe remedies: what `doctor --fix` does (cli/commands/doctor_fix.py). None of them can lose a request."""

from __future__ import annotations

from typing import Any, NamedTuple

CHMOD, MAKE, UNLINK, EXEC, INSTALL, CLEAR = "chmod", "make", "unlink", "exec", "install", "clear"


class Fix(NamedTuple):
    """What will be done, in words, and what `doctor --fix` needs to do it. mode: permission bits, for CHMOD."""

    words: str
    verb: str
    paths: tuple[str, ...] = ()
    mode: int = 0


class Fixed(NamedTuple):
    """A remedy that was tried: whether it could be done, and what came of it, in words."""

    fix: Fix
    done: bool
    message: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"fix": self.fix.words, "done": self.done, "message": self.message}


def chmod(path: str, mode: int) -> Fix:
    """Set the permission bits of a file or folder."""
    return Fix(f"chmod {mode:o} {path}", CHMOD, (path,), mode)


INSTALL_AGAIN = Fix("install again, in the environment that is installed: clodputer install", INSTALL)
SETTLE = Fix("start clodputer exec, which settles it and then runs what waits", EXEC)
