"""git, called with nobody there to answer it: by argument list, within a time, in its own process group, with hooks off."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from errno import ELOOP
from typing import Any, NamedTuple, Optional

from clodputer.store.git import waiting
from clodputer.store.lock import Lock
from clodputer.store.processes import bounded, heed
from clodputer.store.processes.bounded import TOO_LATE

# In seconds: a look at a repository, writing a tree of many files, a fetch, and how long another writer is waited for.
LOOK, WRITE, FETCH, PATIENCE = 60.0, 900.0, 120.0, 900.0
# git says little; a status of a tree full of new files is the longest. In bytes.
LARGEST = 16 * 1024 * 1024
SECRET = "CLODPUTER_SECRET_DESCRIPTOR"  # noqa: S105  (a variable's name)
_GLANCE = 0.02
# Variables of git that a person may have set: by which certificates servers are known, and that large files stay pointers.
_HARMLESS = ("GIT_SSL_CAINFO", "GIT_LFS_SKIP_SMUDGE")
# Hooks and monitors of the repository are programs of others, and a gc would go on behind our back.
OPTIONS = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    # A signature is shown by a program.
    "-c",
    "log.showSignature=false",
    "-c",
    "submodule.recurse=false",
)


class Said(NamedTuple):
    """How a git ended: its exit status, negative for a signal, TOO_LATE for one that was killed by us; and what it printed."""

    status: int
    out: str = ""
    err: str = ""

    @property
    def why(self) -> str:
        """What went wrong, in one line."""
        if self.status == TOO_LATE:
            return "git took too long"
        said = bounded.last_words(self.out, self.err, ("fatal:", "error:"))
        return said or f"git ended with status {self.status}"


class Missing(Exception):
    """There is no git."""


def environment(more: Optional[Mapping[str, str]] = None) -> dict[str, str]:
    """Our environment without the variables by which git would use another repository, or ask somebody."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _HARMLESS
    }
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **(more or {})}


def call(
    arguments: Sequence[str],
    folder: str,
    seconds: float = LOOK,
    more: Optional[Mapping[str, str]] = None,
    held: int = -1,
    given: bytes = b"",
    secret: str = "",
) -> Said:
    """Run git in a folder. more: further variables. held: the descriptor of a lock that it holds with us, so that the next
    writer waits for it even when we are killed. given: what it reads. secret: can be read once by what git starts, from the
    descriptor that the variable SECRET names.

    Raises Missing, and OSError when it cannot be started.
    """
    # As subprocess, for runs that have a worktree alone.
    from tempfile import TemporaryFile

    with ExitStack() as open_files:
        stdin: Any = None
        if given:
            stdin = open_files.enter_context(TemporaryFile())
            stdin.write(given)
            stdin.seek(0)
        reader = _piped(secret) if secret else -1
        if secret:
            open_files.callback(os.close, reader)
            more = {**(more or {}), SECRET: str(reader)}
        argv = ["git", *OPTIONS, *arguments]
        try:
            # `worktree add` checks out in a child: whatever ends us ends all of them.
            ended = bounded.run(argv, folder, environment(more), seconds, LARGEST, stdin, (held, reader))
        except FileNotFoundError as error:
            if error.filename == "git":
                raise Missing from None
            raise
        return Said(ended.status, os.fsdecode(ended.out), os.fsdecode(ended.err))


def _piped(secret: str) -> int:
    """A pipe that holds a secret, to be read. Raises OSError."""
    reader, writer = os.pipe()
    try:
        # It is shorter than any pipe.
        os.write(writer, secret.encode("utf-8", "surrogateescape") + b"\n")
    finally:
        os.close(writer)
    return reader


@contextmanager
def writer(common: str, seconds: float = PATIENCE) -> Iterator[int]:
    """The right to fetch and to add or remove worktrees in the repository of this git folder, one process at a time.

    Several at once fail now and then, in every version of git. Raises TimeoutError when others keep it for too long, or when a
    run has put a link in the lock's place; OSError.
    """
    lock = Lock(f"{common}/clodputer.lock")
    tell = waiting.teller(common, lock.path)

    def meanwhile() -> None:
        heed.check()
        tell()

    try:
        ours = lock.wait(seconds, _GLANCE, meanwhile)
    except OSError as error:
        if error.errno != ELOOP:
            raise
        raise TimeoutError(f"{lock.path} is a link, and nothing is written through one; remove it") from None
    if not ours:
        raise TimeoutError(f"other runs have been writing to {common} for {seconds:.0f} seconds")
    try:
        waiting.note(lock.descriptor)
        yield lock.descriptor
    finally:
        lock.release()
