"""The orders to run tools, carried out one after the other: each tool is run, and then its trigger looks at the report."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic, time

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.runner import fault
from clodputer.runner.intake.sources import drop_found
from clodputer.runner.processes.stop import Stop
from clodputer.runner.tools.run import run
from clodputer.store.computer import machine
from clodputer.store.context import Context
from clodputer.store.due import orders
from clodputer.store.triggers import memory, tools
from clodputer.tasks import taskfile
from clodputer.triggers import Tooled

STEP = "tools"
# After so many seconds no further tool is started; the orders that are left are carried out by the next exec.
LONGEST = 3600.0
# Another exec that has just this trigger look takes as long as a look may, in seconds.
PATIENCE, GLANCE = 12.0, 0.2


def carry_out(context: Context) -> None:
    """Carry out all orders. What goes wrong with one is logged, and keeps no other from it.

    An order is taken away when its tool was run and its trigger has looked. Killed before, both are done again; a finding whose
    request was committed is known by then.
    """
    until = monotonic() + LONGEST
    failed: set[str] = set()
    with Stop() as stop:
        while not stop.requested and monotonic() < until:
            order = next((one for one in orders.waiting(context.home) if one not in failed), "")
            if not order:
                return
            # It may be there still afterwards, as when the disk is full.
            failed.add(order)
            try:
                fault.reach(context, STEP)
                if not _carry_out(context, order, stop):
                    return
            except Exception as error:  # noqa: BLE001  (whatever it is, the next tool has nothing to do with it)
                with suppress(OSError):
                    fault.report(context, error, STEP)
            with suppress(OSError):
                orders.done(context.home, order)


def _carry_out(context: Context, order: str, stop: Stop) -> bool:
    """Run the tool of an order, and have its trigger look; False when it was interrupted. Raises OSError."""
    name, index = orders.parts(order)
    try:
        task = taskfile.load(context.home, name, context.environ)
        trigger = task.triggers[index]
        kind = triggers.load(trigger.type)
        if not task.enabled or not isinstance(kind, Tooled) or not machine.is_here(context.settings, task):
            return True
        mark, place = kind.mark(context, task, trigger), memory.folder(context.home, task.name)
        tool = kind.tool(context, task, trigger, memory.read(place, mark), time())
        # Another exec may have had it run and look, and been killed before its order was taken away.
        if tool is None:
            return True
        if not run(context, task, mark, tool, stop):
            return False
        patient_until = monotonic() + PATIENCE
        drop_found(context, task, trigger, index, time())
        while kind.tool(context, task, trigger, memory.read(place, mark), time()) is not None:
            if stop.requested or monotonic() > patient_until:
                return not stop.requested  # the lane is full: what is found then waits for the next look
            stop.wait(GLANCE)
            drop_found(context, task, trigger, index, time())
        tools.forget(context.home, task.name, mark)
    except (ClodputerError, IndexError) as error:
        # Its file was changed meanwhile, or is not in order.
        message = error.message if isinstance(error, ClodputerError) else "its trigger is gone"
        context.log(time(), "watch_failed", task=name, message=message)
    return True
