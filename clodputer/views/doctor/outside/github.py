"""What the doctor looks at of GitHub: the token, what it may do, and the repositories that tasks look at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from time import monotonic
from typing import Any

from clodputer.github import account, client
from clodputer.github.access import Server, server
from clodputer.github.account import BOT, Account
from clodputer.github.answer import FORBIDDEN, NOT_FOUND, GithubError
from clodputer.github.subject import left
from clodputer.model.github.subject import moment
from clodputer.model.text.plural import counted
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.views.doctor.finding import Facts, Finding, note, ok, problem
from clodputer.views.tasks.warnings import of_alarms

# In seconds: for all questions together; a check has half a minute (views/doctor/__init__.py).
SECONDS = 20.0
# A token that ends within so many seconds is worth a note.
SOON = 14 * 86400.0
KIND, CHECK = "github", "github"


def github(facts: Facts) -> list[Finding]:
    """The token, as an exec would have it, and each repository of an enabled task."""
    names = sorted({name for task in facts.tasks if task.enabled for name in _repositories(task)})
    if not names and not facts.settings.github:
        return ok(CHECK, "nothing asks GitHub")
    environ = of_alarms(facts.home, facts.environ)
    masker = secrets.masker_for(facts.secrets, environ)
    context = Context(facts.home, environ, facts.settings, facts.secrets, masker)
    give_up = monotonic() + SECONDS
    try:
        there = server(context)
        who, headers = account.asked(there, seconds=left(give_up))
    except GithubError as error:
        return problem(CHECK, masker.text(error.message), masker.text(error.hint))
    found = _of_token(headers, facts.now)
    for name in names:
        found += _of_repository(there, name, who, give_up)
    return found or ok(
        CHECK, f"the token of {who.login} may look at {counted(len(names), 'repository', 'repositories')}"
    )


def _repositories(task: Any) -> list[str]:
    return [str(trigger.options["repository"]) for trigger in task.triggers if trigger.type == KIND]


def _of_token(headers: Mapping[str, str], now: float) -> list[Finding]:
    found: list[Finding] = []
    scopes = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",") if scope.strip()}
    if "repo" in scopes:
        found += note(
            CHECK,
            "the token has all rights of its account in every repository (scope repo)",
            "Make a fine-grained token for just these repositories (docs/github.md).",
        )
    ends = _ends(headers.get("github-authentication-token-expiration", ""))
    if ends and ends - now < SOON:
        days = max(0, int((ends - now) // 86400))
        found += note(
            CHECK, f"the token ends in {counted(days, 'day')}", "Make a new one in GitHub's settings."
        )
    return found


def _ends(text: str) -> float:
    """GitHub writes `2026-12-01 10:00:00 UTC`, or with an offset such as `+0200`."""
    shown = re.fullmatch(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) (?:UTC|[+-]\d{4})", text.strip())
    return moment(f"{shown[1]}T{shown[2]}Z") if shown else 0.0


def _of_repository(there: Server, name: str, who: Account, give_up: float) -> list[Finding]:
    try:
        reply = client.get(there, f"/repos/{name}", seconds=left(give_up))
    except GithubError as error:
        hint = (
            "Correct trigger.repository, or let the token see the repository: GitHub gives the same answer for both."
            if error.code == NOT_FOUND
            else error.hint
        )
        return problem(CHECK, f"{name}: {error.message}", hint)
    body: dict[str, Any] = reply.body if isinstance(reply.body, dict) else {}
    now_called = str(body.get("full_name") or name)
    if now_called.lower() != name.lower():
        return note(
            CHECK, f"{name} is called {now_called} now", f"Write repository: {now_called} into the task."
        )
    if who.login.endswith(BOT):
        found = _of_app(there, name, give_up)
        if found:
            return found
    elif not (body.get("permissions") or {}).get("push"):
        return problem(
            CHECK,
            f"the token may not write to {name}, so GitHub does not say who may: none of its requests is run",
            "Make a token of an account that may write to it, or give the account that right.",
        )
    if body.get("archived"):
        return note(CHECK, f"{name} is archived: nothing can be changed there", "Disable the task.")
    return []


def _of_app(there: Server, name: str, give_up: float) -> list[Finding]:
    """Whether an App may ask who may write: no repository says so of an App, so it is tried, with the owner."""
    owner = name.partition("/")[0]
    try:
        client.get(there, f"/repos/{name}/collaborators/{owner}/permission", seconds=left(give_up))
    except GithubError as error:
        if error.code == FORBIDDEN:
            return problem(
                CHECK,
                f"the token may not ask who may write to {name}: none of its requests is run",
                "Give the App the permission to read the repository's metadata, and install it there.",
            )
        if error.code != NOT_FOUND:
            return problem(CHECK, f"{name}: {error.message}", error.hint)
    return []
