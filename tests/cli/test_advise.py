"""`clodputer advise`: what past runs teach, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from time import time

import pytest

from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.views.figures import learning
from tests.cli.learned import ended
from tests.cli.promises import wrong
from tests.workshop import clodputer, command_task, make_home


@pytest.fixture
def learned(tmp_path: Path) -> Home:
    """Thirty quick runs, then thirty slow ones with another version, of which every third fails."""
    home = make_home(tmp_path)
    command_task(home, "nightly", "/bin/true")
    now = time()
    for ago in range(60, 0, -1):
        slow = ago <= 30
        ended(
            home,
            "nightly",
            now,
            ago,
            "exit_status" if slow and ago % 3 == 0 else "completed",
            message=f"It exited with status {ago}. \x1b[31m<b>" if slow and ago % 3 == 0 else "",
            duration_seconds=(200.0 if slow else 50.0) + ago % 5,
            agent_version="2.1.321" if slow else "2.1.300",
            prompt_version="aaaaaaaaaaaa",
            model="claude-sonnet",
        )
    return home


def test_what_changed_and_what_fails_again_is_said(learned: Home) -> None:
    page = " ".join(clodputer(learned, "advise", "show", "nightly")[0].split())
    assert "50 of 60 runs did their work: 83%, likely between 72% and 91%" in page
    assert "VERSION" in page
    assert "MODEL" not in page, "there was only one"
    assert "Durations went from 52s to 3m" in page
    assert "at the same time: version from 2.1.300 to 2.1.321" in page
    assert "10 times exit_status: It exited with status <n>." in page
    assert "the next run, with nothing changed: 10 of 10 went well, likely 72% or more" in page
    assert "\x1b[31m" not in page


def test_the_same_as_json(learned: Home) -> None:
    data = json.loads(clodputer(learned, "advise", "show", "nightly", "--json")[0])["data"]
    assert wrong(data, "advise.json#/$defs/task") == ""
    (change,) = [one for one in data["changes"] if one["what"] == "duration"]
    # Every third run failed, and how long that took says nothing.
    assert change["run_id"] == "run-nightly-29"
    assert change["suspects"] == [{"condition": "version", "before": "2.1.300", "after": "2.1.321"}]
    assert data["patterns"][0]["runs"] == 10
    assert data["durations"]["stopped"] == 0
    listed = json.loads(clodputer(learned, "advise", "--json")[0])["data"]
    assert wrong(listed, "advise.json#/$defs/data") == ""
    assert [one["task"] for one in listed["tasks"]] == ["nightly"]


def test_so_many_runs_and_no_more(tmp_path: Path) -> None:
    """A task with more runs than are looked at is known by its latest; those before the time do not count."""
    home = make_home(tmp_path)
    now = time()
    ended(home, "often", now, 24 * 91, "exit_status")
    for ago in range(learning.MOST_OF_TASK + 10, 0, -1):
        ended(
            home,
            "often",
            now,
            0,
            "exit_status" if ago > learning.MOST_OF_TASK else "completed",
            run_id=f"r{ago}",
        )
    context = look({"CLODPUTER_HOME": home.root, "HOME": home.root})
    (found,) = learning.gather(context, learning.past(context, now), now).tasks
    assert (found.runs, found.rate.good) == (learning.MOST_OF_TASK, learning.MOST_OF_TASK)
