"""A look compared with what was known: each rule as a table of looks."""

from __future__ import annotations

from typing import Optional

import pytest

from clodputer.model.triggers import watch
from clodputer.model.triggers.watch import CREATED, MODIFIED, Entry, Looked, Options, Version

NOW = 1_800_000_000.0
OPTIONS = Options(debounce=2.0)


def version(
    age: float, size: int = 1, inode: int = 1, mtime_age: Optional[float] = None, now: float = NOW
) -> Version:
    """A file that changed `age` seconds before NOW; never on a whole second."""
    changed = int((now - age) * 1000) * 1_000_000 + 123
    modified = changed if mtime_age is None else int((now - mtime_age) * 1000) * 1_000_000 + 123
    return Version(modified, size, inode, changed)


def told(looked: Looked) -> list[tuple[str, str]]:
    """(path, event) of each change."""
    return [(change.path, change.event) for change in looked.changes]


def settled(*versions: Version) -> dict[str, Entry]:
    """Known files a, b, ..."""
    return {chr(97 + number): Entry(each) for number, each in enumerate(versions)}


def test_the_first_look_ignores_what_is_there() -> None:
    """Present files are known, even one still being written; later changes are told."""
    looked = watch.first({"a": version(100), "b": version(0.1)}, NOW, OPTIONS)
    assert (told(looked), looked.again) == ([], None)
    later = watch.compare(looked.entries, {"a": version(100), "b": version(0, size=2)}, NOW + 3, OPTIONS)
    assert told(later) == [("b", MODIFIED)]


def test_the_first_look_processes_what_is_there() -> None:
    """`initial: process` takes all of it as created, oldest first, each when it is quiet."""
    listing = {"a": version(5), "b": version(0.5), "c": version(100)}
    looked = watch.first(listing, NOW, OPTIONS._replace(initial="process"))
    assert told(looked) == [("c", CREATED), ("a", CREATED)]
    assert looked.again == pytest.approx(NOW + 1.5, abs=0.01)
    assert told(watch.compare(looked.entries, listing, looked.again or 0, OPTIONS)) == [("b", CREATED)]


def test_a_slow_writer_is_waited_for() -> None:
    """A file that keeps growing is told once, as created, when it has been quiet for the debounce."""
    entries: dict[str, Entry] = {}
    for second in range(10):
        looked = watch.compare(entries, {"a": version(1 - second, size=second)}, NOW + second, OPTIONS)
        assert told(looked) == []
        assert looked.again == pytest.approx(NOW + second + 1, abs=0.01)
        entries = dict(looked.entries)
    last = version(1 - 9, size=9)
    looked = watch.compare(entries, {"a": last}, looked.again or 0, OPTIONS)
    assert told(looked) == [("a", CREATED)]
    assert told(watch.compare(looked.entries, {"a": last}, NOW + 99, OPTIONS)) == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("any", [("new", CREATED), ("a", MODIFIED)]),
        ("created", [("new", CREATED)]),
        ("modified", [("a", MODIFIED)]),
    ],
)
def test_event_chooses(event: str, expected: list[tuple[str, str]]) -> None:
    """What is not asked for is known all the same, and not told later."""
    listing = {"a": version(5, size=2), "new": version(6)}
    looked = watch.compare(settled(version(100)), listing, NOW, OPTIONS._replace(event=event))
    assert told(looked) == expected
    assert told(watch.compare(looked.entries, listing, NOW + 9, OPTIONS)) == []


@pytest.mark.parametrize(
    ("before", "now_there", "expected"),
    [
        # written in place
        (version(100), version(5, size=2), MODIFIED),
        (version(100), version(5), MODIFIED),
        # replaced by a rename: another inode, even with the same size and an old mtime
        (version(100, mtime_age=200), version(5, inode=2, mtime_age=200), MODIFIED),
        # new rights or a new name elsewhere: ctime alone
        (version(100, mtime_age=200), version(5, mtime_age=200), None),
        # moved in with an old mtime
        (None, version(5, mtime_age=99999), CREATED),
        (None, version(0.5, mtime_age=99999), "later"),
        # an mtime in the future blocks nothing
        (None, version(5, mtime_age=-99999), CREATED),
    ],
)
def test_what_is_a_change(before: Optional[Version], now_there: Version, expected: Optional[str]) -> None:
    """Content, size or inode; quiet since the last change of any kind."""
    looked = watch.compare(settled(before) if before else {}, {"a": now_there}, NOW, OPTIONS)
    assert told(looked) == ([("a", expected)] if expected in (CREATED, MODIFIED) else [])
    assert (looked.again is not None) == (expected == "later")


def test_the_next_look_is_when_the_first_of_them_is_quiet() -> None:
    """Whichever it is."""
    for ages in ((0.5, 1.0, 0.2), (1.0, 0.2, 0.5)):
        listing = {f"f{age}": version(age) for age in ages}
        assert watch.compare({}, listing, NOW, OPTIONS).again == pytest.approx(NOW + 1, abs=0.01)


def test_a_rename_over_is_one_event() -> None:
    """An editor writes beside the file and renames: the copy is gone at the next look, the file is told once."""
    first = watch.compare(
        settled(version(100)), {"a": version(100), "a~": version(0.5, inode=7)}, NOW, OPTIONS
    )
    assert told(first) == []
    listing = {"a": version(-1, inode=7, mtime_age=0.5)}
    looked = watch.compare(first.entries, listing, NOW + 2, OPTIONS)
    assert told(looked) == []
    assert looked.again == pytest.approx(NOW + 3, abs=0.01)
    looked = watch.compare(looked.entries, listing, NOW + 3.01, OPTIONS)
    assert told(looked) == [("a", MODIFIED)]
    assert list(looked.entries) == ["a"]


def test_a_deleted_file_is_forgotten() -> None:
    """No request for it; a new one of its name is created."""
    looked = watch.compare(settled(version(100)), {}, NOW, OPTIONS)
    assert (told(looked), looked.again, looked.entries) == ([], None, {})
    assert told(watch.compare(looked.entries, {"a": version(5)}, NOW, OPTIONS)) == [("a", CREATED)]


def test_a_renamed_file_is_created_under_its_new_name() -> None:
    """The usual end of a download: `x.part` becomes `x`."""
    before = {"x.part": Entry(version(100))}
    looked = watch.compare(before, {"x": version(5, mtime_age=100)}, NOW, OPTIONS)
    assert told(looked) == [("x", CREATED)]


def test_clocks_that_differ() -> None:
    """A ctime in the future, or a clock set back, delays a file by the debounce from when it was first seen; no longer."""
    ahead = {"a": version(-3600)}
    looked = watch.compare({}, ahead, NOW, OPTIONS)
    assert looked.again == NOW + 2
    assert told(watch.compare(looked.entries, ahead, NOW + 2, OPTIONS)) == [("a", CREATED)]
    back = watch.compare(looked.entries, ahead, NOW - 7200, OPTIONS)
    assert back.again == NOW - 7200 + 2
    assert told(watch.compare(back.entries, ahead, NOW - 7198, OPTIONS)) == [("a", CREATED)]


@pytest.mark.parametrize(("nanoseconds", "wait"), [(5_000_000, 0.015), (0, 2.0)])
def test_a_short_debounce_outlasts_the_tick_of_the_clock(nanoseconds: int, wait: float) -> None:
    """Within one tick a file may change and bear the same times, so even `debounce: 0` waits for the next."""
    changed = int(NOW) * 10**9 + nanoseconds
    listing = {"a": Version(changed, 1, 1, changed)}
    now = changed / 1e9 + 0.001
    looked = watch.compare({}, listing, now, Options(debounce=0.0))
    assert told(looked) == []
    assert looked.again == pytest.approx(changed / 1e9 + wait, abs=0.0001)


def test_other_inodes_after_an_absence() -> None:
    """A volume that comes back may number its files anew; what has the same size and mtime is the same."""
    before = settled(version(100), version(100))
    listing = {"a": version(100, inode=9), "b": version(100, inode=8, size=5)}
    looked = watch.compare(before, listing, NOW, OPTIONS, inodes=False)
    assert told(looked) == [("b", MODIFIED)]
    assert told(watch.compare(looked.entries, listing, NOW, OPTIONS)) == []


def test_files_out_of_sight_are_kept() -> None:
    """Those below folders that cannot be read, and no others."""
    before = {path: Entry(version(9)) for path in ("x/a", "x/y/b", "xz/c", "d")}
    assert list(watch.out_of_sight(before, ["x"])) == ["x/a", "x/y/b"]
    assert watch.out_of_sight(before, []) == {}


def rounds(inside: bool) -> tuple[list[int], Looked]:
    """In which of 25 rounds, one a minute, a change was told; each was made in the task's run, or just after it."""
    entries: dict[str, Entry] = {}
    found, echoes, runs = [], 0, []
    looked = Looked((), None, {})
    listing: dict[str, Version] = {}
    for number in range(25):
        now = NOW + 60 * number
        runs.append((now - 20, now - 10))
        listing[f"f{number:02}"] = version(15 if inside else 5, now=now, inode=number)
        looked = watch.compare(entries, listing, now, OPTIONS)
        looked = watch.slow_down(looked, entries, now, echoes, runs)
        entries, echoes = dict(looked.entries), looked.echoes
        if looked.changes:
            found.append(number)
    return found, looked


def test_a_task_that_wakes_itself_is_slowed_down() -> None:
    """After ten rounds in a row made by its own runs changes wait for 15 minutes from the last run on; none is lost."""
    found, looked = rounds(inside=True)
    assert found == list(range(watch.ECHOES))
    assert looked.slowed
    assert looked.again == NOW + 60 * 24 - 10 + watch.SLOW
    waiting = {path for path, entry in looked.entries.items() if entry.since is not None}
    assert waiting == {f"f{number:02}" for number in range(watch.ECHOES, 25)}
    listing = {path: entry.version for path, entry in looked.entries.items()}
    runs = [(NOW - 20, NOW + 60 * 24 - 10)]
    after = watch.slow_down(
        watch.compare(looked.entries, listing, looked.again, OPTIONS),
        looked.entries,
        looked.again,
        looked.echoes,
        runs,
    )
    assert {path for path, _ in told(after)} == waiting


def test_others_changes_are_never_slowed_down() -> None:
    """One change outside of the task's runs is enough to let all of them through."""
    found, looked = rounds(inside=False)
    assert found == list(range(25))
    assert looked.echoes == 0
