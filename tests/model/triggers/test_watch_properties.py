"""Whatever happens in a folder and whenever it is looked at: each settled version is told once, and none is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from hypothesis import example, given, settings
from hypothesis import strategies as st

from clodputer.model.triggers import watch
from clodputer.model.triggers.watch import CREATED, DELETED, MODIFIED, Entry, Options, Version
from tests.examples import examples

START = 1_800_000_000
DEBOUNCE = 2.0
PATHS = st.sampled_from("abc")

# (what, path, other path, milliseconds until then); a look may be lost, as when an exec is killed before it is done.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("create", "write", "replace", "rename", "delete", "rights", "look", "look", "lost look")
        ),
        PATHS,
        PATHS,
        st.sampled_from((0, 1, 300, 1900, 2001, 5000)),
    ),
    max_size=40,
)


class Told(NamedTuple):
    """A change that a look told, when, and which look it was: two of them may come within one millisecond."""

    path: str
    event: str
    version: Version
    at: float
    look: int


class Folder:
    """A folder as a file system keeps it; every change takes a millisecond."""

    def __init__(self) -> None:
        self.files: dict[str, Version] = {}
        self.clock = START * 1000
        self.inode = 0

    def now(self) -> float:
        return self.clock / 1000

    def tick(self) -> int:
        self.clock += 1
        return self.clock * 1_000_000 + 7

    def do(self, what: str, path: str, other: str) -> None:
        """Carry out one step, if it can be."""
        here = self.files.get(path)
        if what in ("create", "replace"):
            self.inode += 1
            changed = self.tick()
            old_mtime = changed - 10**15 if what == "replace" else changed
            self.files[path] = Version(old_mtime, 1, self.inode, changed)
        elif here is None:
            return
        elif what == "write":
            changed = self.tick()
            self.files[path] = Version(changed, here.size + 1, here.inode, changed)
        elif what == "rename" and path != other:
            self.files[other] = self.files.pop(path)._replace(ctime_ns=self.tick())
        elif what == "delete":
            del self.files[path]
        elif what == "rights":
            self.files[path] = here._replace(ctime_ns=self.tick())


class Watcher:
    """Looks one after the other, each from where the last one that was not lost left off."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.entries: Optional[Mapping[str, Entry]] = None
        self.told: list[Told] = []
        self.looks: list[tuple[float, dict[str, Version]]] = []

    def look(self, folder: Folder, *, lost: bool = False) -> Optional[float]:
        now = folder.now()
        if self.entries is None:
            looked = watch.first(folder.files, now, self.options)
        else:
            looked = watch.compare(self.entries, folder.files, now, self.options)
        if lost:
            return looked.again
        number = len(self.looks)
        self.told += [
            Told(change.path, change.event, change.version, now, number) for change in looked.changes
        ]
        self.entries = looked.entries
        self.looks.append((now, dict(folder.files)))
        return looked.again


def play(steps: list[tuple[str, str, str, int]], options: Options) -> tuple[Folder, Watcher]:
    """Play the steps, then let all become quiet and look as often as is asked for."""
    folder, watcher = Folder(), Watcher(options)
    watcher.look(folder)
    for what, path, other, later in steps:
        folder.clock += later
        if what.endswith("look"):
            watcher.look(folder, lost=what == "lost look")
        else:
            folder.do(what, path, other)
    for _ in range(10):
        again = watcher.look(folder)
        if again is None:
            return folder, watcher
        folder.clock = max(folder.clock, int(again * 1000) + 1)
    raise AssertionError("it never comes to rest")


def content(version: Version) -> Any:
    """What makes a version another one."""
    return version[:3]


@settings(max_examples=examples(500), deadline=None)
@given(STEPS)
def test_nothing_is_told_twice_or_too_early(steps: list[tuple[str, str, str, int]]) -> None:
    """Between two tellings of a path it changed or was gone, and each was quiet for the debounce when it was told."""
    _, watcher = play(steps, Options(debounce=DEBOUNCE))
    for number, told in enumerate(watcher.told):
        assert told.at - told.version.ctime_ns / 1e9 >= DEBOUNCE - 0.001
        for earlier in watcher.told[:number]:
            if (earlier.path, content(earlier.version)) == (told.path, content(told.version)):
                assert any(
                    content(files[told.path]) != content(told.version) if told.path in files else True
                    for _, files in watcher.looks[earlier.look : told.look + 1]
                ), (earlier, told)


@settings(max_examples=examples(500), deadline=None)
@given(STEPS)
def test_nothing_that_stayed_is_lost(steps: list[tuple[str, str, str, int]]) -> None:
    """Whatever is there at the end was told in its last version; whatever a look saw quiet was told at that look or before."""
    folder, watcher = play(steps, Options(debounce=DEBOUNCE))
    told = {(each.path, content(each.version)) for each in watcher.told}
    assert {(path, content(version)) for path, version in folder.files.items()} <= told
    for look, (at, files) in enumerate(watcher.looks):
        for path, version in files.items():
            if at - version.ctime_ns / 1e9 >= DEBOUNCE:
                assert any(
                    each.path == path and content(each.version) == content(version) and each.look <= look
                    for each in watcher.told
                )


@settings(max_examples=examples(300), deadline=None)
@given(STEPS)
@example(
    # The file goes within the millisecond of the look that told its change, and another look follows in the same one.
    [
        ("create", "b", "a", 0),
        ("create", "a", "a", 2001),
        ("look", "a", "a", 0),
        ("create", "b", "a", 0),
        ("create", "a", "a", 2001),
        ("look", "a", "a", 0),
        ("delete", "b", "a", 0),
    ]
)
def test_created_comes_first_and_once_for_each_file(steps: list[tuple[str, str, str, int]]) -> None:
    """A path is created, then modified any number of times; created again only when a look saw it gone."""
    _, watcher = play(steps, Options(debounce=DEBOUNCE))
    for path in "abc":
        told = [each for each in watcher.told if each.path == path]
        assert [each.event for each in told[:1]] in ([], [CREATED])
        for earlier, later in zip(told, told[1:]):
            gone = any(path not in files for _, files in watcher.looks[earlier.look : later.look + 1])
            assert later.event == (CREATED if gone else MODIFIED)


@settings(max_examples=examples(300), deadline=None)
@given(STEPS, st.sampled_from(("created", "modified")))
def test_event_only_chooses(steps: list[tuple[str, str, str, int]], event: str) -> None:
    """With `event` the same looks tell the same changes of that kind, and no others."""
    _, everything = play(steps, Options(debounce=DEBOUNCE))
    _, some = play(steps, Options((event,), DEBOUNCE))
    assert some.told == [each for each in everything.told if each.event == event]


@settings(max_examples=examples(300), deadline=None)
@given(STEPS)
def test_deleted_is_told_once_and_never_too_early(steps: list[tuple[str, str, str, int]]) -> None:
    """Of a path that was told before, when no look saw it for the debounce; afterwards it begins anew."""
    folder, watcher = play(steps, Options(("any", "deleted"), DEBOUNCE))
    for path in "abc":
        told = [each for each in watcher.told if each.path == path]
        assert [each.event for each in told[:1]] in ([], [CREATED])
        for earlier, later in zip(told, told[1:]):
            assert (later.event == CREATED) == (earlier.event == DELETED)
            if later.event == DELETED:
                missing = [at for at, files in watcher.looks[: later.look + 1] if path not in files]
                seen = [at for at, files in watcher.looks[: later.look + 1] if path in files]
                assert later.at - min(at for at in missing if at >= max(seen)) >= DEBOUNCE - 0.001
        assert (path in folder.files) == (bool(told) and told[-1].event != DELETED)
