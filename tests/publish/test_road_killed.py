"""From a label to a draft pull request and one comment, its exec killed on the way: one of each in the end, always."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clodputer.store import look
from clodputer.store.lock import Lock
from clodputer.store.outgoing import parcels, published
from tests import warm
from tests.publish.stage import COMMENT, COMMIT, PULL_REQUEST, Stage, intend, script, staged
from tests.publish.test_kills import Beginning
from tests.workshop import clodputer, command_task, environment, execute, records

# An exec has about 300 steps until its run is on record; every 23rd is tried, by each shard others. Some 26 steps after its
# start an exec reaches what another one has left in the slot.
MANY = bool(os.environ.get("CLODPUTER_TEST_MANY"))
SHARDS, LAST = 3, 292
APART, SETTLING = (1, 1) if MANY else (23, 22)


def labelled(stage: Stage) -> None:
    """A task of the trigger `github`, which names the repository, and an issue with its label."""
    work = script(f"echo more > file && {COMMIT} -am work", intend(**PULL_REQUEST), intend(**COMMENT))
    more = (
        f"working_directory: {stage.checkout}\nisolation: worktree\nlane: default\n"
        "publish: [comment, draft_pull_request]\ntrigger: {type: github, repository: o/r}\n"
    )
    command_task(stage.home, "fix", "sh", "-ec", work, more=more)
    stage.api.state.later()
    stage.api.state.label(stage.issue, "clodputer", "owner")


@contextmanager
def sending_kept(stage: Stage) -> Iterator[None]:
    """No other process sends meanwhile; one that does so already comes to its end first."""
    lock = Lock(f"{stage.home.ledger}/publish.lock")
    assert lock.wait(300)
    try:
        yield
    finally:
        lock.release()


def finish(stage: Stage) -> None:
    """Later execs do what is left, and what waits to be sent is sent, without the pauses that GitHub asks for."""
    with sending_kept(stage):
        for _ in range(2):
            look.forget(stage.home, "fix.yaml")
            execute(stage.home, "--task", "fix")
            stage.hurry()
            stage.send()


def one_of_each(stage: Stage) -> None:
    assert stage.branches() == ["clodputer/fix/1", "main"]
    assert (len(stage.pulls()), len(stage.comments())) == (1, 1)
    assert list(parcels.everything(stage.home)) == []
    assert [one.kind for one in published.everything(stage.home)] == ["draft_pull_request", "comment"]


def killed(stage: Stage, step: int | str, *arguments: str) -> str:
    """Kill an exec before that step, or the first one of these words, and have others go on.

    What it was about to do is returned, empty when it had no such step.

    A run whose end was not on record is lost, with its work kept: then a person asks for it once more.
    """
    ended = warm.server().call(("exec", *arguments), environment(stage.home), step=step)
    finish(stage)
    found = records(stage.home, "fix")
    if [record["outcome"] for record in found] == ["lost"]:
        assert (stage.pulls(), stage.comments()) == ([], [])
        assert Path(found[0]["worktree"]["path"]).is_dir()
        clodputer(stage.home, "retry", found[0]["request_id"])
        finish(stage)
        found = records(stage.home, "fix")[1:]
    assert [record["outcome"] for record in found] == ["succeeded"]
    one_of_each(stage)
    return ended.stdout.partition("killed before ")[2]


@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_on_the_way_to_the_record(tmp_path: Path, shard: int) -> None:
    """From the look at GitHub to the end of the run."""
    steps, kills = range(1 + shard * APART, LAST, SHARDS * APART), 0
    for step in steps:
        folder = tmp_path / str(step)
        folder.mkdir()
        with staged(folder) as stage:
            labelled(stage)
            kills += bool(killed(stage, step, "--task", "fix"))
    assert kills > len(steps) * 0.8


def test_killed_at_every_step_from_the_record_to_the_outbox(stage: Stage, tmp_path: Path) -> None:
    """The first exec dies when its run is on record; the second, which goes on with that, at each of its steps."""
    labelled(stage)
    ended = warm.server().call(("exec", "--task", "fix"), environment(stage.home), step="mkdir seals")
    assert ended.status == -9
    beginning, step, seen = Beginning(stage, tmp_path / "kept"), SETTLING, ""
    # What comes after that lock is the sender's, whose steps are killed in test_kills.py.
    while said := killed(stage, step):
        beginning.again()
        step, seen = step + 1, seen + said
        if "publish.lock" in said and not MANY:
            break
    # At times an exec takes a step more than the one before, as when it waits for a lock: what was passed over is asked for.
    for words in ("slot-0.lock", "record.json", "seals", "outbox", "dropped.json", "publish.lock"):
        if words not in seen:
            assert words in killed(stage, words)
            beginning.again()
