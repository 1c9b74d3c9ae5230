"""Which claude a run is started with: the usual one, or another that is installed, as `claude_versions` wants it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Union

from clodputer.agents import locate
from clodputer.agents.claude import locate_binary, usual_places
from clodputer.agents.environment import USUAL_PATH
from clodputer.model.errors import ClodputerError
from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import CLAUDE_VERSION
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.rights import claudeversions
from clodputer.model.rights.claudeversions import Installed
from clodputer.runner.versions import ask
from clodputer.store.context import Context
from clodputer.store.files.tilde import expand
from clodputer.store.folder import entries
from clodputer.store.records import runs
from clodputer.store.records.history import History

# Where its own installer keeps each version (2.1.329); the one on PATH is a link to one of them.
VERSIONS = "~/.local/share/claude/versions"
# So many are asked for their version, and so many runs are looked at for the last good one.
MOST, FURTHEST = 20, 200
# How long a request waits until it is asked about again, in seconds.
LATER = 300.0


def choose(context: Context, now: float) -> Union[Context, Wait]:
    """The context with the claude that is to be started as its `claude`, or why none may be. Raises OSError."""
    rule = context.settings.claude_versions
    if not rule:
        return context
    try:
        usual = Installed(located(context), "")
    except ClodputerError:
        return context  # the run itself says so, and where it looked
    usual = _asked(context, usual.path)
    found, why = claudeversions.choose(rule, usual, (), "")
    if found is None:
        others = [_asked(context, path) for path in islice(_others(context, usual.path), MOST)]
        found, why = claudeversions.choose(rule, usual, others, last_good(context))
    if found is None:
        return Wait(now + LATER, CLAUDE_VERSION, why)
    return context._replace(settings=context.settings._replace(claude=found.path))


def located(context: Context) -> str:
    """Where the usual claude is. Raises ClodputerError."""
    path = context.environ.get("PATH", USUAL_PATH)
    return locate_binary(context.settings.claude, path, expand("~", context.environ))


def last_good(context: Context) -> str:
    """The version with which the latest run of claude succeeded; empty when there is none."""
    past = islice(History(context.home).runs(), FURTHEST)
    good = (run for run in past if run.outcome == SUCCEEDED and run.account)
    records = (runs.record(context.home, run.task, run.run_id) or {} for run in good)
    return next((str(one["agent_version"]) for one in records if one.get("agent_version")), "")


def _asked(context: Context, path: str) -> Installed:
    try:
        return Installed(path, ask.of(context, path))
    except OSError:
        return Installed(path, "")


def _others(context: Context, usual: str) -> Iterator[str]:
    """Every other claude of which we know the place, each once."""
    home = expand("~", context.environ)
    folders = [*locate.folders(context.environ.get("PATH", USUAL_PATH)), *usual_places(home)]
    kept = expand(VERSIONS, context.environ)
    versions = [f"{kept}/{name}" for name in sorted(entries(kept), reverse=True)]
    seen = {os.path.realpath(usual)}
    for path in (*(f"{folder}/claude" for folder in folders), *versions):
        real = os.path.realpath(path)
        if real not in seen and locate.executable(path):
            seen.add(real)
            yield path
