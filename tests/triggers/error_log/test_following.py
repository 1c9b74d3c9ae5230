"""A log is followed through whatever rotates it: each line is read once, and none is missed."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.triggers.error_log.following import end, look
from clodputer.triggers.error_log.parts import paths
from clodputer.triggers.error_log.pieces import Place

BUDGET = 1 << 20


class Writer:
    """A program that writes a log, what rotates that, and somebody who reads it."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "app.log"
        self.log.touch()
        self.written: list[str] = []
        self.read: list[str] = []
        self.place: Optional[Place] = None
        self.clock = 1_700_000_000
        self.trouble = ""

    def tick(self, path: Path) -> None:
        """Writes of different steps have different times."""
        self.clock += 1
        os.utime(path, (self.clock, self.clock))

    def write(self, number: int = 3) -> None:
        for _ in range(number):
            line = f"line {len(self.written):06d}"
            self.written.append(line)
            with self.log.open("a") as log:
                log.write(line + "\n")
        self.tick(self.log)

    def begin_line(self) -> None:
        """Half a line, whose rest comes with the next look."""
        line = f"line {len(self.written):06d}"
        self.written.append(line)
        with self.log.open("a") as log:
            log.write(line[:4])
        self.look()
        with self.log.open("a") as log:
            log.write(line[4:] + "\n")
        self.tick(self.log)

    def shift(self) -> None:
        """Make room for a new `.1`, as logrotate does."""
        for number in range(30, 0, -1):
            for ending in ("", ".gz"):
                path = Path(f"{self.log}.{number}{ending}")
                if path.exists():
                    path.rename(f"{self.log}.{number + 1}{ending}")

    def rename(self) -> None:
        self.shift()
        self.log.rename(f"{self.log}.1")
        self.log.touch()
        self.tick(self.log)

    def copy_and_truncate(self) -> None:
        self.shift()
        shutil.copy2(self.log, f"{self.log}.1")
        os.truncate(self.log, 0)
        self.tick(self.log)

    def rename_by_date(self) -> None:
        self.log.rename(f"{self.log}-{20200000 + self.clock % 10000}{self.clock}")
        self.log.touch()
        self.tick(self.log)

    def compress(self) -> None:
        for path in [*self.log.parent.glob("app.log.[0-9]*"), *self.log.parent.glob("app.log-*")]:
            if path.suffix != ".gz":
                status = path.stat()
                with gzip.open(f"{path}.gz", "wb") as packed:
                    packed.write(path.read_bytes())
                os.utime(f"{path}.gz", ns=(status.st_atime_ns, status.st_mtime_ns))
                path.unlink()

    def look(self) -> None:
        found = look(str(self.log), self.place, BUDGET)
        self.trouble = self.trouble or found.trouble
        for piece in found.pieces:
            self.read += piece.data.decode().splitlines()
            self.place = piece.place(len(piece.data), piece.data.count(b"\n"))


STEPS = ("write", "begin_line", "rename", "copy_and_truncate", "rename_by_date", "compress", "look")


@settings(max_examples=120)
@given(st.lists(st.sampled_from(STEPS), max_size=14))
def test_whatever_happens_each_line_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    writer = Writer(tmp_path_factory.mktemp("log"))
    writer.write()
    writer.look()
    for step in steps:
        if step in ("rename", "copy_and_truncate", "rename_by_date"):
            # An empty part of a log says nothing of itself; programs are not rotated before they wrote.
            writer.write(1)
        getattr(writer, step)()
    writer.write()
    writer.look()
    assert writer.read == writer.written
    assert writer.trouble == ""
    assert writer.place is not None
    shutil.rmtree(writer.log.parent)


@pytest.mark.parametrize("step", ["rename", "copy_and_truncate"])
def test_a_log_that_begins_with_the_same_words_each_time(tmp_path: Path, step: str) -> None:
    writer = Writer(tmp_path)
    banner = ["the same words " * 60]
    for _ in range(3):
        writer.log.write_text("\n".join(banner) + "\n")
        writer.written += banner
        writer.write(2)
        writer.look()
        writer.write(2)
        getattr(writer, step)()
    writer.log.write_text("\n".join(banner) + "\n")
    writer.written += banner
    writer.write(50)
    writer.look()
    assert writer.read == writer.written


def test_what_is_nowhere_any_more_is_said(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write()
    writer.look()
    writer.log.unlink()
    writer.log.touch()
    writer.write(1)
    writer.look()
    assert "starts again" in writer.trouble
    assert writer.read == writer.written


def test_much_is_read_in_parts(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"".join(b"%d\n" % number for number in range(5000)) + b"x" * 3000 + b"\nlast\n")
    place: Optional[Place] = None
    read, more = b"", True
    while more:
        found = look(str(log), place, 1000)
        (piece,) = found.pieces
        read, more = read + piece.data, found.more
        place = piece.place(len(piece.data), piece.data.count(b"\n"))
        assert 0 < len(piece.data) <= 1000 or not more
    assert read == log.read_bytes()


def test_the_end_of_a_log_is_behind_its_last_whole_line(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    for text in ("", "one\n", "one\ntwo", "x" * 5000 + "\n" + "y" * 5000, "no line"):
        log.write_text(text)
        place = end(str(log))
        assert (place.offset, place.line) == (text.rfind("\n") + 1, text.count("\n") + 1)
        with log.open("a") as more:
            more.write("!\nnext\n")
        (piece,) = look(str(log), place, BUDGET).pieces
        assert piece.data.decode() == text[text.rfind("\n") + 1 :] + "!\nnext\n"


def test_which_files_are_logs(tmp_path: Path) -> None:
    home = tmp_path / "home"
    names = ["a.log", "a.log.1", "a.log.2.gz", "a-2026-11-28.log", "a-worker.log", "b.txt", "deep/c.log"]
    for name in [*names, "home/execution.log"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "link.log").symlink_to(home / "execution.log")

    def found(*written: str) -> list[str]:
        logs, _ = paths([f"{tmp_path}/{text}" for text in written], str(home))
        return sorted(os.path.relpath(log, tmp_path) for log in logs)

    assert found("") == ["a-worker.log", "a.log"]
    assert found("a.log*") == ["a.log"]
    assert found("**/*.log") == ["a-worker.log", "a.log", "deep/c.log"]
    assert found("b.txt", "a.log", "a.log") == ["a.log", "b.txt"]
    assert paths([f"{tmp_path}/gone.log"], str(home)) == ([], [f"{tmp_path}/gone.log does not exist"])


def test_a_damaged_old_part_holds_up_nothing(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write()
    writer.look()
    writer.rename()
    Path(f"{writer.log}.2.gz").write_bytes(b"\x1f\x8bno")
    writer.write()
    writer.look()
    assert writer.read == writer.written
