"""The slot: a lock file, and beside it the folder that holds the one request being run and the mark of its run."""

from __future__ import annotations

import errno
import os
from typing import Any, NamedTuple, Optional

from clodputer.model.request import Place
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic, plainfile
from clodputer.store.files.doing import doing
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.spool import layout
from clodputer.store.spool.layout import BEGUN, STARTED, is_mark, marked_run
from clodputer.store.spool.placename import parse_place

CANCEL_SUFFIX = ".cancel"
# Why a request is cancelled, unless whoever asks for it says otherwise.
PERSON = "a person asked for it"
# In bytes.
LARGEST_MARK = 65536
# So much room is reserved in each mark when the disk still has it, for a note when the disk is full.
NOTE_ROOM = 12 * 1024


class Slot(NamedTuple):
    """The right to run one request at a time in a lane; its number counts from 0."""

    lane: str
    number: int


class Content(NamedTuple):
    """What lies in a slot: nothing, a request that was claimed, and once its run was begun, which run.

    started: something of the run may have been started.
    """

    place: Optional[Place]
    task: str
    run_id: str
    started: bool


def of_lane(home: Home, lane: str) -> list[Slot]:
    """The slots that a lane has on disk, in order, whatever its settings say."""
    return [Slot(lane, number) for number in layout.slot_numbers(home, lane)]


def everywhere(home: Home) -> list[Slot]:
    """The slots that all lanes have on disk."""
    return [slot for lane in layout.lanes(home) for slot in of_lane(home, lane)]


def make(home: Home, slot: Slot) -> None:
    """Make the slot's folder, if it is missing; for whoever holds its lock. Raises OSError."""
    os.makedirs(folder(home, slot), mode=0o700, exist_ok=True)


def arrange(home: Home, lane: str, count: int) -> None:
    """Give a lane the folders of its `count` slots, so that a quick look tries them all, and remove those of others.

    A folder in which anything lies stays, and so does one whose lock is held: its holder makes runs of requests there.
    Raises OSError.
    """
    for number in range(count):
        if not os.path.isdir(layout.slot(home, lane, number)) and os.path.isdir(layout.lane(home, lane)):
            make(home, Slot(lane, number))
    for slot in (slot for slot in of_lane(home, lane) if slot.number >= count):
        with lock(home, slot) as held:
            if held and not entries(folder(home, slot)):
                os.rmdir(folder(home, slot))


def folder(home: Home, slot: Slot) -> str:
    """The slot's folder."""
    return layout.slot(home, slot.lane, slot.number)


def lock(home: Home, slot: Slot) -> Lock:
    """The slot's lock, not yet tried."""
    return Lock(layout.slot_lock(home, slot.lane, slot.number))


def path(home: Home, slot: Slot, place: Place) -> str:
    """Where the request being run lies."""
    return f"{folder(home, slot)}/{place}"


def empty(home: Home, slot: Slot) -> bool:
    """Whether nothing at all lies in the slot."""
    return not entries(folder(home, slot))


def content(home: Home, slot: Slot) -> Content:
    """What lies in the slot now; only its holder may act on the answer."""
    place, task, run_id, started = None, "", "", False
    for name in entries(folder(home, slot)):
        if is_mark(name):
            task, run_id = marked_run(name)
            started = name.endswith(STARTED)
        else:
            place = place or parse_place(name)
    return Content(place, task, run_id, started)


def at_work(home: Home) -> list[tuple[Slot, Content]]:
    """The slots of all lanes in which a run has been begun, and what lies in each."""
    found = [(slot, content(home, slot)) for slot in everywhere(home)]
    return [(slot, inside) for slot, inside in found if inside.run_id]


def mark(home: Home, slot: Slot, task: str, run_id: str, holder: str = "", resources: str = "[]") -> None:
    """Say which run the slot's request is in, before anything of it is made or started. Raises OSError.

    holder: a line that tells who is at it. resources: what is about to be made for the run, as JSON in one line. A third line
    is left empty, for `note`.
    """
    path = _mark(home, slot, task, run_id, BEGUN)
    with doing("marking a slot", path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            atomic.write_all(descriptor, f"{holder}\n{resources}\n".encode() + b"\n" * NOTE_ROOM)
        finally:
            os.close(descriptor)


def note(home: Home, slot: Slot, task: str, run_id: str, text: str) -> None:
    """Keep a line of at most `NOTE_ROOM` bytes in the mark of a run, also when the disk is full. Raises OSError."""
    path, content = _content(home, slot, task, run_id)
    before = content.split(b"\n", 2)
    if len(before) < 3:
        raise OSError(errno.EINVAL, "this mark has no room for a note", path)
    with doing("keeping the end of a run in its mark", path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            # In place, where the file has its blocks already; a file system that copies on write may still refuse.
            os.pwrite(descriptor, text.encode() + b"\n", len(content) - len(before[2]))
        finally:
            os.close(descriptor)


def noted(home: Home, slot: Slot, task: str, run_id: str) -> str:
    """The note in the mark of a run; empty when there is none."""
    return _lines(home, slot, task, run_id)[2]


def start(home: Home, slot: Slot, task: str, run_id: str) -> None:
    """Say that from now on something of the marked run may have been started. Raises OSError.

    The one fsync makes the claim and the mark durable as well: after a power cut the slot tells truly whether anything may
    have run.
    """
    begun, started = (_mark(home, slot, task, run_id, state) for state in (BEGUN, STARTED))
    os.rename(begun, started)
    try:
        atomic.sync_folder(folder(home, slot))
    except OSError:
        os.rename(started, begun)  # then nothing is started
        raise


def holder(home: Home, slot: Slot, task: str, run_id: str) -> str:
    """Who made the mark of a run, in the words it gave; empty when that is not known."""
    return _lines(home, slot, task, run_id)[0]


def resources(home: Home, slot: Slot, task: str, run_id: str) -> Any:
    """What was recorded of the run's resources before they were made, as JSON values; None when that cannot be read."""
    try:
        return loads(_lines(home, slot, task, run_id)[1])
    except ValueError:
        return None


def _lines(home: Home, slot: Slot, task: str, run_id: str) -> tuple[str, str, str]:
    """The holder, the resources and the note."""
    _, content = _content(home, slot, task, run_id)
    holder, resources, text, *_ = [*content.decode("utf-8", "replace").split("\n", 3), "", "", ""]
    return holder, resources, text


def _content(home: Home, slot: Slot, task: str, run_id: str) -> tuple[str, bytes]:
    """Where the mark of a run is, and what is in it; both empty when there is none that can be read."""
    for state in (BEGUN, STARTED):  # in the order it goes through them
        path = _mark(home, slot, task, run_id, state)
        try:
            return path, plainfile.read(path, LARGEST_MARK).content
        except (OSError, ValueError):
            continue
    return "", b""


def unmark(home: Home, slot: Slot, task: str, run_id: str) -> None:
    """Take the mark away: the run in it is settled."""
    for state in (STARTED, BEGUN):
        try:
            os.unlink(_mark(home, slot, task, run_id, state))
            return
        except FileNotFoundError:
            continue


def cancel_path(home: Home, slot: Slot, request_id: str) -> str:
    """The file whose being there cancels that request, whoever has it in the slot and however far it has come."""
    return f"{folder(home, slot)}/{request_id}{CANCEL_SUFFIX}"


def ask_cancel(home: Home, slot: Slot, request_id: str, why: str = PERSON) -> None:
    """Ask for the end of a request in the slot, with the reason; may be repeated, the first reason stays. Raises OSError."""
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(cancel_path(home, slot, request_id), flags, 0o600)
    except FileExistsError:
        return
    try:
        atomic.write_all(descriptor, why.encode("utf-8", "replace"))
    finally:
        os.close(descriptor)


def why_cancelled(home: Home, slot: Slot, request_id: str) -> str:
    """Why somebody has asked for the end of a request, as a clause that goes on after "because"."""
    try:
        text = plainfile.read(cancel_path(home, slot, request_id), LARGEST_MARK).content
    except (OSError, ValueError):
        return PERSON
    return text.decode("utf-8", "replace").strip()[:400] or PERSON


def cancel_asked(home: Home, slot: Slot, request_id: str) -> bool:
    """Whether somebody has asked for the end of that request."""
    return os.path.lexists(cancel_path(home, slot, request_id))


def forget_cancel(home: Home, slot: Slot, request_id: str) -> None:
    """Take back what was asked of a request."""
    atomic.remove(cancel_path(home, slot, request_id))


def forget_cancels(home: Home, slot: Slot, spare: str = "") -> None:
    """Take away what was asked too late, of requests that have left the slot; not that of the request `spare`."""
    for name in entries(folder(home, slot)):
        if name.endswith(CANCEL_SUFFIX) and name != f"{spare}{CANCEL_SUFFIX}":
            atomic.remove(f"{folder(home, slot)}/{name}")


def _mark(home: Home, slot: Slot, task: str, run_id: str, state: str) -> str:
    return f"{folder(home, slot)}/{task}@{run_id}{state}"
