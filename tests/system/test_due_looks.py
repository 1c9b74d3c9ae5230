"""What an exec looks at: the names of files when nothing is due, and each task anew once something about it is another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import time

import pytest

from clodputer.store.home import Home
from clodputer.store.triggers import ledger
from tests import house
from tests.slots import begin, cron_task, settle
from tests.test_house import HEAVY
from tests.workshop import command_task, environment, execute

pytestmark = pytest.mark.slow


def test_an_idle_exec_with_a_schedule_loads_nothing_heavy(home: Home) -> None:
    """A scheduled task that is not due costs a look at the names of files, with its own alarm too."""
    cron_task(home, "work", "0 0 29 2 *")
    command_task(home, "manual", "/bin/true")
    settle(home, "manual")
    begin(home)
    for arguments in (["exec"], ["exec", "--task", "work"]):
        program = (
            "import sys\n"
            f"sys.path.insert(0, {house.CHECKOUT!r})\n"
            "from clodputer.__main__ import main\n"
            f"status = main({arguments!r})\n"
            f"print(status, [name for name in {[*HEAVY, 'datetime', 'zoneinfo', 'hashlib']!r} if name in sys.modules])\n"
        )
        ended = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program], env=environment(home), capture_output=True, text=True
        )
        assert (ended.stdout.strip(), ended.stderr) == ("0 []", "")


def test_watched_files_are_looked_for_at_each_alarm(home: Home, tmp_path: Path) -> None:
    """The alarm of the task always looks, the one of all when the last look is half a minute ago; exec waits for quiet."""
    (tmp_path / "in").mkdir()
    watch = f"trigger: [{{type: file_watch, path: '{tmp_path}/in', debounce: 1s}}, {{type: cron, schedule: '0 0 29 2 *'}}]\n"
    command_task(home, "work", "/bin/true", more=watch)
    settle(home, "work")
    begin(home)
    for name in ("one", "two"):
        (tmp_path / "in" / name).write_text("new")
        assert len(execute(home, "--task", "work")["runs"]) == 1
    (tmp_path / "in" / "three").write_text("new")
    assert execute(home)["runs"] == []
    (noted,) = Path(home.ledger, "next").iterdir()
    noted.rename(noted.with_name("0" + noted.name[1:]))  # as if it had been long ago
    assert len(execute(home)["runs"]) == 1


def test_what_changes_during_a_run_is_found_by_that_exec(home: Home, tmp_path: Path) -> None:
    """Schedulers lose what changes while their job runs; so exec looks again after its runs, until all is quiet."""
    (tmp_path / "in").mkdir()
    script = f"[ -e {tmp_path}/in/second ] || echo new > {tmp_path}/in/second"
    watch = f"trigger: {{type: file_watch, path: '{tmp_path}/in', debounce: 1s}}\n"
    command_task(home, "work", "/bin/sh", "-c", script, more=watch)
    settle(home, "work")
    begin(home)
    (tmp_path / "in" / "first").write_text("new")
    assert len(execute(home, "--task", "work")["runs"]) == 2


def test_an_edited_task_is_looked_at(home: Home) -> None:
    """The note about it is void as soon as the file is another one, or when the clock went back."""
    cron_task(home, "work", "0 0 29 2 *")
    begin(home)
    (noted,) = Path(home.ledger, "next").iterdir()
    cron_task(home, "work", "0 0 28 2 *")
    execute(home)
    entry = ledger.read(home, "work", 0)
    assert entry is not None
    assert "28 2" in entry.fingerprint
    assert list(Path(home.ledger, "next").iterdir()) != [noted]
    (noted,) = Path(home.ledger, "next").iterdir()
    later = noted.with_name(f"{int(time() * 1000) + 7_200_000:013d}.{noted.name.partition('.')[2]}")
    noted.rename(later)
    execute(home)
    assert not later.exists()
