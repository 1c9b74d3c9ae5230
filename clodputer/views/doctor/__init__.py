"""The doctor: everything that can be looked at, one check after the other; none can hold up the others or make them fail."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from threading import Thread
from typing import Callable, NamedTuple, Optional, TypeVar

from clodputer.model.config.settings import Settings
from clodputer.model.task import Task
from clodputer.store import secrets, settings
from clodputer.store.computer import machine
from clodputer.store.home import exists, is_newer, locate
from clodputer.tasks import taskfile
from clodputer.views.doctor.agents import agents, claude, containers, sandbox, trees, tried, usage
from clodputer.views.doctor.finding import Facts, Finding, note, problem
from clodputer.views.doctor.home import ceiling, exposed, metrics, records, report, setup, skill, spool, trial
from clodputer.views.doctor.home import home as doctor_home
from clodputer.views.doctor.home import tasks as doctor_tasks
from clodputer.views.doctor.outside import github, notify, plugins, publish, routes, secret, webhooks
from clodputer.views.doctor.schedule import elsewhere, engines, schedule, time
from clodputer.views.doctor.schedule import installed as doctor_installed
from clodputer.views.doctor.schedule.installed import Installed

# How long one check may take, in seconds: a dead network drive blocks every process that touches it, forever.
LIMIT = 30.0

Loaded = TypeVar("Loaded")


class Check(NamedTuple):
    """One check. inside: it looks into the home, and has nothing to say where there is none."""

    name: str
    look: Callable[[Facts], list[Finding]]
    inside: bool = True


# In the order in which one leads to the next; docs/doctor.md tells what each looks at.
CHECKS = (
    Check("python", setup.python, False),
    Check("packages", setup.packages, False),
    Check("templates", setup.shipped, False),
    Check("program", setup.program, False),
    Check("start", setup.start, False),
    Check("tmpdir", trial.temporary, False),
    Check("home", doctor_home.home, False),
    Check("owners", doctor_home.owners),
    Check("home-mode", doctor_home.mode),
    Check("exposed", exposed.tasks),
    Check("home-place", doctor_home.place),
    Check("disk", doctor_home.disk),
    Check("disk-ceiling", ceiling.disk_ceiling),
    Check("log", doctor_home.log),
    Check("records", records.records),
    Check("advice", records.advice),
    Check("cache", doctor_home.cache),
    Check("secrets", secret.file_and_references),
    Check("config", doctor_tasks.config),
    Check("routes", routes.routes),
    Check("plugins", plugins.plugins),
    Check("tasks", doctor_tasks.tasks),
    Check("machines", elsewhere.elsewhere),
    Check("folders", doctor_tasks.folders),
    Check("watched", doctor_tasks.watched),
    Check("guarded-folders", doctor_tasks.guarded),
    Check("claude", claude.claude, False),
    Check("login", claude.login),
    Check("agents", agents.others),
    Check("engines", engines.engines),
    Check("containers", containers.containers),
    Check("tried", tried.tried),
    Check("new", spool.new),
    Check("tmp", spool.tmp),
    Check("queue", spool.queue),
    Check("slots", spool.slots),
    Check("aside", spool.aside),
    Check("holds", spool.holds),
    Check("sandbox", sandbox.sandboxes),
    Check("trees", trees.trees),
    Check("publish", publish.publish),
    Check("notify", notify.channels),
    Check("outbox", notify.undelivered_mail),
    Check("metrics", metrics.textfile),
    Check("report", report.kept_fresh),
    Check("skill", skill.skill_for_claude, False),
    Check("webhooks", webhooks.hooks),
    Check("github", github.github),
    Check("windows", usage.windows),
    Check("crashes", spool.crashes),
    Check("faults", spool.faults),
    Check("exec", trial.execute),
    Check("clock", time.clock),
    Check("tz", time.terminal_zone),
    Check("missed", time.missed),
    Check("silence", time.silence),
    Check("sleep", time.sleep),
    Check("scheduler", schedule.scheduler),
    Check("two-schedulers", schedule.two),
    Check("units", schedule.units),
    Check("alarms", schedule.alarms),
    Check("shim", schedule.shim),
    Check("unit-path", schedule.unit_path),
    Check("zone", schedule.zone_changed),
    Check("other-homes", schedule.other_homes),
)


def examine(environ: Mapping[str, str], now: float, only: Iterable[str] = ()) -> list[Finding]:
    """What all checks find, or those of these names, in order. `now` in epoch seconds. Never raises for what a check meets."""
    wanted = set(only)
    facts = gather(environ, now, ask_schedulers=not wanted)
    there = exists(facts.home) and not is_newer(facts.home)
    return [
        finding
        for check in CHECKS
        if (there or not check.inside) and (not wanted or check.name in wanted)
        for finding in guarded(check, facts)
    ]


def gather(environ: Mapping[str, str], now: float, *, ask_schedulers: bool = True) -> Facts:
    """The facts for all checks; what is broken is left out here, and reported by its own check."""
    home = locate(environ)
    if is_newer(home):
        return Facts(home, environ, now)  # even to read it would be a guess

    def tasks() -> list[Task]:
        return [report.task for report in taskfile.check_all(home, environ) if report.task is not None]

    def installed() -> Optional[Installed]:
        return doctor_installed.look(home, environ, sys.platform) if ask_schedulers and exists(home) else None

    ours = _or_else(lambda: settings.load(home, environ), Settings())
    known: list[Task] = _or_else(tasks, [])
    return Facts(
        home,
        environ,
        now,
        ours,
        _or_else(lambda: secrets.load(home), {}),
        tuple(task for task in known if machine.is_here(ours, task)),
        installed=_or_else(installed, None),
        elsewhere=tuple(task for task in known if not machine.is_here(ours, task)),
    )


def guarded(check: Check, facts: Facts, limit: float = LIMIT) -> list[Finding]:
    """What a check finds; that it failed or took longer than `limit` seconds is a finding as well."""
    try:
        return _within(limit, lambda: check.look(facts))
    except _Late:
        return problem(
            check.name,
            f"the check took longer than {limit:.0f} seconds",
            "Something that the check needs does not answer: a network drive, or a program.",
        )
    except OSError as error:
        where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, (str, bytes)) else ""
        return problem(
            check.name,
            f"this could not be looked at: {error.strerror or error}{where}",
            "Fix that, then run doctor again.",
        )
    except Exception as error:  # noqa: BLE001 (whatever a check trips over)
        return note(
            check.name,
            f"the check itself failed: {type(error).__name__}: {error}",
            "A fault of Clodputer; please report it.",
        )


class _Late(Exception):
    """It took too long."""


def _or_else(load: Callable[[], Loaded], otherwise: Loaded) -> Loaded:
    try:
        return _within(LIMIT, load)
    except Exception:  # noqa: BLE001 (its own check meets the same, and tells)
        return otherwise


def _within(limit: float, call: Callable[[], Loaded]) -> Loaded:
    """What a call returns or raises, or _Late after `limit` seconds."""
    returned: list[Loaded] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            returned.append(call())
        except BaseException as error:  # noqa: BLE001 (raised again in the caller)
            raised.append(error)

    # A thread, as nothing else gets away from a system call that does not return; as a daemon it does not keep us either.
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(limit)
    if raised:
        raise raised[0]
    if not returned:
        raise _Late
    return returned[0]
