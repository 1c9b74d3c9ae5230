"""The trigger `github`: when issues and pull requests get a label, a comment, a review, or a failing check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Optional

from clodputer.model.config.keys import CHOICES, COUNT, DURATION, MAPPING, NEVER, TEXT, TEXTS, Key
from clodputer.model.config.withunit import Expected
from clodputer.model.github.keys import API
from clodputer.model.numbers.digest import digest
from clodputer.model.schedules.ring import Every, Ring
from clodputer.model.task import Task, Trigger
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.model.triggers.decision import Decision, Facts
from clodputer.store.computer import zone
from clodputer.store.context import Context
from clodputer.triggers.github import judge
from clodputer.triggers.github.wish import Wish

ISSUES, PULLS, REVIEWS, CHECKS = KINDS = ("issues", "pull_requests", "reviews", "checks")
LABEL, GO, EVERY = "clodputer", "go", 300.0
PER_DAY, PER_AUTHOR = 20, 5

_REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.\.?$)[A-Za-z0-9._-]{1,100}")


def _repository(value: Any) -> Any:
    if not _REPOSITORY.fullmatch(value):
        raise Expected("a repository as OWNER/NAME, such as octo/site")
    return value


def _label(value: Any) -> Any:
    if len(value) > 50 or "," in value or not value.isprintable():
        raise Expected("the name of a label, which has up to 50 characters and no comma")
    return value


def _prompts(value: Any) -> Any:
    for label, file in value.items():
        if not isinstance(file, str) or not file.strip() or file.startswith("/") or ".." in file.split("/"):
            raise Expected(f"a file beside the task's file for {label}, such as prompts/fix.md")
    return value


KEYS = (
    Key(
        "repository",
        TEXT,
        "",
        "Where to look, as `OWNER/NAME`.",
        check=_repository,
        required=True,
        takes="`OWNER/NAME`",
        example="octo/site",
    ),
    Key(
        "labels",
        TEXTS,
        [LABEL],
        "An issue or a pull request that has this label asks for a run, or all of these where there are several. Each must "
        "have been set by somebody who may write to the repository.",
        smallest=1,
        check=_label,
        absent=f"`{LABEL}`",
        takes="label, or a list of them",
        example=["robot", "ready"],
    ),
    Key(
        "kinds",
        CHOICES,
        [ISSUES],
        "What asks for runs: labeled issues, labeled pull requests, reviews, and failing checks; the last two of pull requests "
        "that have the label, or whose branch begins with `clodputer/`.",
        choices=KINDS,
        smallest=1,
        absent=f"`{ISSUES}`",
        example=[ISSUES, REVIEWS],
    ),
    Key(
        "every",
        DURATION,
        EVERY,
        "How often GitHub is asked. While nothing happens it is asked less often, down to every ten minutes.",
        smallest=60.0,
        largest=86400.0,
        example="15m",
    ),
    Key(
        "go",
        TEXT,
        GO,
        "A comment of this word alone, or a label of this name, approves a plan that waits (`approve: plan`), if it comes from "
        "somebody who may write.",
        absent=f"`{GO}`",
        example="ship it",
    ),
    Key(
        "prompts",
        MAPPING,
        {},
        "Other prompts than the task's own: labels of issues, each with the file of a prompt beside the task's file, or with "
        "one of those that are shipped: `fix.md`, `plan.md`, `answer.md`. The first label that an issue has counts. "
        "`comment`, `review` and `check` are for requests that no label made; see [GitHub](github.md#prompts).",
        check=_prompts,
        absent="the task's own",
        env=NEVER,
        takes="mapping of labels to files",
        example={"bug": "fix.md", "feature": "plan.md", "question": "answer.md"},
    ),
    Key(
        "per_day",
        COUNT,
        PER_DAY,
        "The most requests within 24 hours; more than that wait.",
        smallest=1,
        largest=10_000,
        example=50,
    ),
    Key(
        "per_author",
        COUNT,
        PER_AUTHOR,
        "The most requests within 24 hours for issues and pull requests of one author; more than that wait.",
        smallest=1,
        largest=10_000,
        example=10,
    ),
)
BRINGS: Mapping[str, tuple[str, ...]] = {
    "issue": (
        "number",
        "kind",
        "repository",
        "title",
        "body",
        "author",
        "labels",
        "url",
        "labeled_by",
        "labeled_at",
        "branch",
        "sha",
    ),
    "comment": ("author", "body", "created_at", "url"),
    "review": ("author", "body", "state", "url"),
    "check": ("name", "conclusion", "summary", "url", "failed"),
}


def mark(context: Context, _task: Task, trigger: Trigger) -> str:
    """A name for the repository: with another one, a trigger starts again."""
    there = str(context.settings.github.get("api_url") or API)
    return digest(f"{there}\0{trigger.options['repository'].lower()}".encode(), 8)


def look(
    context: Context, task: Task, trigger: Trigger, entry: Optional[Mapping[str, Any]], now: float
) -> dict[str, Any]:
    """What has happened in the repository since the last look; or what is wrong, as `error`."""
    options = trigger.options
    wish = Wish(
        task.name,
        options["repository"],
        tuple(_texts(options.get("labels") or [LABEL])),
        frozenset(_texts(options.get("kinds") or [ISSUES])),
        str(options.get("go") or GO),
    )
    # Loaded in the child that looks: HTTP is slow to load, and every run knows the kinds of triggers.
    looking: Any = import_module("clodputer.triggers.github.looking")
    found: dict[str, Any] = looking.look(context, wish, entry or {}, now)
    return found


def decide(trigger: Trigger, entry: Optional[Mapping[str, Any]], facts: Facts, now: float) -> Decision:
    """Which of what has happened becomes requests."""
    options = trigger.options
    caps = judge.Caps(int(options.get("per_day") or PER_DAY), int(options.get("per_author") or PER_AUTHOR))
    seen = facts.seen
    if seen is None:
        seen = {"error": {"code": "", "message": facts.trouble, "passes": True, "until": None}}
    return judge.judge(entry, seen, caps, _every(trigger), now, replaces=facts.replaces)


def remembers(trigger: Trigger, entry: Optional[Mapping[str, Any]]) -> str:
    """How many issues are known, how many wait, and what went wrong at the last look."""
    if entry is None:
        return "nobody has looked yet; what has the label at the first look makes requests"
    known, waiting = len(entry.get("known") or {}), len(entry.get("waiting") or ())
    since = entry.get("since")
    found = f"{counted(known, 'issue')} with the label known since {zone.wall(since)}" if since else ""
    parts = [found or "no look has succeeded yet"]
    if waiting:
        parts.append(f"{counted(waiting, 'request')} beyond per_day or per_author, which come later")
    if entry.get("trouble"):
        parts.append(f"problem at the last look: {entry['trouble']}")
    return "; ".join(parts)


def alarm(trigger: Trigger) -> Ring:
    """Every so often."""
    return Ring(times=(Every(int(_every(trigger))),), catches_up=True)


def words(trigger: Trigger) -> str:
    """Such as `when issues of octo/site have the label clodputer (looked at every 5m)`."""
    options = trigger.options
    labels = " and ".join(_texts(options.get("labels") or [LABEL]))
    what = " and ".join(kind.replace("_", " ") for kind in _texts(options.get("kinds") or [ISSUES]))
    every = format_duration(_every(trigger))
    return f"by {what} of {options['repository']} with the label {labels} (looked at every {every})"


def _every(trigger: Trigger) -> float:
    return float(trigger.options.get("every") or EVERY)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(text) for text in value]
