"""When to look at each task file again, kept as the names of empty files: an `exec` with nothing due reads nothing else."""

# Only `os`: this is on the way of every `exec`. A name in ledger/next/ is `<when>.<stamp>.<name of the task file>`, where
# `when` is epoch milliseconds, with a w behind them when the task watches files, or NEVER; the stamp changes whenever the
# task file does.
import os

from clodputer.store.folder import entries, has_come
from clodputer.store.home import Home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


# No trigger of the task is ever due by itself: a person, a program or an alarm asks for it.
NEVER = "never"

# What changes in a watched folder shows in no file of ours, so it is looked at whenever its task is asked for by name, and by
# any exec when the last look is as many seconds ago.
WATCHED, WATCH_PAUSE = "w", 30.0

# A task is looked at at least this often, in seconds: zones and variables change without its file, and clocks are put back.
LONGEST = 3600.0

_ENDINGS = (".yaml", ".yml")


def anything_due(home: Home, now: float, *, watched: bool = False) -> bool:
    """Whether any task file is to be looked at, at `now` in epoch seconds; `watched`: every one that watches files is."""
    return bool(due_files(home, now, watched=watched))


def due_files(home: Home, now: float, *, watched: bool = False) -> list[str]:
    """The names of the task files that are new or changed, or that have something due at `now`; `watched` as above."""
    known = _known(home)
    return [
        name
        for name in entries(home.tasks)
        if name.endswith(_ENDINGS)
        and not name.startswith(".")
        and (
            (watched and known.get(name, ("", ""))[0].endswith(WATCHED))
            or _is_due(home, known.get(name), name, now)
        )
    ]


def quiet(home: Home, task: str, now: float) -> bool:
    """Whether it is known that the task of that name has triggers, that none is due at `now`, and none watches files."""
    known = _known(home)
    files = [name for name in (f"{task}{ending}" for ending in _ENDINGS) if name in known]
    if len(files) != 1 or known[files[0]][0] == NEVER or known[files[0]][0].endswith(WATCHED):
        return False
    return not _is_due(home, known[files[0]], files[0], now)


def settling(home: Home, until: float) -> bool:
    """Whether a watched folder is to be looked at before that moment (epoch seconds)."""
    noted = [when[: -len(WATCHED)] for when, _ in _known(home).values() if when.endswith(WATCHED)]
    return any(when.isdecimal() and int(when) < until * 1000 for when in noted)


def keep(
    home: Home,
    name: str,
    status: os.stat_result,
    look_at: "Optional[float]",
    now: float,
    *,
    by_boot: bool,
    watched: bool = False,
) -> None:
    """Note when the task file `name` is to be looked at again; `status` is from before it was read. None: never by itself.

    Nothing is noted where a change could go unseen. Raises OSError.
    """
    from clodputer.store.taskfiles.cache import YOUNG_IN_SECONDS_NS, YOUNG_NS

    folder = f"{home.ledger}/next"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    forget(home, name)
    booted = _boot() if by_boot else ""
    if by_boot and not booted:
        return
    when = NEVER if look_at is None else f"{int(min(look_at, now + LONGEST) * 1000) + 1:013d}"
    if watched:
        soon = now + WATCH_PAUSE
        when = f"{int(min(look_at or soon, soon) * 1000) + 1:013d}{WATCHED}"
    path = f"{folder}/{when}.{_stamp(status, booted)}.{name}"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        return  # the name is too long; such a file is looked at each time
    try:
        age = os.fstat(descriptor).st_mtime_ns - status.st_mtime_ns
    finally:
        os.close(descriptor)
    # As in the cache: two writes within a tick of the file system's clock have the same time.
    if age <= (YOUNG_NS if status.st_mtime_ns % 1_000_000_000 else YOUNG_IN_SECONDS_NS):
        os.unlink(path)


def forget(home: Home, name: str) -> None:
    """Take away what is noted about a task file. Raises OSError."""
    for entry in entries(f"{home.ledger}/next"):
        if _parts(entry)[2] == name:
            os.unlink(f"{home.ledger}/next/{entry}")


def _is_due(home: Home, known: "Optional[tuple[str, str]]", name: str, now: float) -> bool:
    if known is None:
        return True
    when, stamp = known
    try:
        status = os.stat(f"{home.tasks}/{name}")
    except OSError:
        return False
    if stamp != _stamp(status, _boot() if stamp.count("-") > 2 else ""):
        return True
    if when == NEVER:
        return False
    moment = when.removesuffix(WATCHED)
    # A second more than the farthest that is noted, which is rounded up.
    path = f"{home.ledger}/next/{when}.{stamp}.{name}"
    return not moment.isdecimal() or has_come(path, moment, now, LONGEST + 1.0)


def _boot() -> str:
    # Imported for tasks that have something to do with a start of the computer.
    from clodputer.store import boot

    return boot.quick()


def _stamp(status: os.stat_result, booted: str) -> str:
    mark = f"-{booted.replace('-', '')}" if booted else ""
    return f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}{mark}"


def _known(home: Home) -> dict[str, tuple[str, str]]:
    known: dict[str, tuple[str, str]] = {}
    for entry in entries(f"{home.ledger}/next"):
        when, stamp, name = _parts(entry)
        # Two notes about one file are one too many: the empty one is nobody's stamp.
        known[name] = (when, stamp if name not in known else "")
    return known


def _parts(entry: str) -> tuple[str, str, str]:
    parts = entry.split(".", 2)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else ("", "", "")
