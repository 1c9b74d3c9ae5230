"""Backup and restore killed before each of their steps: there is the old thing or the new one, never half of it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Optional

import pytest

from clodputer.archive.backup import restore
from clodputer.archive.backup.backup import Wanted
from clodputer.archive.backup.swap import exchange
from clodputer.archive.format import compress, file
from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home
from tests.disks import fill, mounted
from tests.killing import killed_at
from tests.workshop import command_task, drop, make_home


def small_home(folder: Path, name: str) -> Home:
    """A home with little in it: each file is a step."""
    folder.mkdir()
    home = make_home(folder)
    command_task(home, name, "/bin/true")
    drop(home, f"{name}.json", f'{{"task": "{name}"}}')
    return home


def tasks(root: str) -> list[str]:
    return sorted(os.listdir(f"{root}/tasks"))


def test_a_backup_killed_at_each_step(tmp_path: Path) -> None:
    """The file is the one of before until it is the new one, and both are complete."""
    home = small_home(tmp_path / "a", "one")
    path = tmp_path / "home.tar.gz"
    file.write(home, str(path), Wanted(), time.time())
    command_task(home, "two", "/bin/true")
    seen = set()
    for step in range(1, 1000):
        dead = killed_at(step, lambda: file.write(home, str(path), Wanted(), time.time()))
        with path.open("rb") as source:
            seen.add(restore.look(source, Home(str(tmp_path / "none"))).tasks)
        if not dead:
            break
    assert seen == {("one.yaml",), ("one.yaml", "two.yaml")}


@pytest.mark.parametrize("there", [False, True], ids=["new", "replaced"])
def test_a_restore_killed_at_each_step(tmp_path: Path, *, there: bool) -> None:
    """The home is the old one or the new one, whole, and the old one is always somewhere."""
    path = tmp_path / "home.tar"
    file.write(small_home(tmp_path / "a", "new"), str(path), Wanted(), time.time())
    for step in range(1, 1000):
        stage = tmp_path / str(step)
        stage.mkdir()
        home = small_home(stage / "x", "old") if there else Home(str(stage / "home"))

        def do(home: Home = home) -> None:
            with path.open("rb") as source:
                restore.restore(source, home, time.time(), replace=there)

        dead = killed_at(step, do)
        found = tasks(home.root) if os.path.isdir(home.root) else None
        before: Optional[list[str]] = ["old.yaml"] if there else None
        assert found in (before, ["new.yaml"])
        if there:
            beside = os.path.dirname(home.root)
            homes = [
                tasks(f"{beside}/{name}")
                for name in os.listdir(beside)
                if os.path.isdir(f"{beside}/{name}/tasks")
            ]
            assert ["old.yaml"] in homes
        if not dead:
            assert found == ["new.yaml"]
            break
    else:
        raise AssertionError("it never came to its end")


def test_two_folders_are_exchanged_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    exchange(str(tmp_path / "a"), str(tmp_path / "b"))
    assert os.listdir(tmp_path / "a") == ["b"]
    assert os.listdir(tmp_path / "b") == ["a"]


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        *(("home.tar.gz", pages) for pages in (0, 1, 3, 8)),
        pytest.param(
            "home.tar.zst", 3, marks=pytest.mark.skipif(not compress.has_zstd(), reason="no zstd here")
        ),
    ],
)
def test_a_full_disk_leaves_no_half_archive(tmp_path: Path, name: str, pages: int) -> None:
    """The file is the one of before, and nothing else is left beside it; then, with room, it is a new one."""
    home = small_home(tmp_path / "a", "one")
    Path(home.tasks, "long.md").write_bytes(os.urandom(64 * 1024))
    with mounted(tmp_path / "disk", "size=1m") as disk:
        path = disk / name
        path.write_bytes(b"old")
        ballast = fill(disk, pages)
        with pytest.raises(OSError, match=r"No space left|zstd failed"):
            file.write(home, str(path), Wanted(), time.time())
        assert path.read_bytes() == b"old"
        assert sorted(os.listdir(disk)) == ["ballast", name]
        ballast.unlink()
        file.write(home, str(path), Wanted(), time.time())
        assert path.read_bytes() != b"old"


def test_a_restore_to_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    home = small_home(tmp_path / "a", "one")
    Path(home.tasks, "long.md").write_bytes(os.urandom(256 * 1024))
    path = tmp_path / "home.tar"
    file.write(home, str(path), Wanted(), time.time())
    with mounted(tmp_path / "disk", "size=20m") as disk:
        fill(disk, 10)
        with path.open("rb") as source, pytest.raises(ClodputerError, match="free on the disk"):
            restore.restore(source, Home(str(disk / "home")), time.time())
        assert os.listdir(disk) == ["ballast"]
