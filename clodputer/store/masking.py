"""Secrets taken out of files that stay: a run's streams, and the request that it was for."""

from __future__ import annotations

import os

from clodputer.model.mask import Masker

CHUNK = 1024 * 1024


def mask_streams(folder: str, masker: Masker) -> None:
    """Replace the secrets in a run's stdout and stderr, if there are any. Raises OSError."""
    for name in ("stdout", "stderr"):
        mask_file(f"{folder}/{name}", masker)


def mask_file(path: str, masker: Masker) -> bool:
    """Replace the secrets in a file that a run keeps, if it is there and holds any; whether it did. Raises OSError."""
    if not holds_secret(path, masker):
        return False
    _rewrite(path, masker)
    return True


def holds_secret(path: str, masker: Masker) -> bool:
    """Whether a file is there and holds a secret. Raises OSError."""
    if not masker.values or not os.path.exists(path):
        return False
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
