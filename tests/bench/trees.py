"""What a worktree of its own costs a run: made before it and removed after it, of a small repository and of a large one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from clodputer.isolate.worktree import enter, plan, undo
from clodputer.model.isolate.worktree import Worktree
from clodputer.model.task import Task
from tests.bench.goal import Row
from tests.bench.stage import Stage
from tests.repositories import git

MANY = 50_000


def worktrees(stage: Stage) -> list[Row]:
    """Seconds from the plan to a tree that an agent could work in, and from a clean tree to none."""
    rows = []
    for files, rounds in ((10, 7), (MANY, 3)):
        folder = Path(stage.home(f"trees-{files}").root).parent
        checkout = _repository(folder / f"checkout-{files}", files)
        # In turns, so that what else the machine does falls on both.
        taken = [(_once(folder, checkout, number), _by_hand(folder, checkout)) for number in range(rounds)]
        made, gone, added, removed = (
            median(one[0][0] for one in taken),
            median(one[0][1] for one in taken),
            median(one[1][0] for one in taken),
            median(one[1][1] for one in taken),
        )
        what = f"a worktree of {files:,} files"
        rows.append(Row("40", f"{what}, made", "", made, None, "s"))
        rows.append(Row("40", f"{what}, looked at and removed", "", gone, None, "s"))
        # Of a small one nearly all is the start of some more gits.
        most, least = (1.5, 2.5) if files == MANY else (None, None)
        goals = ("<= 1.5 x", "<= 2.5 x") if files == MANY else ("", "")
        rows.append(Row("40", f"{what}, made / git worktree add", goals[0], made / added, most, "x"))
        by_git = f"{what}, removed / git status and worktree remove"
        rows.append(Row("40", by_git, goals[1], gone / removed, least, "x"))
    return rows


def _by_hand(folder: Path, checkout: Path) -> tuple[float, float]:
    """The same by git alone, as a person does it."""
    path = str(folder / "by-hand")
    began = time.perf_counter()
    git(checkout, "worktree", "add", "--quiet", "-b", "by-hand", path)
    added = time.perf_counter()
    git(path, "status", "--porcelain")
    git(checkout, "worktree", "remove", path)
    git(checkout, "branch", "--quiet", "-D", "by-hand")
    return added - began, time.perf_counter() - added


def _once(folder: Path, checkout: Path, number: int) -> tuple[float, float]:
    planned: Mapping[str, Any] | None = plan(
        Task("tidy", "", isolation="worktree", worktree=Worktree(fetch=False)),
        {"CLODPUTER_HOME": str(folder / "home")},
        f"20270115T080000.{number:03}Z-abcd1234",
    )
    token = {**(planned or {}), "folder": str(checkout), "continues": ""}
    began = time.perf_counter()
    enter(token)
    made = time.perf_counter()
    undo(token)
    return made - began, time.perf_counter() - made


def _repository(checkout: Path, files: int) -> Path:
    checkout.mkdir(parents=True)
    git(checkout, "init", "--quiet", "-b", "main")
    for number in range(files):
        folder = checkout / f"d{number % 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"f{number}").write_text(f"{number}\n" * 100)
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", "first")
    return checkout
