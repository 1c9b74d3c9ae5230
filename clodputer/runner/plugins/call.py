"""One call of a plugin: asked on its standard input, contained as a run is, its answer checked and made lasting."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import monotonic, time
from typing import Any, Optional

from clodputer.agents import environment
from clodputer.model.errors import ClodputerError
from clodputer.model.gates.breaker import End
from clodputer.model.outcome import FAILED as ENDED_BADLY
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.run import Facts, Launch
from clodputer.model.task import Task
from clodputer.model.text.moment import iso
from clodputer.model.text.plural import counted
from clodputer.model.triggers.event import Event, brought
from clodputer.model.triggers.plugin import (
    CHANGING,
    MOST_ENDS,
    MOST_OUTPUT,
    PERMANENT,
    POLL,
    Manifest,
    Missing,
    breaker_of,
    config_of,
    filled_in,
    next_poll,
    turned,
)
from clodputer.model.triggers.pluginreply import Heard, Reply, question, read
from clodputer.runner import fault
from clodputer.runner.processes.contain import contain
from clodputer.runner.processes.stop import Stop
from clodputer.runner.prompt.stdin import open_prompt
from clodputer.store.context import Context
from clodputer.store.due import polls
from clodputer.store.files import plainfile
from clodputer.store.lock import Lock
from clodputer.store.records import masking, runs
from clodputer.store.taskstate import state
from clodputer.store.triggers import plugins
from clodputer.store.triggers.plugins import Last, Past

# Between SIGTERM and SIGKILL, in seconds.
GRACE = 5.0
# In the folder of a plugin: what its last call printed, and its temporary files while it lasts.
JOB, TEMPORARY = "job", "tmp"


def call(context: Context, name: str, command: str, stop: Stop, event: Optional[Event] = None) -> Last:
    """Call a plugin once, and make lasting what follows. Raises ClodputerError, OSError.

    "busy": another call of it is going on. "plugin_...": it must not be started; that is remembered as its failure.
    """
    place = plugins.folder(context.home, name)
    found = plugins.load(context.home, name)
    if command not in found.commands:
        raise ClodputerError(
            "plugin_command",
            f"plugin {name} does not know {command}; it knows {', '.join(found.commands)}",
            f"See {context.home.plugins}/{name}/{polls.MANIFEST}.",
        )
    os.makedirs(place, mode=0o700, exist_ok=True)
    with Lock(f"{place}/{plugins.LOCK}") as held:
        if not held:
            raise ClodputerError("busy", f"plugin {name} is being called already", "Try again.")
        plugins.finish(context.home, name, time())
        return _call(context, found, command, stop, event)


def _call(context: Context, found: Manifest, command: str, stop: Stop, event: Optional[Event]) -> Last:
    home, name, now, began = context.home, found.name, time(), monotonic()
    mark, past = polls.stamp(home, name), plugins.past(home, name)
    job_id = runs.new_id(now, os.urandom(4).hex())
    # Whatever kills us from here on, the next one waits a minute more than this may take.
    polls.note(home, name, now + found.timeout + 60.0, mark)
    kept = state.Kept()
    try:
        kept = state.read(home, plugins.state_name(name))
        reply = _reply(context, found, command, job_id, kept.value, event, stop)
    except ClodputerError as error:
        reply = Reply(PERMANENT, error.message)
    if stop.requested and reply.reason:
        # It was ended because we are to end, which says nothing about it.
        polls.note(home, name, _next(context, found, past, now), mark)
        raise ClodputerError("interrupted", f"the call of plugin {name} was interrupted", "Call it again.")
    fault.reach(context, "plugin", name)
    last = Last(
        job_id, command, now, round(monotonic() - began, 3), reply.reason, reply.message, len(reply.events)
    )
    last = last._replace(message=context.masker.text(last.message))
    ends = past.ends
    if command in CHANGING:
        end = End(now, ENDED_BADLY, reply.reason) if reply.reason else End(now, SUCCEEDED, "completed")
        ends = (end, *past.ends)[:MOST_ENDS]
    events = tuple(one._replace(payload=context.masker.data(one.payload)) for one in reply.events)
    _log(context, name, last, reply)
    after = Past(ends, last)
    _log_turn(context, name, past, after)
    plugins.commit(home, name, after, kept.version, context.masker.data(reply.updates), events)
    plugins.finish(home, name, time())
    # By the clock as it is now: it may have been put back meanwhile.
    polls.note(home, name, _next(context, found, after, time()), mark)
    return last


def _next(context: Context, found: Manifest, past: Past, now: float) -> Optional[float]:
    enabled = config_of(context.settings.plugins, found.name).enabled
    return next_poll(found, past.ends, now) if enabled and POLL in found.commands else None


def _reply(
    context: Context,
    found: Manifest,
    command: str,
    job_id: str,
    before: Mapping[str, Any],
    event: Optional[Event],
    stop: Stop,
) -> Reply:
    """What it answers. Raises ClodputerError when it must not or cannot be started, OSError."""
    program = plugins.program(context.home, found)
    config = config_of(context.settings.plugins, found.name).config
    lacking = [key for key in found.config_keys if key not in config]
    if lacking:
        fix = f"Add it to config.yaml: plugins: {{{found.name}: {{config: {{{lacking[0]}: ...}}}}}}."
        raise ClodputerError("plugin_config", f"plugin {found.name} needs {', '.join(lacking)}. {fix}", fix)
    try:
        given = filled_in(config, {**context.environ, **context.secrets})
    except Missing as error:
        fix = f"Put {error}=... into secrets.env."
        message = f"its config names ${{{error}}}, which is not set. {fix}"
        raise ClodputerError("plugin_config", message, fix) from None
    place = f"{plugins.folder(context.home, found.name)}/{JOB}"
    _remove(place)
    temporary = f"{place}/{TEMPORARY}"
    os.makedirs(temporary, mode=0o700)
    until = iso(time() + found.timeout)
    told = None if event is None else {**brought(event), "dedupe_key": event.dedupe_key}
    heard = _run(
        context, found, program, job_id, place, question(job_id, command, given, before, told, until), stop
    )
    return read(heard, found.name, command, job_id, before)


def _run(
    context: Context, found: Manifest, program: str, job_id: str, place: str, asked: str, stop: Stop
) -> Heard:
    """Start it, stay with it, and let nothing of it outlive it. Raises ClodputerError, OSError."""
    temporary = f"{place}/{TEMPORARY}"
    task = Task(found.name, program, agent="command")
    facts = Facts(job_id, context.environ, {}, temporary, home=context.home.root)
    launch = Launch(
        (program,),
        environment.build(task, facts),
        os.path.dirname(program),
        timeout=found.timeout,
        stop_grace=GRACE,
        max_output=MOST_OUTPUT,
    )
    descriptor = open_prompt(temporary, asked)
    try:
        _, ended = contain(context, place, task, launch, descriptor, stop, _nothing)
    finally:
        os.close(descriptor)
        _remove(temporary)
    text = ""
    if masking.only_files(place):
        text = plainfile.read(f"{place}/stdout", MOST_OUTPUT).content.decode("utf-8", "replace")
        masking.mask_streams(place, context.masker)
    else:
        _remove(place)  # nothing of one that takes away its own output counts
    complaint = " ".join(context.masker.text(ended.stderr_tail).split())[-500:]
    return Heard(text, ended.exit_status, ended.signal, ended.stopped, complaint)


def _remove(folder: str) -> None:
    # With shutil come three libraries of compression, which a run has no use for.
    from shutil import rmtree

    rmtree(folder, ignore_errors=True)


def _nothing() -> None:
    """The note says already that it is being called."""


def _log_turn(context: Context, name: str, before: Past, after: Past) -> None:
    """Log that the breaker has opened or closed; before it is committed, so that after a kill it is logged once more."""
    now = time()
    turn = turned(before.ends, after.ends, now)
    if turn == "stopped" and after.last is not None:
        failures = breaker_of(after.ends, now).failures
        message = f"{counted(failures, 'call')} failed in a row, the last: {after.last.message}"
        context.log(now, "plugin_down", plugin=name, failures=failures, message=message)
    elif turn == "works":
        context.log(now, "plugin_works", plugin=name)


def _log(context: Context, name: str, last: Last, reply: Reply) -> None:
    about: dict[str, Any] = {"plugin": name, "command": last.command, "job_id": last.job_id}
    for level, message in reply.logs:
        context.log(time(), "plugin_said", **about, level=level, message=context.masker.text(message))
    if last.reason:
        context.log(time(), "plugin_failed", **about, reason=last.reason, message=last.message)
    elif last.events:
        context.log(time(), "plugin_found", **about, events=last.events)
