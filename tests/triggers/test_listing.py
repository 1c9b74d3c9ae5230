"""A folder as it is: real trees with links, odd names, closed folders and folders that go away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.model.triggers import pattern as patterns
from clodputer.triggers.file_watch import listing
from clodputer.triggers.file_watch.listing import Unwatchable
from tests.workshop import make_too_deep


def names(root: Path, pattern: str = "**", apart: str = "/", most: int = listing.MOST) -> list[str]:
    """What a pattern lists."""
    return sorted(listing.look(str(root), patterns.read([pattern]), apart, most).files)


def test_a_tree(tmp_path: Path) -> None:
    """Regular files by the pattern, with what tells one version from the next."""
    for name in ("a.md", "x/b.md", "x/y/c.md", "x/.h/d.md", ".e.md", "f.txt"):
        Path(tmp_path, name).parent.mkdir(parents=True, exist_ok=True)
        Path(tmp_path, name).write_text("abc")
    os.mkfifo(tmp_path / "pipe.md")
    assert names(tmp_path, "**/*.md") == ["a.md", "x/b.md", "x/y/c.md"]
    assert names(tmp_path, "*") == ["a.md", "f.txt"]
    assert names(tmp_path, "x/*/*") == ["x/y/c.md"]
    found = listing.look(str(tmp_path), patterns.read(["*.txt"]), "/")
    status = os.stat(tmp_path / "f.txt")
    assert found.files["f.txt"] == (status.st_mtime_ns, 3, status.st_ino, status.st_ctime_ns)
    assert found.root == (os.stat(tmp_path).st_dev, os.stat(tmp_path).st_ino)


def test_links_are_passed_over(tmp_path: Path) -> None:
    """Links to files and folders, dangling ones and circles; but the watched folder itself may be reached by a link."""
    real = tmp_path / "real"
    (real / "sub").mkdir(parents=True)
    (real / "sub" / "a").write_text("a")
    (real / "link").symlink_to(real / "sub" / "a")
    (real / "circle").symlink_to(real)
    (real / "nowhere").symlink_to(real / "gone")
    (tmp_path / "way").symlink_to(real)
    assert names(tmp_path / "way") == ["sub/a"]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Any bytes."""
    for name in (b"caf\xe9.txt", b"a\nb.txt", b" .txt", b"\xff\xfe.txt"):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_text("")
    assert [os.fsencode(name) for name in names(tmp_path, "*.txt")] == [
        b" .txt",
        b"a\nb.txt",
        b"caf\xe9.txt",
        b"\xff\xfe.txt",
    ]


def test_our_own_home_is_left_out(tmp_path: Path) -> None:
    """Whoever watches all of it is not woken by every record we write; nor by way of a link to it."""
    for name in ("home/spool/a", "other/b"):
        Path(tmp_path, name).parent.mkdir(parents=True)
        Path(tmp_path, name).write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "home")
    assert names(tmp_path, apart=str(tmp_path / "link")) == ["other/b"]


def test_too_many(tmp_path: Path) -> None:
    """A bound on what one look lists, folders that the pattern leaves out not counted."""
    (tmp_path / "sub").mkdir()
    for number in range(30):
        Path(tmp_path, "sub", str(number)).write_text("")
    assert names(tmp_path, "*", most=10) == []
    with pytest.raises(
        Unwatchable, match="has more than 10 files and folders to look at; watch a smaller folder"
    ):
        names(tmp_path, most=10)


def test_what_cannot_be_watched(tmp_path: Path) -> None:
    """No folder, and a file in its place: each says so."""
    with pytest.raises(Unwatchable, match="does not exist; make the folder, or change path"):
        names(tmp_path / "gone")
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwatchable, match="is a file, not a folder; leave pattern out"):
        names(tmp_path / "file")


@pytest.mark.usefixtures("mortal")
def test_closed_folders(tmp_path: Path) -> None:
    """The watched folder itself is an error; one in it is named, and the rest is listed."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "a").write_text("")
    (tmp_path / "b").write_text("")
    (tmp_path / "closed").chmod(0)
    try:
        found = listing.look(str(tmp_path), patterns.read(["**"]), "/")
        assert (list(found.files), found.unreadable) == (["b"], ("closed",))
        with pytest.raises(Unwatchable, match="cannot be read: Permission denied"):
            names(tmp_path / "closed")
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_path_too_long_is_named(tmp_path: Path) -> None:
    """A folder nested deeper than the system can name is unreadable, and the rest is listed."""
    Path(tmp_path, "b").write_text("")
    make_too_deep(tmp_path)
    found = listing.look(str(tmp_path), patterns.read(["**"]), "/")
    assert list(found.files) == ["b"]
    assert len(found.unreadable) == 1
