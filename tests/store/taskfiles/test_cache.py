"""The cache: right after every change, and never in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.store.taskfiles import cache
from tests.workshop import ROOT

LONG_AGO = 1_700_000_000_500_000_000


@pytest.fixture
def source(home: Home) -> Path:
    """Return a file that has not changed for long."""
    path = Path(home.tasks, "a.yaml")
    path.write_text("one", encoding="utf-8")
    _age(path)
    return path


def _age(path: Path, when: int = LONG_AGO) -> None:
    os.utime(path, ns=(when, when))


class _Loader:
    """What reads the file, and counts how often it was asked to."""

    def __init__(self, path: Path, keep: bool = True) -> None:
        self.path, self.keep, self.calls = path, keep, 0

    def __call__(self) -> tuple[Any, bool]:
        self.calls += 1
        return {"text": self.path.read_text(encoding="utf-8")}, self.keep


def test_an_unchanged_file_is_read_once(home: Home, source: Path) -> None:
    """The second time the value comes from the cache."""
    load = _Loader(source)
    assert [cache.get(home, str(source), "1", load) for _ in range(3)] == [{"text": "one"}] * 3
    assert load.calls == 1
    assert cache.find(home, str(source), "1") == {"text": "one"}


def test_no_trace_but_the_entry(home: Home, source: Path) -> None:
    """No temporary file stays behind, and the entry is the account's own."""
    cache.get(home, str(source), "1", _Loader(source))
    (entry,) = Path(home.cache).iterdir()
    assert entry.stat().st_mode & 0o077 == 0


def test_an_edit_of_the_same_size_and_time_is_seen(home: Home, source: Path) -> None:
    """An editor that keeps size and modification time still changes the change time or the inode."""
    load = _Loader(source)
    cache.get(home, str(source), "1", load)
    source.write_text("two", encoding="utf-8")
    _age(source)
    assert cache.get(home, str(source), "1", load) == {"text": "two"}
    other = source.with_name("new")
    other.write_text("six", encoding="utf-8")
    _age(other)
    other.rename(source)
    assert cache.get(home, str(source), "1", load) == {"text": "six"}


def test_another_program_reads_again(home: Home, source: Path) -> None:
    """A newer version of the rules does not trust what the older one let pass."""
    load = _Loader(source)
    cache.get(home, str(source), "1", load)
    cache.get(home, str(source), "2", load)
    assert load.calls == 2
    assert cache.find(home, str(source), "1") is None


def test_the_version_follows_the_rules() -> None:
    """A change to any file of the rules is another version."""
    assert cache.program("store/taskfiles/cache.py") == cache.program("store/taskfiles/cache.py")
    assert cache.program("store/taskfiles/cache.py") != cache.program(
        "store/taskfiles/cache.py", "store/home.py"
    )


def test_a_value_for_this_moment_is_not_kept(home: Home, source: Path) -> None:
    """A loader can forbid keeping, as for a task that depends on the environment."""
    load = _Loader(source, keep=False)
    cache.get(home, str(source), "1", load)
    cache.get(home, str(source), "1", load)
    assert load.calls == 2
    assert list(Path(home.cache).iterdir()) == []


def test_a_file_edited_while_it_is_read_is_not_kept(home: Home, source: Path) -> None:
    """What was read may be half of each version."""

    def load() -> tuple[Any, bool]:
        text = source.read_text(encoding="utf-8")
        source.write_text("two", encoding="utf-8")
        _age(source)
        return text, True

    assert cache.get(home, str(source), "1", load) == "one"
    assert cache.find(home, str(source), "1") is None


@pytest.mark.parametrize("ago", [0, 5_000_000])
def test_a_file_changed_just_now_is_not_kept(ago: int, home: Home, source: Path) -> None:
    """It could be changed again within the same tick of the clock, and look the same."""
    told = 0
    while told < 5:
        changed = _clock(home) - ago + 10_000_000
        _age(source, changed)
        cache.get(home, str(source), "1", _Loader(source))
        kept = cache.find(home, str(source), "1")
        # On a busy machine it may have grown old meanwhile, and then it may be kept.
        if _clock(home) - changed < cache.YOUNG_NS:
            assert kept is None
            told += 1


def _clock(home: Home) -> int:
    """What the file system's clock shows."""
    probe = Path(home.tmp, "clock")
    probe.unlink(missing_ok=True)
    probe.write_text("", encoding="utf-8")
    return probe.stat().st_mtime_ns


def test_whole_seconds_are_distrusted_for_longer(home: Home, source: Path) -> None:
    """Where times are whole seconds, the file system may not count finer."""
    now = _clock(home)
    _age(source, now // 1_000_000_000 * 1_000_000_000)
    cache.get(home, str(source), "1", _Loader(source))
    assert cache.find(home, str(source), "1") is None
    _age(source, LONG_AGO // 1_000_000_000 * 1_000_000_000)
    cache.get(home, str(source), "1", _Loader(source))
    assert cache.find(home, str(source), "1") == {"text": "one"}


@pytest.mark.parametrize(
    "content", [b"", b"x", b"{}", b"null", b"\xff\xfe", b"[[[", b"[" * 200_000, b'["a", 1, 2]']
)
def test_a_damaged_entry_is_a_miss(content: bytes, home: Home, source: Path) -> None:
    """It is read again, and fixed."""
    load = _Loader(source)
    cache.get(home, str(source), "1", load)
    (entry,) = Path(home.cache).iterdir()
    entry.write_bytes(content)
    assert cache.get(home, str(source), "1", load) == {"text": "one"}
    assert load.calls == 2
    assert json.loads(entry.read_bytes())[-1] == {"text": "one"}


def test_an_entry_of_another_path_is_a_miss(home: Home, source: Path) -> None:
    """Two paths whose entries share a name do not get each other's value."""
    folder = Path(home.tasks, "b")
    folder.mkdir()
    inner, twin = folder / "c.yaml", Path(home.tasks, "b%c.yaml")
    for path in (inner, twin):
        path.write_text(path.name, encoding="utf-8")
        _age(path)
    for path in (inner, twin, inner):
        assert cache.get(home, str(path), "1", _Loader(path)) == {"text": path.name}


def test_a_cache_that_was_deleted_is_made_again(home: Home, source: Path) -> None:
    """It may be deleted at any time."""
    Path(home.cache).rmdir()
    load = _Loader(source)
    assert [cache.get(home, str(source), "1", load) for _ in range(2)] == [{"text": "one"}] * 2
    assert load.calls == 1


def test_no_place_for_a_cache(home: Home, source: Path) -> None:
    """A cache that cannot be written is a cache that misses."""
    Path(home.cache).rmdir()
    Path(home.cache).write_text("in the way", encoding="utf-8")
    load = _Loader(source)
    assert [cache.get(home, str(source), "1", load) for _ in range(2)] == [{"text": "one"}] * 2
    assert load.calls == 2


def test_a_folder_in_place_of_the_entry(home: Home, source: Path) -> None:
    """The same holds when something else bears the entry's name."""
    cache.get(home, str(source), "1", _Loader(source))
    (entry,) = Path(home.cache).iterdir()
    entry.unlink()
    (entry / "x").mkdir(parents=True)
    assert cache.get(home, str(source), "1", _Loader(source)) == {"text": "one"}
    assert [path.name for path in Path(home.cache).iterdir()] == [entry.name]


@pytest.mark.parametrize("value", [float("nan"), "\ud800", "x" * 100_000, None, [], {"a": [1, None, True]}])
def test_values(value: Any, home: Home, source: Path) -> None:
    """Any JSON value comes back as it went in."""
    for _ in range(2):
        got = cache.get(home, str(source), "1", lambda: (value, True))
        assert got == value or got != got


def test_an_error_of_the_loader_is_passed_on(home: Home, source: Path) -> None:
    """And nothing stays behind."""

    def load() -> tuple[Any, bool]:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        cache.get(home, str(source), "1", load)
    assert list(Path(home.cache).iterdir()) == []


@pytest.mark.parametrize("name", ["gone.yaml", "x\0y", "n" * 300])
def test_a_file_that_is_not_there(name: str, home: Home) -> None:
    """The loader is asked, and nothing is kept."""
    path = f"{home.tasks}/{name}"
    assert cache.get(home, path, "1", lambda: ("fresh", True)) == "fresh"
    assert cache.find(home, path, "1") is None


def test_many_at_once(home: Home, source: Path) -> None:
    """Several processes that fill one entry leave one whole entry."""
    program = (
        "import sys\n"
        "from clodputer.store import home\nfrom clodputer.store.taskfiles import cache\n"
        "here = home.Home(sys.argv[1])\n"
        "for number in range(200):\n"
        "    got = cache.get(here, sys.argv[2], str(number % 3), lambda: ('x' * 10_000, True))\n"
        "    assert got == 'x' * 10_000\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, home.root, str(source)], cwd=ROOT) for _ in range(4)
    ]
    assert [process.wait(100) for process in running] == [0, 0, 0, 0]
    assert len(list(Path(home.cache).iterdir())) == 1
