"""A git folder of our own that borrows the objects of a repository, and obeys nothing that is written in that one."""

# Whoever works in a repository can write its configuration, hooks and references, and a run may have done so. From here commits
# are looked at and pushed by their hashes, with the person's own settings of git alone.
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

from clodputer.store.git import git

# In seconds: one look at objects.
PATIENCE = 120.0
_OPTIONS = ("-c", "core.commitGraph=false", "-c", "protocol.ext.allow=never")


class Unsaid(Exception):
    """Git did not say what it was asked. said: how it ended."""

    def __init__(self, command: str, said: git.Said) -> None:
        super().__init__(f"git {command}: {said.why}")
        self.said = said


class Apart(NamedTuple):
    """The folder, which is there as long as `apart` lasts."""

    folder: str

    def call(
        self,
        arguments: Sequence[str],
        seconds: float = git.LOOK,
        more: Optional[Mapping[str, str]] = None,
        held: int = -1,
        given: bytes = b"",
        secret: str = "",
    ) -> git.Said:
        """Run git there. Raises git.Missing, OSError."""
        ours = {
            "GIT_DIR": self.folder,
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            **(more or {}),
        }
        return git.call(
            [*_OPTIONS, *arguments], self.folder, seconds, ours, held=held, given=given, secret=secret
        )

    def said(self, *arguments: str, given: str = "", seconds: float = PATIENCE) -> str:
        """What git prints there. given: what it reads. Raises Unsaid when it fails, git.Missing, OSError."""
        said = self.call(arguments, seconds, given=given.encode("utf-8", "surrogateescape"))
        if said.status:
            raise Unsaid(arguments[0], said)
        return said.out


@contextmanager
def apart(common: str, folder: str, head: str, url: str = "") -> Iterator[Apart]:
    """Make it at `folder`, whose parent need not be there, for the repository with the git folder `common`.

    head: a commit of it, whose length says how the repository names its objects. url: of the remote `origin` that it has.
    Raises OSError.
    """
    from shutil import rmtree

    if os.path.lexists(folder):
        rmtree(folder)  # a kill has left it
    try:
        os.makedirs(f"{folder}/objects/info", mode=0o700)
        os.makedirs(f"{folder}/refs/heads", mode=0o700)
        _write(f"{folder}/objects/info/alternates", f"{common}/objects\n")
        if os.path.isfile(f"{common}/shallow"):
            with open(f"{common}/shallow", encoding="ascii", errors="replace") as file:
                _write(f"{folder}/shallow", file.read(git.LARGEST))
        _write(f"{folder}/config", _config(head, url))
        _write(f"{folder}/HEAD", "ref: refs/heads/none\n")
        yield Apart(folder)
    finally:
        rmtree(folder, ignore_errors=True)


def without_login(url: str) -> str:
    """The address of a remote without the name and password that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if parts.scheme and "@" in parts.netloc:
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return url


def _config(head: str, url: str) -> str:
    long = len(head) == 64
    lines = ["[core]", f"repositoryformatversion = {1 if long else 0}", "bare = true"]
    lines += ["[extensions]", "objectformat = sha256"] if long else []
    if url:
        quoted = url.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "")
        lines += ['[remote "origin"]', f'url = "{quoted}"']
    return "\n".join(lines) + "\n"


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
