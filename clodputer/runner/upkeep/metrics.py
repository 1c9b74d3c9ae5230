"""Metrics: at the end of a drain the file that config.yaml names is written again, for the textfile collector of Prometheus."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress

from clodputer.model.upkeep.metrics import Lane, Now, fold, text
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.files import atomic
from clodputer.store.files.tilde import expand
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.log import since
from clodputer.store.outgoing import outbox
from clodputer.store.spool import count, layout
from clodputer.store.upkeep import metrics
from clodputer.store.upkeep.metrics import Counted

# Everybody may read it: the collector runs as another user.
MODE = 0o644
# Another exec that writes them takes milliseconds, in seconds.
PATIENCE = 2.0


def write(context: Context, now: float) -> None:
    """Write the file, if config.yaml names one. That it cannot be written is logged once, and said by the doctor.

    May be killed anywhere: the counts are kept with the place up to which the log was read for them.
    """
    if context.settings.metrics:
        with suppress(OSError):  # a full disk, say, on which not even that can be noted
            _write(context, now)


def _write(context: Context, now: float) -> None:
    lock = Lock(f"{context.home.ledger}/metrics.lock")
    if not lock.wait(PATIENCE):
        return
    try:
        message = _written(context, now)
        if metrics.note_problem(context.home, message) and message:
            context.log(now, "metrics_lost", message=message)
    finally:
        lock.release()


def _written(context: Context, now: float) -> str:
    """Write it; why that was not possible, or empty."""
    path = expand(context.settings.metrics, context.environ)
    try:
        counted = _counted(context.home)
        data = text(counted.totals, _now(context.home, now)).encode()
        atomic.write(path, data, mode=MODE, durable=False)
        os.chmod(path, MODE)  # the umask of a scheduler may have taken something away
    except OSError as error:
        return f"{error.filename or path}: {error.strerror or error}"
    return ""


def _counted(home: Home) -> Counted:
    """The counts, with what was logged since. Raises OSError."""
    before = counted = metrics.read(home)
    more = True
    while more:
        events, place, more = since.read(home, counted.place)
        counted = Counted(fold(counted.totals, events), place)
    if counted != before:
        metrics.write(home, counted)
    return counted


def _now(home: Home, now: float) -> Now:
    """How things stand. Raises OSError."""
    lanes = []
    for name in layout.lanes(home):
        found = count.in_lane(home, name)
        oldest = 0.0 if found.oldest is None else max(0.0, now - found.oldest)
        lanes.append(Lane(name, found.queued, found.delayed, oldest))
    disk = os.statvfs(home.root)
    return Now(
        now,
        lanes,
        Counter((placed.target.scope, placed.hold.reason) for placed in holds.in_effect(home, now)),
        len(outbox.names(home)),
        outbox.dead_number(home),
        disk.f_bavail * disk.f_frsize,
    )
