"""Pushes that are refused, late, or go by https: nothing is forced, nothing is lost, and no token is seen."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import time

import pytest

from clodputer.model.approval import APPROVED
from clodputer.runner.publish.decide import decide
from clodputer.store import parcels, published, trees
from tests.fakes.github_api import TOKEN
from tests.publish.stage import COMMENT, COMMIT, PULL_REQUEST, WORK, Stage, intend, script
from tests.repositories import git
from tests.workshop import clodputer, events, program


def refuse(stage: Stage, message: str = "the branch is protected") -> None:
    """Have the remote refuse every push."""
    program(stage.remote / "hooks", "pre-receive", f"echo '{message}' >&2; exit 1")


def test_a_push_that_is_refused_is_told_once_and_nothing_is_lost(stage: Stage) -> None:
    refuse(stage)
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(kind="close"), intend(**COMMENT)))
    record = stage.run()
    assert (stage.branches(), stage.pulls(), stage.issue.state) == (["main"], [], "open")
    assert len(stage.comments()) == 1
    assert stage.refused() == ["push_refused", "not_delivered", "not_delivered"]
    (parcel,) = parcels.ended(stage.home)
    assert "the branch is protected" in parcel.steps[0].message
    tree = record["worktree"]
    assert Path(tree["path"]).is_dir()
    assert git(stage.checkout, "rev-list", "--count", f"main..{tree['branch']}") == "1"
    assert [tree.undelivered for tree in trees.everything(stage.home)] == [True]
    shown = " ".join(clodputer(stage.home, "show", record["run_id"])[0].split())
    assert "draft pull request refused" in shown
    assert "the branch is protected" in shown
    status = clodputer(stage.home, "status")[0]
    assert "could not publish all they wanted" in status
    assert "draft pull request refused" in " ".join(clodputer(stage.home, "why", "fix")[0].split())
    findings = json.loads(clodputer(stage.home, "doctor", "--json")[0])["data"]["findings"]
    assert [one["level"] for one in findings if one["check"] == "publish"] == ["note"]
    assert "has left work in its worktree" in status


def test_a_remote_that_is_gone_is_tried_for_a_day(stage: Stage) -> None:
    away = stage.remote.with_name("away.git")
    stage.prepare(intend(**PULL_REQUEST))
    stage.remote.rename(away)
    stage.send()
    (parcel,) = parcels.waiting(stage.home)
    assert (parcel.tries, parcel.steps[0].state) == (1, "waiting")
    assert stage.refused() == []
    away.rename(stage.remote)
    stage.hurry()
    stage.send()
    assert len(stage.pulls()) == 1


def test_after_a_day_it_is_given_up_and_told(stage: Stage) -> None:
    stage.prepare(intend(**PULL_REQUEST))
    stage.remote.rename(stage.remote.with_name("away.git"))
    (parcel,) = parcels.waiting(stage.home)
    parcels.keep(
        stage.home, parcels.name_of(parcel), parcel._replace(created_at=parcel.created_at - 86400, due=1.0)
    )
    stage.send()
    assert stage.refused() == ["given_up"]
    (ended,) = parcels.ended(stage.home)
    assert ended.state == "undelivered"
    # Once it is there again, a person has it sent.
    stage.remote.with_name("away.git").rename(stage.remote)
    shown = " ".join(clodputer(stage.home, "show", ended.run_id)[0].split())
    assert f"sent once more: clodputer approve {ended.run_id}" in shown
    decide(stage.context, ended.run_id, APPROVED, "", time())
    stage.send()
    assert len(stage.pulls()) == 1
    assert list(parcels.everything(stage.home)) == []


def test_a_branch_with_other_commits_is_left_alone(stage: Stage) -> None:
    """What is there is never forced away: the commits get a branch of their own."""
    git(stage.checkout, "switch", "-q", "-c", "theirs")
    git(stage.checkout, "commit", "-q", "--allow-empty", "-m", "theirs")
    git(stage.checkout, "push", "-q", "origin", "theirs:clodputer/fix/1")
    before = git(stage.remote, "rev-parse", "clodputer/fix/1")
    stage.task(script(WORK, intend(**PULL_REQUEST)), more="worktree: {base: main}\n")
    stage.run()
    assert git(stage.remote, "rev-parse", "clodputer/fix/1") == before
    (pull,) = stage.pulls()
    assert pull.head.startswith("clodputer/fix/1-")
    assert sorted(stage.branches()) == ["clodputer/fix/1", pull.head, "main"]


def test_an_open_pull_request_is_not_gone_past(stage: Stage) -> None:
    """A second run that begins anew does not replace what people may be reading; its commits are kept."""
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    stage.run()
    stage.task(
        script(f"echo other > file && {COMMIT} -am other", intend(**PULL_REQUEST)),
        more="worktree: {base: main}\n",
    )
    record = stage.run()
    assert len(stage.pulls()) == 1
    assert stage.refused() == ["behind", "not_delivered"]
    assert Path(record["worktree"]["path"]).is_dir()


def test_drafts_that_are_not_supported_are_not_made_otherwise(stage: Stage) -> None:
    stage.there.drafts = False
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    stage.run()
    assert stage.pulls() == []
    assert stage.refused() == ["github_invalid"]
    assert "clodputer/fix/1" in stage.branches()


def test_a_comment_that_was_deleted_is_not_made_again(stage: Stage) -> None:
    stage.task(intend(**COMMENT))
    stage.run()
    stage.there.comments.clear()
    stage.run()
    assert stage.comments() == []
    assert stage.refused() == ["comment_deleted"]


def test_without_a_token_it_waits(stage: Stage) -> None:
    Path(stage.home.config).write_text("")
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    stage.run()
    (parcel,) = parcels.waiting(stage.home)
    assert "names no token" in parcel.last_error
    assert stage.branches() == ["main"]
    assert "names no token" in clodputer(stage.home, "doctor", "--json", status=4)[0]


class Backend(BaseHTTPRequestHandler):
    """git http-backend behind a password, which is kept as it came."""

    root: Path
    seen: list[str]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        """Nothing is printed."""

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        self.seen.append(given)
        if not given:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=x")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "REMOTE_USER": "robot",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((int(value.split()[0]) for name, value in fields if name == "Status"), 200)
        self.send_response(status)
        for name, value in fields:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815 - the name is given


@pytest.fixture
def backend(stage: Stage) -> Iterator[str]:
    """The address of the remote by http on this machine, with a name that is the repository's."""
    stage.remote.parent.joinpath("o").mkdir()
    stage.remote.rename(stage.remote.parent / "o" / "r.git")
    handler = type("Here", (Backend,), {"root": stage.remote.parent, "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        stage.remote = stage.remote.parent / "o" / "r.git"
        stage.there.git = stage.remote
        yield f"http://127.0.0.1:{server.server_address[1]}/o/r.git"
        server.shutdown()
        thread.join()


def test_the_token_goes_to_the_remote_and_nowhere_else(stage: Stage, backend: str, tmp_path: Path) -> None:
    """In no argument and no environment of any git, and asked for in no other place."""
    real = (
        git(tmp_path, "--exec-path")
        and subprocess.run(["which", "git"], capture_output=True, text=True).stdout.strip()
    )
    noted = tmp_path / "noted"
    folder = program(
        tmp_path / "bin", "git", f'echo "$@" >> {noted}; env >> {noted}; exec {real} "$@"'
    ).parent
    git(stage.remote, "config", "http.receivepack", "true")
    git(stage.checkout, "remote", "set-url", "--push", "origin", backend)
    stage.prepare(intend(**PULL_REQUEST))
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}:{path}"
    try:
        stage.send()
    finally:
        os.environ["PATH"] = path
    assert len(stage.pulls()) == 1, [one.last_error for one in parcels.waiting(stage.home)]
    said = noted.read_text()
    assert "push --porcelain" in said
    assert TOKEN not in said
    assert [one.kind for one in published.everything(stage.home)] == ["draft_pull_request"]
    assert events(stage.home, "not_published") == []


def test_a_remote_that_is_another_repository_is_refused(stage: Stage) -> None:
    git(stage.checkout, "remote", "set-url", "--push", "origin", "https://github.com/some/other.git")
    stage.task(script(WORK, intend(**PULL_REQUEST)))
    assert [one["code"] for one in stage.run()["publish"]] == ["no_remote"]
