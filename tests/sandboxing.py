"""What tests of sandboxes share: whether there can be any here, and a place with a person around it."""

from __future__ import annotations

import ctypes
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from clodputer.isolate import sandbox
from clodputer.isolate.sandbox.places import Asked
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.store.home import Home
from tests.workshop import write_secrets

ESCAPES = Path(__file__).parent / "system" / "escapes.py"


def need_bubblewrap() -> None:
    """Skip where no sandbox can be made, saying why; but fail on a build machine, where it should."""
    try:
        ended = subprocess.run(
            ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--disable-userns", "--unshare-user", "true"],
            capture_output=True,
            text=True,
        )
        reason = ended.stderr.strip() if ended.returncode else ""
    except OSError:
        reason = "bubblewrap is not installed"
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"sandboxes are not tested: {reason}")
    if reason:
        pytest.skip(reason)


def repository(folder: Path) -> None:
    """A checkout with a commit."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / "file").write_text("text\n")
    name = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(folder), "add", "."], check=True)
    subprocess.run(["git", "-C", str(folder), *name, "commit", "-qm", "first"], check=True)


@contextmanager
def session_key() -> Iterator[int]:
    """A key in the keyring of this session, by its number; 0 where there can be none."""
    add, control = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(os.uname().machine, (0, 0))
    libc = ctypes.CDLL(None)
    key = int(libc.syscall(add, b"user", f"clodputer-{uuid4()}".encode(), b"secret", 6, -3)) if add else 0
    yield max(key, 0)
    if key > 0:
        libc.syscall(control, 3, key)  # revoked


@contextmanager
def surroundings(home: Home, folder: Path, person: Path) -> Iterator[dict[str, Any]]:
    """A person with keys, a checkout with a program that tries to get out of it, and things to get at; the facts of all."""
    (person / ".ssh").mkdir(parents=True)
    (person / ".ssh" / "id_rsa").write_text("key\n")
    outside = folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret\n")
    write_secrets(home, "TOKEN=secret\n")
    work = folder / "work"
    repository(work)
    (work / ".env").write_text("PASSWORD=1\n")
    shutil.copy(ESCAPES, work / "escapes.py")
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        abstract, named = f"escape-{uuid4().hex}", str(outside / "s")
        for address in (f"\0{abstract}", named):
            local = stack.enter_context(socket.socket(socket.AF_UNIX))
            local.bind(address)
            local.listen(1)
        facts = {
            "home": home.root,
            "person": str(person),
            "outside": str(outside),
            "secret": str(outside / "secret"),
            "port": server.getsockname()[1],
            "abstract": abstract,
            "socket": named,
            "pid": os.getpid(),
            "key": stack.enter_context(session_key()),
        }
        (work / "facts.json").write_text(json.dumps(facts))
        yield facts


def python() -> tuple[str, list[str]]:
    """A Python for programs inside of a sandbox, and what that needs to read."""
    return os.path.realpath(sys.executable), [sys.base_prefix]


def asked_for(tmp_path: Path, rule: Sandbox, **more: Any) -> Asked:
    """A sandbox for `true` in a folder `work`."""
    for name in ("work", "t", "person", "run.box", *(f"run.box/{name}" for name in sandbox.SEEN)):
        (tmp_path / name).mkdir(exist_ok=True)
    env = {"HOME": str(tmp_path / "person"), "PATH": "/usr/bin:/bin", "HTTPS_PROXY": "http://p.example:81"}
    work, temporary, box = (str(tmp_path / name) for name in ("work", "t", "run.box"))
    home = str(tmp_path / "home")
    return Asked(rule, ("/usr/bin/true",), env, work, temporary, box, home, **more)


def through(port: int, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    """What comes through the proxy at that port."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=100)
    client.request(method, target, body)
    answer = client.getresponse()
    return answer.status, answer.read()
