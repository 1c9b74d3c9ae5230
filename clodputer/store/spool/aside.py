"""Setting aside: a file that will not be run moves to `rejected/`, `dead/` or `closed/`, with the reason beside it as JSON."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
import os
from json import dumps
from typing import Any, NamedTuple

from clodputer.model.numbers.digest import digest
from clodputer.model.request import is_id
from clodputer.model.runs.attempts import Past, story_from_json, story_to_json
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries

# Why a request was closed; every other code is that of an error, of a run's outcome or of a gate.
CANCELLED, RETRIED = "cancelled", "retried"

REASON_SUFFIX = ".reason.json"
# In bytes. File systems allow 255; a reason that is being written adds up to 40 to the name, and a number before it.
LONGEST_KEPT, SHORTENED = 200, 180
# A reason holds a sentence for each mistake of a file of a megabyte at most.
LARGEST = 8 * 1024 * 1024


class Reason(NamedTuple):
    """Why a file was set aside, at `at` (epoch seconds).

    code: for programs, such as `task_unknown`; empty when it is not known. message: for people.
    request_id, task: empty when it is not known. dropped_as: the file's name in `new/`. retried_as: the id of the request that
    was dropped in its stead since, if one was. attempts: its runs, if it was tried more than once. dismissed_at: when a person
    was done with it (ISO 8601), if one was. item, lane: of a parked one, what it is about, and where it waited.
    """

    code: str
    message: str
    request_id: str = ""
    task: str = ""
    dropped_as: str = ""
    at: float = 0.0
    retried_as: str = ""
    attempts: tuple[Past, ...] = ()
    dismissed_at: str = ""
    item: str = ""
    lane: str = ""


def set_aside(path: str, folder: str, prefix: str, reason: Reason) -> str:
    """Move a file of any kind, unopened, into `rejected/`, `dead/` or `closed/`, its reason beside it; where it is now.

    It keeps the name it was dropped as, after `prefix`, and after a number when that name is taken. Whoever makes the reason's
    file owns the name, so no file is ever moved over another; a crash in between leaves a reason too many, never a file without
    one. Without fsync: what a power cut undoes is done again, and ten thousand stray files should not take minutes. Raises
    FileNotFoundError when the file is gone meanwhile, OSError.
    """
    name, number = _kept_name(prefix + reason.dropped_as), 1
    kept = f"{folder}/{name}"
    while not _claim(kept, reason):
        number += 1
        kept = f"{folder}/{number}.{name}"
    try:
        os.rename(path, kept)
    except OSError:
        atomic.remove(kept + REASON_SUFFIX)  # somebody was quicker, or it cannot be moved
        raise
    return kept


def write(path: str, reason: Reason) -> None:
    """Rewrite why the file at `path` was set aside. Raises OSError."""
    atomic.write(path + REASON_SUFFIX, _data(reason))


def read(folder: str, name: str) -> Reason:
    """Why a file was set aside; what is not known is empty."""
    path, known = f"{folder}/{name}", Reason("", "", id_of(name), "", _dropped_as(name))
    try:
        fields = loads(plainfile.read(path + REASON_SUFFIX, LARGEST).content.decode())
        texts = {key: str(fields.get(key) or "") for key in Reason._fields if key not in ("at", "attempts")}
        story = story_from_json(fields.get("attempts") or ())
        return Reason(**texts, at=parse_moment(str(fields.get("at")), 0.0), attempts=story)
    except (OSError, ValueError, AttributeError, TypeError, KeyError):
        return known


def forget(path: str) -> None:
    """Take the reason of a file away that is no longer at `path`. Raises OSError."""
    atomic.remove(path + REASON_SUFFIX)


def names(folder: str) -> list[str]:
    """The names in `rejected/`, `dead/` or `closed/`, of the files themselves and not of their reasons; the latest first."""
    there = set(entries(folder))
    # A hidden file is one of ours only with its reason beside it: reasons that are being written are hidden as well.
    found = [
        name
        for name in there
        if not is_reason(name) and (not name.startswith(".") or name + REASON_SUFFIX in there)
    ]
    return sorted(found, key=lambda name: changed(f"{folder}/{name}"), reverse=True)


def is_reason(name: str) -> bool:
    """Whether a file in one of the folders is the reason of another one."""
    return name.endswith(REASON_SUFFIX)


def id_of(name: str) -> str:
    """The request id in the name of a file in `dead/` or `closed/`; empty when it has none."""
    first, _, rest = _unnumbered(name).partition(".")
    return first if rest and is_id(first) else ""


def changed(path: str) -> float:
    """When a file came to where it is, in epoch seconds; 0 when it is gone."""
    # A rename sets the change time and keeps the time of modification.
    try:
        return os.lstat(path).st_ctime
    except OSError:
        return 0.0


def _claim(kept: str, reason: Reason) -> bool:
    """Make the reason's file, if neither it nor a file of that name is there; whether we did."""
    if os.path.lexists(kept):
        return False
    try:
        atomic.create(kept + REASON_SUFFIX, _data(reason), durable=False)
    except FileExistsError:
        return False
    return True


def _data(reason: Reason) -> bytes:
    fields: dict[str, Any] = {
        **reason._asdict(),
        "at": iso(reason.at),
        "attempts": story_to_json(reason.attempts),
    }
    for key in ("request_id", "task", "retried_as", "dismissed_at", "item", "lane"):
        fields[key] = fields[key] or None
    return dumps(fields).encode() + b"\n"


def _kept_name(name: str) -> str:
    """What a file is kept as: a name that leaves room for that of its reason, and does not look like one."""
    data = os.fsencode(name)
    if len(data) > LONGEST_KEPT:
        return f"{data[:SHORTENED].decode('utf-8', 'ignore')}~{digest(data, 8)}"
    return f"{name}~" if is_reason(name) else name


def _dropped_as(name: str) -> str:
    name = _unnumbered(name)
    return name.partition(".")[2] if id_of(name) else name


def _unnumbered(name: str) -> str:
    # `set_aside` numbers what would lie over another file; ids have four letters at least, and that many none has.
    number, _, rest = name.partition(".")
    return rest if number.isdecimal() and len(number) < 4 and rest else name
