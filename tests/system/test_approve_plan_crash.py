"""`approve: plan` under SIGKILL at every step: one plan, one question, and one run that carries it out in the same session."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, Optional

import pytest

from tests import stages
from tests.slots import make_due, settle
from tests.system import execs
from tests.workshop import drop, events, everything, make_home, records, write_task

pytest_plugins = ["tests.fakes.fixtures"]

SHARDS = 3


class Story:
    """A home with one request of a task that asks with a plan, and a claude that counts what it was started for."""

    def __init__(self, folder: Path, claude: Path) -> None:
        self.home = make_home(folder)
        self.extra = {"CLAUDE_CONFIG_DIR": str(folder / "claude-config")}
        Path(self.home.config).write_text(f"claude: {claude}\n")
        write_task(self.home, "change", 'prompt: "@fake say First a, then b."\napprove: plan\n')
        settle(self.home, "change")
        execs.run(self.home, "validate")
        drop(self.home, "one.json", '{"task": "change", "id": "abcd1234"}')

    def exec(self) -> None:
        execs.run(self.home, "exec", extra=self.extra)

    def killed(self, step: int) -> Optional[str]:
        """Which step exec was killed at; None when it has fewer."""
        killed, what = execs.kill_at(self.home, step, self.extra)
        return what if killed else None

    def approve(self) -> None:
        """A person's decision, by a file, so that nothing but our own exec runs what is approved."""
        drop(self.home, "yes.approve.json", json.dumps({"approve": "abcd1234"}))

    def runs(self) -> list[dict[str, Any]]:
        return records(self.home, "change")

    def lost(self) -> bool:
        """Whether the latest run was given up, in which case the request is kept, and nobody is asked about it."""
        if [run["outcome"] for run in self.runs()][-1:] != ["lost"]:
            return False
        places = everything(self.home)
        assert [name for name in places.pop("dead") if not name.endswith(".reason.json")]
        assert places == {}
        return True

    def plan(self) -> dict[str, Any]:
        """The one plan, after which the request waits for a person."""
        [plan] = self.runs()
        assert (plan["outcome"], plan["reason"]) == ("skipped", "planned")
        # Logged before it waits, so perhaps twice: a person is told by it, once in an hour.
        asked = {(event["reason"], event["message"][-16:]) for event in events(self.home, "delayed")}
        assert asked == {("approval", "First a, then b.")}
        [(place, names)] = everything(self.home).items()
        assert (place, len(names)) == ("default/delayed", 1)
        return plan


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_planning_run(tmp_path: Path, fake_claude: Path, shard: int) -> None:
    """The next exec makes the plan, or finds it made, or keeps the request of a run that may have begun."""
    planned = 0
    begin = partial(Story, claude=fake_claude)
    for step, story in stages.at_each(range(1 + shard, 1000, SHARDS), tmp_path, begin):
        what = story.killed(step)
        if what is None:
            break
        story.exec()
        if not story.lost():
            story.plan()
            make_due(story.home)
            story.exec()
            story.plan()
            planned += 1
    assert planned >= 10, "the walk has dozens of steps"


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_run_that_carries_it_out(tmp_path: Path, fake_claude: Path, shard: int) -> None:
    """The decision is taken once, whenever exec is killed, and the session that made the plan goes on once."""
    carried_out = 0

    def begin(folder: Path) -> tuple[Story, dict[str, Any]]:
        story = Story(folder, fake_claude)
        story.exec()
        plan = story.plan()
        story.approve()
        return story, plan

    for step, (story, plan) in stages.at_each(range(1 + shard, 1000, SHARDS), tmp_path, begin):
        what = story.killed(step)
        if what is None:
            break
        story.exec()
        make_due(story.home)
        story.exec()
        runs = story.runs()
        assert len(runs) == 2, f"{what}: {runs}"
        if not story.lost():
            assert everything(story.home) == {}, what
            assert (runs[1]["outcome"], runs[1]["session_id"]) == ("succeeded", plan["session_id"]), what
            carried_out += 1
    assert carried_out >= 10, "the walk has dozens of steps"
