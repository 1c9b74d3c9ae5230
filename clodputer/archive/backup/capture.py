"""Capture: all that moves in a home, looked at within moments while runs go on, so that it fits together."""

# A request moves by renames from `new/` to a lane, into a slot, back among the delayed, and out at its end. All places are
# listed in the direction in which it moves, and the slots, from where it may go back, between any two of them. Intake and what
# drops slot times wait meanwhile, for some milliseconds; runs do not. Nothing leaves `new/` then, so it is listed last: what
# a run or a clock drops in between is there. The log is read after the lanes: it tells which of the requests that were seen
# waiting were started since. docs/backup.md has the whole order.
from __future__ import annotations

import os
from collections.abc import Iterator
from json import dumps
from typing import NamedTuple, Optional

from clodputer.archive.backup import parts
from clodputer.archive.backup.held import Held, Piece
from clodputer.archive.backup.placing import ENDED, LANE, NEW, SLOT, Begun, Running, Sighting, place
from clodputer.model.text.jsontext import loads
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.log import archive, since
from clodputer.store.spool import aside, layout
from clodputer.store.spool.layout import STARTED, is_mark, is_place, marked_run
from clodputer.store.spool.placename import parse_place

# So often the lanes are looked at again while a request is listed and gone before it is read.
MOST_LOOKS = 8
# What a run leaves of its request when it has ended.
KEPT = ("dropped", "masked")
# The folders of the spool in which requests lie, and that of files which are being written. Others are copied as they are.
_MOVING = ("new", "lanes", "rejected", "dead", "parked", "closed", "unrouted", "tmp")
# The file of a run's folder that says how it ended, and the folder of requests that are to follow it.
RECORD, FOLLOW = "record.json", "follow"


class Log(NamedTuple):
    """A file of the log, open, and how far it counts. path: from the home on."""

    path: str
    descriptor: int
    size: int
    inode: int


class Capture(NamedTuple):
    """A home at one moment. Paths are from the home on.

    sightings, begun: of its requests; `place` (placing.py) says from them where each goes.
    small: files copied at sight. aside: what was set aside, as (path, inode). runs: the folders of runs, as (task, run id).
    at_work: of those that go into a slot. requests: the copies by inode.
    """

    sightings: tuple[Sighting, ...]
    begun: dict[str, Begun]
    requests: dict[int, Optional[Piece]]
    small: dict[str, Piece]
    aside: tuple[tuple[str, int], ...]
    runs: frozenset[tuple[str, str]]
    at_work: frozenset[tuple[str, str]]
    logs: tuple[Log, ...]
    strange: tuple[str, ...]


def capture(home: Home, held: Held) -> Capture:
    """Look at everything once; the caller closes the descriptors of the logs. Raises OSError."""
    return _Look(home, held).whole()


class _Look:
    """One look; it lives for moments."""

    def __init__(self, home: Home, held: Held) -> None:
        self.home = home
        self.held = held
        self.sightings: list[Sighting] = []
        self.requests: dict[int, Optional[Piece]] = {}
        self.small: dict[str, Piece] = {}
        self.strange: list[str] = []
        self.missed: set[int] = set()

    def whole(self) -> Capture:
        """All of it, in the order that the head of this file explains."""
        home = self.home
        runs = frozenset((task, run) for task in entries(home.runs) for run in entries(f"{home.runs}/{task}"))
        begin = since.end(home)
        for _ in range(MOST_LOOKS):
            self._lanes()
            if not self.missed - self.requests.keys():
                break
        aside_now = tuple(self._aside())
        logs = self._logs()
        try:
            begun = self._begun(begin)
            gone = list(self._ended(begun))
            at_work = frozenset((one.task, one.run_id) for one in self._at_work(begun, gone))
            for task, run in at_work:
                self._run(task, run)
            others = (f"{home.spool}/{name}" for name in entries(home.spool) if name not in _MOVING)
            for folder in (home.state, home.holds, home.ledger, *others):
                self._tree(folder)
            for lane in layout.lanes(home):
                for name in ("waits", "scores"):
                    self._tree(f"{layout.lane(home, lane)}/{name}")
            self._folder(home.new, Sighting(NEW, "", 0))
        except BaseException:
            for log in logs:
                os.close(log.descriptor)
            raise
        new = {one.inode: one.path for one in self.sightings if one.where == NEW}
        # What was moved into `new/` from elsewhere meanwhile is there, and nowhere else.
        small = {path: piece for path, piece in self.small.items() if piece.inode not in new}
        self._dedupe(small, new)
        # What has ended in between is a run like any other. Of a run that was not started yet the request waits: the folder may
        # hold it by the time it is copied, and is left out.
        ended = {(one.task, one.run_id) for one in begun.values()} - at_work
        waits = self._runs_in_slots(started=False) - self._runs_in_slots(started=True)
        return Capture(
            (*self.sightings, *gone),
            begun,
            self.requests,
            small,
            aside_now,
            (runs - waits | ended) - at_work,
            at_work,
            logs,
            tuple(self.strange),
        )

    def _runs_in_slots(self, *, started: bool) -> set[tuple[str, str]]:
        """Those whose marks were seen, by whether anything of them may have been started then."""
        return {(one.task, one.run_id) for one in self.sightings if one.run_id and one.started == started}

    def _lanes(self) -> None:
        for lane in layout.lanes(self.home):
            self._slots(lane)
            for folder in (
                layout.delayed(self.home, lane),
                *(layout.queue(self.home, lane, priority) for priority in layout.PRIORITIES),
            ):
                self._folder(folder, Sighting(LANE, "", 0, lane))
                self._slots(lane)

    def _slots(self, lane: str) -> None:
        for number in layout.slot_numbers(self.home, lane):
            folder = layout.slot(self.home, lane, number)
            there = _listed(folder)
            mark = next((name for name, _ in there if is_mark(name)), "")
            task, run_id = marked_run(mark) if mark else ("", "")
            if mark.endswith(STARTED):
                self._small(f"{folder}/{mark}")
            found = Sighting(SLOT, "", 0, lane, number, task, run_id, mark.endswith(STARTED))
            for name, inode in there:
                if is_place(name):
                    self._see(f"{folder}/{name}", inode, found)

    def _folder(self, folder: str, found: Sighting) -> None:
        for name, inode in _listed(folder):
            if found.where == NEW or is_place(name):
                self._see(f"{folder}/{name}", inode, found)
            elif not parts.is_passing(name):
                self.strange.append(f"{folder}/{name}")

    def _see(self, path: str, inode: int, found: Sighting) -> None:
        try:
            piece = self.held.take(path) if found.where == NEW else self.held.request(path, inode)
        except FileNotFoundError:
            # Gone since it was listed, a moment ago. Where it went is listed later, or, if it went back, at the next look.
            self.missed.add(inode)
            return
        except OSError:
            piece = None
        if piece is None:
            self.strange.append(path)
            return
        self.requests[piece.inode] = piece
        seen = parse_place(os.path.basename(path))
        self.sightings.append(found._replace(path=self._relative(path), inode=piece.inode, place=seen))

    def _aside(self) -> Iterator[tuple[str, int]]:
        home = self.home
        for folder in (home.rejected, home.dead, home.parked, home.closed, home.unrouted):
            there = set(entries(folder))
            for name in there:
                if aside.is_reason(name) or (
                    name.startswith(".") and name + aside.REASON_SUFFIX not in there
                ):
                    continue
                try:
                    inode = os.lstat(f"{folder}/{name}").st_ino
                except FileNotFoundError:
                    continue
                self.sightings.append(Sighting(ENDED, self._relative(f"{folder}/{name}"), inode))
                yield self._relative(f"{folder}/{name}"), inode

    def _logs(self) -> tuple[Log, ...]:
        found: list[Log] = []
        # The log first: when it is archived in between, it is found once more under its new name, and counts once.
        for path in (self.home.log, *reversed(archive.archives(self.home))):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            except OSError:
                continue
            status = os.fstat(descriptor)
            if any(log.inode == status.st_ino for log in found):
                os.close(descriptor)
                continue
            found.append(Log(self._relative(path), descriptor, status.st_size, status.st_ino))
        return tuple(found)

    def _begun(self, begin: since.Place) -> dict[str, Begun]:
        found: dict[str, Begun] = {}
        more, at = True, begin
        while more:
            events, at, more = since.read(self.home, at)
            for event in events:
                if event.get("event") == "started" and event.get("request_id") and event.get("run_id"):
                    task, run_id = str(event.get("task")), str(event["run_id"])
                    found[str(event["request_id"])] = Begun(task, run_id, str(event.get("lane")))
        return found

    def _ended(self, begun: dict[str, Begun]) -> Iterator[Sighting]:
        """What lies in the folders of the runs that were at work meanwhile: their requests have ended there."""
        at_work = {(one.task, one.run_id) for one in self.sightings if one.started}
        for task, run in at_work | {(one.task, one.run_id) for one in begun.values()}:
            folder = f"{self.home.runs}/{task}/{run}"
            for name in entries(folder):
                if name.partition(".")[0] in KEPT:
                    try:
                        inode = os.lstat(f"{folder}/{name}").st_ino
                    except FileNotFoundError:
                        continue
                    yield Sighting(ENDED, self._relative(f"{folder}/{name}"), inode)

    def _at_work(self, begun: dict[str, Begun], gone: list[Sighting]) -> tuple[Running, ...]:
        """The requests that are going to lie in slots."""
        files = {one.inode for one in self.sightings if one.started or (begun and one.request_id in begun)}
        return place((one for one in (*self.sightings, *gone) if one.inode in files), begun).running

    def _run(self, task: str, run: str) -> None:
        folder = f"{self.home.runs}/{task}/{run}"
        # The record first: what follows a run is put down before it.
        self._small(f"{folder}/{RECORD}")
        self._tree(f"{folder}/{FOLLOW}")

    def _tree(self, folder: str) -> None:
        if os.path.basename(folder).endswith(".lock"):
            return
        for name in sorted(entries(folder)):
            path = f"{folder}/{name}"
            if parts.is_passing(name) or (folder == self.home.ledger and name in parts.OF_THE_PLACE):
                continue
            if os.path.isdir(path) and not os.path.islink(path):
                self._tree(path)
            else:
                self._small(path)

    def _small(self, path: str) -> None:
        try:
            piece = self.held.take(path)
        except FileNotFoundError:
            return
        except OSError:
            piece = None
        if piece is None:
            self.strange.append(path)
        else:
            self.small[self._relative(path)] = piece

    def _dedupe(self, small: dict[str, Piece], new: dict[int, str]) -> None:
        """Forget whom a dedupe key stands for where that was not taken in yet: its file will be another one."""
        folder = self._relative(self.home.dedupe)
        for path in [path for path in small if path.startswith(f"{folder}/")]:
            try:
                fields = loads(self.held.content(small[path]).decode())
                if new.get(fields["inode"], "").rpartition("/")[2] == fields["dropped"]:
                    del small[path]
            except (ValueError, KeyError, TypeError, AttributeError):
                continue

    def _relative(self, path: str) -> str:
        return path[len(self.home.root) + 1 :]


def _listed(folder: str) -> list[tuple[str, int]]:
    """The names in a folder, each with the number of its file."""
    try:
        with os.scandir(folder) as found:
            return [(entry.name, entry.inode()) for entry in found]
    except (FileNotFoundError, NotADirectoryError):
        return []


def without_place(content: bytes) -> bytes:
    """An entry of the dedupe ledger that names no file any more: in another folder the number would be somebody else's."""
    try:
        fields = loads(content.decode())
    except (ValueError, RecursionError):
        return content
    return dumps({**fields, "inode": 0}).encode() if isinstance(fields, dict) else content
