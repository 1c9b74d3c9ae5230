"""The engine `slurm`: jobs are submitted with `sbatch`, looked at with `squeue` and `sacct`, and ended with `scancel`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clodputer.engines import Order
from clodputer.engines.tool import Refused, own, run
from clodputer.model.engine import slurm
from clodputer.model.engine.job import Job
from clodputer.model.engine.keys import OF, SLURM

KEYS = OF[SLURM]


def submit(order: Order, environ: Mapping[str, str]) -> str:
    """Submit a job; its number. Raises Refused."""
    argv = slurm.submission(order.name, order.request_id, order.task, order.settings)
    script = slurm.script(order.home, order.log, (*order.program, *order.arguments), order.variables)
    answer = run(argv, own(environ, slurm.VARIABLES, slurm.PREFIX), script)
    try:
        return slurm.submitted(answer)
    except ValueError as error:
        raise Refused(str(error)) from None


def look(names: Sequence[str], _settings: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Job]:
    """The jobs that the controller or the accounting knows, by name. Raises Refused when the controller cannot say."""
    found = {
        job.name: job
        for job in slurm.in_queue(run(slurm.queue_look(names), own(environ, slurm.VARIABLES, slurm.PREFIX)))
    }
    missing = [name for name in names if name not in found]
    if missing:
        try:
            past = slurm.in_past(run(slurm.past_look(missing), own(environ, slurm.VARIABLES, slurm.PREFIX)))
        except Refused:
            past = []  # many clusters have no accounting
        found.update((job.name, job) for job in past)
    return {name: job for name, job in found.items() if name in names}


def cancel(job: Job, _settings: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """End a job. Raises Refused."""
    run(
        ["scancel", "--quiet", *([job.id] if job.id else [f"--name={job.name}"])],
        own(environ, slurm.VARIABLES, slurm.PREFIX),
    )


def printed(_job: Job, log: str) -> str:
    """The file in the home, which is not there when the job printed nothing."""
    return f"{log}, if it is there"
