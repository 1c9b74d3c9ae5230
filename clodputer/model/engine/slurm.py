"""Slurm, decided purely: what `sbatch` is called with, the script of a job, and what `squeue` and `sacct` answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any

from clodputer.model.engine.job import (
    CANCELLED,
    DONE,
    ENDED,
    FAILED,
    MEMORY,
    NO_HOME,
    NODE,
    PREEMPTED,
    RUNNING,
    TIME,
    WAITING,
    Job,
)

# The states of jobs: squeue(1), "JOB STATE CODES", of Slurm 22.05 to 25.05. Any other means that it waits.
_ENDS = {
    "BOOT_FAIL": NODE,
    "CANCELLED": CANCELLED,
    "COMPLETED": DONE,
    "DEADLINE": TIME,
    "FAILED": FAILED,
    "LAUNCH_FAILED": NODE,
    "NODE_FAIL": NODE,
    "OUT_OF_MEMORY": MEMORY,
    "PREEMPTED": PREEMPTED,
    "REVOKED": CANCELLED,
    "TIMEOUT": TIME,
}
# COMPLETING: its program has ended or is being ended, and its end is known when that is over.
_RUNNING = frozenset(
    ("RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING")
)
# Reasons of squeue that say nothing.
_NO_REASON = ("", "None", "(null)")

# What is handed to `sbatch`, which gives the job its own environment: no more than this, so that no secret goes along.
VARIABLES = ("HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER")
PREFIX = "SLURM_"

_FIELDS = "JobID:20,Name:128,State:24,exit_code:12,NodeList:64,Reason:160"
_WIDTHS = tuple(int(field.split(":")[1]) for field in _FIELDS.split(","))


def submission(name: str, request_id: str, task: str, settings: Mapping[str, Any]) -> list[str]:
    """The arguments of a `sbatch` that reads the script from stdin. settings: of the lane.

    --no-requeue: what was begun may have done its work, so nobody but Clodputer says whether it is begun again.
    """
    wanted = {
        "partition": settings.get("partition"),
        "account": settings.get("account"),
        "qos": settings.get("qos"),
        "constraint": settings.get("constraint"),
        "gres": settings.get("gres"),
        "cpus-per-task": settings.get("cpus"),
        "time": math.ceil(settings["time"] / 60) if settings.get("time") else None,
        "mem": f"{math.ceil(settings['memory'] / 1024)}K" if settings.get("memory") else None,
    }
    return [
        "sbatch",
        "--parsable",
        "--no-requeue",
        "--ntasks=1",
        "--chdir=/",
        "--output=/dev/null",
        "--error=/dev/null",
        "--open-mode=append",
        f"--job-name={name}",
        f"--comment=clodputer request {request_id} of {task}",
        *(f"--{option}={value}" for option, value in wanted.items() if value),
    ]


def script(home: str, log: str, program: Sequence[str], environ: Mapping[str, str]) -> str:
    """What the job runs, for sh: `program` in the home, with variables that are no secrets, its output in `log`.

    Where the files of the home are not, it exits with NO_HOME at once.
    """
    variables = " ".join(f"{name}={quote(value)}" for name, value in sorted(environ.items()))
    return f"""#!/bin/sh
[ -f {quote(home)}/format ] || exit {NO_HOME}
exec >>{quote(log)} 2>&1 </dev/null || exit {NO_HOME}
exec env {variables} {" ".join(map(quote, program))}
"""


def submitted(text: str) -> str:
    """The id in the answer of `sbatch --parsable`, `<id>` or `<id>;<cluster>`. Raises ValueError when there is none."""
    job_id = text.strip().splitlines()[-1].split(";")[0].strip() if text.strip() else ""
    if not job_id.isdecimal():
        raise ValueError(f"sbatch answered {text[:100]!r} where it should have named a job")
    return job_id


def queue_look(names: Sequence[str]) -> list[str]:
    """The arguments of a `squeue` that reports the jobs of these names, ended ones that it still knows too."""
    return ["squeue", "--noheader", "--states=all", f"--name={','.join(names)}", f"--Format={_FIELDS}"]


def past_look(names: Sequence[str]) -> list[str]:
    """The arguments of a `sacct` that reports the jobs of these names in the last thirty days."""
    fields = "JobIDRaw,JobName%128,State,ExitCode,NodeList"
    return [
        "sacct",
        "--noheader",
        "--parsable2",
        "--allocations",
        "--starttime=now-30days",
        f"--name={','.join(names)}",
        f"--format={fields}",
    ]


def in_queue(text: str) -> list[Job]:
    """The jobs in an answer of `squeue`; lines that it does not write are left out."""
    found = []
    for line in text.splitlines():
        fields, rest = [], line
        for width in _WIDTHS:
            fields.append(rest[:width].strip())
            rest = rest[width:]
        job_id, name, state, status, node, reason = fields
        if job_id.isdecimal() and name and state:
            found.append(_job(name, job_id, state, status, node, reason))
    return found


def in_past(text: str) -> list[Job]:
    """The jobs in an answer of `sacct --parsable2`; lines that it does not write are left out."""
    found = []
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) == 5 and fields[0].isdecimal() and fields[1]:
            job_id, name, state, status, node = fields
            found.append(_job(name, job_id, state, status, node, ""))
    return found


def _job(name: str, job_id: str, state: str, status: str, node: str, reason: str) -> Job:
    word = state.split(maxsplit=1)[0].rstrip("+")  # `CANCELLED by 1000`
    end = _ENDS.get(word, "")
    standing = ENDED if end else RUNNING if word in _RUNNING else WAITING
    said = "" if reason in _NO_REASON else reason
    node = "" if node in ("(null)", "None assigned") else node
    return Job(
        name,
        job_id,
        standing,
        end,
        said if standing != RUNNING else "",
        node,
        _status(status) if end == FAILED else None,
    )


def _status(text: str) -> int | None:
    """The exit status in `66:0` or `66`; None when it is none."""
    first = text.split(":", maxsplit=1)[0]
    return int(first) if first.isdecimal() else None
