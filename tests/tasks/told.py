"""What is said about a task file, for the tables of bad ones."""

from __future__ import annotations

from pathlib import Path

from clodputer.tasks import taskfile
from tests.workshop import make_home, write_task


def about(text: str, folder: Path) -> list[str]:
    """Every problem of `text` as tasks/x.yaml of a home below `folder`, which is written FOLDER."""
    home = make_home(folder)
    write_task(home, "x", text)
    task, problems = taskfile.check_file(home, f"{home.tasks}/x.yaml", {})
    assert (task is None) == bool(problems)
    return [str(problem).replace(home.tasks, "FOLDER") for problem in problems]
