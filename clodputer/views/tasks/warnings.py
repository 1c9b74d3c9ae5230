"""What a valid task file says that cannot work here as things are; a run would fail, or a key has no effect."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Optional

from clodputer import agents, triggers
from clodputer.agents import environment, locate
from clodputer.model.errors import ClodputerError
from clodputer.model.run import Facts
from clodputer.model.schedules.schedule import slots
from clodputer.model.task import Task, from_json, to_json
from clodputer.model.text.moment import format_duration
from clodputer.model.text.suggest import did_you_mean
from clodputer.runner.place import withsecrets
from clodputer.runner.prompt import texts
from clodputer.schedulers import installation
from clodputer.schedulers import shim as shims
from clodputer.store import settings
from clodputer.store.home import Home
from clodputer.store.processes import deadline
from clodputer.store.taskfiles import limited
from clodputer.store.taskfiles.problems import Path, Problem, dotted
from clodputer.store.taskfiles.template_terms import CannotRender
from clodputer.store.taskfiles.yamlfile import document
from clodputer.tasks import taskfile

# So many slot times are looked at for the shortest time between two of them.
SLOTS = 20
# How long the folders and files that a task names may take to answer, in seconds.
ANSWER = 3.0

Found = tuple[Path, str]


def of_alarms(home: Home, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment that alarms run with: what `install` has frozen; before that, the one that is here."""
    try:
        shim = shims.read(installation.shim_path(home.root))
    except (ClodputerError, OSError):
        shim = None
    return environ if shim is None else shim.environment


def of_task(
    home: Home, task: Task, environ: Mapping[str, str], secrets: Mapping[str, str], now: float
) -> tuple[Problem, ...]:
    """The warnings about a valid task file, in the order of the file. `environ`: what its runs will find around them."""
    found = [*_channels(home, task), *_watched(home, task), *_found(task, environ, secrets, now)]
    if not found:
        return ()
    lines, shown = document(task.path), taskfile.shown(home, task.path)
    problems = (Problem(shown, lines.line(path), dotted(path), message) for path, message in found)
    return tuple(sorted(problems, key=lambda problem: problem[1:]))


def _found(task: Task, environ: Mapping[str, str], secrets: Mapping[str, str], now: float) -> Iterator[Found]:
    yield from _clocks(task)
    yield from _schedules(task, environ, now)
    final = _filled_in(task, environ, secrets)
    if final is not None:
        try:
            for path, message in deadline.within(ANSWER, lambda: [*_surroundings(final, environ, secrets)]):
                yield tuple(path), message
        except TimeoutError:
            yield ("working_directory",), "what the task needs does not answer: is its network drive there?"
        except (OSError, deadline.WorkFailed) as error:
            yield (), f"what the task needs could not be looked at: {error}"


def _channels(home: Home, task: Task) -> Iterator[Found]:
    """Channels that the task names and config.yaml does not have: nobody would be told."""
    if task.notify.channels is None:
        return
    try:
        known = settings.load(home).notify
    except ClodputerError:
        return  # a mistake of its own
    for name in task.notify.channels:
        if name not in known:
            near = did_you_mean(name, known)
            yield ("notify", "channels"), f"config.yaml has no channel {name}{near}: nobody is notified by it"


def _watched(home: Home, task: Task) -> Iterator[Found]:
    """Secrets by reference that a trigger names: they are looked up when a run starts, and never to see whether one is due."""
    try:
        references = settings.load(home).secrets
    except ClodputerError:
        return  # a mistake of its own
    for name in withsecrets.names_in(Task(task.name, task.path, triggers=task.triggers), references):
        yield (
            ("trigger",),
            f"{name} is not looked up for a trigger; put {name}=... into secrets.env instead of secrets",
        )


def _clocks(task: Task) -> Iterator[Found]:
    limits = task.limits
    if limits.timeout is None:
        return
    for key in ("startup_timeout", "stall_timeout"):
        seconds: Optional[float] = getattr(limits, key)
        if seconds is not None and seconds >= limits.timeout:
            yield (key,), f"has no effect: timeout ends the run after {format_duration(limits.timeout)}"


def _schedules(task: Task, environ: Mapping[str, str], now: float) -> Iterator[Found]:
    for index, trigger in enumerate(task.triggers):
        try:
            schedule = triggers.schedule(trigger, environ)
        except ClodputerError:
            continue  # the file's own check tells
        if schedule is None:
            continue
        coming = list(islice(slots(schedule, now), SLOTS))
        if not coming and task.enabled:
            yield ("trigger",), f"trigger {index + 1} ({triggers.words([trigger])}) is never due again"
        shortest = min((later - slot for slot, later in zip(coming, coming[1:])), default=None)
        timeout = task.limits.timeout
        if timeout is not None and shortest is not None and timeout > shortest:
            again = f"trigger {index + 1} is due again after {format_duration(shortest)}"
            meanwhile = _MEANWHILE[trigger.options.get("overlap", "coalesce")]
            yield ("timeout",), f"a run may take {format_duration(timeout)}, and {again}: {meanwhile}"


_MEANWHILE = {
    "coalesce": "what comes due meanwhile becomes one run after it (overlap: coalesce)",
    "skip": "what comes due meanwhile is missed (overlap: skip)",
    "queue": "requests pile up (overlap: queue)",
    "replace": "a run is ended before it is done (overlap: replace)",
}


def _filled_in(task: Task, environ: Mapping[str, str], secrets: Mapping[str, str]) -> Optional[Task]:
    """The task with its templates filled in; None when they cannot be here, which the run itself would tell."""
    try:
        if not texts.may_hold_templates(task):
            return texts.render_task(task, environ, secrets)
        return from_json(limited.call(lambda: to_json(texts.render_task(task, environ, secrets))))
    except (ClodputerError, CannotRender):
        return None


def _surroundings(task: Task, environ: Mapping[str, str], secrets: Mapping[str, str]) -> Iterator[Found]:
    """What is not there of what the task needs."""
    folder = task.working_directory
    if folder and not os.path.isdir(folder):
        what = "is not a folder" if os.path.lexists(folder) else "is not there"
        yield ("working_directory",), f"{folder} {what}; a run would end as not_started"
        return  # what else is named may begin there
    if not folder:
        task = task._replace(working_directory=environ.get("HOME") or os.path.expanduser("~"))
    facts = Facts("", environ, secrets, "")
    for key, message in agents.load(task.agent).warnings(task, facts):
        yield (key,), message
    path = environment.build(task, facts)["PATH"]
    for place, check in (
        (("precheck",), task.precheck),
        (("setup",), task.setup),
        (("verify",), task.verify),
        (("teardown",), task.teardown),
        (("expect", "command_succeeds"), task.expect.command_succeeds),
    ):
        if not check or task.container.used:
            continue
        name = check[0]
        if "/" in name:
            there = locate.executable(os.path.join(task.working_directory, name))
        else:
            there = bool(locate.find(name, locate.folders(path)))
        if not there:
            where = task.working_directory if "/" in name else path
            yield place, f"there is no program {name} in {where}"
