"""What somebody says about an item decides about its request that waits for approval: found by the item it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from clodputer.model.triggers.decision import Drop
from clodputer.store.home import Home
from clodputer.store.spool.requests import asking

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
    """The id of the task's request about the item that asks for approval; of several the one that began to ask last."""
    asks = [one for one in asking.about(home, task, drop.item) if one.since <= drop.at]
    return max(asks, key=lambda one: one.since).request.id if asks else None
