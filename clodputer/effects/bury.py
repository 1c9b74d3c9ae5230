"""The effect `bury`: the request goes to `dead/`, with the reason and the story of its runs beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from time import time
from typing import Any

from clodputer.effects.settling import Settling
from clodputer.model.request import Place
from clodputer.model.runs.attempts import Past, story_from_json
from clodputer.store.context import Context
from clodputer.store.spool import aside
from clodputer.store.spool.aside import Reason
from clodputer.store.spool.requests import attempts


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Bury it, unless it has left the slot before."""
    if os.path.lexists(settling.in_slot):
        code, story = str(effect["code"]), story_of(effect)
        numbers = {run.attempt for run in story}
        tried = f"It was tried {max(numbers)} times. Its last run" if len(numbers) > 1 else "Its run"
        more = f" {effect['message']}" if effect.get("message") else ""
        message = f"{tried} {settling.run_id} ended as {code}: see {settling.folder}/record.json.{more}"
        bury(
            settling.context,
            settling.in_slot,
            settling.place,
            code,
            message,
            str(settling.record["task"]),
            story,
        )


def bury(
    context: Context,
    path: str,
    place: Place,
    code: str,
    message: str,
    task: str = "",
    story: Iterable[Past] = (),
) -> str:
    """Move a request to `dead/` under its id and dropped name, with the reason beside it; where it is now. Raises OSError."""
    reason = Reason(
        code, context.masker.text(message), place.id, task, place.dropped, time(), attempts=tuple(story)
    )
    # First: killed in between, what was kept is made from the records again; an id may come back, and is another request then.
    attempts.forget(context.home, place.id)
    return aside.set_aside(path, context.home.dead, f"{place.id}.", reason)


def story_of(effect: Mapping[str, Any]) -> tuple[Past, ...]:
    """The runs that an effect reports, the earliest first."""
    try:
        return story_from_json(effect.get("attempts") or ())
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()  # somebody has edited the record
