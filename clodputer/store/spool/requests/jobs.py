"""Jobs: beside a request in a slot lies `<request id>.job` while an engine elsewhere has it, with what is known of its job."""

# The request stays in its slot from its claim to its end. The file is written before the job is submitted, under a name of the
# job that no other has, and taken away when the request has left the slot. A job that finds another name there, or no request,
# leaves at once: so however often a job is submitted, its request is run once.
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from json import dumps
from typing import Any, NamedTuple, Optional

from clodputer.model.engine.job import GONE, Job
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.spool import slot as slots
from clodputer.store.spool.layout import JOB
from clodputer.store.spool.slot import Slot

# In bytes.
LARGEST = 65536


class Submitted(NamedTuple):
    """A request's job, as it was when it was looked at last. at: when it was submitted, in epoch seconds."""

    request_id: str
    engine: str
    at: float
    job: Job


def write(home: Home, slot: Slot, submitted: Submitted, *, durable: bool = True) -> None:
    """Say which job the slot's request is in. Raises OSError."""
    fields = {"engine": submitted.engine, "at": iso(submitted.at), **submitted.job._asdict()}
    data = dumps(fields).encode() + b"\n"
    atomic.write(_path(home, slot, submitted.request_id), data, through=home.tmp, durable=durable)


def read(home: Home, slot: Slot) -> Optional[Submitted]:
    """The job of the slot's request; None when it has none. Of one that cannot be read no engine knows."""
    for name in entries(slots.folder(home, slot)):
        if name.endswith(JOB) and not name.startswith("."):
            return _read(home, slot, name[: -len(JOB)])
    return None


def everywhere(home: Home) -> Iterator[tuple[Slot, Submitted]]:
    """All jobs that are known, with their slots."""
    for slot in slots.everywhere(home):
        submitted = read(home, slot)
        if submitted is not None:
            yield slot, submitted


def forget(home: Home, slot: Slot, submitted: Submitted) -> None:
    """Take away what is said of a job: its request has left the slot. Raises OSError."""
    atomic.remove(_path(home, slot, submitted.request_id))
    with suppress(OSError):
        if submitted.job.name and not os.path.getsize(output(home, submitted.job.name)):
            os.unlink(output(home, submitted.job.name))


def output(home: Home, name: str) -> str:
    """The file for what a job prints beside its run; when it prints nothing, it goes with what is known of the job."""
    return f"{outputs(home)}/{name}.log"


def outputs(home: Home) -> str:
    """The folder of these files; those with words are kept as long as archived logs are."""
    return f"{home.cache}/jobs"


def _read(home: Home, slot: Slot, request_id: str) -> Submitted:
    fields: dict[str, Any]
    try:
        fields = loads(plainfile.read(_path(home, slot, request_id), LARGEST).content.decode())
        status = fields["status"]
        texts = {key: str(fields[key]) for key in ("name", "id", "state", "end", "words", "node")}
        job = Job(**texts, status=status if isinstance(status, int) else None)
        return Submitted(request_id, str(fields["engine"]), parse_moment(fields["at"], 0.0), job)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Submitted(request_id, "", 0.0, Job("", "", "", GONE))


def _path(home: Home, slot: Slot, request_id: str) -> str:
    return f"{slots.folder(home, slot)}/{request_id}{JOB}"
