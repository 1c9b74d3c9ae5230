"""Killed at every step on the way from the intents to GitHub: one branch, one pull request, one comment, always."""

from __future__ import annotations

import copy
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.outgoing import parcels, published
from tests import warm
from tests.killing import killed_at
from tests.publish.stage import COMMENT, PULL_REQUEST, WORK, Stage, intend, script
from tests.workshop import drop, environment, execute, records

EVERYTHING = (
    intend(**PULL_REQUEST),
    intend(**COMMENT),
    intend(kind="file_issue", title="Another", key="k"),
    intend(kind="label", labels=["seen"]),
)


def what_there_is(stage: Stage) -> tuple[list[str], int, int, list[str], list[str]]:
    titles = sorted(item.title for item in stage.there.items.values())
    return stage.branches(), len(stage.pulls()), len(stage.comments()), titles, stage.issue.labels


def one_of_each(stage: Stage) -> None:
    assert what_there_is(stage) == (
        ["clodputer/fix/1", "main"],
        1,
        1,
        ["Another", "Fix it", "It breaks"],
        ["seen"],
    )
    assert list(parcels.everything(stage.home)) == []
    kinds = [one.kind for one in published.everything(stage.home)]
    assert sorted(kinds) == ["comment", "draft_pull_request", "file_issue", "label"]


class Beginning:
    """A stage as it is now, to begin from again and again."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.kept, self.state = stage, folder, copy.deepcopy(stage.api.state)
        self.places = (Path(stage.home.root), stage.remote.parent)
        for place in self.places:
            shutil.copytree(place, folder / place.name, symlinks=True)

    def again(self) -> None:
        """Put it back."""
        stage = self.stage
        for place in self.places:
            shutil.rmtree(place)
            shutil.copytree(self.kept / place.name, place, symlinks=True)
        stage.api.state = copy.deepcopy(self.state)
        stage.there = stage.api.state.repositories[stage.there.name]
        stage.issue = stage.there.items[1]

    def killed(self, step: int) -> bool:
        """Kill a sender before that step, and have others do what is left; False when there was no such step."""
        self.stage.hurry()
        killed = killed_at(step, self.stage.send)
        for _ in range(2):
            self.stage.hurry()
            self.stage.send()
        one_of_each(self.stage)
        return killed


# A round has more than 140 steps until the commits are there and noted, most of them of calls of git. All are tried on demand.
MANY = bool(os.environ.get("CLODPUTER_TEST_MANY"))


@pytest.mark.parametrize("first", [1, 8])
def test_the_sender_is_killed_while_it_pushes(stage: Stage, tmp_path: Path, first: int) -> None:
    stage.prepare(*EVERYTHING)
    beginning = Beginning(stage, tmp_path / "kept")
    for step in range(first % 2 or 2, 140, 2) if MANY else range(first, 140, 23):
        assert beginning.killed(step)
        beginning.again()


def test_the_sender_is_killed_at_every_step_after_the_push(stage: Stage, tmp_path: Path) -> None:
    """Each time from the same beginning; then another sender does what is left, and once more there is nothing to do."""
    stage.prepare(*EVERYTHING)
    stage.api.fault("POST /repos/o/r/pulls", 502)
    stage.send()
    assert stage.branches() == ["clodputer/fix/1", "main"]
    beginning = Beginning(stage, tmp_path / "kept")
    steps = 1
    while beginning.killed(steps):
        beginning.again()
        steps += 1
    assert steps > 25


LIMIT = {
    "body": b'{"message": "You have exceeded a secondary rate limit."}',
    "type": "application/json",
    "headers": {"retry-after": "1"},
}
LOST: dict[str, dict[str, Any]] = {"broken": {"status": 502}, "limited": {"status": 403, **LIMIT}}


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize(
    "call",
    [
        "POST /repos/o/r/pulls",
        "POST /repos/o/r/issues/1/comments",
        "POST /repos/o/r/issues$",
        "POST /repos/o/r/issues/1/labels",
    ],
)
def test_an_answer_that_is_lost(stage: Stage, call: str, how: str) -> None:
    """GitHub has done it, and we do not know: it is found and not done again."""
    stage.prepare(*EVERYTHING)
    stage.api.fault(call, after=True, **LOST[how])
    stage.send()
    assert [parcel.tries for parcel in parcels.waiting(stage.home)] == [1]
    stage.hurry()
    stage.send()
    one_of_each(stage)


# What is about to be written when the exec is killed, and whether the run is then lost: its end was not on record yet.
MOMENTS = {
    "open intents.json": True,
    "open remote.json": False,
    "rename record.json": True,
    "rename follow outbox": False,
    "open publish.lock": False,
}


@pytest.mark.parametrize("words", MOMENTS)
def test_the_exec_is_killed_on_the_way_to_the_outbox(stage: Stage, words: str) -> None:
    """A run whose end was written down is published once. One that is lost publishes nothing, and its intents can be read."""
    stage.task(script(WORK, *EVERYTHING))
    drop(stage.home, "one.json", '{"task": "fix", "item": "issue 1"}')
    ended = warm.server().call(("exec",), environment(stage.home), step=words)
    assert ended.status == -9, ended
    for _ in range(2):
        execute(stage.home)
    (record,) = records(stage.home, "fix")
    if MOMENTS[words]:
        assert record["outcome"] == "lost"
        assert what_there_is(stage)[:3] == (["main"], 0, 0)
        assert Path(record["worktree"]["path"]).is_dir()
    else:
        assert record["outcome"] == "succeeded"
        one_of_each(stage)
