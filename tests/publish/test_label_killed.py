"""From a label to a draft pull request and one comment, its exec killed on the way: never two of anything."""

from __future__ import annotations

import pytest

from clodputer.store import look
from tests import warm
from tests.publish.stage import COMMENT, COMMIT, PULL_REQUEST, Stage, intend, script
from tests.workshop import command_task, environment, execute, records


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


def again(stage: Stage) -> None:
    """The time for the next look has come."""
    look.forget(stage.home, "fix.yaml")
    execute(stage.home, "--task", "fix")


@pytest.mark.parametrize("step", [40, 200, 360])
def test_killed_on_the_way(stage: Stage, step: int) -> None:
    labelled(stage)
    warm.server().call(("exec", "--task", "fix"), environment(stage.home), step=step)
    for _ in range(3):
        again(stage)
        stage.hurry()
    again(stage)
    succeeded = [record for record in records(stage.home, "fix") if record["outcome"] == "succeeded"]
    number = 1 if succeeded else 0
    assert (len(stage.pulls()), len(stage.comments()), len(succeeded)) == (number, number, number)
    # What was lost is kept for a person, with the work in its tree.
    assert (
        number or len([record for record in records(stage.home, "fix") if record["outcome"] == "lost"]) == 1
    )
