"""Whether webhooks can be taken, for whoever watches over this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from json import dumps

from clodputer.runner.receive.answer import Answer
from clodputer.store.due import sweeps
from clodputer.store.home import locate, usable
from clodputer.store.spool import count, layout

# A drop that has lain for so long is taken in by nobody, in seconds: the sweep comes every few minutes.
STALE = 1800.0


def health(environ: Mapping[str, str], now: float, *, shy: bool) -> Answer:
    """Whether webhooks can be taken, and what waits. shy: it is said to somebody beyond this machine, who learns no figures."""
    home = locate(environ)
    oldest, queued, problem = 0.0, 0, ""
    try:
        if not usable(home) or not os.access(home.new, os.W_OK | os.X_OK):
            problem = "the spool cannot be written to"
        else:
            dropped = [entry.stat(follow_symlinks=False).st_mtime for entry in os.scandir(home.new)]
            oldest = max(0.0, now - min(dropped, default=now))
            lanes = layout.lanes(home)
            queued = sum(count.in_lane(home, lane).queued for lane in lanes)
            problem = "nothing takes in what is dropped" if oldest > STALE else ""
    except OSError as error:
        problem = f"the spool cannot be read: {error.strerror or type(error).__name__}"
    status, swept = 503 if problem else 200, sweeps.age(home, now)
    if shy:
        return Answer(status, "ok\n" if status == 200 else "not ok\n")
    fields = {
        "ok": not problem,
        "problem": problem or None,
        "spool_writable": not problem.startswith("the spool"),
        "oldest_drop_seconds": round(oldest),
        "sweep_age_seconds": None if swept is None else round(swept),
        "queued": queued,
    }
    return Answer(status, dumps(fields) + "\n", kind="application/json")
