"""The engine `kubernetes`: a Job for each request, made, looked at and deleted with `kubectl`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any

from clodputer.engines import Order
from clodputer.engines.tool import Refused, own, run
from clodputer.model.engine import kubernetes
from clodputer.model.engine.job import Job
from clodputer.model.engine.keys import KUBERNETES, OF

KEYS = OF[KUBERNETES]


def submit(order: Order, environ: Mapping[str, str]) -> str:
    """Make a job; its name, by which Kubernetes knows it. Raises Refused."""
    manifest = kubernetes.manifest(
        order.name,
        order.request_id,
        order.task,
        order.home,
        order.arguments,
        order.settings,
        (os.geteuid(), os.getegid()),
    )
    try:
        answer = run(
            kubernetes.creation(order.settings),
            own(environ, kubernetes.VARIABLES, kubernetes.PREFIX),
            dumps(manifest),
        )
        return kubernetes.created(answer, order.name)
    except Refused as error:
        if kubernetes.exists(str(error), order.name):
            return order.name
        raise
    except ValueError as error:
        raise Refused(str(error)) from None


def look(names: Sequence[str], settings: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Job]:
    """The jobs that the cluster knows, by name. Raises Refused when it cannot say."""
    try:
        found = kubernetes.known(
            run(kubernetes.look(names, settings), own(environ, kubernetes.VARIABLES, kubernetes.PREFIX))
        )
    except ValueError as error:
        raise Refused(str(error)) from None
    return {job.name: job for job in found if job.name in names}


def cancel(job: Job, settings: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Delete a job; its pod is told to end. Raises Refused."""
    run(kubernetes.deletion(job.name, settings), own(environ, kubernetes.VARIABLES, kubernetes.PREFIX))


def printed(job: Job, _log: str) -> str:
    """The log of its pod."""
    return f"`kubectl logs job/{job.name}`, while the cluster keeps it"
