"""What a worktree of its own costs a run: made before it and removed after it, of a small repository and of a large one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from clodputer.isolate.worktree import enter, plan, undo
from clodputer.model.task import Task
from clodputer.model.worktree import Worktree
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
        taken = [_once(folder, checkout, number) for number in range(rounds)]
        what = f"a worktree of {files:,} files"
        rows.append(Row("40", f"{what}, made", "", median(made for made, _ in taken), None, "s"))
        rows.append(
            Row("40", f"{what}, looked at and removed", "", median(gone for _, gone in taken), None, "s")
        )
    return rows


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
