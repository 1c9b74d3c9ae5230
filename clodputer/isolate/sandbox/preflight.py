"""The preflight: a sandbox is tried before it is trusted, once for each boot and each version of what makes it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from shutil import which
from subprocess import DEVNULL, TimeoutExpired, run
from typing import Any, Optional
from uuid import uuid4

from clodputer.isolate import sandbox, scratch
from clodputer.isolate.sandbox import enclose, probe
from clodputer.isolate.sandbox.places import Asked, pythons
from clodputer.model.errors import ClodputerError
from clodputer.model.isolate.sandbox import plan, remedy
from clodputer.model.isolate.sandbox.keys import CLAUDE, Sandbox
from clodputer.model.isolate.sandbox.remedy import Fault, Kernel
from clodputer.store import boot
from clodputer.store.files import atomic
from clodputer.store.home import Home
from clodputer.store.records import runs

# What was found out, in the folder `cache` of a home: only that a sandbox holds is kept.
KEPT = "sandbox.json"
# How long the probe may take, in seconds.
PATIENCE = 20.0
_SYSCTL = "/proc/sys"


def fault(level: str, home: Home, environ: Mapping[str, str], now: float) -> Optional[Fault]:
    """What keeps sandboxes of this level from holding here; None when they hold. Raises OSError."""
    if level == CLAUDE:
        return _of_claude(environ)
    maker = enclose.program(environ)
    if not maker:
        return _missing()
    version = _version(maker)
    if (runs.read_json(f"{home.cache}/{KEPT}") or {}).get("holds") == version:
        return None
    found = tried(home, environ)
    if found is None:
        os.makedirs(home.cache, mode=0o700, exist_ok=True)
        atomic.write(
            f"{home.cache}/{KEPT}", json.dumps({"holds": version, "at": now}).encode(), durable=False
        )
    return found


def forget(home: Home) -> None:
    """Have it tried again before the next run."""
    with suppress(OSError):
        os.unlink(f"{home.cache}/{KEPT}")


def tried(home: Home, environ: Mapping[str, str]) -> Optional[Fault]:
    """Run the probe in a sandbox like those of runs; what is wrong, None when it holds. Raises OSError."""
    name = f"00000000T000000.000Z-{uuid4()}"
    try:
        folder = scratch.plan(None, environ, name)["path"]
    except ClodputerError as error:
        return Fault(error.message, error.hint)
    token = {"path": folder + sandbox.ENDING}
    with ExitStack() as undo:
        for resource, planned in ((scratch, {"path": folder}), (sandbox, token)):
            undo.callback(resource.undo, planned)
            resource.enter(planned)
        # Beside the home's own files, which is where a run must not get to.
        os.makedirs(home.cache, mode=0o700, exist_ok=True)
        outside = f"{home.cache}/probe-{uuid4().hex}"
        with open(outside, "x", encoding="ascii") as file:
            undo.callback(os.unlink, outside)
            file.write("hidden\n")
        server = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        abstract = ""
        if sys.platform == "linux":
            abstract = f"clodputer-{uuid4().hex}"
            local = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            local.bind(f"\0{abstract}")
            local.listen(1)
        work = f"{folder}/work"
        os.mkdir(work)
        facts = {
            "may_write": f"{work}/written",
            "must_not_write": f"{outside}-written",
            "must_not_read": outside,
            "port": server.getsockname()[1],
            "abstract": abstract,
            "pid": os.getpid(),
        }
        found = _run(home, environ, folder, token["path"], facts)
        if os.path.lexists(f"{outside}-written"):
            os.unlink(f"{outside}-written")
            return found or Fault("the sandbox lets a run write outside of it", "Please report this.")
        return found


def _run(
    home: Home, environ: Mapping[str, str], folder: str, box: str, facts: Mapping[str, Any]
) -> Optional[Fault]:
    here = os.path.realpath(probe.__file__)
    argv = (os.path.realpath(sys.executable), "-I", "-S", here, json.dumps(facts))
    env = {"HOME": environ.get("HOME") or os.path.expanduser("~"), "PATH": os.defpath, "TMPDIR": folder}
    asked = Asked(
        Sandbox(mode="strict"),
        argv,
        env,
        f"{folder}/work",
        folder,
        box,
        home.root,
        readable=(here, *pythons()),
    )
    try:
        made = enclose.enclose(asked, environ)
        ended = run(
            [*made.prefix, *argv],
            env=dict(made.env),
            stdin=DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=PATIENCE,
            check=False,
            start_new_session=True,
        )
    except TimeoutExpired:
        return remedy.of_failure("", kernel(), None)
    except ClodputerError as error:
        return Fault(error.message, error.hint)
    try:
        answer = json.loads(ended.stdout)
    except ValueError:
        return remedy.of_failure(ended.stderr.decode("utf-8", "replace"), kernel(), ended.returncode)
    wrong = remedy.of_probe(answer)
    return (
        Fault(
            f"the sandbox does not hold: {wrong}",
            "Update bubblewrap; if that does not help, please report it.",
        )
        if wrong
        else None
    )


def kernel() -> Kernel:
    """What the kernel says of user name spaces, and whether we are in a container."""
    return Kernel(
        _line(f"{_SYSCTL}/kernel/apparmor_restrict_unprivileged_userns"),
        _line(f"{_SYSCTL}/kernel/unprivileged_userns_clone"),
        _line(f"{_SYSCTL}/user/max_user_namespaces"),
        next((name for path, name in _CONTAINERS if os.path.exists(path)), ""),
    )


_CONTAINERS = (("/.dockerenv", "docker"), ("/run/.containerenv", "podman"))


def _version(maker: str) -> str:
    status = os.stat(maker)
    parts = (boot.identity(), maker, status.st_mtime_ns, status.st_size, plan.VERSION, os.getuid())
    return "/".join(map(str, parts))


def _missing() -> Fault:
    if sys.platform == "darwin":
        return remedy.NO_SEATBELT
    return remedy.MISSING if sys.platform.startswith("linux") else remedy.ELSEWHERE


def _of_claude(environ: Mapping[str, str]) -> Optional[Fault]:
    """Of Claude Code's own sandbox, what can be seen from here: it looks for itself, and does not start without it."""
    if sys.platform == "darwin":
        return None
    path = f"{environ.get('PATH', os.defpath)}:/usr/local/bin:/usr/bin:/bin"
    for name, lacking in (("bwrap", remedy.MISSING), ("socat", remedy.NO_SOCAT)):
        if not which(name, path=path):
            return lacking
    try:
        folder = scratch.plan(None, environ, f"00000000T000000.000Z-{uuid4()}")["path"]
    except ClodputerError as error:
        return Fault(error.message, error.hint)
    length = len(os.fsencode(folder))
    return remedy.too_long(os.path.dirname(folder), length) if length > remedy.LONGEST else None


def _line(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(64).strip()
    except OSError:
        return ""
