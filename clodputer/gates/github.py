"""The gate of what GitHub's issues ask for: who asked may ask, and what they asked for is still what it was."""

from __future__ import annotations

from importlib import import_module

from clodputer.model.config.keys import Key
from clodputer.model.gates.verdict import GO, Refuse, Verdict, Wait
from clodputer.model.gates.waiting import GITHUB
from clodputer.model.request import Request, came_from
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.processes import deadline
from clodputer.store.records.history import History

KEYS: tuple[Key, ...] = ()
# What the trigger is called, in the origin of its requests.
KIND = "github"
# Loaded in the child alone: HTTP is slow to load, and most requests are not from GitHub.
_ASKED = "clodputer.github.asked"
# In seconds: for all questions together, and what the child that asks them gets in addition.
SECONDS, MORE = 15.0, 2.0
# When to ask again, in seconds: after what passes, and after what a person has to change.
SOON, LATER = 60.0, 900.0


def check(task: Task, request: Request, _history: History, context: Context, now: float) -> Verdict:
    """As `Gate.check` says: GitHub is asked each time. Where it cannot be asked, the request waits."""
    if came_from(request) != KIND:
        return GO
    # Imported here: most requests are not from GitHub.
    from clodputer.model.github import ask as asks

    try:
        ask = asks.from_json((request.context.get("issue") or {}).get("asked"))
    except (ValueError, AttributeError) as error:
        return Refuse(asks.NOT_ASKED, f"{error}.")
    try:
        answer = deadline.within(
            SECONDS + MORE, lambda: import_module(_ASKED).answer(context, ask, task.name, SECONDS)
        )
    except TimeoutError:
        answer = {"message": "GitHub does not answer in time", "passes": True, "until": None}
    except (OSError, deadline.WorkFailed) as error:
        answer = {"message": f"GitHub could not be asked: {error}", "passes": True, "until": None}
    if "refused" in answer:
        return Refuse(*answer["refused"])
    if "message" in answer:
        until = answer["until"] or now + (SOON if answer["passes"] else LATER)
        return Wait(until, GITHUB, context.masker.text(answer["message"]))
    return GO
