"""Hostile drops: each is kept with its reason, and the good request beside them runs."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.hostile.drops import FILES
from tests.hostile.stage import LONG_AGO, Stage, kept, put

pytestmark = [pytest.mark.slow, pytest.mark.hostile]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A home."""
    return Stage(tmp_path)


def test_contents_and_names(stage: Stage) -> None:
    """Some hundreds of files, none of them a request: all set aside, by one exec that runs the good one."""
    for name, content in FILES:
        put(stage.home, name, content)
    stage.drop_good()
    printed = stage.call("exec", "--json")
    assert printed.status == 0, printed
    assert "\x1b" not in printed.stdout + printed.stderr
    assert json.loads(printed.stdout)["data"]["rejected"] == len(FILES)
    assert stage.good_runs() == 1
    assert os.listdir(stage.home.new) == []
    reasons = kept(stage.home.rejected)
    # A name that leaves no room for that of its reason, or looks like that of one, is kept under another.
    plain = (name for name, _ in FILES if len(name) < 200 and b".reason." not in name)
    missing = [name for name in plain if name not in reasons]
    assert missing == []
    assert len(reasons) == len(FILES)
    assert [name for name, reason in reasons.items() if len(reason.strip()) < 10] == []
    assert [name for name, reason in reasons.items() if "fault in Clodputer" in reason] == []
    # Hidden files, such as those that file managers leave everywhere, are counted as well.
    assert stage.ask("status")["rejected"] == len(FILES)
    assert "aside" in stage.looking_works()
    stage.next_good_runs()


def unix_socket(path: Path) -> None:
    """A socket that nobody listens at; its path is too long for bind, so from inside its folder."""
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def test_things_that_are_no_files(stage: Stage, tmp_path: Path) -> None:
    """Pipes, sockets, links, folders, giants: none is opened, none holds exec up."""
    new = Path(stage.home.new)
    os.mkfifo(new / "pipe")
    os.mkfifo(new / "pipe.json")
    unix_socket(new / "socket.json")
    (new / "link.json").symlink_to("/etc/passwd")
    (new / "dangling.json").symlink_to("nowhere")
    (new / "loop.json").symlink_to("loop.json")
    (new / "loop-a").symlink_to("loop-b")
    (new / "loop-b").symlink_to("loop-a")
    (new / "device.json").symlink_to("/dev/zero")
    (new / "above").symlink_to("..")
    (new / "folder.json").mkdir()
    (new / "full.json").mkdir()
    (new / "full.json" / "inside.json").write_text('{"task": "good"}')
    (new / "closed").mkdir(mode=0)
    count = 13
    with open(new / "giant.json", "wb") as file:
        file.truncate(100 * 1024 * 1024)
    (new / "large.json").write_bytes(b'{"task":"good","body":"' + b"x" * (1024 * 1024) + b'"}')
    (new / "large.md").write_bytes(b"---\ntask: good\n---\n" + b"x" * (1024 * 1024))
    count += 3
    if os.geteuid() == 0:
        os.mknod(new / "null.json", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        os.mknod(new / "disk.json", 0o600 | stat.S_IFBLK, os.makedev(7, 99))
        count += 2
    stage.drop_good()
    stage.execute()
    assert stage.good_runs() == 1
    assert os.listdir(new) == []
    assert len(kept(stage.home.rejected)) == count
    assert "aside" in stage.looking_works()


def test_a_good_request_in_unusual_clothes(stage: Stage) -> None:
    """What is only unusual runs: a byte order mark, a long name, an executable file, extreme moments."""
    for name, content in (
        (b"bom.json", b'\xef\xbb\xbf{"task":"good"}'),
        (b"n" * 145 + b".json", b'{"task":"good"}'),
        (b"deep.json", b'{"task":"good","context":{"x":' + b"[" * 150 + b"]" * 150 + b"}}"),
        (b"old.json", b'{"task":"good","created_at":0}'),
        (b"new.json", b'{"task":"good","created_at":253402300799}'),
        (b"expires.json", b'{"task":"good","created_at":0,"expires_at":"+1h"}'),
        (b"begins.json", b'{"task":"good","created_at":253402300799,"not_before":"+0s"}'),
        (b"nulls.json", b'{"task":"good","id":null,"context":null,"body":null,"dedupe_key":null}'),
        (b"twice.json", b'{"task":"nosuch","task":"good"}'),
        (b"crlf.md", b"---\r\ntask: good\r\n---\r\n"),
        (b"\xf0\x9f\xa6\x80.json", b'{"task":"good"}'),
        (b"quote'd \".json", b'{"task":"good"}'),
    ):
        put(stage.home, name, content)
    os.chmod(f"{stage.home.new}/bom.json", 0o700)
    stage.drop_good()
    stage.execute()
    assert kept(stage.home.rejected) == {}
    assert stage.good_runs() == 13


@pytest.mark.parametrize("name", ["theirs.json", "theirs"])
def test_files_of_another_account(stage: Stage, mortal: None, name: str) -> None:
    """What another account may have put there is run when it can be read, as only this account and root can put it there."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    path = Path(stage.home.new, name)
    path.write_text('{"task": "good"}' if name.endswith(".json") else "no request\n")
    os.utime(path, (LONG_AGO, LONG_AGO))
    folder = Path(stage.home.new, "their-folder")
    folder.mkdir()
    for given in (path, folder):
        os.chown(given, 12345, 12345)
    closed = Path(stage.home.new, "closed.json")
    closed.write_text('{"task": "good"}')
    os.utime(closed, (LONG_AGO, LONG_AGO))
    os.chown(closed, 12345, 12345)
    os.chmod(closed, 0o600)
    # Without the right to act for any owner, as an ordinary account.
    limited = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    stage.drop_good()
    stage.execute(before=limited)
    assert stage.good_runs() == (2 if name.endswith(".json") else 1)
    stage.looking_works()
    stage.next_good_runs(before=limited)


def test_a_file_that_cannot_be_moved(stage: Stage) -> None:
    """An immutable file stays; it is logged once, `doctor` names it, and everything else goes on."""
    for name, content in ((b"fixed.json", b'{"task":"good"}'), (b"fixed.txt", b"no request\n")):
        put(stage.home, name, content)
    paths = [f"{stage.home.new}/fixed.json", f"{stage.home.new}/fixed.txt"]
    if subprocess.run(["chattr", "+i", *paths], capture_output=True).returncode:
        pytest.skip("no file can be made immutable here")
    try:
        for _ in range(2):
            stage.next_good_runs()
        log = Path(stage.home.log).read_text()
        assert log.count('"stuck"') == 2
        (findings,) = (stage.looking_works()["aside"],)
        assert sum("fixed." in finding["message"] for finding in findings) == 2
    finally:
        subprocess.run(["chattr", "-i", *paths], check=True)
    stage.execute()
    assert os.listdir(stage.home.new) == []


def test_two_drops_with_the_same_identity(stage: Stage) -> None:
    """One id, one creation time, one name: no request is replaced by another."""
    for body in ("one", "two"):
        put(
            stage.home,
            b"same.json",
            b'{"task":"good","id":"abcd","created_at":1000,"not_before":"+1h","body":"%s"}' % body.encode(),
        )
        stage.execute()
    waiting = [
        name for _, _, names in os.walk(f"{stage.home.lanes}/default") for name in names if "same" in name
    ]
    assert len(waiting) + len(kept(stage.home.rejected)) == 2
    stage.next_good_runs()
