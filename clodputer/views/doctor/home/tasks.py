"""What the doctor looks at of config.yaml and the tasks: mistakes, and the folders that they work in or watch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.text.plural import counted
from clodputer.runner.prompt import texts
from clodputer.store import secrets, settings
from clodputer.store.context import Context
from clodputer.store.files.tilde import expand
from clodputer.store.processes import deadline
from clodputer.tasks import taskfile
from clodputer.triggers.file_watch.path import filled_in
from clodputer.views.doctor.finding import Facts, Finding, named, note, ok, problem
from clodputer.views.tasks import watching

# Below the account's home folder or absolute: macOS gives these only to programs that a person has allowed it.
GUARDED = (
    "Documents",
    "Desktop",
    "Downloads",
    "Library/Mobile Documents",
    "Library/CloudStorage",
    "Pictures",
    "Movies",
    "Music",
)
# How long a folder may take to answer, in seconds.
ANSWER = 3.0
# So many broken files are shown, and so many mistakes of each; `validate` shows all.
MOST_FILES, MOST_MISTAKES = 20, 10


class Place(NamedTuple):
    """A folder that a task needs. watched: it is looked at for changes; else the task works there, or may read there."""

    task: str
    path: str
    watched: bool


def config(facts: Facts) -> list[Finding]:
    """Mistakes in config.yaml."""
    try:
        settings.load(facts.home, facts.environ)
    except ClodputerError as error:
        return problem("config", error.message, error.hint)
    return ok("config", facts.home.config)


def tasks(facts: Facts) -> list[Finding]:
    """Task files that are not in order, a finding each."""
    reports = taskfile.check_all(facts.home, facts.environ)
    broken = [report for report in reports if report.problems]
    found = [
        Finding("tasks", "problem", _mistakes(report), taskfile.fix(facts.home, report.name, report.path))
        for report in broken[:MOST_FILES]
    ]
    if len(broken) > MOST_FILES:
        more = f"{counted(len(broken) - MOST_FILES, 'more broken task file')}"
        found += problem("tasks", more, "See all of them: clodputer validate")
    if found:
        return found
    names = [report.name for report in reports]
    return ok(
        "tasks",
        f"{counted(len(names), 'task')}: {named(names)}" if names else f"no task files in {facts.home.tasks}",
    )


def _mistakes(report: taskfile.Report) -> str:
    """All that is wrong with one file: in one line, or beneath its name."""
    if len(report.problems) == 1:
        return str(report.problems[0])
    lines = [f"{report.problems[0].path} has {counted(len(report.problems), 'mistake')}:"]
    lines += [f"  {mistake.beneath()}" for mistake in report.problems[:MOST_MISTAKES]]
    more = len(report.problems) - MOST_MISTAKES
    return "\n".join(
        [*lines, *([f"  and {more} more: clodputer validate {report.name}"] if more > 0 else [])]
    )


def folders(facts: Facts) -> list[Finding]:
    """Whether the folders in which enabled tasks work, and those they watch, are there and can be read."""
    found = []
    places = list(_places(facts))
    for place in places:
        trouble, remedy = _wrong_with(place)
        if trouble:
            what = "watches" if place.watched else "works in"
            found += problem("folders", f"task {place.task} {what} {place.path}, which {trouble}", remedy)
    return found or ok("folders", f"{counted(len(places), 'folder')} of tasks")


def _wrong_with(place: Place) -> tuple[str, str]:
    """What is wrong with a folder, and what to do about it; empty when nothing is."""
    try:
        # It may lie on a network drive that is gone, and must not keep the other folders from being looked at.
        deadline.within(ANSWER, lambda: _read(place))
    except TimeoutError:
        return "does not answer", "See whether its network drive is there: mount, df"
    except FileNotFoundError:
        return "is not there", "Make the folder, or correct the task."
    except NotADirectoryError:
        return "is not a folder", "Correct the task."
    except OSError as error:
        return f"cannot be read: {error.strerror}", "Make it readable for this account, or correct the task."
    return "", ""


def _read(place: Place) -> None:
    """Look into a folder, or at a watched file. Raises OSError."""
    if place.watched and os.path.isfile(place.path):
        os.stat(place.path)
    else:
        os.listdir(place.path)


def watched(facts: Facts) -> list[Finding]:
    """Whether the last look at each watched folder could be made, by what the exec that made it wrote down."""
    context = Context(
        facts.home,
        facts.environ,
        facts.settings,
        facts.secrets,
        secrets.masker_for(facts.secrets, facts.environ),
    )
    found = []
    for one in watching.problems(context, facts.tasks):
        remedy = f"It is looked at again by itself. See: clodputer why {one.task}"
        found += problem("watched", f"task {one.task}: {one.message}", remedy)
    return found or ok("watched", "the last look at every watched folder succeeded")


def guarded(facts: Facts) -> list[Finding]:
    """Folders that macOS keeps from programs which nobody has allowed them: at night nobody answers its question."""
    if facts.platform != "darwin":
        return []
    account = expand("~", facts.environ)
    found = [
        f"{place.path} (task {place.task})" for place in _places(facts) if is_guarded(place.path, account)
    ]
    if is_guarded(facts.home.root, account):
        found.insert(0, f"{facts.home.root} (the home)")
    if not found:
        return ok("guarded-folders", "no task needs a folder that macOS protects")
    return note(
        "guarded-folders",
        f"macOS protects {named(found, 5)}, and asks on the screen before a scheduled run may read there",
        "Choose other folders, or allow the interpreter in Privacy & Security; clodputer doctor --canary shows "
        "whether it works.",
    )


def is_guarded(path: str, account: str) -> bool:
    """Whether macOS asks a person before a program may look into that folder."""
    path = os.path.normpath(path)
    guards = (*(f"{account.rstrip('/')}/{name}" for name in GUARDED), "/Volumes")
    return any(path == guard or path.startswith(guard + "/") for guard in guards)


def _places(facts: Facts) -> Iterator[Place]:
    for task in facts.tasks:
        if not task.enabled:
            continue
        try:
            if task.working_directory:
                final = texts.render_task(task, facts.environ, facts.secrets)
                yield Place(task.name, final.working_directory, False)
            for trigger in task.triggers:
                for watch in triggers.load(trigger.type).alarm(trigger).watches:
                    path = filled_in(task, watch.path, facts.environ, facts.secrets)
                    yield Place(task.name, path, True)
                if trigger.options.get("folder"):  # in which a tool is run
                    path = filled_in(task, trigger.options["folder"], facts.environ, facts.secrets, "folder")
                    yield Place(task.name, path, False)
        except ClodputerError:
            continue  # a variable that is not set here, and may be where it runs; the run itself tells
