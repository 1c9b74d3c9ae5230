"""What a run has for itself while it lasts: a private temporary folder, and a prompt that no disk keeps unmasked."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from shutil import rmtree

from clodputer.model.errors import ClodputerError
from clodputer.model.mask import Masker
from clodputer.store import atomic

CHUNK = 1024 * 1024


def require(environ: Mapping[str, str]) -> None:
    """Raises ClodputerError ("no_temporary_folder") when no run can have a temporary folder: asked before one is begun."""
    problems = [(base, unusable(base)) for base in _bases(environ)]
    if all(problem for _, problem in problems):
        raise ClodputerError(
            "no_temporary_folder",
            "a run has nowhere to put its temporary files: "
            + "; ".join(f"{base}: {problem}" for base, problem in problems),
            "Set TMPDIR to the absolute path of a folder that this account can write to, then: clodputer install",
        )


def make(environ: Mapping[str, str], run_id: str) -> str:
    """Make a private folder for a run's TMPDIR, below TMPDIR where that can be used and else below /tmp; its path.

    Raises OSError.
    """
    usable = [path for path in places(environ, run_id) if not unusable(os.path.dirname(path))]
    path = (usable or places(environ, run_id))[0]
    # mkdir with mode 0700 makes it or fails: nobody can have laid a trap there.
    os.mkdir(path, 0o700)
    return path


def unusable(base: str) -> str:
    """Why no run's temporary folder can be made in the folder `base`; empty when it can."""
    if not os.path.isabs(base):
        return "this is not an absolute path"
    try:
        mode = os.stat(base).st_mode
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    if not stat.S_ISDIR(mode):
        return "this is not a folder"
    return "" if os.access(base, os.W_OK | os.X_OK) else "this account cannot write to it"


def places(environ: Mapping[str, str], run_id: str) -> list[str]:
    """Where a run's temporary folder can be: below TMPDIR, or below /tmp when TMPDIR is not set or cannot be used.

    It follows from the run id, so that one which a crash left is found. The name is short: agents put sockets below it, and
    a socket's path may have 103 characters on macOS, whose own TMPDIR takes half of them.
    """
    moment, _, request_id = run_id.partition("-")
    name = f"cp-{moment[-11:-1].replace('.', '')}-{request_id[:8]}"
    return [f"{base}/{name}" for base in _bases(environ)]


def _bases(environ: Mapping[str, str]) -> list[str]:
    return [base for base in dict.fromkeys((environ.get("TMPDIR", "").rstrip("/"), "/tmp")) if base]  # noqa: S108


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
