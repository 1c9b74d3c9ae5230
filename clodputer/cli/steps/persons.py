"""What a person decides: for each command whether an agent that calls it needs their word."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import wraps
from typing import Any, Callable

from clodputer.cli.steps.consent import CONFIRM, by_agent, confirm_option
from clodputer.model.errors import ClodputerError

# Refused to an agent without --confirm, each for what it does.
PERSONS: Mapping[str, str] = {
    "approve": "it answers in the person's name what they were asked",
    "deny": "it answers in the person's name what they were asked",
    "resume": "it ends a hold, and what waited runs",
    "reset": "it forgets failures that keep a task from running",
    "unpark": "it lets requests run about something that failed again and again",
    "retry": "it runs a request again that has ended and may have done something already",
    "try": "it starts the task's agent, and may end the hold on a task whose surroundings changed",
    "take": "it changes the person's own checkout",
    "state accept": "it gives runs a text whose writer had fewer rights than they have",
    "install": "it has the system start tasks, with the programs that PATH names here",
    "restore": "it makes a home with the tasks, settings and requests of an archive",
    "plugin new": "it makes a program that is started again and again from then on",
}

# These ask by what they change: what gives a task or the settings more rights, lets a task run, allows a question to cost more,
# ends a hold earlier, or switches off what is not ours.
BY_CHANGE = frozenset(
    (
        "advise apply",
        "ask",
        "config set",
        "config unset",
        "edit",
        "enable",
        "import claude-code-queue",
        "import crontab",
        "import github-workflow",
        "import launchd",
        "import systemd",
        "import task",
        "new",
        "pause",
        "set",
    )
)


def of_person(name: str, *looks: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give the command `name` the option --confirm, and refuse it to an agent without that.

    looks: options, as parameters, with which it only looks and changes nothing.
    """

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def called(*arguments: Any, confirm: bool, **options: Any) -> Any:
            if not any(options[look] for look in looks):
                require(os.environ, f"clodputer {name}", PERSONS[name], confirm)
            return function(*arguments, **options)

        return confirm_option(called)

    return around


def require(environ: Mapping[str, str], what: str, why: str, confirm: bool) -> None:
    """Refuse to an agent what is its person's to decide, unless it says that they agree. Raises ClodputerError."""
    if confirm or not by_agent(environ):
        return
    raise ClodputerError(
        "confirm_needed",
        f"{what} needs the person's word: {why}",
        f"Nothing was changed. Ask the person; if they agree, call it again with {CONFIRM}.",
    )
