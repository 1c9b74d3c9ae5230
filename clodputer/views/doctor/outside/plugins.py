"""What the doctor looks at of plugins: those that cannot be called, that keep failing, and settings of none."""

from __future__ import annotations

from clodputer.model.gates.breaker import CLOSED
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.model.text.suggest import did_you_mean
from clodputer.model.triggers.plugin import EVERY
from clodputer.store import secrets
from clodputer.store.context import Context
from clodputer.store.due import polls
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok, problem
from clodputer.views.incoming import plugins as views


def plugins(facts: Facts) -> list[Finding]:
    """Each plugin that cannot be called or whose breaker is open, and what config.yaml says of plugins that are not there."""
    context = Context(
        facts.home,
        facts.environ,
        facts.settings,
        facts.secrets,
        secrets.masker_for(facts.secrets, facts.environ),
    )
    found: list[Finding] = []
    listed = views.listed(context, facts.now)
    for one in listed:
        if one.problem is not None:
            found += problem("plugins", one.problem.message, one.problem.hint)
        elif trouble := views.wrong(one, facts.now):
            remedy = f"Once that is fixed: clodputer plugin run {one.name}"
            if one.breaker.state == CLOSED:
                remedy = "Have a scheduler start exec: clodputer install"
            found += problem("plugins", f"plugin {one.name} {trouble}", remedy)
        elif waits := views.held_back(context, one):
            found += note("plugins", f"plugin {one.name} {waits}", "See what waits: clodputer queue")
    names = polls.names(facts.home)
    for name in facts.settings.plugins:
        if name not in names:
            message = f"config.yaml names a plugin {name}, which does not exist{did_you_mean(name, names)}"
            found += problem("plugins", message, f"Correct plugins in {facts.home.config}.")
    scheduled = [one.manifest for one in listed if one.enabled and one.manifest and one.manifest.schedule]
    shortest = min((one.schedule.every for one in scheduled if one.schedule), default=None)
    if shortest is not None and facts.settings.sweep > max(shortest, EVERY["5m"]):
        message = (
            f"a plugin is to be polled every {format_duration(shortest)}, and the sweep, which starts polls, comes every "
            f"{format_duration(facts.settings.sweep)}"
        )
        found += note("plugins", message, "Shorten sweep in config.yaml, then: clodputer install")
    return found or ok(
        "plugins", f"{counted(len(names), 'plugin')}: {named(names)}" if names else "no plugins"
    )
