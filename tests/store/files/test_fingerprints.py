"""Fingerprints of real files: what counts as another file, what is found, and the bounds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.proof.guards import Meant, meant, touched
from clodputer.store.files import fingerprints
from clodputer.store.files.fingerprints import BOUNDS, take


def found(folder: Path, *patterns: str) -> list[str]:
    taken = take([meant(text, str(folder)) for text in patterns])
    return sorted(os.path.relpath(path, folder) for path in taken.files)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files, hidden ones, folders, a link to a file, one to a folder, one to nowhere, a pipe, and a .git."""
    place = tmp_path / "work"
    for name in ("a.txt", ".env", "sub/b.txt", "sub/.hidden/c.txt", ".git/index", ".git/hooks/x"):
        place.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        place.joinpath(name).write_text("one")
    place.joinpath("link").symlink_to("a.txt")
    place.joinpath("folder").symlink_to("sub")
    place.joinpath("nowhere").symlink_to("/nonexistent/x")
    os.mkfifo(place / "pipe")
    return place


@pytest.mark.parametrize(
    ("patterns", "files"),
    [
        (["a.txt"], ["a.txt"]),
        (["*.txt", "a.*"], ["a.txt"]),
        (["**/*.txt"], ["a.txt", "sub/.hidden/c.txt", "sub/b.txt"]),
        (["sub"], ["sub/.hidden/c.txt", "sub/b.txt"]),
        (["sub/"], ["sub/.hidden/c.txt", "sub/b.txt"]),
        (["s*"], ["sub/.hidden/c.txt", "sub/b.txt"]),
        (["*env"], [".env"]),
        ([".git/hooks/**"], [".git/hooks/x"]),
        (["folder/b.txt"], ["folder/b.txt"]),
        (["folder"], ["folder"]),
        (["nothing", "nowhere/x", "a.txt/x"], []),
        (
            ["**"],
            [".env", "a.txt", "folder", "link", "nowhere", "pipe", "sub/.hidden/c.txt", "sub/b.txt"],
        ),
    ],
)
def test_what_is_found(folder: Path, patterns: list[str], files: list[str]) -> None:
    """Hidden files too; a folder means all in it; links to folders are not followed by patterns; `**` keeps out of .git."""
    assert found(folder, *patterns) == files


def _replaced(path: Path) -> None:
    path.with_name("other").write_text("two")
    path.with_name("other").rename(path)


def _hard_linked(path: Path) -> None:
    other = path.with_name("other")
    os.link(path, other)
    other.write_text("two")


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _swapped(path: Path) -> None:
    path.with_name("same").write_text("one")
    path.unlink()
    path.symlink_to("same")


@pytest.mark.parametrize(
    ("name", "work", "expected"),
    [
        ("a.txt", lambda path: None, []),
        ("a.txt", lambda path: path.write_text("one"), []),
        ("a.txt", lambda path: os.utime(path, (1, 1)), []),
        ("a.txt", lambda path: path.write_text("two"), ["changed"]),
        ("a.txt", lambda path: path.chmod(0o755), ["changed"]),
        ("a.txt", _replaced, ["changed"]),
        ("a.txt", _hard_linked, ["changed"]),
        ("a.txt", _swapped, ["replaced"]),
        ("a.txt", lambda path: path.unlink(), ["deleted"]),
        ("a.txt", _piped, ["replaced"]),
        ("a.txt", lambda path: (path.unlink(), path.mkdir()), ["deleted"]),
        ("link", lambda path: path.resolve().write_text("two"), ["changed"]),
        ("link", lambda path: (path.unlink(), path.symlink_to(".env")), ["changed"]),
        ("link", lambda path: path.resolve().unlink(), ["changed"]),
        ("nowhere", lambda path: None, []),
        ("pipe", lambda path: None, []),
        ("pipe", lambda path: path.unlink(), ["deleted"]),
        ("new.txt", lambda path: path.write_text("x"), ["new"]),
    ],
)
def test_what_makes_it_another_file(
    folder: Path, name: str, work: Callable[[Path], object], expected: list[str]
) -> None:
    """Its content, its kind, its permissions; not when it was written. Nothing waits for a pipe."""
    places = [meant(name, str(folder))]
    before = take(places).files
    work(folder / name)
    assert [one.what for one in touched(before, take(places, strict=False).files)] == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_cannot_be_read(folder: Path) -> None:
    """Before a run that is an error; after it, the file counts as touched."""
    before = take([meant("a.txt", str(folder))]).files
    folder.joinpath("a.txt").chmod(0)
    with pytest.raises(ClodputerError, match="cannot be read"):
        take([meant("a.txt", str(folder))])
    after = take([meant("a.txt", str(folder))], strict=False).files
    assert [one.what for one in touched(before, after)] == ["unreadable"]


def test_ten_thousand_files(tmp_path: Path) -> None:
    """They are all looked at; beyond each bound nothing is, and the message says which one it was."""
    for number in range(10_000):
        tmp_path.joinpath(str(number)).write_bytes(b"x")
    places = [Meant(str(tmp_path), "*")]
    assert len(take(places).files) == 10_000
    for bound, words in (("files", "files match"), ("entries", "looked at"), ("hashed", "MB")):
        with pytest.raises(ClodputerError, match=words):
            take(places, bounds=BOUNDS._replace(**{bound: 9_999}))


def test_copies(folder: Path, tmp_path: Path) -> None:
    """Of files alone, and as they were."""
    copies = tmp_path / "copies"
    copies.mkdir()
    taken = take([meant("**", str(folder))], str(copies))
    assert sorted(os.path.basename(path) for path in taken.copies) == [".env", "a.txt", "b.txt", "c.txt"]
    assert all(copies.joinpath(name).read_text() == "one" for name in taken.copies.values())
    assert fingerprints.from_json(fingerprints.to_json(taken)) == taken
