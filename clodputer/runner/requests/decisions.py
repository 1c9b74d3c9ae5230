"""Take in a decision about a request that was dropped as a file: it counts as that of `approve` and `deny`."""

from __future__ import annotations

import os

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.approval import FORM, INVALID, read_form
from clodputer.runner.requests import approve
from clodputer.store.context import Context
from clodputer.store.spool.dropfile import Dropped


def take(context: Context, path: str, _name: str, dropped: Dropped, now: float) -> str:
    """Take in one decision; may be killed anywhere and repeated. Raises ClodputerError for what cannot be done, OSError."""
    try:
        form = read_form(dropped.fields)
    except ValueError as error:
        raise ClodputerError(INVALID, f"{error}.\n{FORM}") from None
    if form.token:
        approve.decide_by_token(context, form.token, "", form.note, now)
    else:
        approve.decide(context, form.request, form.wish, form.note, now)
    os.unlink(path)
    return "decided"
