"""What somebody says about an item decides about its request that waits for approval: found by the item it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.gates.waiting import APPROVAL
from clodputer.model.request import InvalidRequest, from_fields, item_of
from clodputer.model.triggers.decision import Drop
from clodputer.store.home import Home
from clodputer.store.spool import dropfile, find, layout
from clodputer.store.spool.find import DELAYED, Found
from clodputer.store.spool.requests import waits

GO, COMMENT = "go", "comment"


def decision(home: Home, task: str, drop: Drop) -> Optional[Mapping[str, Any]]:
    """The fields of a dropped decision about the request that waits, if one does; None for none.

    Only about one that had begun to ask when it was said: what was said before is not about its plan. Raises OSError.
    """
    if not drop.answers:
        return None
    found = _waiting(home, task, drop)
    if found is None:
        return None
    if drop.answers == GO:
        return {"approve": found, "note": drop.note}
    return {"deny": found, "reason": f"{drop.note} was changed; a newer request is about the new text."}


def _waiting(home: Home, task: str, drop: Drop) -> Optional[str]:
    """The id of the task's request about the item that asks for approval; of several the latest."""
    latest = ""
    for lane in layout.lanes(home):
        for found in find.in_lane(home, lane, DELAYED):
            waiting = waits.read(home, lane, found.id)
            if waiting is None or waiting.reason != APPROVAL or waiting.since > drop.at:
                continue
            if _is_about(found, task, drop.item):
                latest = found.id
    return latest or None


def _is_about(found: Found, task: str, item: str) -> bool:
    try:
        dropped = dropfile.read(found.path, found.name)
        fields = dropped.fields
        request = from_fields(fields, request_id=found.id, created_at=dropped.written_at, origin={})
    except (OSError, dropfile.Unreadable, InvalidRequest):
        return False  # it has just gone on
    return request.task == task and item_of(request) == item
