"""Logs of well-known programs, rotated in every usual way while another process writes them: each error is found once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Optional

import pytest

from clodputer.store.home import Home
from clodputer.triggers.error_log import PATTERNS, found, records
from tests.triggers.error_log.test_records import COMPILED, CORPUS
from tests.workshop import ROOT

WRITER = ROOT / "tests/triggers/error_log/writer.py"
WAYS = ("shift", "date", "copy", "packed", "delayed", "late", "old")
FINE = "2026-11-28 03:00:00,000 INFO all is well\n"


class Reader:
    """Looks, one after the other, with what each remembers."""

    def __init__(self, home: Home, log: Path, *, old: bool = True) -> None:
        self.home = home
        self.wish = found.Wish((str(log),), COMPILED, 2, old)
        self.entry: Optional[dict[str, Any]] = None
        self.errors: Counter[str] = Counter()
        self.troubles: list[str] = []

    def look(self, *, quiet: bool = False) -> dict[str, Any]:
        """A look; quiet: nobody has written for long."""
        now = time.time()
        seen = found.look(self.home, "t", self.wish, self.entry, now + 30 if quiet else now - 30)
        self.entry = {**seen, "looked": now}
        self.errors.update({name: one["number"] for name, one in seen["errors"].items()})
        self.troubles += [seen["trouble"]] if seen["trouble"] else []
        return seen

    def finish(self) -> None:
        """Until nothing is left to read."""
        while self.look(quiet=True)["more"]:
            pass


def whole(home: Home, folder: Path, text: str) -> Counter[str]:
    """What one look finds in a log of the same name that was never rotated."""
    folder.mkdir(exist_ok=True)
    (folder / "app.log").write_text(text)
    reader = Reader(home, folder / "app.log")
    reader.finish()
    return reader.errors


@pytest.mark.parametrize("way", WAYS)
def test_every_error_once(home: Home, tmp_path: Path, way: str) -> None:
    texts = [text.rstrip() for text, errors in CORPUS.values() if errors] * 2
    blocks = [f"INFO block {number}\n{text}\n{FINE}" for number, text in enumerate(texts)]
    log = tmp_path / "logs/app.log"
    log.parent.mkdir()
    log.write_text(FINE)
    reader = Reader(home, log)
    reader.look()
    given = json.dumps({"log": str(log), "way": way, "blocks": blocks})
    with subprocess.Popen([sys.executable, str(WRITER)], stdin=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        writer.stdin.write(given.encode())
        writer.stdin.close()
        while writer.poll() is None:
            reader.look()
    reader.finish()
    assert writer.returncode == 0
    assert reader.errors == whole(home, tmp_path / "whole", FINE + "".join(blocks))
    assert [said for said in reader.troubles if "missed" in said] == []


@pytest.mark.parametrize("name", CORPUS)
def test_a_look_in_the_middle_splits_nothing(home: Home, tmp_path: Path, name: str) -> None:
    """Wherever a look falls while an error is being written, it is one error, and the same one."""
    text = FINE + CORPUS[name][0]
    expected = whole(home, tmp_path / "whole", text)
    lines = text.splitlines(keepends=True)
    log = tmp_path / "app.log"
    for number in range(1, len(lines)):
        log.write_text("".join(lines[:number]))
        reader = Reader(home, log)
        reader.look()
        with log.open("a") as more:
            more.write("".join(lines[number:]))
        reader.finish()
        assert reader.errors == expected, lines[number]


def test_the_same_error_is_the_same_at_another_hour(home: Home, tmp_path: Path) -> None:
    """The corpus once more, with another time, process and place: no error is new."""
    for name, (text, _) in CORPUS.items():
        other = text.replace("2026-11-28", "2026-12-09").replace("2026/11/28", "2026/12/09")
        other = other.replace("03:00:0", "17:42:1").replace("Nov 28", "Dec  9")
        assert set(whole(home, tmp_path / "a", text)) == set(whole(home, tmp_path / "b", other)), name


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\0" * 70_000 + b"ERROR after a hole\n", "ERROR after a hole"),
        ("\ufeffINFO a\nERROR wide\n".encode("utf-16-le"), "ERROR wide"),
        (b'\xef\xbb\xbf{"level":"error","msg":"marked"}\n', "marked"),
        (json.dumps({"level": "error", "msg": "deep", "stack": "x\n" * 9000}).encode() + b"\n", "deep"),
        (b"ERROR caf\xe9\r\n", "ERROR caf\ufffd"),
        (b"x" * 9000 + b" ERROR far\n", "ERROR far"),
    ],
)
def test_whatever_the_bytes_are(home: Home, tmp_path: Path, data: bytes, message: str) -> None:
    log = tmp_path / "app.log"
    log.write_bytes(data)
    (error,) = Reader(home, log).look(quiet=True)["errors"].values()
    assert message in error["message"]


def test_a_long_json_line_that_is_no_error(home: Home, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(json.dumps({"level": "info", "msg": "ERROR " + "x" * 9000}) + "\n")
    assert Reader(home, log).look(quiet=True)["errors"] == {}


def test_a_pattern_that_runs_away_is_stopped(home: Home, tmp_path: Path) -> None:
    """With the lines that it likes it is passed over, and the log goes on."""
    log = tmp_path / "app.log"
    log.write_text("a" * 60 + "!\n" + "(ab) ERROR\n")
    reader = Reader(home, log)
    search = records.searching([re.compile("(a+)+$"), re.compile("ERROR")])
    reader.wish = reader.wish._replace(search=search)
    seen = reader.look(quiet=True)
    assert [error["message"] for error in seen["errors"].values()] == ["(ab) ERROR"]
    assert "took too long" in seen["trouble"]


def test_a_storm_is_read_to_its_end_in_parts(home: Home, tmp_path: Path) -> None:
    """A look that has no time left goes on where it was; nothing counts twice."""
    log = tmp_path / "app.log"
    lines = [f"ERROR number {number}\n" for number in range(6000)]
    log.write_text("".join(lines))
    reader = Reader(home, log)
    usual = reader.wish
    reader.wish = usual._replace(working=0.0)
    looks = 1
    while reader.look(quiet=True)["more"]:
        looks += 1
        if looks == 5:
            reader.wish = usual
    assert (sum(reader.errors.values()), len(reader.errors), looks > 4) == (6000, 1, True)


def test_more_different_errors_than_a_look_may_have(home: Home, tmp_path: Path) -> None:
    letters = "abcdefghijklmnop"
    names = [f"{a}{b}{c}{d}" for a in letters for b in letters for c in letters for d in "xy"]
    log = tmp_path / "app.log"
    log.write_text("".join(f"ERROR in {name}\n" for name in names))
    reader = Reader(home, log)
    first = reader.look(quiet=True)
    reader.finish()
    assert (len(first["errors"]) <= found.MOST, first["more"]) == (True, True)
    assert (len(reader.errors), set(reader.errors.values())) == (len(names), {1})


def test_default_patterns_are_searched_as_one() -> None:
    for words in (list(PATTERNS), ["(?i)error", "a.c"]):
        patterns = [re.compile(word) for word in words]
        for line in ("", "x ERROR", "an Exception", "abc", "nothing"):
            places = [hit.start() for hit in (one.search(line) for one in patterns) if hit]
            assert (records.searching(patterns)(line) is None) == (not places)
