"""Consent: when an agent changes tasks, what gives their runs more rights needs a word that its person agrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json import dumps
from typing import Any, Callable

import click

from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.rights.taskchange import Change, changes
from clodputer.model.task import Task
from clodputer.store.context import look_on
from clodputer.store.taskfiles import document
from clodputer.tasks.change import BOM, Draft

# What Claude Code sets for everything that its tools start, and `clodputer mcp` for its calls.
VARIABLE, VALUE = "CLAUDECODE", "1"
# What other agents set for what their tools start, and a run for everything inside it, where nobody is there to be asked.
_OTHERS = ("AI_AGENT", "CODEX_THREAD_ID", "GEMINI_CLI", "OPENCODE", "CLODPUTER_RUN_ID")
CONFIRM = "--confirm"
# So much of a value is in a message, in characters.
_LONGEST = 60


def confirm_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The option --confirm, as `confirm`."""
    return click.option(CONFIRM, is_flag=True, help="For agents: the person has agreed to it.")(function)


def by_agent(environ: Mapping[str, str]) -> bool:
    """Whether an agent calls us, or something that runs unattended, and not a person."""
    return any(environ.get(name) for name in (VARIABLE, *_OTHERS))


def of_draft(environ: Mapping[str, str], draft: Draft) -> list[Change]:
    """What a draft changes in its file."""
    return of_contents(environ, draft.before.content, draft.content, draft.was, draft.task)


def of_contents(
    environ: Mapping[str, str], before: bytes, after: bytes, was: Task | None, now: Task
) -> list[Change]:
    """What differs between two contents of a task file, the second of which is in order."""
    settings = look_on(environ).settings
    return changes(
        document.parse(before.decode("utf-8", "replace").lstrip(BOM)).value,
        document.parse(after.decode().lstrip(BOM)).value,
        None if was is None else _bounded(was, settings),
        _bounded(now, settings),
    )


def _bounded(task: Task, settings: Settings) -> Task:
    """The task with the bound of its costs that config.yaml gives it."""
    if task.claude.max_cost_usd is not None:
        return task
    return task._replace(claude=task.claude._replace(max_cost_usd=settings.max_cost_usd))


def require(
    environ: Mapping[str, str],
    name: str,
    found: Iterable[Change],
    confirm: bool,
    kept: str = "Nothing was changed.",
) -> None:
    """Refuse to an agent what gives a task more rights, unless it says that its person agrees.

    kept: what became of the change, for the hint. Raises ClodputerError ("confirm_needed").
    """
    wider = [change for change in found if change.widens]
    if not wider or confirm or not by_agent(environ):
        return
    listed = "\n".join(f"{change.key}: {_words(change.before)} -> {_words(change.after)}" for change in wider)
    raise ClodputerError(
        "confirm_needed",
        f"this gives {name} more rights than it has, or lets it run, which is the person's to decide:\n{listed}",
        f"{kept} Ask the person; if they agree, call it again with {CONFIRM} (a tool: confirm: true).",
    )


def require_to_enable(
    environ: Mapping[str, str], name: str, confirm: bool, kept: str = "Nothing was changed."
) -> None:
    """The same for a task that is to run from now on. Raises ClodputerError ("confirm_needed")."""
    require(environ, name, [Change("enabled", False, True, widens=True)], confirm, kept)


def lines(found: Sequence[Change]) -> list[str]:
    """The changes for people, one line each."""
    return [
        f"    {change.key}: {_words(change.before)} -> {_words(change.after)}"
        + ("   (more rights)" if change.widens else "")
        for change in found
    ]


def _words(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
