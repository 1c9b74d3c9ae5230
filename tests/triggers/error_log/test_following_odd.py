"""Logs that are rotated in ways that few expect, and what can be wrong with their files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Optional

import pytest

from clodputer.triggers.error_log.following import end, look
from clodputer.triggers.error_log.parts import paths
from tests.triggers.error_log.test_following import BUDGET, Writer


@pytest.mark.parametrize("step", ["rename", "copy_and_truncate"])
@pytest.mark.parametrize("before", [None, "", "half a li"])
def test_a_log_of_which_nothing_was_read(tmp_path: Path, step: str, before: Optional[str]) -> None:
    """It was not there, or empty, or had half a line at the last look, and was rotated and compressed since."""
    writer = Writer(tmp_path)
    older = Path(f"{writer.log}-20200101")
    older.write_text("of long ago\n")
    writer.tick(older)
    if before is None:
        writer.log.unlink()
    else:
        writer.log.write_text(before)
        writer.tick(writer.log)
        writer.place = end(str(writer.log))
    since = writer.clock + 0.5
    for _ in range(2):
        writer.write()
        getattr(writer, step)()
        writer.compress()
    writer.write()
    found = look(str(writer.log), writer.place, BUDGET, since)
    read = b"".join(piece.data for piece in found.pieces).decode()
    assert (read, found.trouble) == ((before or "") + "".join(f"{line}\n" for line in writer.written), "")
    for piece in found.pieces:
        writer.place = piece.place(len(piece.data), piece.data.count(b"\n"))
    assert not any(
        piece.data for piece in look(str(writer.log), writer.place, BUDGET, writer.clock + 0.5).pieces
    )


def test_an_older_part_under_any_name_is_known_by_its_inode(tmp_path: Path) -> None:
    """Such as those of multilog, or where each start of a program has a log of its own and a link leads to it."""
    writer = Writer(tmp_path)
    for name in ("@400000005.s", "old-app.txt"):
        writer.write()
        writer.look()
        writer.write()
        writer.log.rename(tmp_path / name)
        writer.log.touch()
    writer.write()
    writer.look()
    assert (writer.read, writer.trouble) == (writer.written, "")


def test_a_link_that_leads_to_another_file(tmp_path: Path) -> None:
    link, pods = tmp_path / "app.log", tmp_path / "pods"
    pods.mkdir()
    (pods / "0.log").write_text("one\n")
    link.symlink_to(pods / "0.log")
    (piece,) = look(str(link), None, BUDGET).pieces
    place = piece.place(len(piece.data), 1)
    with (pods / "0.log").open("a") as more:
        more.write("two\n")
    (pods / "0.log").rename(pods / "0.log.20261128-0300")
    (pods / "0.log").write_text("three\n")
    found = look(str(link), place, BUDGET)
    assert ([piece.data for piece in found.pieces], found.trouble) == ([b"two\n", b"three\n"], "")


def test_a_part_of_which_both_forms_are_there_is_read_once(tmp_path: Path) -> None:
    """As just before gzip takes the first one away; what it has packed so far may be half of it."""
    writer = Writer(tmp_path)
    writer.write()
    writer.look()
    for ending in (0, 9):
        writer.write()
        writer.rename()
        whole = Path(f"{writer.log}.1")
        packed = gzip.compress(whole.read_bytes())
        Path(f"{whole}.gz").write_bytes(packed[: len(packed) - ending])
        writer.write()
        writer.look()
    assert (writer.read, writer.trouble) == (writer.written, "")


def test_a_log_that_is_shortened_at_its_front(tmp_path: Path) -> None:
    """Replaced as a whole by its latest lines and new ones: nothing is read twice."""
    writer = Writer(tmp_path)
    writer.write(60)
    writer.look()
    for _ in range(3):
        kept = writer.log.read_text().splitlines(keepends=True)[20:]
        (tmp_path / "new").write_text("".join(kept))
        (tmp_path / "new").replace(writer.log)
        writer.write(20)
        writer.look()
    assert (writer.read, writer.trouble) == (writer.written, "")


def test_equal_lines_and_the_inode(tmp_path: Path) -> None:
    """Logs that cannot be told apart by their bytes are by their inodes."""
    log = tmp_path / "app.log"
    log.write_text("ERROR\n" * 3)
    (piece,) = look(str(log), None, BUDGET).pieces
    place = piece.place(len(piece.data), 3)
    with log.open("a") as more:
        more.write("ERROR\n" * 2)
    log.rename(f"{log}.1")
    log.write_text("ERROR\n" * 7)
    assert sum(piece.data.count(b"\n") for piece in look(str(log), place, BUDGET).pieces) == 9


def test_a_log_that_is_too_large_to_be_counted(tmp_path: Path) -> None:
    """A first look at it reads its end alone."""
    log = tmp_path / "app.log"
    with log.open("wb") as file:
        file.truncate(1 << 33)
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast\nhalf")
    place = end(str(log), 1 << 20)
    assert (place.offset, place.line) == (log.stat().st_size - 4, 0)
    with log.open("ab") as more:
        more.write(b" and half\n")
    (piece,) = look(str(log), place, BUDGET).pieces
    assert (piece.data, piece.place(4, 1).line) == (b"half and half\n", 0)


def test_one_folder_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a[1].log").write_text("x")
    (tmp_path / "x.log.xz").write_text("x")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    long = tmp_path / ("n" * 300)
    logs, troubles = paths([str(loop), str(long), f"{tmp_path}/a[1].log", f"{tmp_path}/x*"], "")
    assert logs == [f"{tmp_path}/a[1].log"]
    assert len(troubles) == 1


def test_of_too_many_logs_those_written_last_are_followed(tmp_path: Path) -> None:
    for number in range(510):
        path = tmp_path / f"{number:03d}.log"
        path.touch()
        os.utime(path, (number, number))
    logs, (trouble,) = paths([str(tmp_path)], "")
    assert (len(logs), f"{tmp_path}/509.log" in logs, f"{tmp_path}/009.log" in logs) == (500, True, False)
    assert "510 logs" in trouble


def test_our_own_log_is_read_under_no_name(tmp_path: Path) -> None:
    """Not as the older part of another log either."""
    home = tmp_path / "home"
    home.mkdir()
    writer = Writer(tmp_path)
    writer.write()
    writer.look()
    (home / "execution.log").write_text("ERROR of ours\n")
    writer.rename()
    Path(f"{writer.log}.0").symlink_to(home / "execution.log")
    writer.write()
    found = look(str(writer.log), writer.place, BUDGET, 0.0, str(home))
    assert not any(b"ours" in piece.data for piece in found.pieces)
