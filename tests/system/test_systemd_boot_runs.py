"""What becomes of a run when its person logs out, and when the computer shuts down or loses its power."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import pytest

from tests import boot_lab, slots
from tests.boot_lab import NUMBER, Computer
from tests.wait import until
from tests.workshop import ROOT, command_task, events, everything, records

pytestmark = [
    pytest.mark.system,
    pytest.mark.slow,
    pytest.mark.xdist_group("computer"),
]


def marking(computer: Computer, name: str, before: str = "") -> Path:
    """A task that writes a line when it begins, waits for `go` beside it, and then writes another; where it writes."""
    home, told = computer.clodputer_home, Path(computer.home, f"{name}.told")
    script = f"{before}echo begun >>{told}; until [ -e {told}.go ]; do sleep 0.05; done; echo done >>{told}"
    command_task(home, name, "sh", "-c", script)
    slots.settle(home, name)
    return told


def let_go(told: Path) -> None:
    Path(f"{told}.go").touch()


def lines(told: Path) -> list[str]:
    return told.read_text().split() if told.exists() else []


def begun(computer: Computer, told: Optional[Path] = None) -> Path:
    """A run that is in the middle of its work; where it writes."""
    told = told or marking(computer, "long")
    computer.drop("long")
    until(lambda: lines(told) == ["begun"], boot_lab.PATIENCE, "it was never begun")
    return told


def put_back(computer: Computer, told: Path) -> None:
    """The run was told to stop, and is on record as that; its request waits to be run again."""
    assert computer.outcomes("long") == ["cancelled"]
    (record,) = records(computer.clodputer_home, "long")
    assert (record["reason"], [one["effect"] for one in record["effects"]]) == ("interrupted", ["put_back"])
    assert list(everything(computer.clodputer_home)) == ["default/queue/3"]
    assert lines(told) == ["begun"]


def run_once_more(computer: Computer, told: Path) -> None:
    """The request that was put back is run to its end, and then there is nothing more to run."""
    let_go(told)
    until(lambda: lines(told) == ["begun", "begun", "done"], boot_lab.PATIENCE, "it was not run again")
    until(computer.at_rest, boot_lab.PATIENCE)
    assert computer.outcomes("long") == ["cancelled", "succeeded"]
    assert lines(told) == ["begun", "begun", "done"]
    assert not [one for one in events(computer.clodputer_home) if one["event"] in ("recovered", "buried")]


def test_a_run_at_the_last_logout(computer: Computer) -> None:
    """It is told to stop, its request waits, and the next login has it run once."""
    login = computer.login()
    computer.clodputer("install")
    told = begun(computer)
    computer.logout(login)
    computer.await_no_manager()
    assert computer.root("pgrep", "-u", str(NUMBER)).stdout == ""
    put_back(computer, told)
    computer.login()
    run_once_more(computer, told)


def test_a_logout_that_is_not_the_last(computer: Computer) -> None:
    """Another session of the person's, or linger: nothing is stopped."""
    first, second = computer.login(), computer.login()
    computer.clodputer("install")
    told = begun(computer)
    computer.logout(first)
    computer.linger()
    computer.logout(second)
    until(lambda: computer.root("loginctl", "list-sessions", "--no-legend").stdout == "")
    assert computer.manager() == "running"
    let_go(told)
    until(lambda: computer.outcomes("long") == ["succeeded"], boot_lab.PATIENCE)
    assert lines(told) == ["begun", "done"]


def test_a_run_at_a_shutdown(computer: Computer) -> None:
    """It is told to stop, its request waits, and the next boot has it run once."""
    computer.linger()
    computer.clodputer("install")
    told = begun(computer)
    computer.off()
    put_back(computer, told)
    computer.on()
    run_once_more(computer, told)


def test_a_run_at_a_power_failure(computer: Computer) -> None:
    """Nobody saw it end: it is lost, kept, and not run again unasked; its lane goes on."""
    computer.linger()
    command_task(computer.clodputer_home, "next", "true")
    computer.belongs()
    computer.clodputer("install")
    told = begun(computer)
    computer.drop("next")
    computer.cut()
    let_go(told)
    computer.on()
    until(lambda: computer.outcomes("next") == ["succeeded"], boot_lab.PATIENCE)
    until(lambda: list(everything(computer.clodputer_home)) == ["dead"], boot_lab.PATIENCE)
    assert (computer.outcomes("long"), lines(told)) == (["lost"], ["begun"])
    computer.clodputer("retry", records(computer.clodputer_home, "long")[0]["run_id"])
    until(lambda: lines(told) == ["begun", "begun", "done"], boot_lab.PATIENCE)


def test_a_run_that_does_not_stop_in_time(computer: Computer) -> None:
    """A service has so long to end (two minutes; here a second). Then all of it is killed: the run is lost, and kept."""
    told = marking(computer, "long", before="trap '' TERM; ")
    dropin = Path(computer.home, ".config/systemd/user/clodputer-.service.d/soon.conf")
    dropin.parent.mkdir(parents=True)
    dropin.write_text("[Service]\nTimeoutStopSec=1\n")
    computer.belongs()
    login = computer.login()
    computer.clodputer("install")
    begun(computer, told)
    computer.logout(login)
    computer.await_no_manager()
    assert computer.root("pgrep", "-u", str(NUMBER)).stdout == ""
    assert computer.outcomes("long") == []
    let_go(told)
    computer.login()
    until(lambda: list(everything(computer.clodputer_home)) == ["dead"], boot_lab.PATIENCE)
    until(lambda: not computer.at_work(), boot_lab.PATIENCE)
    assert (computer.outcomes("long"), lines(told)) == (["lost"], ["begun"])


def test_an_exec_of_a_session_at_a_shutdown(computer: Computer) -> None:
    """Started by hand, it is told to stop together with its run: that is interrupted all the same, and did not fail."""
    told = marking(computer, "long")
    computer.drop("long")
    computer.login("env", f"PYTHONPATH={ROOT}", *boot_lab.command("exec"))
    until(lambda: lines(told) == ["begun"], boot_lab.PATIENCE)
    computer.off()
    put_back(computer, told)
