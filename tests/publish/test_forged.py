"""What an earlier run may have forged in the repository: only what the remote itself has is not looked at before a push."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from time import time

import pytest

from clodputer.model.gates.approval import APPROVED
from clodputer.runner.publish.decide import decide
from clodputer.store.outgoing import parcels
from tests.publish.stage import COMMIT, WORK, Stage, intend, script
from tests.publish.test_commits import GHP, plain_git
from tests.repositories import git

# A commit with a token and one that takes it back, on a branch of this machine alone.
_BAD = (
    f"git switch -q -c mine && echo {GHP} > a && git add a && {COMMIT} -m bad && git tag bad\n"
    f"git rm -q a && {COMMIT} -m hidden\n"
)
_KNOWN = "git update-ref refs/remotes/origin/mine mine && git switch -q main\n"
# By name: what was done in the checkout before the run.
FORGED = {
    "nothing": f"{_BAD} git switch -q main",
    "a branch of the remote": f"{_BAD}{_KNOWN}",
    "a packed branch of the remote": f"{_BAD}{_KNOWN} git pack-refs --all",
    "a branch of a remote that is not there": f"{_BAD} git update-ref refs/remotes/other/x mine && git switch -q main",
    "a tag": f"{_BAD} git tag known mine && git switch -q main",
    "a replaced commit": f"{_BAD}{_KNOWN} git replace --graft mine main",
    "a graft": f'{_BAD}{_KNOWN} echo "$(git rev-parse mine main | tr "\\n" " ")" > .git/info/grafts',
    "a shallow history": f"{_BAD}{_KNOWN} git rev-parse mine > .git/shallow",
    "a shallow history without the file": f"{_BAD} git rev-parse mine > .git/shallow && git switch -q main",
    "objects in another repository": (
        f"{_BAD}{_KNOWN} cp -R .git/objects ../other && echo $PWD/../other > .git/objects/info/alternates\n"
        "find .git/objects -type f -path '*/??/*' -delete"
    ),
    "a graph of commits": f"{_BAD}{_KNOWN} git commit-graph write --reachable",
}


def forge(stage: Stage, name: str) -> None:
    subprocess.run(["sh", "-ec", FORGED[name]], cwd=stage.checkout, env=plain_git(), check=True)


def objects(stage: Stage) -> str:
    """Everything that the remote has, of whatever kind."""
    return git(stage.remote, "cat-file", "--batch-all-objects", "--batch-check")


@pytest.mark.parametrize("name", FORGED)
def test_what_no_remote_has_is_looked_at(stage: Stage, name: str) -> None:
    """A run that begins at a commit which is said to be on the remote: what that really has not, does not get there."""
    forge(stage, name)
    bad, had = git(stage.checkout, "rev-parse", "bad"), objects(stage)
    stage.task(script(WORK, intend(kind="push")), more="worktree: {base: mine}\n")
    record = stage.run()
    assert record["outcome"] == "succeeded"
    told = [*stage.refused(), *(one["code"] for one in record["publish"] if one["code"])]
    assert told
    assert set(told) <= {"secret", "protected", "push_refused", "not_checked"}, told
    assert (stage.branches(), objects(stage)) == (["main"], had)
    assert bad not in had
    # Nothing is lost: the commits are where the run has made them.
    assert Path(record["worktree"]["path"]).is_dir()


def test_a_forged_branch_that_no_fetch_has_put_right(stage: Stage) -> None:
    """The remote was away when the run began, so that it began where its own reference says."""
    subprocess.run(
        ["sh", "-ec", f"{_BAD} git update-ref refs/remotes/origin/main mine && git switch -q main"],
        cwd=stage.checkout,
        env=plain_git(),
        check=True,
    )
    away = stage.remote.with_name("away.git")
    stage.remote.rename(away)
    stage.task(script(WORK, intend(kind="push")), publish="staged: true")
    record = stage.run()
    assert "could not be fetched" in " ".join(record["worktree"]["notes"])
    away.rename(stage.remote)
    decide(stage.context, record["run_id"], APPROVED, "", time())
    stage.send()
    assert stage.refused() == ["secret"]
    assert stage.branches() == ["main"]
    (ended,) = parcels.ended(stage.home)
    assert "2 commits from before the run would be sent along" in ended.steps[0].message
    assert GHP not in str(ended)


def test_what_cannot_be_looked_at_waits(stage: Stage) -> None:
    """A remote that takes pushes, and does not say what it has: nothing is sent unchecked."""
    stage.prepare(intend(kind="push"))
    path, folder = os.environ["PATH"], stage.remote.parent / "bin"
    folder.mkdir()
    (folder / "git-upload-pack").write_text("#!/bin/sh\nexit 1\n")
    (folder / "git-upload-pack").chmod(0o755)
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *ls-remote*) echo "fatal: not now" >&2; exit 128;; esac\nexec {real} "$@"\n'
    )
    (folder / "git").chmod(0o755)
    os.environ["PATH"] = f"{folder}:{path}"
    try:
        stage.send()
    finally:
        os.environ["PATH"] = path
    (parcel,) = parcels.waiting(stage.home)
    assert "not now" in parcel.last_error
    assert (stage.branches(), stage.refused()) == (["main"], [])
    stage.hurry()
    stage.send()
    assert stage.branches() == ["clodputer/fix/1", "main"]


def test_a_remote_that_has_gone_on_is_asked_for_what_is_new(stage: Stage, tmp_path: Path) -> None:
    """Its branches are at commits that nobody has fetched: what they have in common with ours counts as known."""
    stage.prepare(intend(kind="push"))
    git(tmp_path, "clone", "-q", str(stage.remote), "theirs")
    git(tmp_path / "theirs", "commit", "-q", "--allow-empty", "-m", "theirs")
    git(tmp_path / "theirs", "push", "-q", "origin", "main")
    stage.send()
    assert (stage.branches(), stage.refused()) == (["clodputer/fix/1", "main"], [])
    # Nothing was fetched into the person's repository.
    assert (
        git(stage.checkout, "cat-file", "-t", git(tmp_path / "theirs", "rev-parse", "HEAD"), check=False)
        == ""
    )


def test_a_merge_that_takes_over_another_history_is_looked_at(stage: Stage) -> None:
    """The remote has both sides, and what the merge takes of one of them is new on the branch."""
    steps = script(
        "git switch -q -c other && mkdir -p .github/workflows && echo a > .github/workflows/ci.yml && git add .",
        f"{COMMIT} -m workflow && git push -q origin other && git switch -q main",
        "git switch -q -c mine && git -c user.name=a -c user.email=a@b merge -q --no-ff -m x other",
        "git update-ref refs/remotes/origin/mine mine && git switch -q main",
    )
    subprocess.run(["sh", "-ec", steps], cwd=stage.checkout, env=plain_git(), check=True)
    stage.task(script(WORK, intend(kind="push")), more="worktree: {base: mine}\n")
    stage.run()
    assert stage.refused() == ["protected"]
    assert stage.branches() == ["main", "other"]
