"""An import killed before each of its steps: what is there is whole, and importing again makes the rest, each once."""

from __future__ import annotations

import time
from pathlib import Path

from clodputer.archive.imports import crontab
from clodputer.archive.imports.values import Facts
from clodputer.archive.tasks import importing
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.tasks import taskfile
from tests.killing import killed_at
from tests.workshop import environment

TABLE = "".join(f"{minute} 3 * * * claude -p 'Look at part {minute}.'\n" for minute in range(3))


def made(home: Home) -> list[str]:
    context = look(environment(home))
    entries = crontab.read(TABLE, Facts("/home/me", "me", "/home/me"))
    found = importing.make(
        context, context.environ, "crontab", entries, time.time(), enable=False, dry_run=False
    )
    return [one.fate for one in found]


def test_each_task_is_made_once(home: Home) -> None:
    context = look(environment(home))
    seen = set()
    for step in range(1, 1000):
        for path in Path(home.tasks).glob("*.yaml"):
            path.unlink()
        dead = killed_at(step, lambda: made(home))
        files = sorted(Path(home.tasks).glob("*.yaml"))
        seen.add(len(files))
        assert all(report.task is not None for report in taskfile.check_all(home, context.environ))
        fates = made(home)
        assert (fates.count("known"), fates.count("task")) == (len(files), 3 - len(files))
        assert len(list(Path(home.tasks).glob("*.yaml"))) == 3
        if not dead:
            break
    assert seen == {0, 1, 2, 3}
