"""What can follow a word on the command line, for the shells' completion: names of files only, nothing is parsed."""

from __future__ import annotations

import os
from time import time
from typing import TYPE_CHECKING

from clodputer.model.errors import ClodputerError
from clodputer.store.context import look_on
from clodputer.store.folder import entries
from clodputer.store.home import locate
from clodputer.store.program import schemas as shipped
from clodputer.store.records import runs as store
from clodputer.store.spool import aside, find, layout
from clodputer.tasks import tables
from clodputer.views.figures import learning

if TYPE_CHECKING:
    import click

# A shell shows no more than a screen of them.
MOST = 100


def tasks(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The tasks, by the names of their files."""
    del context, parameter
    found = []
    for name in entries(locate(os.environ).tasks):
        stem, ending = os.path.splitext(name)
        if ending in (".yaml", ".yml") and not name.startswith(".") and stem.startswith(incomplete):
            found.append(stem)
    return sorted(found)


def commands(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The commands of the program."""
    del parameter
    known = context.find_root().command.list_commands(context)  # type: ignore[attr-defined]
    return [name for name in known if name.startswith(incomplete)]


def keys(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The keys of a task file, each with the `=` that follows it."""
    del context, parameter
    return [
        f"{name}=" for name in tables.top() if f"{name}=".startswith(incomplete) and "=" not in incomplete
    ]


def schemas(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The JSON schemas there are."""
    del context, parameter
    return [name for name in shipped.names() if name.startswith(incomplete)]


def runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The latest runs by their ids; a task's name stands for its latest run, so these come first."""
    return tasks(context, parameter, incomplete) + _rejected(incomplete) + _run_ids(incomplete)


def run_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The latest runs by their ids, and the requests that were rejected, given up or closed."""
    del context, parameter
    home = locate(os.environ)
    kept = [name for folder in (home.dead, home.closed) for name in aside.names(folder)[:MOST]]
    ids = [aside.id_of(name) for name in kept]
    return (
        [each for each in ids if each.startswith(incomplete)] + _rejected(incomplete) + _run_ids(incomplete)
    )


def set_aside(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The requests that were given up, by their ids, and the files that were rejected."""
    del context, parameter
    home = locate(os.environ)
    ids = [aside.id_of(name) for name in aside.names(home.dead)[:MOST]]
    return [each for each in ids if each and each.startswith(incomplete)] + _rejected(
        incomplete or "rejected/"
    )


def waiting(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The requests that wait or run, by their ids."""
    del context, parameter
    found = []
    for one in find.everywhere(locate(os.environ)):
        if one.id.startswith(incomplete) and one.id:
            found.append(one.id)
            if len(found) == MOST:
                break
    return found


def lanes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The lanes there are."""
    del context, parameter
    return [name for name in layout.lanes(locate(os.environ)) if name.startswith(incomplete)]


def advice(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The ids of advice that was not dismissed. Past runs give it, so they are read, as `advise` does."""
    del context, parameter
    # Imported for these alone: with it come the readers of task files, which no other completion needs.
    from clodputer.views.figures import advising

    try:
        home = look_on(os.environ)
        given = advising.gather(home, learning.past(home, time()))
    except (ClodputerError, OSError):
        return []
    return [one.id for one in given if not one.dismissed and one.id.startswith(incomplete)][:MOST]


def _rejected(incomplete: str) -> list[str]:
    """What was rejected, once that place is begun: few mean it, and the names are many."""
    if not incomplete:
        return []
    names = aside.names(locate(os.environ).rejected)[:MOST]
    return [each for each in (f"rejected/{name}" for name in names) if each.startswith(incomplete)]


def _run_ids(incomplete: str) -> list[str]:
    home = locate(os.environ)
    found = [
        run_id
        for task in store.tasks(home)
        for run_id in store.ids(home, task)
        if run_id.startswith(incomplete)
    ]
    return sorted(found, reverse=True)[:MOST]
