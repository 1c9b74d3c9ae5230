"""What a killed writer has left is removed, and nothing else that looks like it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from clodputer.store.files import atomic, halfwritten
from tests.killing import killed_at

PAGE = b"<!doctype html>" + b"x" * 1000


def test_of_a_writer_that_was_killed(tmp_path: Path) -> None:
    """At each step, in a home of its own or not; the file itself is whole or as it was."""
    path = tmp_path / "report.html"
    path.write_bytes(b"<!doctype html>earlier")
    step, left = 1, 0
    while killed_at(step, lambda: atomic.write(str(path), PAGE)):
        left += len(os.listdir(tmp_path)) - 1
        halfwritten.forget(str(path), PAGE[:15])
        assert os.listdir(tmp_path) == ["report.html"]
        assert path.read_bytes() in (b"<!doctype html>earlier", PAGE)
        step += 1
    assert left


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """Of a writer that lives, with other content, other names, links and folders."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    gone = ended.pid
    other = {
        f".report.html.{os.getpid()}": PAGE,
        f".report.html.{gone}.new": PAGE,
        f"report.html.{gone}": PAGE,
        f".other.html.{gone}": PAGE,
        ".report.html.": PAGE,
        ".report.html.0": PAGE,
        f".report.html.{'9' * 30}": PAGE,
        f".report.html.0{gone}": b"a person's own",
    }
    for name, content in other.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / f".report.html.00{gone}").symlink_to(tmp_path / "report.html")
    (tmp_path / f".report.html.000{gone}").mkdir()
    os.mkfifo(tmp_path / f".report.html.0000{gone}")
    before = sorted(os.listdir(tmp_path))
    (tmp_path / f".report.html.{gone}").write_bytes(PAGE[:7])
    halfwritten.forget(str(tmp_path / "report.html"), PAGE[:15])
    assert sorted(os.listdir(tmp_path)) == before
    halfwritten.forget(str(tmp_path / "not-there" / "report.html"), PAGE[:15])
