"""Secrets that a program prints: one that config.yaml names, or the one that asks the keychain of the system."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from typing import TYPE_CHECKING

from clodputer.store.files.tilde import expand
from clodputer.store.processes import tied
from clodputer.store.secrets.lookup import LARGEST, Locked, Wrong

if TYPE_CHECKING:
    import subprocess

# How often it is looked whether the program has ended, in seconds: what it has left behind may keep its output open.
_GLANCE = 0.02
# The status with which `security` (macOS) and `secret-tool` say that there is no such item; security(1) has 44 for
# errSecItemNotFound.
_NO_ITEM = {"security": 44}


def printed(argv: Sequence[str], environ: Mapping[str, str], seconds: float) -> bytes:
    """What the program prints. Raises Wrong when it cannot be started, Locked when it fails or takes longer.

    What it complains of is thrown away: nobody can know whether the secret is in that.
    """
    # Imported when a program is started: both are slow to load, and most runs look up no secret.
    import shutil
    import subprocess

    name = expand(argv[0], environ)
    program = shutil.which(name, path=environ.get("PATH", os.defpath))
    if program is None:
        raise Wrong(f"there is no program {name} in {environ.get('PATH', os.defpath)}")
    try:
        process = subprocess.Popen(
            [program, *argv[1:]],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=tied.before_exec(),  # noqa: PLW1509
        )
    except OSError as error:
        raise Wrong(f"{name} cannot be started: {error.strerror or error}") from None
    try:
        found = _read(process, monotonic() + seconds)
    finally:
        _end(process)
    if found is None:
        raise Locked(f"{name} took longer than {seconds:g} s; perhaps it asks for a password", slow=True)
    if process.returncode and len(found) <= LARGEST:
        how = f"status {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
        what = "there is no such item" if _NO_ITEM.get(argv[0]) == process.returncode else "it may be locked"
        raise Locked(f"{name} ended with {how}: {what}. Try it: {' '.join(argv)}")
    return found


def of_keychain(service: str, account: str, environ: Mapping[str, str], seconds: float) -> bytes:
    """What the keychain of macOS, or the Secret Service of a Linux desktop, has under that service.

    Raises Wrong where there is neither, Locked.
    """
    if sys.platform == "darwin":
        argv = [
            "security",
            "find-generic-password",
            "-s",
            service,
            *(["-a", account] if account else []),
            "-w",
        ]
    elif sys.platform.startswith("linux"):
        argv = ["secret-tool", "lookup", "service", service, *(["account", account] if account else [])]
    else:
        raise Wrong(f"no keychain is known on {sys.platform}; use command, file or credential")
    return printed(argv, environ, seconds)


def _read(process: subprocess.Popen[bytes], until: float) -> bytes | None:
    """All that the program itself has printed; None when it takes too long."""
    assert process.stdout is not None  # noqa: S101  (a pipe was asked for)
    number, found, ended = process.stdout.fileno(), bytearray(), False
    answers = select.poll()
    answers.register(number, select.POLLIN | select.POLLHUP)
    while len(found) <= LARGEST:
        if answers.poll(0 if ended else _GLANCE * 1000):
            some = os.read(number, LARGEST)
            found += some
            if some:
                continue
            process.stdout.close()
            return bytes(found) if _waited(process, until) else None
        if ended:
            return bytes(found)
        ended = process.poll() is not None
        if not ended and monotonic() > until:
            return None
    return bytes(found)


def _waited(process: subprocess.Popen[bytes], until: float) -> bool:
    """Whether it ends in time, although it has closed its output already."""
    while process.poll() is None:
        if monotonic() > until:
            return False
        sleep(_GLANCE)
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group, also what a program that is done has left in it; an agent of gpg has a group of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    if process.returncode is None:
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
