"""Holds: they keep requests waiting, end by themselves, hold when they cannot be read, and no reader changes anything."""

from __future__ import annotations

import json
import os
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.store import holds
from clodputer.store.holds import EVERYTHING, Hold, Target
from clodputer.store.home import Home
from tests.workshop import make_home

LANE, TASK, ACCOUNT = Target("lane", "default"), Target("task", "nightly"), Target("account", "claude")
ALL_TARGETS = (EVERYTHING, LANE, TASK, ACCOUNT)


def current(home: Home, target: Target, now: float) -> Hold | None:
    """The hold of one target."""
    placed = holds.current(home, [target], now)
    return placed.hold if placed else None


@pytest.mark.parametrize("target", ALL_TARGETS, ids=str)
def test_a_hold_ends_by_itself(tmp_path: Path, target: Target) -> None:
    """Before its end it holds; from its end on it is ignored, and its file stays where it is."""
    home = make_home(tmp_path)
    placed = Hold("usage_limit", "wait", 1000.0, 2000.0)
    holds.place(home, target, placed)
    assert current(home, target, 1999.9) == placed
    assert holds.in_effect(home, 1999.9) == [(target, placed, holds.path(home, target))]
    assert current(home, target, 2000.0) is None
    assert holds.in_effect(home, 2000.0) == []
    assert os.path.exists(holds.path(home, target))


@pytest.mark.parametrize("target", ALL_TARGETS, ids=str)
def test_a_hold_without_end_stays_until_it_is_lifted(tmp_path: Path, target: Target) -> None:
    """A pause lasts until somebody lifts it; lifting it again does nothing."""
    home = make_home(tmp_path)
    holds.place(home, target, Hold("paused", "", None, None))
    assert current(home, target, 1e12) == Hold("paused", "", None, None)
    assert holds.lift(home, target) is True
    assert current(home, target, 0.0) is None
    assert holds.lift(home, target) is False


def test_the_longest_hold_on_a_request_counts(tmp_path: Path) -> None:
    """Of the lane's, the task's, the account's and everything's the one that ends last; those of others do not matter."""
    home = make_home(tmp_path)
    targets = holds.targets("default", "nightly", "claude")
    assert set(targets) == set(ALL_TARGETS)
    for number, target in enumerate(ALL_TARGETS):
        holds.place(home, target, Hold("paused", "", None, 100.0 + number))
        found = holds.current(home, targets, 0.0)
        assert found is not None
        assert found.target == target
    holds.place(home, Target("lane", "other"), Hold("paused", "", None, None))
    assert holds.current(home, targets, 200.0) is None
    assert holds.targets("default", "nightly") == (EVERYTHING, LANE, TASK)


def test_what_follows_from_a_run_ends_no_pause(tmp_path: Path) -> None:
    """A hold that extends replaces only one that ends sooner."""
    home = make_home(tmp_path)
    limit = Hold("usage_limit", "", 0.0, 1000.0)
    holds.place(home, LANE, Hold("paused", "", None, None))
    holds.place(home, LANE, limit, extend=True)
    assert current(home, LANE, 10.0) == Hold("paused", "", None, None)
    holds.place(home, LANE, Hold("paused", "", None, 500.0))
    holds.place(home, LANE, limit, extend=True)
    assert current(home, LANE, 10.0) == limit
    holds.place(home, LANE, Hold("paused", "", None, 500.0))
    assert current(home, LANE, 10.0) == Hold("paused", "", None, 500.0)


DAMAGED = (
    "",
    "not json",
    "[]",
    "{",
    '{"until": "soon"}',
    '{"until": 5}',
    '{"until": "+1h"}',
    '{"since": []}',
    "\xff",
)


@pytest.mark.parametrize("text", DAMAGED)
@pytest.mark.parametrize("target", ALL_TARGETS, ids=str)
def test_a_damaged_hold_holds(tmp_path: Path, target: Target, text: str) -> None:
    """Somebody put the file there to stop something; the message says which file to remove."""
    home = make_home(tmp_path)
    Path(holds.path(home, target)).write_text(text, encoding="latin-1")
    found = current(home, target, 0.0)
    assert found is not None
    assert (found.reason, found.until) == (holds.DAMAGED, None)
    assert f"{holds.path(home, target)} cannot be read" in found.message
    others = [each for each in ALL_TARGETS if each != target]
    assert holds.current(home, others, 0.0) is None
    holds.lift(home, target)
    assert current(home, target, 0.0) is None


def test_what_is_no_file_holds_and_holds_nobody_up(tmp_path: Path) -> None:
    """A pipe, or a folder, in its place: nobody waits for what it never says."""
    home = make_home(tmp_path)
    path = Path(holds.path(home, LANE))
    os.mkfifo(path)
    assert current(home, LANE, 0.0) is not None
    path.unlink()
    path.mkdir()
    assert current(home, LANE, 0.0) is not None


def test_a_relative_end_counts_from_its_beginning(tmp_path: Path) -> None:
    """Counted from each reading it would never come."""
    home = make_home(tmp_path)
    fields = {"reason": "paused", "since": "2026-11-21T00:00:00Z", "until": "+1h"}
    Path(holds.path(home, TASK)).write_text(json.dumps(fields))
    found = current(home, TASK, 0.0)
    assert found is not None
    assert found.since is not None
    assert found.until == found.since + 3600


def test_names_that_hold_nothing(tmp_path: Path) -> None:
    """A misspelt name is told, since somebody believes that it holds."""
    home = make_home(tmp_path)
    wrong = ["all", "all.x.json", "lane.json", "lanes.default.json", "nightly.json", "task..json.txt"]
    for name in (*wrong, ".lock", "all.json", "task.a.b.json"):
        Path(home.holds, name).write_text("{}")
    assert holds.strays(home) == sorted(wrong)
    assert [placed.target for placed in holds.in_effect(home, 0.0)] == [EVERYTHING, Target("task", "a.b")]


def test_a_home_without_the_folder(tmp_path: Path) -> None:
    """A home from before there were such files: nothing is held, and the folder is made by the first hold."""
    home = make_home(tmp_path)
    os.rmdir(home.holds)
    assert holds.in_effect(home, 0.0) == []
    assert holds.current(home, ALL_TARGETS, 0.0) is None
    assert holds.lift(home, LANE) is False
    assert not os.path.exists(home.holds)
    holds.place(home, LANE, Hold("paused", "", None, None))
    assert current(home, LANE, 0.0) is not None


# How often each process of the race does its part.
ROUNDS = 100


def place_again(home: Home, number: int, over: Event) -> None:
    """Place holds that have ended, and holds that have not, each telling who placed it."""
    for turn in range(ROUNDS):
        ended = turn % 2 == 0
        hold = Hold(f"by-{number}", "x" * 500, 0.0, 100.0 if ended else 1e9 + turn)
        holds.place(home, ALL_TARGETS[turn % 4], hold, extend=turn % 3 == 0)


def lift_again(home: Home, _number: int, over: Event) -> None:
    """Lift whatever is there."""
    for turn in range(ROUNDS):
        holds.lift(home, ALL_TARGETS[turn % 4])


def read_again(home: Home, _number: int, over: Event) -> None:
    """Look all the time: whatever is seen is whole, and none is damaged."""
    while not over.is_set():
        for placed in holds.in_effect(home, 1000.0):
            assert placed.hold.reason.startswith("by-"), placed
            assert placed.hold.end >= 1e9
        assert holds.strays(home) == []


def test_many_processes_place_read_and_lift(tmp_path: Path) -> None:
    """Nobody fails, nobody sees half a hold, and a hold that is placed last is there at the end."""
    home = make_home(tmp_path)
    fork = get_context("fork")
    over = fork.Event()
    parts = [place_again] * 3 + [lift_again] * 2
    writers = [fork.Process(target=part, args=(home, number, over)) for number, part in enumerate(parts)]
    readers = [fork.Process(target=read_again, args=(home, 0, over)) for _ in range(3)]
    for process in (*readers, *writers):
        process.start()
    for process in writers:
        process.join()
    last = Hold("by-me", "", None, None)
    holds.place(home, LANE, last)
    over.set()
    for process in readers:
        process.join()
    assert [process.exitcode for process in (*readers, *writers)] == [0] * 8
    assert current(home, LANE, 1000.0) == last


def hold_anew(home: Home, number: int, over: Event) -> None:
    """Place one that has just ended, then one that holds, and see that the latter stays: nobody removes it in passing."""
    task = Target("task", f"task-{number}")
    for _ in range(ROUNDS):
        holds.place(home, task, Hold("by-me", "", None, 999.0))
        holds.place(home, task, Hold("by-me", "", None, None))
        assert current(home, task, 1000.0) is not None
    over.set()


def test_no_reader_removes_a_hold(tmp_path: Path) -> None:
    """Readers that look while an ended hold is replaced leave the new one alone."""
    home = make_home(tmp_path)
    fork = get_context("fork")
    over = fork.Event()
    writer = fork.Process(target=hold_anew, args=(home, 1, over))
    readers = [fork.Process(target=read_ended, args=(home, 0, over)) for _ in range(4)]
    for process in (*readers, writer):
        process.start()
    for process in (writer, *readers):
        process.join()
    assert [process.exitcode for process in (writer, *readers)] == [0] * 5


def read_ended(home: Home, _number: int, over: Event) -> None:
    """Ask for the hold, which has mostly just ended or just begun."""
    while not over.is_set():
        current(home, Target("task", "task-1"), 1000.0)


ENDS = st.lists(st.none() | st.integers(1, 10_000), min_size=1, max_size=6)


@settings(max_examples=20)
@given(ends=ENDS, asked=st.integers(0, 10_000))
def test_holds_that_follow_from_runs_never_shorten_one_another(ends: list[int | None], asked: int) -> None:
    """In whichever order they come, it is held until the last of their ends; one without end holds for good."""
    with TemporaryDirectory() as folder:
        home = make_home(Path(folder))
        for end in ends:
            holds.place(home, ACCOUNT, Hold("usage_limit", "", 0.0, end), extend=True)
        last = None if None in ends else max(end for end in ends if end is not None)
        found = current(home, ACCOUNT, float(asked))
        assert (found is not None) is (last is None or asked < last)
        assert found is None or found.until == last
        assert holds.lift(home, ACCOUNT) is True
        assert current(home, ACCOUNT, 0.0) is None
