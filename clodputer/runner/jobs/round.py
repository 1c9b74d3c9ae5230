"""The round: each exec looks at the jobs of lanes with an engine, handles those that have ended, and submits what waits."""

from __future__ import annotations

from collections import Counter

from clodputer.model.queue.lanes import engine_of
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.spool import layout
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import jobs


def go_round(context: Context, stop: Stop, failures: Counter[str]) -> bool:
    """Look at all jobs once, and submit as many requests as there are free slots; whether any request has moved.

    failures: how often each request has failed in this exec. A lane whose engine does not answer is on hold for a while. Raises
    OSError and ClodputerError.
    """
    moved = False
    for lane in layout.lanes(context.home):
        engine = engine_of(context.settings.lanes, lane)
        known = [
            (slot, found)
            for slot in slots.of_lane(context.home, lane)
            if (found := jobs.read(context.home, slot))
        ]
        if not known and not engine:
            continue
        # Imported here: most homes have no lane with an engine.
        from clodputer.runner.jobs import seeing

        for each in sorted({found.engine for _, found in known} | ({engine} if engine else set())):
            moved |= seeing.look(context, lane, each, [one for one in known if one[1].engine == each])
        if engine:
            moved |= seeing.fill(context, lane, stop, failures)
    return moved
