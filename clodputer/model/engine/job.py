"""A job at an engine, as its last look showed it, and what becomes of its request when the job has ended."""

from __future__ import annotations

from typing import NamedTuple, Optional

# A job waits to be placed, is on a node, or has come to its end.
WAITING, RUNNING, ENDED = "waiting", "running", "ended"

# How a job ended. DONE: its program exited with 0. FAILED: with something else. GONE: the engine knows nothing of it any more.
DONE, FAILED, CANCELLED, TIME, MEMORY, PREEMPTED, NODE, GONE = (
    "done",
    "failed",
    "cancelled",
    "time",
    "memory",
    "preempted",
    "node",
    "gone",
)

# What a job's script exits with where the files of the home are not: EX_NOINPUT of sysexits.h.
NO_HOME = 66

_WORDS = {
    DONE: "ended",
    FAILED: "failed",
    CANCELLED: "was cancelled",
    TIME: "was ended because its time was over",
    MEMORY: "was ended because it needed more memory than it may have",
    PREEMPTED: "was ended to make room for another one",
    NODE: "was lost with its node",
    GONE: "is not known any more",
}


# Names of jobs, and of what belongs to them, have at most 63 letters in Kubernetes: RFC 1123, labels.
_LONGEST_NAME = 63
# So much of what an engine says of a job is kept, in characters.
LONGEST_WORDS = 500


class Job(NamedTuple):
    """One job. name: ours, which no two jobs share. id: the engine's, by which people know it there.

    end: how it ended, when its state is ENDED. words: what the engine says of it beside its state; it comes from outside.
    status: the exit status of its program, None when it is not known.
    """

    name: str
    id: str
    state: str
    end: str = ""
    words: str = ""
    node: str = ""
    status: Optional[int] = None


def name(request_id: str, other: str) -> str:
    """The name of a job for a request, which any engine takes. other: letters that no other job of that request has."""
    begin = f"clodputer-{request_id}"[: _LONGEST_NAME - len(other) - 1].rstrip("-")
    return f"{begin}-{other}"


def one_line(words: str) -> str:
    """What an engine says of a job, in one line and no longer than is kept."""
    return " ".join(words.split())[:LONGEST_WORDS]


# What engines say of jobs that will wait until somebody does something. Slurm: squeue(1), "JOB REASON CODES". Kubernetes: the
# reasons for which a container waits.
_STUCK = (
    "AccountNotAllowed",
    "BadConstraints",
    "CreateContainerConfigError",
    "CreateContainerError",
    "DependencyNeverSatisfied",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidAccount",
    "InvalidImageName",
    "InvalidQOS",
    "JobHeldAdmin",
    "JobHeldUser",
    "PartitionDown",
    "PartitionInactive",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "QOSNotAllowed",
    "launch failed requeued held",
)
# Whoever waits so long, in seconds, may wait for something that never comes.
LONG = 86400.0


def is_stuck(job: Job, waited: float) -> bool:
    """Whether a job that has waited for so many seconds may wait for a person."""
    return job.state == WAITING and (waited > LONG or job.words.lstrip("(").startswith(_STUCK))


def standing(engine: str, job: Job) -> str:
    """How a job that has not ended is, for people."""
    if not job.id:
        return f"being submitted to {engine}"
    if job.state == RUNNING:
        return f"job {job.id} of {engine}{f' on {job.node}' if job.node else ''}"
    if job.state == ENDED:
        return f"job {job.id} of {engine} has ended; the next exec settles it"
    said = f" ({' '.join(job.words.split())[:200]})" if job.words else ""
    return f"job {job.id} of {engine}, which waits there{said}"


def gone(name: str, job_id: str) -> Job:
    """A job that the engine does not know."""
    return Job(name, job_id, ENDED, GONE)


def sentence(engine: str, job: Job) -> str:
    """How a job ended, without the full stop."""
    where = f" on {job.node}" if job.node else ""
    status = f", exit status {job.status}" if job.end == FAILED and job.status is not None else ""
    said = f" ({' '.join(job.words.split())[:200]})" if job.words else ""
    return f"job {job.id or job.name} of {engine}{where} {_WORDS[job.end]}{status}{said}"


# What becomes of a request whose job ended before its run began. AGAIN: it is submitted again. CLOSE: somebody cancelled the
# job, and the request with it. HOLD: it is submitted again after a while, as all jobs of the lane would end like this one.
AGAIN, CLOSE, HOLD = "again", "close", "hold"


def unbegun(job: Job) -> str:
    """What becomes of a request of which nothing was begun when its job ended: AGAIN, CLOSE or HOLD."""
    if job.end == CANCELLED:
        return CLOSE
    # Without an id it was perhaps never submitted: whoever was about to was killed.
    if job.end in (PREEMPTED, NODE) or (job.end == GONE and not job.id):
        return AGAIN
    return HOLD


def reason_to_hold(engine: str, job: Job, home: str, printed: str) -> str:
    """Why a lane is on hold after such a job, as a sentence. printed: where to read what the job printed, for `Look at ...`."""
    said = f"The {sentence(engine, job)} before anything of its request was begun."
    if job.end == FAILED and job.status == NO_HOME:
        shared = "the home must lie where all nodes of the lane have it under the same path"
        return f"{said} Its node does not see {home}: {shared}."
    if job.end == DONE:
        return f"{said} Its node perhaps sees other files at {home} than this machine."
    return f"{said} Look at {printed}."
