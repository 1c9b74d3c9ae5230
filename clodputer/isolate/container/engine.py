"""Calls of podman and docker, each within a time; and whether an engine works here without root."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from shutil import which
from typing import NamedTuple, Optional

from clodputer.model.isolate.container import DOCKER, PODMAN
from clodputer.store.processes import bounded
from clodputer.store.processes.bounded import TOO_LATE

# In seconds: a question to the engine, and the removal of containers.
LOOK, REMOVE = 30.0, 60.0
LARGEST = 1024 * 1024

_INSTALL = {
    PODMAN: "Install it: sudo apt install podman uidmap slirp4netns fuse-overlayfs (Debian, Ubuntu), brew install podman "
    "(macOS); then: clodputer install",
    DOCKER: "Install it without root: https://docs.docker.com/engine/security/rootless/ ; then: clodputer install",
}
_ROOTLESS = {
    PODMAN: "Run Clodputer as an ordinary user; root has no containers without root.",
    DOCKER: "Set it up without root: dockerd-rootless-setuptool.sh install ; then: docker context use rootless",
}


class Said(NamedTuple):
    """How a call ended: its exit status, TOO_LATE when it took too long; and what it printed."""

    status: int
    out: str = ""
    err: str = ""

    @property
    def why(self) -> str:
        """What went wrong, in one line."""
        if self.status == TOO_LATE:
            return "it took too long"
        return bounded.last_words(self.out, self.err) or f"it ended with status {self.status}"


class Trouble(NamedTuple):
    """What keeps an engine from being used, and what to do."""

    message: str
    remedy: str


def program(engine: str, client: Mapping[str, str]) -> str:
    """The engine's program, as an absolute path; empty when there is none."""
    found = which(engine, path=client.get("PATH", os.defpath)) or ""
    return found if os.path.isabs(found) else ""


def call(argv: Sequence[str], client: Mapping[str, str], seconds: float = LOOK, held: int = -1) -> Said:
    """Run the engine's program. held: the descriptor of a lock that it holds with us. Raises OSError when it cannot start."""
    ended = bounded.run(argv, "/", client, seconds, LARGEST, kept=(held,))
    return Said(ended.status, ended.out.decode("utf-8", "replace"), ended.err.decode("utf-8", "replace"))


def trouble(engine: str, path: str, client: Mapping[str, str]) -> Optional[Trouble]:
    """Why the engine cannot be used here; None when it can. `path`: its program. Raises OSError."""
    if not path:
        return Trouble(f"there is no {engine} in {client.get('PATH', os.defpath)}", _INSTALL[engine])
    asked = {
        PODMAN: ("info", "--format", "{{.Host.Security.Rootless}}"),
        DOCKER: ("info", "--format", "{{json .SecurityOptions}}"),
    }[engine]
    said = call((path, *asked), client)
    if said.status or not said.out.strip() or said.out.strip() == "null":
        return Trouble(f"{engine} does not work: {said.why}", f"Try it by hand: {engine} info")
    rootless = said.out.strip() == "true" if engine == PODMAN else "name=rootless" in said.out
    return None if rootless else Trouble(f"{engine} works here as root, and not without", _ROOTLESS[engine])


def has_image(path: str, image: str, client: Mapping[str, str]) -> bool:
    """Whether the image is there. Raises OSError."""
    return call((path, "image", "inspect", "--format", "{{.Id}}", image), client).status == 0


def running(path: str, client: Mapping[str, str]) -> list[str]:
    """The names of all containers that are ours, whether or not they run. Raises OSError."""
    said = call((path, "ps", "--all", "--filter", "label=clodputer.run", "--format", "{{.Names}}"), client)
    return sorted(said.out.split()) if said.status == 0 else []


def remove(path: str, engine: str, names: Sequence[str], client: Mapping[str, str]) -> None:
    """Remove containers with all that runs in them; those that are not there do no harm. Raises OSError."""
    more = ("--ignore", "--time=0") if engine == PODMAN else ()
    call((path, "rm", "--force", *more, *names), client, REMOVE)
