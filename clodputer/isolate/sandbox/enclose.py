"""Enclose a command: its sandbox planned and laid out, its proxy started, what comes before its arguments, its variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from shutil import which
from typing import Any, NamedTuple, Optional
from urllib.parse import urlsplit

from clodputer.isolate import sandbox
from clodputer.isolate.sandbox import box as boxes
from clodputer.isolate.sandbox import inside, login, places, proxy
from clodputer.isolate.sandbox.places import Asked
from clodputer.isolate.sandbox.relay import Way
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.sandbox import bubblewrap, hosts, plan, remedy, seatbelt
from clodputer.model.isolate.sandbox.keys import LOOPBACK

# Where the program that hands out the port of the proxy, and the proxy's socket, are inside.
INSIDE = "/run/clodputer"

# Ways into the session of the person, which end outside the sandbox.
WITHOUT = ("SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
_PROXIES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
)


class Enclosed(NamedTuple):
    """prefix: what comes before the arguments. depth: how many processes of the sandbox are above the command's own."""

    prefix: tuple[str, ...]
    env: Mapping[str, str]
    by: str
    depth: int


def program(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """The program that makes sandboxes here; empty when there is none."""
    name = "sandbox-exec" if platform == "darwin" else "bwrap"
    path = f"{environ.get('PATH', os.defpath)}:/usr/local/bin:/usr/bin:/bin"
    return which(name, path=path) or ""


def enclose(asked: Asked, environ: Mapping[str, str], platform: str = sys.platform) -> Enclosed:
    """Lay everything out, and start the proxy if one is needed. Raises ClodputerError, OSError."""
    maker = program(environ, platform)
    if not maker:
        fault = remedy.NO_SEATBELT if platform == "darwin" else remedy.MISSING
        raise ClodputerError(sandbox.CANNOT, fault.message, fault.remedy)
    guarded = places.look(asked)
    around = guarded.surroundings
    notes: dict[str, Any] = {"made": guarded.made, "absent": guarded.absent, "before": guarded.before}
    if asked.config:
        notes["login"] = {
            "config": os.path.realpath(asked.config[0]),
            "private": f"{asked.box}/{sandbox.CONFIG}",
            "session": asked.session,
        }
    boxes.note(asked.box, notes)
    wrong = plan.fault(around, (f"{os.path.realpath(asked.home)}/trees", asked.tree) if asked.tree else ())
    if wrong:
        raise ClodputerError(
            "not_started", f"no sandbox can be made for this task: {wrong}", "Correct the task."
        )
    for path in guarded.made:  # only now that they are noted, and would be removed
        os.makedirs(path, exist_ok=True)
    mounts = plan.mounts(around)
    local = platform == "darwin"
    _log_in(asked, moved=local)
    reached = hosts.patterns(asked.reached)
    port = proxy.start(asked.box, Way(reached, upstream(asked.env)), local=local) if reached else None
    env = variables(asked, port)
    if local:
        text = seatbelt.profile(
            seatbelt.unmoved(mounts),
            port=port,
            loopback=asked.rule.network.get("mode") == LOOPBACK and not reached,
        )
        return Enclosed(seatbelt.prefix(maker, text), {**env, **moved(asked)}, "sandbox-exec", 0)
    forward: tuple[str, ...] = ()
    if port is not None:
        mounts = (
            *mounts,
            plan.Mount(plan.WRITE, f"{INSIDE}/{proxy.SOCKET}", f"{asked.box}/{proxy.SOCKET}", folder=False),
            plan.Mount(plan.READ, f"{INSIDE}/inside.py", os.path.realpath(inside.__file__), folder=False),
        )
        python = os.path.realpath(sys.executable)
        forward = (python, "-I", "-S", f"{INSIDE}/inside.py", f"{INSIDE}/{proxy.SOCKET}", str(port))
    prefix = bubblewrap.prefix(maker, mounts, around.links, asked.working_directory, forward)
    return Enclosed(prefix, env, "bubblewrap", bubblewrap.DEPTH)


def variables(asked: Asked, port: Optional[int]) -> dict[str, str]:
    """The environment of the command: its way out is the proxy, and there is no way into the session of the person."""
    env = {name: value for name, value in asked.env.items() if name not in (*WITHOUT, *_PROXIES)}
    if port is not None:
        url = f"http://127.0.0.1:{port}"
        env.update(HTTP_PROXY=url, HTTPS_PROXY=url, http_proxy=url, https_proxy=url)
        here = ("localhost", "127.0.0.1", "::1")
        mine = {pattern.host for pattern in hosts.patterns(asked.reached)}
        passed = ",".join(name for name in here if name not in mine)
        env.update(NO_PROXY=passed, no_proxy=passed)
    return env


def moved(asked: Asked) -> dict[str, str]:
    """The variables that lead a run to its own folders, where nothing can be mounted in the place of others."""
    box = asked.box
    config = {"CLAUDE_CONFIG_DIR": f"{box}/{sandbox.CONFIG}"} if asked.config else {}
    return {"HOME": f"{box}/{sandbox.HOME}", **config}


def upstream(env: Mapping[str, str]) -> Optional[tuple[str, int]]:
    """The proxy that the person has, by which ours goes out as well; None for none."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        try:
            parts = urlsplit(env.get(name, ""))
            if parts.scheme == "http" and parts.hostname:
                return parts.hostname, parts.port or 80
        except ValueError:
            continue
    return None


def _log_in(asked: Asked, *, moved: bool) -> None:
    if not asked.config:
        return
    config, state = asked.config
    inside_state = (
        f"{asked.box}/{sandbox.CONFIG}/{login.STATE}"
        if moved or os.path.dirname(state) == config
        else f"{asked.box}/{sandbox.HOME}/{login.STATE}"
    )
    session = asked.session if asked.resumed else ""
    login.lay_out(
        config, state, f"{asked.box}/{sandbox.CONFIG}", inside_state, session, settings=asked.settings
    )
