"""Restore: an archive unpacked beside the home, checked as a whole, and only then put in its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from shutil import rmtree
from time import gmtime, strftime
from typing import IO, NamedTuple, Optional

from clodputer.archive.backup import parts
from clodputer.archive.backup.swap import put_in_place
from clodputer.archive.format import compress
from clodputer.archive.format.manifest import Manifest
from clodputer.archive.format.reading import Member, Reader
from clodputer.model.errors import ClodputerError
from clodputer.model.text.size import format_size
from clodputer.outbox import told
from clodputer.store import homes
from clodputer.store.files import atomic
from clodputer.store.home import FORMAT, Home, exists, format_of, write_format
from clodputer.store.lock import Lock
from clodputer.store.log.since import Place
from clodputer.store.spool import slot as slots

# So much stays free on the disk, in bytes: the runs that go on need some.
SPARE = 16 * 1024 * 1024
# What a file system takes for a file at the least, in bytes.
BLOCK = 4096
# Beyond any clock; file systems know no later moment.
LATEST = 2**33


class Content(NamedTuple):
    """What an archive would put into a home: how many files and bytes, of each part how many files, the tasks' files, and what
    is different from the home that is there: files that are new, changed, and only there, of tasks and of config.yaml."""

    manifest: Manifest
    files: int
    size: int
    parts: dict[str, int]
    tasks: tuple[str, ...]
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    only_there: tuple[str, ...] = ()


class Restored(NamedTuple):
    """What was put in place. aside: where the home lies that was there before; empty when there was none."""

    content: Content
    aside: str


@contextmanager
def opened(source: IO[bytes]) -> Iterator[Reader]:
    """The reader of an archive. Raises ClodputerError, OSError."""
    first = source.read(4)
    source.seek(0)
    with compress.reading(source, compress.by_content(first)) as stream:
        yield Reader(stream)


def look(source: IO[bytes], home: Home) -> Content:
    """What an archive has, read to its end, and how the home that is there differs. Raises ClodputerError, OSError."""
    counting = _Counting()
    known = set(_compared(home))
    added: list[str] = []
    changed: list[str] = []

    def take(member: Member, chunks: Iterator[bytes]) -> None:
        counting.count(member)
        if not _is_compared(member.path):
            for _ in chunks:
                pass
        elif not _same(f"{home.root}/{member.path}", chunks):
            (changed if member.path in known else added).append(member.path)
        known.discard(member.path)

    with opened(source) as reader:
        refuse_newer(reader.manifest)
        reader.members(take)
        content = counting.content(reader.manifest)
    return content._replace(
        added=tuple(sorted(added)), changed=tuple(sorted(changed)), only_there=tuple(sorted(known))
    )


def restore(source: IO[bytes], home: Home, now: float, *, replace: bool = False) -> Restored:
    """Put what an archive has in the place of the home, which must be new or empty unless `replace` is given.

    Nothing is at its place before all of it was read and its checksums agree. Killed at any step, the home is the old one or
    the new one, whole; what was unpacked then lies beside it. Raises ClodputerError, OSError.
    """
    root = os.path.realpath(home.root)
    stamp = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    check(Home(root), replace)
    staging = f"{root}.restoring-{stamp}-{os.getpid()}"
    aside = f"{root}.before-restore-{stamp}"
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = f"{root}.before-restore-{stamp}-{number}"
    os.makedirs(os.path.dirname(root), exist_ok=True)
    os.mkdir(staging, 0o700)
    try:
        content = _unpack(source, staging)
        _complete(Home(staging), content.manifest)
        os.sync()
        held = ExitStack()
        held.enter_context(alone(Home(root)))
    except BaseException:
        rmtree(staging, ignore_errors=True)
        raise
    # From here on `staging` may be the home that was there: nothing is removed any more.
    with held:
        check(Home(root), replace)
        was = os.path.isdir(root) and bool(os.listdir(root))
        kept = put_in_place(staging, root, aside)
    return Restored(content, kept if was else "")


def check(home: Home, replace: bool) -> None:
    """Refuse to restore over something. Raises ClodputerError ("home_exists", "home_unfit"), OSError."""
    if not os.path.lexists(home.root):
        return
    if not os.path.isdir(home.root):
        raise ClodputerError("home_unfit", f"{home.root} is not a folder", "Move it away, then try again.")
    if not os.listdir(home.root):
        return
    if not exists(home):
        raise ClodputerError(
            "home_unfit",
            f"{home.root} holds something that is not a Clodputer home",
            "Restore to another folder: set CLODPUTER_HOME.",
        )
    if not replace:
        raise ClodputerError(
            "home_exists",
            f"there is a home at {home.root}",
            "With --replace it is moved aside and kept; --dry-run shows what differs. Or set CLODPUTER_HOME.",
        )


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold everything of a home in which something could run. Raises ClodputerError ("busy") when something does."""
    with ExitStack() as held:
        if exists(home):
            locks = [Lock(f"{home.spool}/intake.lock"), Lock(f"{home.ledger}/due.lock")]
            for lock in [slots.lock(home, each) for each in slots.everywhere(home)] + locks:
                if not lock.acquire():
                    raise ClodputerError(
                        "busy",
                        f"a run is going on in {home.root}",
                        "Wait for its end, or end it: clodputer stop. Then try again.",
                    )
                held.callback(lock.release)
        yield


def refuse_newer(manifest: Manifest) -> None:
    """Refuse the archive of a home that this program does not know. Raises ClodputerError ("home_newer")."""
    if manifest.home_format > FORMAT:
        raise ClodputerError(
            "home_newer",
            f"this archive is of a home of format {manifest.home_format}, made by Clodputer {manifest.program}, and this "
            f"one knows formats up to {FORMAT}",
            "Nothing was changed. Use the newer Clodputer.",
        )


def _unpack(source: IO[bytes], staging: str) -> Content:
    counting = _Counting()

    def take(member: Member, chunks: Iterator[bytes]) -> None:
        counting.count(member)
        _check_room(staging, member)
        path = f"{staging}/{member.path}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            descriptor = os.open(path, flags, 0o600)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise ClodputerError(
                "archive_damaged", f"this archive has {member.path[:200]!r} twice", "Nothing was changed."
            ) from None
        try:
            for part in chunks:
                atomic.write_all(descriptor, part)
            os.fchmod(descriptor, member.mode | 0o600)
        finally:
            os.close(descriptor)
        # A queue goes by when a request came.
        moment = member.mtime if 0 <= member.mtime <= LATEST else 0.0
        os.utime(path, (moment, moment))

    with opened(source) as reader:
        refuse_newer(reader.manifest)
        reader.members(take)
        return counting.content(reader.manifest)


def _check_room(folder: str, member: Member) -> None:
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if member.size + BLOCK + SPARE > free:
        raise ClodputerError(
            "no_room",
            f"{member.path[:200]} has {format_size(member.size)}, and {format_size(free)} are free on the disk of {folder}",
            "Nothing was changed. Make room there, or restore to another disk.",
        )


def _complete(home: Home, manifest: Manifest) -> None:
    """Make what every home has, and let what is known of the log be of the log that is there now. Raises OSError."""
    written = format_of(home)
    homes.make(home)
    # What is older is brought to the present format by the first command, as in any home.
    write_format(home, manifest.home_format)
    if written not in (0, manifest.home_format):
        raise ClodputerError(
            "archive_damaged", "this archive names two formats for its home", "Nothing was changed."
        )
    known = told.read(home)
    if known is not None and os.path.lexists(home.log):
        status = os.stat(home.log)
        offset = known.place.offset if known.place.inode == manifest.log else status.st_size
        # What was about to be sent then is yesterday's news.
        told.write(home, known._replace(place=Place(status.st_ino, offset), pending=()))


class _Counting:
    """What has come by so far."""

    def __init__(self) -> None:
        self.files, self.size = 0, 0
        self.parts: dict[str, int] = {}
        self.tasks: list[str] = []

    def count(self, member: Member) -> None:
        """Count one."""
        self.files += 1
        self.size += member.size
        steps = member.path.split("/")
        self.parts[steps[0]] = self.parts.get(steps[0], 0) + 1
        if steps[0] == "tasks" and len(steps) == 2 and steps[1].endswith((".yaml", ".yml")):
            self.tasks.append(steps[1])

    def content(self, manifest: Manifest) -> Content:
        """All of it."""
        return Content(
            manifest, self.files, self.size, dict(sorted(self.parts.items())), tuple(sorted(self.tasks))
        )


def _is_compared(path: str) -> bool:
    return path.startswith(("tasks/", "templates/")) or path in ("config.yaml", *parts.SECRET)


def _compared(home: Home) -> Iterator[str]:
    for name in ("tasks", "templates"):
        for folder, _, names in os.walk(f"{home.root}/{name}"):
            for each in names:
                if not parts.is_passing(each):
                    yield os.path.relpath(f"{folder}/{each}", home.root)
    yield from (name for name in ("config.yaml",) if os.path.lexists(f"{home.root}/{name}"))


def _same(path: str, chunks: Iterator[bytes]) -> bool:
    """Whether the file at a path has exactly this content; reads all of it in any case."""
    same = True
    descriptor: Optional[int] = None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        same = False
    try:
        for part in chunks:
            same = same and descriptor is not None and os.read(descriptor, len(part)) == part
        return same and descriptor is not None and os.read(descriptor, 1) == b""
    except IsADirectoryError:
        return False
    finally:
        if descriptor is not None:
            os.close(descriptor)
