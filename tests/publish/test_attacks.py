"""What a run must not get out: each attack is refused with its reason, is told, and nothing of the work is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.outgoing import published
from tests.fakes.github_api import TOKEN
from tests.publish.stage import COMMENT, COMMIT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import git

GHP = "ghp_" + "a1" * 18


def test_the_repository_is_not_obeyed(stage: Stage, tmp_path: Path) -> None:
    """Hooks, filters, attributes, replaced objects, helpers and other addresses that the run has set have no effect."""
    ran = tmp_path / "ran"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    evil.chmod(0o755)
    other = tmp_path / "other.git"
    git(tmp_path, "init", "-q", "--bare", str(other))
    common = "$(git rev-parse --git-common-dir)"
    stage.task(
        script(
            WORK,
            f"for name in pre-push reference-transaction post-update; do cp {evil} {common}/hooks/$name; done",
            f"git config core.hooksPath {common}/hooks",
            f"git config credential.helper '!{evil}'",
            f"git config core.sshCommand {evil}",
            f"git config core.askPass {evil}",
            f"git config diff.external {evil}",
            f"git config core.pager {evil}",
            f"git config url.{other}.insteadOf {stage.remote}",
            f"git config url.{other}.pushInsteadOf {stage.remote}",
            "git config remote.origin.receivepack " + str(evil),
            f"mkdir -p {common}/info && echo '* diff=evil' > {common}/info/attributes",
            f"git config diff.evil.textconv {evil} && git config diff.evil.command {evil}",
            intend(**PULL_REQUEST),
        )
    )
    record = stage.run()
    assert [one["state"] for one in record["publish"]] == ["waiting"]
    assert stage.branches() == ["clodputer/fix/1", "main"]
    assert git(other, "for-each-ref") == ""
    assert not ran.exists()


def test_a_remote_that_the_run_has_changed_is_not_pushed_to(stage: Stage, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    git(tmp_path, "init", "-q", "--bare", str(other))
    stage.task(script(WORK, f"git remote set-url --push origin {other}", intend(**PULL_REQUEST)))
    stage.run()
    assert git(other, "for-each-ref") == ""
    assert stage.branches() == ["clodputer/fix/1", "main"]


def test_replaced_objects_and_invented_references_hide_nothing(stage: Stage) -> None:
    """A reference of the remote that the run has made up does not make its commits known, nor does a replaced commit."""
    stage.task(
        script(
            f"echo {GHP} > a && git add a && {COMMIT} -m secret",
            "git update-ref refs/remotes/origin/known HEAD",
            f"git replace HEAD HEAD~1 && echo b > b && git add b && {COMMIT} -m x",
            intend(kind="push"),
        )
    )
    record = stage.run()
    assert [one["code"] for one in record["publish"]] == ["secret"]
    assert stage.branches() == ["main"]


def test_a_forged_mark_is_neither_edited_nor_believed(stage: Stage) -> None:
    """Anybody can write our mark: what counts is who wrote it."""
    stage.task(intend(**COMMENT))
    stage.run()
    mark = stage.comments()[0].split("\n")[0]
    stage.there.comments.clear()
    stage.api.state.comment(stage.there, stage.issue, f"{mark}\nforged", "owner")
    for one in published.everything(stage.home):
        Path(stage.home.ledger, "published", f"{one.run_id}.000.json").unlink()
    stage.run()
    assert [text.split("\n")[1] for text in stage.comments()] == ["forged", "I have fixed it."]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"kind": "label", "labels": ["clodputer"]}, "label_not_allowed"),
        ({"kind": "comment", "body": "x", "number": 2}, "target_not_allowed"),
        ({"kind": "close", "number": 2}, "target_not_allowed"),
        ({"kind": "push", "branch": "main"}, "invalid_intent"),
        ({"kind": "merge"}, "invalid_intent"),
        ({"kind": "file_issue", "title": "x", "labels": ["go"]}, "label_not_allowed"),
    ],
)
def test_what_is_not_allowed(stage: Stage, wanted: dict[str, Any], code: str) -> None:
    """Also when the run has rewritten what it was told of the rules."""
    stage.api.state.issue(stage.there, "Another", "")
    stage.task(
        script(
            'echo \'{"kinds": ["merge"], "labels": ["clodputer"]}\' > "$CLODPUTER_INTENTS/rules.json"',
            intend(**wanted),
        )
    )
    record = stage.run()
    assert [(one["state"], one["code"]) for one in record["publish"]] == [("refused", code)]
    assert stage.api.asked("POST|PATCH|DELETE") == []


def test_a_kind_that_the_task_does_not_name(stage: Stage) -> None:
    stage.task(script(WORK, intend(kind="push")), publish="kinds: [comment]")
    assert stage.run()["publish"][0]["code"] == "kind_not_allowed"
    assert stage.branches() == ["main"]


def test_tricks_with_the_files(stage: Stage, tmp_path: Path) -> None:
    """Links, pipes, folders, hard links, large and broken files are refused each by itself; the good one is sent."""
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"kind": "comment", "body": "of somebody else"}))
    stage.task(
        script(
            'cd "$CLODPUTER_INTENTS"',
            f"ln -s {secret} 1.json",
            "mkfifo 2.json",
            "mkdir 3.json",
            f"ln {secret} 4.json || cp {secret} 4.json && ln 4.json 4b.json",
            "head -c 400000 /dev/zero > 5.json",
            "echo '{' > 6.json",
            intend(**COMMENT),
        )
    )
    record = stage.run()
    states = [one["state"] for one in record["publish"]]
    assert states.count("waiting") == 1
    assert set(states) == {"waiting", "refused"}
    (comment,) = stage.comments()
    assert "I have fixed it." in comment


def test_a_folder_that_was_replaced_by_a_link(stage: Stage, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "1.json").write_text(json.dumps(dict(COMMENT)))
    stage.task(f'rm -r "$CLODPUTER_INTENTS" && ln -s {other} "$CLODPUTER_INTENTS"')
    record = stage.run()
    assert [one["state"] for one in record["publish"]] == ["refused"]
    assert stage.comments() == []


def test_more_than_a_run_and_a_day_may_have(stage: Stage) -> None:
    many = [intend(kind="file_issue", title=f"number {number}") for number in range(4)]
    stage.task(script(*many), publish="max_per_run: 3\nmax_per_day: 4")
    assert [one["code"] for one in stage.run()["publish"]] == [None, None, None, "too_many"]
    again = [intend(kind="file_issue", title=f"another {number}") for number in range(2)]
    stage.task(script(*again), publish="max_per_run: 3\nmax_per_day: 4")
    assert [one["code"] for one in stage.run()["publish"]] == [None, "day_full"]
    assert len(stage.there.items) == 1 + 4


def test_a_run_that_failed_publishes_nothing(stage: Stage) -> None:
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT)), more="verify: ['false']\n")
    record = stage.run()
    assert record["outcome"] == "failed"
    assert {one["code"] for one in record["publish"]} == {"run_not_succeeded"}
    assert (stage.branches(), stage.comments()) == (["main"], [])
    assert Path(record["worktree"]["path"]).is_dir()


def test_what_comes_after_the_end_is_not_read(stage: Stage) -> None:
    """A process that outlives its run finds the folder gone."""
    late = intend(**COMMENT)
    stage.task(script(f"(sleep 0.3; {late}) > /dev/null 2>&1 &", intend(kind="label", labels=["seen"])))
    record = stage.run()
    assert [one["kind"] for one in record["publish"]] == ["label"]
    assert stage.comments() == []


def test_refused_commits_close_no_issue_and_the_comment_says_so(stage: Stage) -> None:
    stage.task(
        script(
            f"echo x > yarn.lock && git add . && {COMMIT} -m x",
            intend(kind="push"),
            intend(kind="close"),
            intend(**COMMENT),
        )
    )
    record = stage.run()
    assert [one["code"] for one in record["publish"]] == ["protected", "not_delivered", None]
    assert stage.issue.state == "open"
    assert "did not pass the checks" in stage.comments()[0]


def test_the_token_is_in_no_environment_and_no_argument_of_the_run(stage: Stage) -> None:
    stage.task(script("env; cat /proc/$PPID/cmdline | tr '\\0' ' '", intend(**COMMENT)))
    record = stage.run()
    said = Path(stage.home.runs, "fix", record["run_id"], "stdout").read_text()
    assert TOKEN not in said
    assert "***" not in said
