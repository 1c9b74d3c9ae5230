"""Once a day: old runs and logs are pruned, and everything goes that nothing refers to any more."""

from __future__ import annotations

from clodputer.model.triggers import route
from clodputer.runner import items
from clodputer.runner.place import worktree
from clodputer.runner.processes.stop import Stop
from clodputer.runner.upkeep.prune import prune
from clodputer.store.computer import ports
from clodputer.store.context import Context
from clodputer.store.outgoing import published
from clodputer.store.spool import find, layout, parked
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import approvals, attempts, scores, waits
from clodputer.store.triggers import deliveries, memory, routes, unrouted
from clodputer.store.upkeep import chores
from clodputer.tasks import taskfile

# So long a task must have been gone for what its triggers remember to go, in seconds.
_AWAY = 7 * 86400.0


def sweep(context: Context, now: float, stop: Stop) -> None:
    """Do all of it, and note that it was done unless we are told to stop. May be killed and repeated. Raises OSError."""
    prune(context, now, stop)
    worktree.sweep(context, now)
    ports.sweep(context.home, lambda: {inside.run_id for _, inside in slots.at_work(context.home)})
    # What cancelled and killed requests left.
    known = attempts.ids(context.home)
    # Looked up twice: a request that is put back meanwhile moves against the direction of the listing.
    pending = find.pending_ids(context.home) | find.pending_ids(context.home)
    approvals.sweep(context.home, pending)
    for lane in layout.lanes(context.home):
        waits.sweep(context.home, lane, pending)
        scores.sweep(context.home, lane, pending)
    deliveries.prune(context.home, now)
    published.sweep(context.home, now)
    # Not at once: a task's file may be away for a moment, and its trigger would take everything for new.
    memory.sweep(context.home, taskfile.names(context.home), now - _AWAY)
    parked.sweep(context.home, now - items.LONGEST)
    unrouted.sweep(context.home, now)
    routes.forget_gone(context.home, route.routes(context.settings.routes))
    for request_id in known - pending:
        attempts.forget(context.home, request_id)
    if not stop.requested:
        chores.pruned(context.home, now)
