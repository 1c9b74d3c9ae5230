"""What a run has for itself while it lasts: a private temporary folder, and a prompt that no disk keeps unmasked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from shutil import rmtree

from clodputer.model.mask import Masker
from clodputer.store import atomic

CHUNK = 1024 * 1024


def make(environ: Mapping[str, str], run_id: str) -> str:
    """Make a private folder for a run's TMPDIR and return its path. Raises OSError."""
    path = places(environ, run_id)[0]
    os.mkdir(path, 0o700)
    return path


def places(environ: Mapping[str, str], run_id: str) -> list[str]:
    """Where a run's temporary folder can be: below TMPDIR, or below /tmp when its exec had none.

    It follows from the run id, so that one which a crash left is found. The name is short: agents put sockets below it, and
    a socket's path may have 103 characters on macOS, whose own TMPDIR takes half of them.
    """
    moment, _, request_id = run_id.partition("-")
    name = f"cp-{moment[-11:-1].replace('.', '')}-{request_id[:8]}"
    # mkdir with mode 0700 makes it or fails: nobody can have laid a trap there.
    return [f"{base}/{name}" for base in (environ.get("TMPDIR", "").rstrip("/"), "/tmp") if base]  # noqa: S108


def remove(path: str) -> None:
    """Remove a run's temporary folder with all that is in it; what cannot be removed stays. Never raises."""
    if not os.path.basename(path).startswith("cp-"):
        return
    try:
        os.rmdir(path)
    except OSError:
        rmtree(path, ignore_errors=True)


def open_prompt(temporary: str, prompt: str) -> int:
    """A descriptor of a regular file holding the prompt, at its beginning; the file has no name any more. Raises OSError.

    A regular file, because claude gives a pipe three seconds; without a name, because the prompt may hold secrets. For a task
    without a prompt it is /dev/null.
    """
    if not prompt:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    path = f"{temporary}/prompt"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    os.unlink(path)
    atomic.write_all(descriptor, prompt.encode("utf-8", "replace"))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def mask_streams(folder: str, masker: Masker) -> None:
    """Replace the secrets in a run's stdout and stderr, if there are any. Raises OSError."""
    for name in ("stdout", "stderr"):
        mask_file(f"{folder}/{name}", masker)


def mask_file(path: str, masker: Masker) -> bool:
    """Replace the secrets in a file that a run keeps, if it is there and holds any; whether it did. Raises OSError."""
    if not masker.values or not os.path.exists(path) or not _holds_secret(path, masker):
        return False
    _rewrite(path, masker)
    return True


def _holds_secret(path: str, masker: Masker) -> bool:
    overlap = max(len(value.encode()) for value in masker.values)
    secrets = [value.encode() for value in masker.values]
    tail = b""
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            window = tail + chunk
            if any(secret in window for secret in secrets):
                return True
            tail = window[-overlap:]
    return False


def _rewrite(path: str, masker: Masker) -> None:
    # Beside and then over it: a crash in between leaves the unmasked one, which the next exec masks again.
    temporary = f"{path}.masked"
    with (
        open(path, "rb") as source,
        open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target,
    ):
        held = b""
        while chunk := source.read(CHUNK):
            held = _replace(held + chunk, masker)
            # A secret may straddle two chunks: keep back as much as the longest could have begun in.
            keep = min(len(held), max(len(value.encode()) for value in masker.values) - 1)
            target.write(held[: len(held) - keep])
            held = held[len(held) - keep :]
        target.write(_replace(held, masker))
    os.rename(temporary, path)


def _replace(data: bytes, masker: Masker) -> bytes:
    for value in masker.values:
        data = data.replace(value.encode(), b"***")
    return data
