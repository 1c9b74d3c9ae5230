"""The report that is kept fresh: written by an exec beside its runs when it is due; that it cannot be is no run's fault."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from clodputer.cli import door
from clodputer.runner.upkeep import report
from clodputer.store.context import look
from clodputer.store.due import nextround
from clodputer.store.home import Home
from clodputer.store.upkeep import freshreport
from clodputer.views.doctor.home.report import kept_fresh
from tests.doctoring import facts, one
from tests.workshop import command_task, drop, environment, events, execute


def configure(home: Home, path: str, more: str = "") -> None:
    Path(home.config).write_text(f"report: {{file: {path}{more}}}\n")


def forget(home: Home) -> None:
    """As if its time had come."""
    for path in Path(freshreport.folder(home)).glob("*.next"):
        path.unlink()


def test_the_sweep_writes_it_and_then_has_nothing_to_do(home: Home) -> None:
    path = Path(home.root, "report.html")
    configure(home, str(path), ", every: 2h")
    assert door.something_to_do(home)
    execute(home)
    assert path.read_text().startswith("<!doctype html>")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert one(kept_fresh(facts(home)), "ok")
    assert not door.something_to_do(home)
    assert not freshreport.due(home, time.time() + 7100)
    assert freshreport.due(home, time.time() + 7201)
    assert freshreport.due(home, time.time() - 30 * 86400), "the clock went back"


def test_a_file_that_cannot_be_written_stops_no_run_and_is_said_once(home: Home) -> None:
    folder = Path(home.root, "not-there")
    configure(home, f"{folder}/report.html")
    command_task(home, "good", "/bin/true")
    for _ in range(2):
        drop(home, "good")
        forget(home)
        execute(home)
    kinds = [event["event"] for event in events(home)]
    assert kinds.count("finished") == 2
    assert kinds.count("report_lost") == 1
    lost = next(event for event in events(home) if event["event"] == "report_lost")
    assert str(folder) in lost["message"]
    assert one(kept_fresh(facts(home)), "problem").message.startswith("the report cannot be written: ")
    folder.mkdir()
    report.write(look(environment(home)))
    assert (folder / "report.html").exists()
    assert one(kept_fresh(facts(home)), "ok")


@pytest.mark.parametrize("config", ["", "timeout: 5m\n", "# no report\n"])
def test_nothing_is_written_unless_it_is_asked_for(home: Home, config: str) -> None:
    Path(home.config).write_text(config)
    if freshreport.due(home, time.time()):  # a comment has the word
        report.write(look(environment(home)))
    assert not freshreport.due(home, time.time() + 10 * 86400)
    assert "asks for no report" in one(kept_fresh(facts(home)), "ok").message


def test_a_changed_setting_is_looked_at_at_once(home: Home) -> None:
    configure(home, f"{home.root}/one.html")
    nextround.note(freshreport.folder(home), time.time() + 3600, nextround.stamp(home))
    assert not freshreport.due(home, time.time())
    configure(home, f"{home.root}/other.html")
    assert freshreport.due(home, time.time())


def test_the_doctor_sees_a_folder_that_is_not_there(home: Home) -> None:
    configure(home, "/nowhere/at/all.html")
    found = one(kept_fresh(facts(home)), "problem")
    assert "no folder /nowhere/at" in found.message
    os.makedirs(f"{home.root}/x")
    configure(home, f"{home.root}/x/all.html")
    assert one(kept_fresh(facts(home)), "ok")
