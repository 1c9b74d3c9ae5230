"""A fetch, and the clones of submodules, from a repository whose configuration is hostile: nothing that it names is started."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clodputer.isolate.worktree import base, pinned
from tests.isolate.test_git_obeys_nothing import _poison
from tests.isolate.test_worktree import entered, token
from tests.repositories import git, repository
from tests.workshop import program


class Refusing(BaseHTTPRequestHandler):
    """Asks for a password."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        """Nothing is printed."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic realm=x")
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}/x.git"
        httpd.shutdown()
        thread.join()


# By name: the lines for the configuration. {evil}: a program; {http}: a server.
CASES = {
    "ssh": '[core]\nsshCommand = {evil}\n[remote "origin"]\nurl = ssh://nowhere.invalid/x\n',
    "included": '[include]\npath = {folder}/included\n[remote "origin"]\nurl = ssh://nowhere.invalid/x\n',
    "included for this folder": '[includeIf "gitdir:/"]\npath = {folder}/included\n'
    '[remote "origin"]\nurl = ssh://nowhere.invalid/x\n',
    "a helper": '[credential]\nhelper = {evil}\n[remote "origin"]\nurl = {http}\n',
    "a helper for an address": '[credential "{http}"]\nhelper = {evil}\n[remote "origin"]\nurl = {http}\n',
    "a question": '[core]\naskPass = {evil}\n[remote "origin"]\nurl = {http}\n',
    "a protocol": '[protocol]\nallow = always\n[remote "origin"]\nurl = ext::{evil}\n',
    "another address": '[protocol "ext"]\nallow = always\n[url "ext::{evil} "]\ninsteadOf = {http}\n'
    '[remote "origin"]\nurl = {http}\n',
    "the other side's program": '[remote "origin"]\nuploadpack = {evil}\n',
    "a proxy": '[core]\ngitProxy = {evil}\n[remote "origin"]\nurl = git://127.0.0.1:1/x\n',
    "references of alternates": "[core]\nalternateRefsCommand = {evil}\n[fetch]\nfsckObjects = true\n",
}


class Stage:
    """A checkout with a remote, and a program that leaves a witness."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder, self.server = folder, server
        self.checkout = repository(folder)
        self.witness = folder / "witness"
        # It reads nothing, as who started it may be waiting for it to speak.
        self.program = program(folder / "evil", "run", f'echo "$0 $*" >>{self.witness}\nexit 1')
        (folder / "included").write_text(f"[core]\nsshCommand = {self.program}\n")
        alternates = self.checkout / ".git" / "objects" / "info" / "alternates"
        alternates.write_text(f"{folder}/git/remote.git/objects\n")

    def poison(self, lines: str) -> None:
        """Put lines into the configuration of the checkout; what stands there last counts."""
        config = self.checkout / ".git" / "config"
        filled = lines.format(evil=self.program, http=self.server, folder=self.folder)
        text = config.read_text()
        if "url =" in filled:
            git(self.checkout, "config", "--unset", "remote.origin.url")
            text = config.read_text()
        config.write_text(f"{text}\n{filled}")

    @property
    def harmed(self) -> bool:
        """Whether anything was run."""
        return self.witness.exists()


@pytest.fixture
def stage(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("SSH_ASKPASS", "DISPLAY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    ssh = program(tmp_path / "bin", "ssh", f"echo ssh >>{tmp_path}/mine; exit 1")
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    return Stage(tmp_path, server)


@pytest.mark.parametrize("name", CASES)
def test_a_fetch_starts_nothing_of_the_repository(stage: Stage, name: str) -> None:
    """git as it is falls for it; ours does not, and goes on with what is known of the remote."""
    stage.poison(CASES[name])
    cache = pinned.cache(f"{stage.folder}/trees")
    found = base.resolve(base.find(str(stage.checkout), cache), "", -1, fetch=True)
    assert not stage.harmed, stage.witness.read_text()
    assert found.commit == git(stage.checkout, "rev-parse", "HEAD")
    if "ssh://" in CASES[name]:
        assert (stage.folder / "mine").read_text() == "ssh\n", "the person's own ssh is asked"
    git(stage.checkout, "fetch", "--quiet", "origin", check=False)
    assert stage.harmed, "git itself is not harmed by this any more: the case proves nothing"


def test_no_file_is_named_that_a_fetch_would_write(stage: Stage) -> None:
    """Cookies that a server sends would be written to any file of the person's; a proxy and the like count."""
    stage.poison(f"[http]\ncookieFile = {stage.folder}/x\nsaveCookies = true\nproxy = http://127.0.0.1:1\n")
    found = base.find(str(stage.checkout), pinned.cache(f"{stage.folder}/trees"))
    assert found.call(["config", "--get", "http.proxy"]).out == "http://127.0.0.1:1\n"
    for name in ("http.cookieFile", "http.saveCookies"):
        assert found.call(["config", "--get", name]).status == 1


def test_submodules_are_cloned_without_what_the_repository_sets(stage: Stage) -> None:
    """A program instead of a checkout, hooks, filters, monitors: of the repository and of the submodule."""
    (stage.folder / ".gitconfig").write_text('[protocol "file"]\nallow = always\n')
    library = stage.folder / "library"
    git(stage.folder, "init", "--quiet", "-b", "main", str(library))
    (library / ".gitattributes").write_text("* filter=evil\n")
    (library / "inner").write_text("inner\n")
    git(library, "add", ".")
    git(library, "commit", "--quiet", "-m", "library")
    allowed = ("-c", "protocol.file.allow=always")
    git(stage.checkout, *allowed, "submodule", "--quiet", "add", str(library), "lib")
    git(stage.checkout, "commit", "--quiet", "-m", "with a library")
    git(stage.checkout, "push", "--quiet")
    _poison(stage.checkout, stage.program)
    git(stage.checkout, "config", "submodule.lib.update", f"!{stage.program}")
    stage.witness.unlink(missing_ok=True)
    tree = entered(token(stage.folder, stage.checkout, submodules=True))
    assert not stage.harmed, stage.witness.read_text()
    assert Path(tree.path, "lib", "inner").read_text() == "inner\n"
    git(tree.path, *allowed, "submodule", "update", "--init", "--force", check=False)
    assert stage.harmed, "git itself is not harmed by this any more: the case proves nothing"
