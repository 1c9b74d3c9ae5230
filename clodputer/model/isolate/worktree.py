"""A worktree of its own for each run of a task: the keys, and the names of its branch and folders."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from clodputer.model.config.keys import CHOICE, DURATION, FLAG, NEVER, PART, TEXT, TEXTS, Key
from clodputer.model.config.withunit import Expected

NONE, WORKTREE = "none", "worktree"
UNPUSHED, ALWAYS, NOTHING, FAILED = "unpushed", "always", "never", "failed"
# A tree that is kept without work in it goes after this long, in seconds, where the task does not say.
USUAL_TTL = 86400.0

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


class Worktree(NamedTuple):
    """The task's part `worktree`; whether its runs have one at all, says the task's `isolation`. ttl: seconds."""

    base: str = ""
    branch: str = ""
    fetch: bool = True
    copy: tuple[str, ...] = ()
    submodules: bool = False
    keep: str = UNPUSHED
    ttl: float = USUAL_TTL


def _ref(value: Any) -> Any:
    if value.startswith("-") or any(letter in value for letter in " ~^:?*[\\\t\n") or ".." in value:
        raise Expected("the name of a branch or a tag, or a commit")
    return value


def _inside(text: Any) -> Any:
    if text.startswith(("/", "~")) or ".." in text.split("/") or text.split("/")[0] == ".git":
        raise Expected("a pattern of paths inside the repository, such as .env or config/*.local")
    return text


KEYS: tuple[Key, ...] = (
    Key(
        "isolation",
        CHOICE,
        NONE,
        "`worktree`: each run works in a git worktree of its own. See [Worktrees](worktrees.md).",
        choices=(NONE, WORKTREE),
        example=WORKTREE,
    ),
    Key(
        "worktree",
        PART,
        {},
        "The same, with what the worktree is to be like.",
        keys=(
            Key(
                "base",
                TEXT,
                "",
                "The branch, tag or commit that the tree begins at. For a branch, the remote's state comes first.",
                absent="the remote's default branch, or the checkout's commit without a remote",
                check=_ref,
                env=NEVER,
                example="main",
            ),
            Key(
                "branch",
                TEXT,
                "",
                "The branch that is made begins with this instead of `clodputer/TASK`.",
                absent="`clodputer/TASK`",
                check=_ref,
                env=NEVER,
                example="bots/nightly",
            ),
            Key(
                "fetch",
                FLAG,
                default=True,
                help="The remote is fetched first. When that fails or takes two minutes, its last known state is used, and the "
                "run's record says so.",
                example=False,
            ),
            Key(
                "copy",
                TEXTS,
                (),
                "Files of the checkout that git does not track and that the tree gets a copy of, as patterns.",
                smallest=1,
                check=_inside,
                env=NEVER,
                example=[".env"],
            ),
            Key(
                "submodules",
                FLAG,
                default=False,
                help="Submodules are checked out as well, each as a whole clone.",
                example=True,
            ),
            Key(
                "keep",
                CHOICE,
                UNPUSHED,
                "When the tree stays after the run: `unpushed`, when it holds work that no remote has; `always`; `failed`, "
                "also when the run did not succeed; `never`, where its work is saved as a bundle and the tree removed.",
                choices=(UNPUSHED, ALWAYS, NOTHING, FAILED),
                example=ALWAYS,
            ),
            Key(
                "ttl",
                DURATION,
                USUAL_TTL,
                "A kept tree without undelivered work is removed after this long.",
                smallest=60,
                largest=365 * 86400,
                example="7d",
            ),
        ),
        absent="none",
        env=NEVER,
        example={"base": "main"},
    ),
)


def part(text: str) -> str:
    """A text as one part of a branch's name: what git refuses there becomes `-`."""
    return _UNFIT.sub("-", text).strip("-") or "x"


def branch(rule: Worktree, task: str, run_id: str) -> str:
    """The branch of a run: `clodputer/TASK/ID`, always of this depth, so that no name is the folder of another."""
    moment, _, request = run_id.partition("-")
    return f"{rule.branch or f'clodputer/{part(task)}'}/{part(moment)}-{part(request)[:40]}"
