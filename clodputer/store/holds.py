"""Holds: files that keep requests waiting: all of them, or those of one lane, one task or one account."""

# Annotations are values here: of texts, a named tuple compiles each one whenever a run starts.
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.config.account import account_of
from clodputer.model.task import Task
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.spool.layout import lanes

ALL, LANE, TASK, ACCOUNT = "all", "lane", "task", "account"
SCOPES = (ALL, LANE, TASK, ACCOUNT)

# In bytes; a hold says one sentence.
LARGEST = 65536
# The reason of a hold that ends by itself, and of a file that holds because it cannot be read.
USAGE_LIMIT = "usage_limit"
DAMAGED = "damaged"
# Of a lane whose engine takes no jobs at the moment.
ENGINE = "engine"

# Writers take turns, for milliseconds each. One that was stopped in its turn is not waited for longer than this, in seconds.
PATIENCE = 5.0

_ENDING = ".json"


class Target(NamedTuple):
    """What a hold keeps waiting; `name` is empty for everything. Its text is the name of its file, without `.json`."""

    scope: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.scope}.{self.name}" if self.name else self.scope

    @property
    def words(self) -> str:
        """For people: `everything`, `lane default`, `task nightly`, `account claude`."""
        return f"{self.scope} {self.name}" if self.name else "everything"

    @property
    def option(self) -> str:
        """The words after `clodputer pause` and `clodputer resume` that mean it."""
        return {TASK: self.name, ALL: "--all"}.get(self.scope, f"--{self.scope} {self.name}")


EVERYTHING = Target(ALL)


class Hold(NamedTuple):
    """Why requests wait, since when and until when (epoch seconds; until None: until somebody lifts it).

    watched: files, each with how it looked; when one of them looks otherwise, the hold has no reason any more.
    """

    reason: str
    message: str
    since: Optional[float]
    until: Optional[float]
    watched: Mapping[str, str] = {}

    @property
    def end(self) -> float:
        """When it ends, infinity for never: of two holds on a request the later end counts."""
        return float("inf") if self.until is None else self.until


class Placed(NamedTuple):
    """A hold that is in effect, what it holds, and its file."""

    target: Target
    hold: Hold
    path: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"scope": self.target.scope, "name": self.target.name or None, **_fields(self.hold)}


def path(home: Home, target: Target) -> str:
    """The file of a hold."""
    return f"{home.holds}/{target}{_ENDING}"


def targets(lane: str, task: str = "", account: str = "") -> tuple[Target, ...]:
    """All whose holds keep a request of that lane, task and account waiting; an empty name stands for none."""
    named = ((LANE, lane), (TASK, task), (ACCOUNT, account))
    return (EVERYTHING, *(Target(scope, name) for scope, name in named if name))


def place(home: Home, target: Target, hold: Hold, *, extend: bool = False) -> None:
    """Hold what `target` names. An earlier hold is replaced; with `extend` it is kept when it lasts as long. Raises OSError.

    A hold that follows from a run extends: it must not end the pause that a person asked for meanwhile.
    """
    os.makedirs(home.holds, mode=0o700, exist_ok=True)
    with _in_turn(home):
        earlier = _read(path(home, target), target, hold.since or 0.0) if extend else None
        if earlier is None or earlier.end < hold.end:
            watched = {"watched": dict(hold.watched)} if hold.watched else {}
            atomic.write(path(home, target), dumps({**_fields(hold), **watched}).encode() + b"\n")


def lift(home: Home, target: Target, only: Optional[Hold] = None) -> bool:
    """Let go on what `target` names; whether it was held. Lifting it again does nothing. Raises OSError.

    only: leave it when another hold than this one is there by now.
    """
    found = False
    if os.path.isdir(home.holds):
        with _in_turn(home):
            if only is not None and _read(path(home, target), target, 0.0) != only:
                return False
            found = _unlink(path(home, target))
    return found


def current(home: Home, targets: Iterable[Target], now: float) -> Optional[Placed]:
    """Of the holds on any of these targets that are in effect at `now` (epoch seconds) the one that ends last, or None.

    Nothing is changed: a hold that has ended is ignored, and stays until it is replaced or lifted. Were it removed here, a hold
    that somebody places in the same moment could be removed in its stead.
    """
    found = [placed for target in targets for placed in _placed(home, target, now)]
    return max(found, key=lambda placed: placed.hold.end, default=None)


def on_task(home: Home, task: Task, now: float) -> Optional[Placed]:
    """The hold that keeps the requests of a task waiting at `now` (epoch seconds), if there is one."""
    return current(home, targets(task.lane, task.name, account_of(task)), now)


def ended(home: Home, target: Target, now: float) -> Optional[Hold]:
    """The hold on a target that has come to its end by itself, and that nothing has replaced since."""
    hold = _read(path(home, target), target, now)
    return hold if hold is not None and hold.end <= now else None


def in_effect(home: Home, now: float) -> list[Placed]:
    """Every hold that is in effect at `now` (epoch seconds), by scope and name; nothing is changed."""
    known = {target for target in map(_target, entries(home.holds)) if target is not None}
    known.update(Target(LANE, name) for name in lanes(home))
    ordered = sorted(known, key=lambda target: (SCOPES.index(target.scope), target.name))
    return [placed for target in ordered for placed in _placed(home, target, now)]


def strays(home: Home) -> list[str]:
    """Names in `holds/` that are not those of a hold, and so hold nothing. Names that begin with a dot are passed over."""
    names = sorted(entries(home.holds))
    return [name for name in names if not name.startswith(".") and _target(name) is None]


def _fields(hold: Hold) -> dict[str, Any]:
    return {
        "reason": hold.reason,
        "message": hold.message,
        "since": None if hold.since is None else iso(hold.since),
        "until": None if hold.until is None else iso(hold.until),
    }


def _placed(home: Home, target: Target, now: float) -> Iterator[Placed]:
    file = path(home, target)
    hold = _read(file, target, now)
    if hold is not None and hold.end > now:
        yield Placed(target, hold, file)


def read_file(file: str, target: Target) -> Optional[Hold]:
    """What a file says of the hold on a target, whether or not it has ended; None when there is no such file."""
    return _read(file, target, 0.0)


def _read(file: str, target: Target, now: float) -> Optional[Hold]:
    """What the file says, whether or not it has ended.

    A file that cannot be read holds without end. We write holds whole, so a damaged one was written by a person, mostly
    in a hurry, to stop something: waiting costs less than running what was meant to be stopped. It holds no more than its
    name says, `status` shows it, and `doctor` calls it a problem.
    """
    try:
        fields = loads(plainfile.read(file, LARGEST).content.decode())
        since = None if fields.get("since") is None else parse_moment(fields["since"], now)
        until = None if fields.get("until") is None else parse_moment(fields["until"], _zero(fields, since))
        watched = {str(file): str(stamp) for file, stamp in (fields.get("watched") or {}).items()}
        return Hold(str(fields.get("reason", "held")), str(fields.get("message", "")), since, until, watched)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError, TypeError):
        message = f"{file} cannot be read as a hold; remove it to release {target.words}."
        return Hold(DAMAGED, message, None, None)


def _zero(fields: dict[str, object], since: Optional[float]) -> float:
    """What a relative `until` counts from: counted from the moment of reading, it would never come."""
    if since is None and str(fields["until"]).lstrip().startswith("+"):
        raise ValueError("a relative end needs a beginning")
    return since or 0.0


def _target(name: str) -> Optional[Target]:
    stem, ending = os.path.splitext(name)
    scope, _, rest = stem.partition(".")
    if ending != _ENDING or scope not in SCOPES or (scope == ALL) != (rest == ""):
        return None
    return Target(scope, rest)


def _unlink(file: str) -> bool:
    try:
        os.unlink(file)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def _in_turn(home: Home) -> Iterator[None]:
    lock = Lock(f"{home.holds}/.lock")
    # Each write is whole by itself; only the comparison with an earlier hold needs the turn. So nobody waits forever.
    lock.wait(PATIENCE)
    try:
        yield
    finally:
        lock.release()
