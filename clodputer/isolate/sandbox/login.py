"""The login of claude in a sandbox: a config folder of the run's own that holds it and nothing else of the person's.

In it are the credentials, who is logged in, the person's settings, and the transcript of the session that is gone on with.
Afterwards the transcript of the run's session goes back, and credentials that claude has renewed.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from clodputer.store.files import atomic

CREDENTIALS, SETTINGS, STATE, PROJECTS = ".credentials.json", "settings.json", ".claude.json", "projects"
# What of the state is a login: who it is, and which key the person has approved.
KEPT = ("oauthAccount", "userID", "customApiKeyResponses", "hasCompletedOnboarding")
# In bytes: of a file of the config folder, and of a transcript.
LARGEST, LONGEST = 16 * 1024 * 1024, 1024 * 1024 * 1024


def lay_out(
    config: str, state: str, private: str, private_state: str, session: str, *, settings: bool
) -> None:
    """Copy what a run needs. config: the folder of claude; state: its file beside or in it; session: to go on with, or empty.

    Raises OSError.
    """
    for name in (CREDENTIALS, *((SETTINGS,) if settings else ())):
        content = _read(os.path.realpath(f"{config}/{name}"))
        if content:
            _write(f"{private}/{name}", content)
    with suppress(ValueError, AttributeError):
        known = json.loads(_read(os.path.realpath(state)) or b"{}")
        _write(private_state, json.dumps({key: known[key] for key in KEPT if key in known}).encode())
    for folder in _folders(f"{config}/{PROJECTS}") if session else ():
        source = f"{config}/{PROJECTS}/{folder}/{session}.jsonl"
        content = _read(source, LONGEST)
        if content:
            os.makedirs(f"{private}/{PROJECTS}/{folder}", mode=0o700, exist_ok=True)
            _write(f"{private}/{PROJECTS}/{folder}/{session}.jsonl", content)


def bring_back(box: str, notes: Mapping[str, Any]) -> None:
    """Copy back what is to stay. notes: with `config`, `private` and `session`. May be repeated. Raises OSError."""
    config, private, session = (str(notes.get(key) or "") for key in ("config", "private", "session"))
    if not config or not private.startswith(f"{box}/"):
        return
    _renew(f"{config}/{CREDENTIALS}", _read(f"{private}/{CREDENTIALS}"))
    for folder in _folders(f"{private}/{PROJECTS}") if session else ():
        content = _read(f"{private}/{PROJECTS}/{folder}/{session}.jsonl", LONGEST)
        if content:
            os.makedirs(f"{config}/{PROJECTS}/{folder}", mode=0o700, exist_ok=True)
            atomic.write(f"{config}/{PROJECTS}/{folder}/{session}.jsonl", content, durable=False)


def renewed(there: bytes, brought: bytes) -> bool:
    """Whether credentials that a run brings back are newer ones of the same login: the same shape, and they expire later."""
    try:
        old, new = json.loads(there), json.loads(brought)
        before, after = old["claudeAiOauth"], new["claudeAiOauth"]
        texts = all(isinstance(after[key], str) and after[key] for key in ("accessToken", "refreshToken"))
        return (
            texts
            and old.keys() == new.keys()
            and before.get("subscriptionType") == after.get("subscriptionType")
            and float(after["expiresAt"]) > float(before["expiresAt"])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def _renew(path: str, brought: bytes) -> None:
    if brought and renewed(_read(path), brought):
        atomic.write(path, brought)
        os.chmod(path, 0o600)


def _read(path: str, most: int = LARGEST) -> bytes:
    """A regular file, through no link at its end; empty when there is none, or one that is too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        fits = stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_size <= most
        return file.read(most) if fits else b""


def _write(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _folders(path: str) -> list[str]:
    """The folders in a folder, links aside."""
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
