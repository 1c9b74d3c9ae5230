"""What has happened in a repository since the last look: asked with few requests, which mostly cost nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clodputer.github.answer import TOKEN_MISSING, GithubError
from clodputer.store.context import Context
from clodputer.triggers.github import judge, lists, pulls
from clodputer.triggers.github.asking import Look
from clodputer.triggers.github.wish import Wish


def look(context: Context, wish: Wish, entry: Mapping[str, Any], now: float) -> dict[str, Any]:
    """What has happened, for `judge`; or what is wrong, as `error`: the next look then begins where this one did."""
    try:
        return _found(context, wish, entry, now)
    except GithubError as error:
        # What it says is remembered, and shown by `status` and `why`.
        message = context.masker.text(". ".join(filter(None, (error.message, error.hint))))
        told = {"code": error.code, "message": message, "passes": error.passes, "until": error.until}
        return {"error": {**told, "asked": error.code != TOKEN_MISSING}}


def _found(context: Context, wish: Wish, entry: Mapping[str, Any], now: float) -> dict[str, Any]:
    # An alarm for the task comes at its interval, whatever was decided about the next look.
    before = judge.read(entry)
    # A look in the future was made before the clock was put back.
    if before["looked"] <= now < before["not_before"]:
        return {"early": True}
    at = Look(context, wish, entry, now)
    if len(at.before["waiting"]) >= judge.MOST_WAITING:
        return at.found
    if wish.kinds & {"issues", "pull_requests"}:
        lists.issues(at)
    lists.comments(at)
    if wish.kinds & {"reviews", "checks"}:
        pulls.look(at)
    return at.found
