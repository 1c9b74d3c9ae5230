"""The polls that are due: one plugin after the other is called; what goes wrong with one keeps no other from it."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic, time

from clodputer.model.errors import ClodputerError
from clodputer.model.triggers.plugin import POLL, config_of, next_poll
from clodputer.runner import fault
from clodputer.runner.intake.full import behind
from clodputer.runner.plugins.call import call
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import Context
from clodputer.store.due import polls
from clodputer.store.triggers import plugins

# After so many seconds no further plugin is called in this round; those that are left are due still.
LONGEST = 300.0
# While a lane is full to which its events lead, a plugin is asked about again after so many seconds.
HELD_BACK = 60.0

STEP = "plugins"


def poll(context: Context) -> None:
    """Poll each plugin that is due, one after the other. What goes wrong with one is logged, and keeps no other from it."""
    until = monotonic() + LONGEST
    with Stop() as stop:
        for name in polls.due(context.home, time()):
            if stop.requested or monotonic() > until:
                return
            try:
                _poll(context, name, stop)
            except Exception as error:  # noqa: BLE001  (whatever it is, the next plugin has nothing to do with it)
                with suppress(OSError):
                    fault.report(context, error, STEP)
                    polls.note(context.home, name, time() + 3600.0, polls.stamp(context.home, name))


def _poll(context: Context, name: str, stop: Stop) -> None:
    home, mark, now = context.home, polls.stamp(context.home, name), time()
    try:
        found = plugins.load(home, name)
    except ClodputerError as error:
        context.log(now, "plugin_failed", plugin=name, command=POLL, reason=error.code, message=error.message)
        polls.note(home, name, None, mark)  # until its manifest is changed
        return
    past = plugins.past(home, name)
    plugins.finish(home, name, now)  # what a kill has left
    when = None
    if POLL in found.commands and config_of(context.settings.plugins, name).enabled:
        when = next_poll(found, past.ends, now)
    if when is None or when > now:
        polls.note(home, name, when, mark)  # new or changed, and not due
        return
    if behind(context, name):
        polls.note(home, name, now + HELD_BACK, mark)
        return
    with suppress(ClodputerError):  # it is being called already, or we are to end
        call(context, name, POLL, stop)
