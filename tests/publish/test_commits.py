"""Commits that must not leave the machine: each is refused with its reason, is told, and nothing of the work is lost."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from clodputer.isolate.worktree import end, make
from clodputer.model.isolate.worktree import Worktree
from clodputer.model.publish import check, tokens
from clodputer.model.publish.rule import Publish
from clodputer.model.text.mask import masker
from clodputer.outbox.publish.commits import gather
from tests.publish.stage import COMMIT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import GIT, git, repository
from tests.workshop import clodputer, events, make_home

GHP = "ghp_" + "a1" * 18


def plain_git() -> dict[str, str]:
    """The environment of a shell whose git has no settings of the person's own."""
    return {**os.environ, **GIT}


# The shell commands of each attack on the commits, and the code by which it is refused.
COMMITS: dict[str, tuple[str, str]] = {
    "a symbolic link": (f"ln -s /etc/passwd link && git add link && {COMMIT} -m x", "symlink"),
    "a link in the place of a file": (f"rm file && ln -s sub/deep file && {COMMIT} -am x", "symlink"),
    "a workflow": (
        f"mkdir -p .github/workflows && echo a > .github/workflows/ci.yml && git add . && {COMMIT} -m x",
        "protected",
    ),
    "a workflow in capitals": (
        f"mkdir -p .GitHub/Workflows && echo a > .GitHub/Workflows/ci.yml && git add . && {COMMIT} -m x",
        "protected",
    ),
    "the agent's own rules": (f"echo obey >> CLAUDE.md && {COMMIT} -am x", "protected"),
    "a lock file": (f"echo a > yarn.lock && git add . && {COMMIT} -m x", "protected"),
    "owners of code": (f"mkdir docs && echo a > docs/CODEOWNERS && git add . && {COMMIT} -m x", "protected"),
    "what the task protects": (f"mkdir db && echo a > db/x.sql && git add . && {COMMIT} -m x", "protected"),
    "a workflow that is taken back": (
        (
            f"mkdir -p .github/workflows && echo a > .github/workflows/ci.yml && git add . && {COMMIT} -m x\n"
            f"git rm -q -r .github && {COMMIT} -m y"
        ),
        "protected",
    ),
    "a token": (f"echo 'token = {GHP}' > settings.py && git add . && {COMMIT} -m x", "secret"),
    "a token that is taken back": (
        f"echo {GHP} > a && git add . && {COMMIT} -m x && git rm -q a && {COMMIT} -m y",
        "secret",
    ),
    "a token in a message": (f"echo a > a && git add . && {COMMIT} -m 'x {GHP}'", "secret"),
    "a token in a name": (f"echo a > {GHP} && git add . && {COMMIT} -m x", "secret"),
    "a secret of the home": (f"echo a-very-''secret-word > a && git add . && {COMMIT} -m x", "secret"),
    "a secret in base64": (
        f"printf a-very-''secret-word | base64 > a && git add . && {COMMIT} -m x",
        "secret",
    ),
    "a secret in a file that calls itself binary": (
        f"echo '* -diff' > .git_attributes; printf 'x\\000a-very-''secret-word' > a && git add . && {COMMIT} -m x",
        "secret",
    ),
    "too many files": (
        f"for n in 1 2 3 4 5 6; do echo $n > f$n; done; git add . && {COMMIT} -m x",
        "too_many_files",
    ),
    "a huge patch": (
        f"yes 0123456789 | head -c 300000 > big && git add . && {COMMIT} -m x",
        "patch_too_large",
    ),
    "a submodule": (
        (
            "git init -q lib && git -C lib -c user.name=a -c user.email=a@b commit -q --allow-empty -m x\n"
            f"git add lib 2> /dev/null && {COMMIT} -m x"
        ),
        "under_way submodule",
    ),
    "a path that turns round": (
        f"echo a > \"$(printf 'a\\342\\200\\256b')\" && git add . && {COMMIT} -m x",
        "odd_path",
    ),
    "a merge that is not finished": (
        f'{WORK} && touch "$(git rev-parse --git-path MERGE_HEAD)"',
        "under_way",
    ),
    "no commit": ("echo more > file", "no_commits"),
}
RULE = """\
max_files: 5
max_patch: 256KB
protect: ['db/**']
"""


@pytest.mark.parametrize("name", COMMITS)
def test_commits_that_must_not_leave(name: str, tmp_path: Path) -> None:
    """What is found in a worktree in which a run has done this; nothing that is said of it holds a secret."""
    attack, code = COMMITS[name]
    home, checkout = make_home(tmp_path), repository(tmp_path)
    token = {
        "record": f"{home.trees}/fix/20260301T070000.000Z-3f9a2c1b.json",
        "task": "fix",
        "folder": str(checkout),
    }
    rule = {**Worktree()._asdict(), "copy": []}
    folder = make.enter({**token, "rule": rule}).working_directory
    subprocess.run(["sh", "-ec", attack], cwd=folder, env=plain_git(), check=True, capture_output=True)
    tree = end.close(str(token["record"]))
    assert tree is not None
    publish = Publish(("push",), max_files=5, max_patch=256 * 1024, protect=("db/**",))
    facts = gather(home, tree, publish, masker(["a-very-secret-word"]))
    found = check.refusals(facts, publish)
    assert [one.code for one in found] == code.split()
    told = tokens.cut(found[0].message)
    assert GHP not in told
    assert "a-very-secret-word" not in told
    assert os.listdir(f"{home.trees}/.publish") == []


@pytest.mark.parametrize("name", ["a symbolic link", "a workflow", "a token in a name", "a huge patch"])
def test_what_is_refused_is_told_and_kept(stage: Stage, name: str) -> None:
    attack, code = COMMITS[name]
    stage.task(script(attack, intend(**PULL_REQUEST)), publish=RULE)
    record = stage.run()
    assert record["outcome"] == "succeeded"
    assert [(one["state"], one["code"]) for one in record["publish"]] == [("refused", code)]
    assert (stage.branches(), stage.pulls()) == (["main"], [])
    assert stage.refused() == [code]
    # Nothing is lost: the branch and the tree are there, and it is told that no remote has them.
    tree = record["worktree"]
    assert Path(tree["path"]).is_dir()
    assert (
        tree["branch"]
        in git(stage.checkout, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    )
    assert [event["run_id"] for event in events(stage.home, "work_kept")] == [record["run_id"]]
    # What it says names no secret.
    assert GHP not in json.dumps(record["publish"])
    assert record["publish"][0]["message"] in clodputer(stage.home, "show", record["run_id"], "--json")[0]


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (f"echo {GHP} > a && git add a", "secret"),
        ("mkdir -p .github/workflows && echo a > .github/workflows/ci.yml && git add .", "protected"),
        ("echo plain > a && git add a", None),
    ],
)
def test_commits_that_were_there_before_and_no_remote_has(stage: Stage, before: str, code: str) -> None:
    """A task that begins at a branch of this machine alone would send that along: it is looked at as well."""
    attack = f"git switch -q -c mine && {before} && {COMMIT} -m mine && git switch -q main"
    subprocess.run(["sh", "-ec", attack], cwd=stage.checkout, env=plain_git(), check=True)
    stage.task(script(WORK, intend(kind="push")), more="worktree: {base: mine}\n")
    (one,) = stage.run()["publish"]
    assert one["code"] == code
    assert stage.branches() == (["main"] if code else ["clodputer/fix/1", "main"])
    stage.task(script("echo in no commit > file", intend(kind="push")), more="worktree: {base: mine}\n")
    assert stage.run()["publish"][0]["code"] == "no_commits"
    if code:
        assert "1 commit from before the run would be sent along" in one["message"]
