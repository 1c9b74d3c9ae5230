"""The version of a claude that is installed: asked once for each binary, and remembered while the file stays the same."""

from __future__ import annotations

import os
import re
from json import dumps
from typing import Any

from clodputer.agents.environment import USUAL_PATH
from clodputer.store.context import Context
from clodputer.store.files import atomic
from clodputer.store.records import runs

# It answers within half a second, or two when nothing of it is in the page cache (2.1.329); in seconds.
PATIENCE = 20.0
# So many binaries are remembered.
MOST = 16

VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def of(context: Context, binary: str) -> str:
    """The version of the claude at this path, as `2.1.329`; empty when it does not say. Raises OSError when it is not there."""
    path = f"{context.home.cache}/claude-versions.json"
    stamp = _stamp(binary)
    known = _known(path)
    if stamp in known:
        return known[stamp]
    version = _asked(context, binary)
    if version:
        kept = [*((key, text) for key, text in known.items() if key != stamp), (stamp, version)][-MOST:]
        atomic.write(path, dumps(dict(kept)).encode() + b"\n", durable=False)
    return version


def numbers(version: str) -> tuple[int, ...]:
    """Its parts, to compare it by; empty when it is none."""
    found = VERSION.match(version)
    return tuple(map(int, found.groups())) if found else ()


def _stamp(binary: str) -> str:
    real = os.path.realpath(binary)
    found = os.stat(real)
    return f"{real}:{found.st_mtime_ns:x}:{found.st_size:x}:{found.st_ino:x}"


def _known(path: str) -> dict[str, str]:
    found = runs.read_json(path) or {}
    return {key: text for key, text in found.items() if isinstance(text, str) and VERSION.fullmatch(text)}


def _asked(context: Context, binary: str) -> str:
    # As subprocess, for the runs that ask.
    from subprocess import DEVNULL, SubprocessError, run
    from tempfile import TemporaryDirectory

    # With a home of its own, as it writes there even for this. What starts it for volta and asdf looks into the person's.
    with TemporaryDirectory(prefix="clodputer-") as scratch:
        for home in (scratch, context.environ.get("HOME", "")):
            env: dict[str, Any] = {
                "HOME": home or scratch,
                "CLAUDE_CONFIG_DIR": f"{scratch}/.claude",
                "TMPDIR": scratch,
                "PATH": f"{context.environ.get('PATH', USUAL_PATH)}{os.pathsep}{os.path.dirname(binary)}",
                "DISABLE_AUTOUPDATER": "1",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            }
            try:
                said = run(
                    [binary, "--version"],
                    env=env,
                    cwd=scratch,
                    stdin=DEVNULL,
                    capture_output=True,
                    timeout=PATIENCE,
                    check=False,
                    start_new_session=True,
                )
            except (OSError, SubprocessError):
                continue
            found = VERSION.match(said.stdout[:200].decode("ascii", "replace").strip())
            if found and not said.returncode:
                return found.group()
    return ""
