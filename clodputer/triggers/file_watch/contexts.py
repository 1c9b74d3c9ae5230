"""What the requests for settled changes in a watched folder bring to the prompt: `file` or `files`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from json import dumps
from typing import Any

from clodputer.model.text import filename
from clodputer.model.triggers.watch import Change

# Bytes of JSON in one request of `batch: all`: a request of more than 1 MiB is no request.
FULL = 800_000


def contexts(path: str, changes: Sequence[Change], batch: str) -> list[dict[str, Any]]:
    """The context of each request, in the order of the changes; `batch` is the trigger's key."""
    files = [_file(path, change) for change in changes]
    if batch == "all":
        return [{"files": some} for some in _batches(files)]
    return [{"file": file} for file in files]


def _file(path: str, change: Change) -> dict[str, Any]:
    """A change as prompts know it."""
    whole = os.path.join(path, change.path)
    return {
        "path": filename.shown(whole),
        "name": filename.shown(os.path.basename(change.path)),
        "relative": filename.shown(change.path),
        "event": change.event,
        "size": change.version.size,
        "shell": filename.quoted(whole),
    }


def _batches(files: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for file in files:
        length = len(dumps(file))
        if batch and size + length > FULL:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += length
    if batch:
        yield batch
