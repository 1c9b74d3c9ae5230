"""Where an installation stands: whose home it is, what runs us, and the frame that all its units share."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from sysconfig import get_paths
from typing import NamedTuple, Optional

from clodputer.agents import environment, locate
from clodputer.agents.claude import usual_places
from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.webhook.keys import address, by_path
from clodputer.schedulers import freeze, pathfolders
from clodputer.schedulers.installation import shim_path
from clodputer.schedulers.shim import Shim
from clodputer.schedulers.unit import Frame
from clodputer.store import homes, secrets, settings
from clodputer.store.computer import zone
from clodputer.store.files import owner as owners
from clodputer.store.home import Home, exists
from clodputer.store.program.incomplete import PACKAGES


class Place(NamedTuple):
    """The frame, what the shim is to know, and what a person should know."""

    frame: Frame
    shim: Shim
    notes: tuple[str, ...]


def look(home: Home, environ: Mapping[str, str], platform: str) -> Place:
    """Where we stand. Raises ClodputerError: config.yaml or secrets.env is broken."""
    account = environment.account()
    known = secrets.load(home)
    parts = pathfolders.look(environ.get("PATH", ""))
    own = environ.get("HOME") or account["HOME"]
    ours = settings.load(home, environ)
    needed, notes = _programs(ours.claude, [part.path for part in parts], own)
    frozen = freeze.freeze(
        environ, account, home.root, parts, needed, platform, frozenset((*known, *ours.secrets))
    )
    zone_name = _zone()
    frame = Frame(
        home.root,
        frozen.environment["HOME"],
        shim_path(home.root),
        frozen.environment,
        int(ours.sweep),
        zone_name,
        listen=listening(ours),
    )
    knows = Shim(sys.executable, _places(), frozen.environment, zone_name)
    return Place(frame, knows, (*frozen.notes, *notes))


def bare(home: str, environ: Mapping[str, str]) -> Frame:
    """The frame of a home of which only units are left: enough to find and to remove them."""
    account = environment.account()
    own = environ.get("HOME", "") if os.path.isabs(environ.get("HOME", "")) else account["HOME"]
    return Frame(home, own, shim_path(home), {}, int(Settings().sweep))


def listening(settings: Settings) -> Optional[tuple[str, int]]:
    """Where webhooks, and links of messages, are taken, host and port; None when there are none."""
    return address(settings.listen) if by_path(settings.webhooks) or settings.approve_link else None


def check(home: Home, environ: Mapping[str, str]) -> None:
    """Refuse another account's home, an installation under sudo, and a home that is none. Raises ClodputerError."""
    owner = os.stat(home.root).st_uid if exists(home) else os.geteuid()
    refused = owners.refusal(environ, os.geteuid(), owner, home.root)
    if refused is not None:
        raise refused
    homes.require(home)


class Alone:
    """The right to change a home's installation, tried once: `with Alone(home.root):`; a home that is gone has no rival.

    A flock on the folder itself: nothing is left behind for uninstall to remove. Raises ClodputerError.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._descriptor = -1

    def __enter__(self) -> None:
        try:
            self._descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise ClodputerError(
                "install_busy",
                f"another install or uninstall of {self.root} is at work",
                "Wait for its end, then try again.",
            ) from None

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


def _programs(chosen: str, path: Iterable[str], own: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The folders that must be in PATH for `claude` to be found and started, and a note when it is not found."""
    on_path = [folder for folder in path if os.path.isabs(folder)]
    claude = chosen or locate.find("claude", [*on_path, *usual_places(own)])
    if not claude or not locate.executable(claude):
        return (), (
            "claude is not found; tasks that need it fail until it is installed (then install again)",
        )
    folders = [] if chosen else [os.path.dirname(claude)]
    if _wants_node(claude):
        folders.append(os.path.dirname(locate.find("node", [os.path.dirname(claude), *on_path])))
    # One that belongs to this shell only leads to one that lasts.
    real = [
        os.path.realpath(folder) if pathfolders.passing(folder, {}) else folder
        for folder in folders
        if folder
    ]
    return tuple(real), ()


def _wants_node(program: str) -> bool:
    try:
        with open(program, "rb") as file:
            head = file.read(256).split(b"\n", 1)[0]
    except OSError:
        return False
    return head.startswith(b"#!") and b"node" in head


def _places() -> tuple[str, ...]:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    # Where one is, its own requirements are as well, or are on sys.path.
    found = (find_spec(name) for name in PACKAGES)
    libraries = [os.path.dirname(os.path.dirname(spec.origin)) for spec in found if spec and spec.origin]
    ours = sys.path if sys.flags.isolated else sys.path[1:]  # else the first is the folder of the moment
    caller = os.environ.get("PYTHONPATH", "").split(os.pathsep) if not sys.flags.ignore_environment else []
    return places(root, ours, libraries, frozenset((*_standard(), *caller)))


def places(
    root: str, path: Iterable[str], libraries: Iterable[str], strangers: frozenset[str]
) -> tuple[str, ...]:
    """The folders that a Python without `site` must look into, our own first; the same when the shim itself asks. Pure."""
    kept = [folder for folder in path if os.path.isabs(folder) and folder not in strangers]
    return tuple(
        dict.fromkeys([root, *(folder for folder in kept if not folder.endswith(".zip")), *libraries])
    )


def _standard() -> list[str]:
    """Python's own folders, which it finds by itself."""
    paths = get_paths()
    own = [paths["stdlib"], paths["platstdlib"]]
    return [*own, *(os.path.join(folder, "lib-dynload") for folder in own)]


def _zone() -> str:
    key = getattr(zone.load("", {}), "key", "")
    return key if (key and "/" in key) or key == "UTC" else ""
