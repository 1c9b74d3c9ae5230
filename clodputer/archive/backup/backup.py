"""Backup: a home written into one archive while its runs go on."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from json import dumps
from typing import IO, NamedTuple, Optional

from clodputer import __version__
from clodputer.archive.backup import capture, parts
from clodputer.archive.backup.alone import alone
from clodputer.archive.backup.capture import Capture, Log
from clodputer.archive.backup.held import Held, Piece
from clodputer.archive.backup.placing import Placed, Running, place
from clodputer.archive.format.manifest import Manifest
from clodputer.archive.format.writing import Omitted, Writer
from clodputer.model.text.moment import iso
from clodputer.store.folder import entries
from clodputer.store.home import Home, format_of
from clodputer.store.records import runs
from clodputer.store.spool import aside
from clodputer.store.spool import slot as slots


class Wanted(NamedTuple):
    """What an archive is to have: secrets; runs begun since a moment (epoch seconds; None for none, 0 for all), and how a
    person said that."""

    secrets: bool = False
    since: Optional[float] = 0.0
    said: str = "all"


class Done(NamedTuple):
    """What a backup has: its manifest, how many files and bytes, runs, and what it has not, of which `omitted` lists some."""

    manifest: Manifest
    files: int
    size: int
    runs: int
    omitted: tuple[Omitted, ...]
    omitted_count: int


def write(home: Home, out: IO[bytes], room: str, wanted: Wanted, now: float) -> Done:
    """Write the archive to `out`. room: a folder for files without a name, which need as much space as the waiting requests.

    Raises ClodputerError ("busy"), OSError.
    """
    with Held(room) as held, Writer(out, room) as writer:
        # Once for the content, which takes its time, then once more for what has changed since, with nothing moving in.
        _close(capture.capture(home, held))
        with alone(home):
            found = capture.capture(home, held)
        try:
            placed = place(found.sightings, found.begun)
            manifest = _manifest(home, wanted, found, placed, now)
            writer.top(parts.MANIFEST, dumps(manifest.to_json(), indent=2).encode() + b"\n", now)
            number = _Members(home, held, writer, found, placed, wanted, now).all()
            writer.finish(now)
        finally:
            _close(found)
        return Done(manifest, writer.count, writer.size, number, tuple(writer.omitted), writer.omitted_count)


def _close(found: Capture) -> None:
    for log in found.logs:
        os.close(log.descriptor)


def _manifest(home: Home, wanted: Wanted, found: Capture, placed: Placed, now: float) -> Manifest:
    left_out = ["secrets.env"] if not wanted.secrets and os.path.lexists(home.secrets) else []
    left_out += [f"{name}/" for name in parts.LEFT_OUT if os.path.isdir(f"{home.root}/{name}")]
    left_out += (
        [] if wanted.since == 0.0 else ["runs/" if wanted.since is None else f"runs/ before {wanted.said}"]
    )
    log = next((log.inode for log in found.logs if log.path == parts.LOG), 0)
    return Manifest(
        format_of(home),
        __version__,
        iso(now),
        home.root,
        wanted.said,
        wanted.secrets,
        log,
        tuple(left_out),
        len(placed.waiting),
        len(placed.running),
    )


class _Members:
    """The members of one archive, in their order; it lives while they are written."""

    def __init__(
        self,
        home: Home,
        held: Held,
        writer: Writer,
        found: Capture,
        placed: Placed,
        wanted: Wanted,
        now: float,
    ) -> None:
        self.home, self.held, self.writer = home, held, writer
        self.found, self.placed, self.wanted, self.now = found, placed, wanted, now

    def all(self) -> int:
        """Write all of them; how many runs. Raises OSError."""
        root = self.home.root
        for name in sorted(entries(root)):
            if not parts.is_known(name) and not parts.is_passing(name):
                self.writer.omit(name, "not one of Clodputer's")
        for name in (*parts.FILES, *(parts.SECRET if self.wanted.secrets else ())):
            if os.path.lexists(f"{root}/{name}"):
                self.writer.file(name, f"{root}/{name}", links=True)
        for name in ("tasks", "templates", "plugins"):
            self._tree(name, links=True)
        self._small()
        for waiting in self.placed.waiting:
            self._request(waiting.inode, waiting.path)
        for running in self.placed.running:
            self._running(running)
        for path, inode in self.found.aside:
            self._aside(path, inode)
        for path in dict.fromkeys(self.found.strange):
            self.writer.omit(path[len(root) + 1 :], "not a file, or it cannot be read")
        for log in self.found.logs:
            self._log(log)
        return sum(self._run(task, run) for task, run in sorted(self.found.runs))

    def _tree(self, path: str, links: bool = False) -> None:
        for name in sorted(entries(f"{self.home.root}/{path}")):
            inside = f"{path}/{name}"
            source = f"{self.home.root}/{inside}"
            if parts.is_passing(name):
                continue
            try:
                is_folder = stat.S_ISDIR(os.lstat(source).st_mode)
            except FileNotFoundError:
                continue
            if is_folder:
                self._tree(inside, links)
            else:
                self.writer.file(inside, source, links=links)

    def _small(self) -> None:
        dedupe = f"{self.home.dedupe[len(self.home.root) + 1 :]}/"
        at_work = tuple(f"runs/{task}/{run}/" for task, run in self.found.at_work)
        for path, piece in sorted(self.found.small.items()):
            if path.startswith("spool/lanes/") and not {"waits", "scores"} & set(path.split("/")[3:4]):
                continue  # the mark of a run
            if path.startswith("runs/") and not path.startswith(at_work):
                continue  # it ended in between, and is written whole
            if piece.offset < 0:
                self.writer.file(path, f"{self.home.root}/{path}")
                continue
            content = self.held.content(piece)
            if path.startswith(dedupe):
                content = capture.without_place(content)
            self.writer.content(path, content, piece.mtime, piece.mode)

    def _request(self, inode: int, path: str) -> None:
        piece = self.found.requests.get(inode)
        if piece is not None and piece.offset >= 0:
            self.writer.content(path, self.held.content(piece), piece.mtime, piece.mode)
            return
        # A large one: read where it is by now.
        source = next(self._now_at(inode), "")
        if not source or not self.writer.file(path, source):
            self.writer.omit(path, "it was gone, or was not a file, when it was read")

    def _now_at(self, inode: int) -> Iterator[str]:
        for folder, _, names in os.walk(self.home.spool):
            for name in names:
                try:
                    if os.lstat(f"{folder}/{name}").st_ino == inode:
                        yield f"{folder}/{name}"
                except FileNotFoundError:
                    continue

    def _running(self, running: Running) -> None:
        """The request in its slot, the mark of its run without what another home has to undo, and the run's folder.

        Without a record its end is not in this archive, and its processes are not those of the home that is restored.
        """
        slot = f"spool/lanes/{running.lane}/slot-{running.slot}"
        self._request(running.inode, f"{slot}/{running.name}")
        lines = self._mark(running).split(b"\n", 2)
        note = lines[2] if len(lines) > 2 else b""
        content = b"\n[]\n" + (note or b"\n" * slots.NOTE_ROOM)
        self.writer.content(f"{slot}/{running.task}@{running.run_id}.started", content, self.now)
        folder = f"runs/{running.task}/{running.run_id}"
        if f"{folder}/{capture.RECORD}" not in self.found.small:
            self.writer.content(f"{folder}/{runs.RESTORED}", b"", self.now)
        # What came into it since says of an end that this archive does not know.
        self._folder_of_run(folder, but=(capture.RECORD, capture.FOLLOW, runs.RESTORED, *capture.KEPT))

    def _mark(self, running: Running) -> bytes:
        piece: Optional[Piece] = self.found.small.get(running.mark)
        return self.held.content(piece) if piece is not None and piece.offset >= 0 else b""

    def _aside(self, path: str, inode: int) -> None:
        source = f"{self.home.root}/{path}"
        try:
            moved = os.lstat(source).st_ino != inode
        except FileNotFoundError:
            moved = True
        if moved:
            source = next(self._now_at(inode), "")
        if not source:
            return  # removed since, with all that a person wanted to know of it
        if self.writer.file(path, source):
            reason = f"{source}{aside.REASON_SUFFIX}"
            if os.path.lexists(reason):
                self.writer.file(f"{path}{aside.REASON_SUFFIX}", reason)

    def _log(self, log: Log) -> None:
        status = os.fstat(log.descriptor)
        if log.path != parts.LOG and self.wanted.since and status.st_mtime < self.wanted.since:
            return
        if stat.S_ISREG(status.st_mode):
            self.writer.descriptor(log.path, log.descriptor, log.size)
        else:
            self.writer.omit(log.path, "not a file")

    def _run(self, task: str, run: str) -> bool:
        if self.wanted.since is None:
            return False
        try:
            if runs.moment_of(run) < self.wanted.since:
                return False
        except ValueError:
            self.writer.omit(f"runs/{task}/{run}", "not a run")
            return False
        if not os.path.lexists(f"{self.home.runs}/{task}/{run}/{capture.RECORD}"):
            return False  # it died before anything was started, and its request waits again
        self._folder_of_run(f"runs/{task}/{run}")
        return True

    def _folder_of_run(self, folder: str, but: tuple[str, ...] = ()) -> None:
        for name in sorted(entries(f"{self.home.root}/{folder}")):
            source = f"{self.home.root}/{folder}/{name}"
            if name in but or name.partition(".")[0] in but or parts.is_passing(name):
                continue
            if os.path.isdir(source) and not os.path.islink(source):
                self._tree(f"{folder}/{name}")
            else:
                self.writer.file(f"{folder}/{name}", source)
