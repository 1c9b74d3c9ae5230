"""Whether a run about a thing goes on: by the requests that lie in the slots."""

from __future__ import annotations

from clodputer.model.request import InvalidRequest, from_fields, item_of
from clodputer.store.home import Home
from clodputer.store.spool import dropfile, find


def with_item(home: Home, task: str, item: str, request_id: str) -> bool:
    """Whether another request of the task than this one is in a slot with this item, and was begun. Raises OSError."""
    if not item:
        return False
    for found in find.running(home):
        if found.id == request_id or found.task != task or not found.run_id:
            continue
        try:
            dropped = dropfile.read(found.path, found.name)
            fields = dropped.fields
            other = from_fields(fields, request_id=found.id, created_at=dropped.written_at, origin={})
        except (OSError, dropfile.Unreadable, InvalidRequest):
            continue  # it has just ended
        if item_of(other) == item:
            return True
    return False
