"""The version of what is on disk: a newer one is refused by every command, an older one brought to the present one."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Callable, Optional

import pytest

from clodputer.store import holds
from clodputer.store.holds import Hold, Target
from clodputer.store.home import FORMAT, Home, format_of
from clodputer.store.spool import aside, layout
from clodputer.store.spool.aside import Reason
from clodputer.store.upkeep import migrate
from tests.killing import killed_at
from tests.workshop import clodputer, command_task, drop, everything, execute, make_home, start

# A call of each command that looks into the home or changes it.
CALLS = (
    ("backup", "-"),
    ("export", "work"),
    ("import", "task", "-"),
    ("cancel", "x"),
    ("config",),
    ("config", "set", "timeout", "5m"),
    ("edit", "work"),
    ("exec",),
    ("exec", "--task", "work"),
    ("init", "--yes"),
    ("install", "--dry-run"),
    ("install",),
    ("list",),
    ("logs",),
    ("new", "other"),
    ("next",),
    ("prune",),
    ("queue",),
    ("retry", "x"),
    ("run", "work"),
    ("show", "work"),
    ("stats",),
    ("status",),
    ("status", "--schedulers"),
    ("uninstall",),
    ("validate",),
    ("why", "work"),
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    command_task(made, "work", "/bin/true")
    return made


def content(home: Home) -> dict[str, tuple[int, int]]:
    """Every file and folder, with when it was changed and its size."""
    found = {}
    for folder, _, names in os.walk(home.root):
        for path in (folder, *(f"{folder}/{name}" for name in names)):
            status = os.lstat(path)
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def set_format(home: Home, text: str) -> None:
    Path(home.format).write_text(text)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_newer_home_is_refused_by_every_command(home: Home, call: tuple[str, ...]) -> None:
    """In one sentence, with what to do; nothing is touched, and the request stays."""
    drop(home, "work")
    set_format(home, f"{FORMAT + 1}\n")
    before = content(home)
    _, stderr = clodputer(home, *call, status=1)
    assert f"has format {FORMAT + 1}" in stderr
    assert "CLODPUTER_HOME" in stderr
    assert content(home) == before
    assert everything(home) == {"new": ["work"]}


def test_the_doctor_says_it_and_looks_no_further(home: Home) -> None:
    set_format(home, f"{FORMAT + 1}\n")
    before = content(home)
    process = start(home, "doctor")
    stdout, _ = process.communicate(timeout=100)
    assert process.returncode == 4
    assert f"has format {FORMAT + 1}" in " ".join(stdout.split())
    assert content(home) == before


@pytest.mark.parametrize("text", ["", "0\n", "x", "\x00\xff", "1 more words\n", f"{FORMAT}"])
def test_an_older_or_damaged_one_is_brought_to_the_present_one(home: Home, text: str) -> None:
    Path(home.format).write_bytes(text.encode("latin-1"))
    drop(home, "work")
    assert len(execute(home)["runs"]) == 1
    assert format_of(home) == FORMAT


@pytest.mark.parametrize("make", [None, os.mkfifo, os.mkdir], ids=["missing", "a pipe", "a folder"])
def test_what_is_no_file_in_its_place_holds_nobody_up(
    home: Home, make: Optional[Callable[[str], None]]
) -> None:
    os.unlink(home.format)
    if make:
        make(home.format)
    assert format_of(home) == 0
    drop(home, "work")
    assert len(execute(home)["runs"]) == 1
    assert Path(home.format).read_text() == f"{FORMAT}\n"


# From 1 to 2.


def old_home(home: Home) -> None:
    """What a home of format 1 may have: reasons as texts, and holds in lanes."""
    Path(home.closed, "abcd1234.a.json").touch()
    Path(home.closed, "abcd1234.a.json.reason.txt").write_text(f"{TEXT}\n")
    Path(home.rejected, "b").touch()
    Path(home.rejected, "b.reason.txt").write_text("Old.\n")
    aside.write(f"{home.rejected}/b", Reason("new", "New."))
    Path(home.rejected, "mine.reason.txt").write_text("A file of that name.\n")
    Path(layout.lane(home, "default"), "hold").write_text(json.dumps({"message": "Wait."}))
    layout.make_lane(home, "other")
    Path(layout.lane(home, "other"), "hold").write_text(
        json.dumps({"message": "Old.", "until": "2040-01-01T00:00:00Z"})
    )
    holds.place(home, Target("lane", "other"), Hold("pause", "Later.", None, 4_000_000_000.0))
    set_format(home, "1\n")


TEXT = "Retried by a person as request efgh5678.\n\nTo drop it again:\n  mv x y"


def check_new(home: Home) -> None:
    assert format_of(home) == FORMAT
    found = aside.read(home.closed, "abcd1234.a.json")
    assert (found.code, found.message, found.request_id, found.dropped_as) == ("", TEXT, "abcd1234", "a.json")
    assert aside.read(home.rejected, "b").message == "New."
    assert sorted(os.listdir(home.rejected)) == ["b", "b.reason.json", "mine.reason.txt"]
    messages = [placed.hold.message for placed in holds.in_effect(home, 2_000_000_000.0)]
    assert sorted(messages) == ["Later.", "Wait."]
    assert not Path(layout.lane(home, "default"), "hold").exists()
    kept = Path(home.root, "backup", "format-1")
    assert (kept / "spool/closed/abcd1234.a.json.reason.txt").read_text() == f"{TEXT}\n"
    assert (kept / "spool/lanes/other/hold").exists()


def test_reasons_and_holds_of_format_1_are_moved_and_a_copy_is_kept(home: Home) -> None:
    old_home(home)
    execute(home)
    check_new(home)


def test_it_may_be_killed_at_each_step(tmp_path: Path) -> None:
    for step in range(1, 1000):
        (tmp_path / str(step)).mkdir()
        home = make_home(tmp_path / str(step))
        old_home(home)
        dead = killed_at(step, partial(migrate.bring_up, home))
        migrate.bring_up(home)
        check_new(home)
        if not dead:
            return


def test_several_at_once_are_one_after_the_other(home: Home) -> None:
    old_home(home)
    processes = [start(home, "status") for _ in range(3)]
    assert [process.communicate(timeout=100) and process.returncode for process in processes] == [0, 0, 0]
    check_new(home)


def test_there_is_a_step_from_every_format() -> None:
    assert sorted(migrate.MIGRATIONS) == list(range(FORMAT))
