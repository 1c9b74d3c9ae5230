"""Whether what a request was made by still holds, asked from GitHub: for whoever is about to run it."""

from __future__ import annotations

from time import monotonic
from typing import Any

from clodputer.github import subject as subjects
from clodputer.github.access import server
from clodputer.github.answer import GithubError
from clodputer.model.github import ask as asks
from clodputer.model.github.ask import Ask
from clodputer.model.github.keys import trusted
from clodputer.store.context import Context


def answer(context: Context, ask: Ask, task: str, seconds: float) -> dict[str, Any]:
    """`refused`: (code, message) of why not; `message`, `passes`, `until` of why GitHub cannot be asked; or nothing."""
    give_up = monotonic() + seconds
    try:
        there = server(context)
        found = subjects.fetch(there, ask.repository, ask.number, give_up)
        if found is None:
            return {"refused": (asks.CLOSED, f"{ask.repository}#{ask.number} is gone.")}
        said = subjects.written(there, ask, give_up)
        may = subjects.permissions(there, ask, found, said.author, give_up)
    except GithubError as error:
        return {"message": str(error), "passes": error.passes, "until": error.until}
    refusal = asks.judge(ask, found, said.author, said.changed, may, trusted(context.settings.github), task)
    return {} if refusal is None else {"refused": tuple(refusal)}
