"""What has changed in a watched folder: a look at it, compared with what was known, says which files are settled.

An alarm says that something may have changed, never what; looks may be missed, repeated, early or late. So all that counts
is the difference between two looks, and a change is reported when the file has been quiet for `debounce`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Optional

CREATED, MODIFIED, DELETED, ANY = "created", "modified", "deleted", "any"
IGNORE, PROCESS = "ignore", "process"

# Two writes within one tick of the kernel's clock (at most 10 ms) have the same times, so however short the debounce is, a
# file must be older than that. Some file systems count whole seconds, or two.
TICK, COARSE_TICK = 0.015, 2.0

# A task that writes into the folder it watches brings its own next run in. We cannot see who wrote a file, and must not pass
# over somebody else's; so nothing is dropped, but after so many rounds in a row in which every change was made while the
# task was running, there is one round each quarter of an hour. One change made at another time ends it.
ECHOES = 10
SLOW = 900.0


class Version(NamedTuple):
    """What tells one state of a file from the next."""

    mtime_ns: int
    size: int
    inode: int
    ctime_ns: int


class Entry(NamedTuple):
    """A file as of the last look.

    since: the look that first saw this version, in epoch seconds, while it is not settled; None when it is accounted for.
    new: a version that is not settled is the first one of its file. gone: the look that first missed the file, while its
    deletion is not settled.
    """

    version: Version
    since: Optional[float] = None
    new: bool = False
    gone: Optional[float] = None


class Options(NamedTuple):
    """What a trigger says of changes; `debounce` in seconds. ANY among the events is CREATED and MODIFIED."""

    event: Collection[str] = (ANY,)
    debounce: float = 2.0
    initial: str = IGNORE

    def wants(self, event: str) -> bool:
        """Whether a change of that kind is asked for."""
        return event in self.event or (ANY in self.event and event != DELETED)


class Change(NamedTuple):
    """A settled change: the path relative to the folder, CREATED, MODIFIED or DELETED, and the version it led to.

    Of a file that is gone, the last version, and since when it is gone (epoch seconds).
    """

    path: str
    event: str
    version: Version
    gone: Optional[float] = None

    @property
    def moment(self) -> float:
        """When it was made, as far as that is known; epoch seconds."""
        return self.version.ctime_ns / 1e9 if self.gone is None else self.gone


class Looked(NamedTuple):
    """A look's outcome: settled changes, oldest first; when to look again (epoch seconds) if any file is not settled.

    entries: what is known from now on, once these changes are in the spool. echoes: see ECHOES. slowed: changes wait for it.
    """

    changes: tuple[Change, ...]
    again: Optional[float]
    entries: Mapping[str, Entry]
    echoes: int = 0
    slowed: bool = False


def first(listing: Mapping[str, Version], now: float, options: Options) -> Looked:
    """The first look at a folder: what is there is known already, or with `initial: process` all of it is new."""
    if options.initial == PROCESS:
        return compare({}, listing, now, options)
    return Looked((), None, {path: Entry(version) for path, version in listing.items()})


def compare(
    before: Mapping[str, Entry],
    listing: Mapping[str, Version],
    now: float,
    options: Options,
    *,
    inodes: bool = True,
) -> Looked:
    """What a look at `now` (epoch seconds) finds changed since the look that left `before`.

    Files that are gone are forgotten; where DELETED is asked for, once that is a change. `inodes=False`: the folder was away
    meanwhile, and a volume that comes back may number its files again.
    """
    entries: dict[str, Entry] = {}
    changes = []
    again = None
    for path, version in listing.items():
        entry = _seen(before.get(path), version, now, inodes)
        if entry.since is not None:
            quiet = _quiet_at(version, entry.since, options.debounce)
            if quiet > now:
                again = quiet if again is None else min(again, quiet)
            else:
                event = CREATED if entry.new else MODIFIED
                if options.wants(event):
                    changes.append(Change(path, event, version))
                entry = Entry(version)
        entries[path] = entry
    changes.sort(key=lambda change: (change.version.mtime_ns, change.path))
    if options.wants(DELETED):
        gone = {path: entry for path, entry in before.items() if path not in listing}
        for path, entry in sorted(gone.items()):
            if entry.new:
                continue  # nobody was told that it was there
            since = now if entry.gone is None else min(entry.gone, now)
            quiet = since + max(options.debounce, TICK)
            if quiet > now:
                again = quiet if again is None else min(again, quiet)
                entries[path] = entry._replace(gone=since)
            else:
                changes.append(Change(path, DELETED, entry.version, since))
    return Looked(tuple(changes), again, entries)


def slow_down(
    looked: Looked,
    before: Mapping[str, Entry],
    now: float,
    echoes: int,
    runs: Sequence[tuple[float, float]],
) -> Looked:
    """The look with its changes kept back for a while, if the task seems to be waking itself.

    `runs` are the (start, end) of the task's runs, `echoes` the rounds so far whose changes all lay within them.
    """
    if not looked.changes:
        return looked._replace(echoes=echoes)
    moments = [change.moment for change in looked.changes]
    if not all(any(start <= moment <= end for start, end in runs) for moment in moments):
        return looked
    until = max(end for _, end in runs) + SLOW
    if echoes < ECHOES or until <= now:
        return looked._replace(echoes=echoes + 1)
    kept = {
        change.path: _seen(before.get(change.path), change.version, now, True)
        if change.gone is None
        else before[change.path]._replace(gone=change.gone)
        for change in looked.changes
    }
    again = until if looked.again is None else min(looked.again, until)
    return looked._replace(
        changes=(), again=again, entries={**looked.entries, **kept}, echoes=echoes, slowed=True
    )


def out_of_sight(before: Mapping[str, Entry], folders: Collection[str]) -> dict[str, Entry]:
    """What was known below folders that cannot be read now: their files are not gone."""
    heads = tuple(f"{folder}/" for folder in folders)
    return {path: entry for path, entry in before.items() if path.startswith(heads)}


def _seen(old: Optional[Entry], version: Version, now: float, inodes: bool) -> Entry:
    if old is None:
        return Entry(version, now, True)
    old = old._replace(gone=None)
    if old.since is None:
        if (version[:3] if inodes else version[:2]) == (old.version[:3] if inodes else old.version[:2]):
            # New rights or a new link change ctime alone, and are no new content.
            return old if version.inode == old.version.inode else Entry(version)
        return Entry(version, now)
    if version == old.version:
        # The clock may have been set back meanwhile.
        return old if old.since <= now else old._replace(since=now)
    return Entry(version, now, old.new)


def _quiet_at(version: Version, since: float, debounce: float) -> float:
    """When a version will have been quiet for long enough.

    From its ctime on, which every write, rename and copy sets, and nobody can choose (the mtime of a file that is moved or
    unpacked is often old). A ctime in the future is no measure: then from the first look that saw the version on.
    """
    whole_seconds = version.ctime_ns % 1_000_000_000 == 0
    return min(version.ctime_ns / 1e9, since) + max(debounce, COARSE_TICK if whole_seconds else TICK)
