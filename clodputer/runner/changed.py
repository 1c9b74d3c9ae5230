"""The requests that settled changes in a watched folder become."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from typing import Any
from uuid import uuid4

from clodputer.model import filename, watch
from clodputer.model.request import Request, to_fields
from clodputer.model.task import Task, Trigger
from clodputer.model.watch import Change

KIND = "file_watch"

# Bytes of JSON in one request of `batch: all`: a request of more than 1 MiB is no request.
FULL = 800_000


def requests(
    task: Task, trigger: Trigger, index: int, path: str, changes: Sequence[Change], now: float
) -> list[tuple[str, Mapping[str, Any]]]:
    """The requests for settled changes: (name in the spool, fields) of each, in the order of the changes."""
    files = [_file(path, change) for change in changes]
    contexts: list[dict[str, Any]]
    if trigger.options.get("batch") == "all":
        contexts = [{"files": batch, "event": _event(batch)} for batch in _batches(files)]
    else:
        contexts = [{"file": file, "event": file["event"]} for file in files]
    origin = {"trigger": KIND, "index": index}
    made: list[tuple[str, Mapping[str, Any]]] = []
    for number, context in enumerate(contexts):
        # Requests of one moment run in the order of their ids.
        request_id = f"{number:0{len(str(len(contexts) - 1))}d}-{uuid4().hex[:12]}"
        request = Request(request_id, task.name, now, context, origin=origin)
        made.append((f"{task.name}.{request_id}.json", to_fields(request)))
    return made


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


def _event(files: list[dict[str, Any]]) -> str:
    kinds = {file["event"] for file in files}
    return kinds.pop() if len(kinds) == 1 else watch.ANY


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
