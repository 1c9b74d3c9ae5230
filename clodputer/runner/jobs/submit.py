"""Submit: a request that passed its gates becomes a job at the engine of its lane, and stays in its slot meanwhile."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from time import time

import clodputer
from clodputer import engines
from clodputer.engines import Order
from clodputer.engines.tool import Refused
from clodputer.model.engine.job import WAITING, Job
from clodputer.model.engine.job import name as job_name
from clodputer.model.queue.lanes import engine_of
from clodputer.model.request import Place
from clodputer.runner import fault
from clodputer.runner.jobs import waiting
from clodputer.runner.recover import put_back
from clodputer.store.context import Context
from clodputer.store.spool.requests import jobs, waits
from clodputer.store.spool.requests.jobs import Submitted
from clodputer.store.spool.slot import Slot


def submit(context: Context, slot: Slot, place: Place, task: str) -> None:
    """Submit a claimed request as a job; one that the engine refuses goes back, and its lane is on hold. Raises OSError.

    Killed at any point, the next look asks for the job by its name before another one is submitted (round.py).
    """
    engine, settings = engine_of(context.settings.lanes, slot.lane), context.settings.lanes[slot.lane]
    name = job_name(place.id, os.urandom(4).hex())
    submitted = Submitted(place.id, engine, time(), Job(name, "", WAITING))
    jobs.write(context.home, slot, submitted)
    fault.reach(context, "submit", place.id)
    log = jobs.output(context.home, name)
    os.makedirs(os.path.dirname(log), mode=0o700, exist_ok=True)
    variables = {"CLODPUTER_HOME": context.home.root}
    if not os.path.exists(_shim(context)):
        variables["PYTHONPATH"] = os.path.dirname(os.path.dirname(clodputer.__file__))
    order = Order(
        name,
        place.id,
        task,
        context.home.root,
        log,
        _program(context),
        ("exec", "--job", name),
        variables,
        settings,
    )
    try:
        job_id = engines.load(engine).submit(order, context.environ)
    except Refused as error:
        put_back(context, slot, place)
        jobs.forget(context.home, slot, submitted)
        message = f"{engine} accepted no job: {context.masker.text(str(error))}"
        waiting.hold_lane(context, slot.lane, message, time(), request_id=place.id)
        return
    fault.reach(context, "submitted", place.id)
    jobs.write(context.home, slot, submitted._replace(job=submitted.job._replace(id=job_id)), durable=False)
    waits.forget(context.home, slot.lane, place.id)
    context.log(
        time(),
        "submitted",
        task=task,
        request_id=place.id,
        lane=slot.lane,
        engine=engine,
        job=job_id,
    )


def _shim(context: Context) -> str:
    return f"{context.home.root}/bin/clodputer"


def _program(context: Context) -> Sequence[str]:
    """What starts Clodputer: what `install` has made, or this very Python where nothing was installed."""
    shim = _shim(context)
    return [shim] if os.path.exists(shim) else [sys.executable, "-X", "utf8", "-m", "clodputer"]
