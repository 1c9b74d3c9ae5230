"""Facts for the doctor's checks, and the programs that they start: real files, and fakes that come first on PATH."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.schedulers import cron, installation, place, plan, shim
from clodputer.schedulers.unit import Frame, changes
from clodputer.store.home import Home
from clodputer.views import doctor
from clodputer.views.doctor.finding import Facts, Finding
from tests import guard
from tests.schedulers.crontabs import Crontab
from tests.workshop import environment, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clodputer.schedulers import Scheduler


def facts(home: Home, extra: Mapping[str, str] = {}, **changed: Any) -> Facts:
    """The facts of a home as it is on disk, some of them changed."""
    now = changed.pop("now", time())
    asked = changed.pop("ask_schedulers", False)
    return doctor.gather(environment(home, extra), now, ask_schedulers=asked)._replace(**changed)


def only_cron(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    """A crontab, and no other scheduler that answers."""
    table = Crontab(folder / "cron", monkeypatch)
    for name in ("systemctl", "launchctl"):
        program(table.folder / "bin", name, "echo 'nobody answers here' >&2; exit 1")
    return table


def first_on_path(folder: Path) -> dict[str, str]:
    """The PATH on which the programs in a folder are found first."""
    return {"PATH": f"{folder}:{guard.REFUSING}:/usr/local/bin:/usr/bin:/bin"}


def one(found: list[Finding], level: str) -> Finding:
    """The only finding, of that level; one that is not well has a remedy."""
    assert [finding.level for finding in found] == [level], found
    assert level == "ok" or found[0].remedy
    return found[0]


def make_older(path: str | Path, seconds: float) -> None:
    """Let a file's modification be so long ago."""
    then = time() - seconds
    os.utime(path, (then, then), follow_symlinks=False)


def install(home: Home, scheduler: Scheduler = cron) -> Frame:
    """Install a home's alarms, by default into the (fake) crontab, and its shim, from this environment."""
    at = place.look(home, os.environ, "linux")
    units, problems = installation.rendered(scheduler, at.frame, plan.wanted(home, at.frame.environment))
    assert [trouble for trouble in problems if trouble.fatal] == []
    shim.write(at.frame.shim, shim.text(at.shim))
    steps = changes(list(units), scheduler.inspect(at.frame))
    assert scheduler.apply(at.frame, steps, lambda change: None) == []
    return at.frame
