"""Several slots side by side: one forked process of ours for each, so that a long run in one does not hold up another."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Mapping
from json import dumps, loads
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.errors import ClodputerError, error_from_json, error_to_json
from clodputer.runner.processes.stop import REQUESTS, Stop
from clodputer.store import atomic
from clodputer.store.lock import Lock
from clodputer.store.spool.slot import Slot

# How often somebody who watches is shown how far it is, in seconds.
GLANCE = 0.2
# The same for what we do meanwhile.
PAUSE = 1.0

Records = tuple[Mapping[str, Any], ...]
Drain = Callable[[Slot, Lock, Stop], Records]


class Child(NamedTuple):
    """The process that drains one slot, and the pipe on which it hands back its records at its end."""

    slot: Slot
    pid: int
    answer: int


def side_by_side(
    taken: list[tuple[Slot, Lock]],
    drain: Drain,
    stop: Stop,
    meanwhile: Optional[Callable[[], object]] = None,
) -> Records:
    """Drain each slot, whose lock is ours, in a process of its own, which then holds that lock; all records.

    meanwhile: what to do about once a second; it must not take long.

    A stop that we are asked for is passed on. Each process cleans up after its own runs. Raises OSError and ClodputerError as
    they do, and ClodputerError when one of them died, after the others have come to their end; the next exec recovers its slot.
    """
    children: list[Child] = []
    try:
        for slot, _ in taken:
            children.append(_fork(slot, taken, drain))
    finally:
        # A lock lasts until the last of the processes that have it open closes it: from now on, one each.
        for _, lock in taken:
            lock.release()
    answers = {child.answer: b"" for child in children}
    passed_on = False
    waiting = set(answers)
    while waiting:
        if stop.meanwhile is not None:
            stop.meanwhile()
        if meanwhile is not None:
            meanwhile()
        pause = GLANCE if stop.meanwhile else None if meanwhile is None else PAUSE
        ready, _, _ = select.select([*waiting, stop.fileno()], [], [], pause)
        if stop.requested and not passed_on:
            passed_on = True
            for child in children:
                os.kill(child.pid, signal.SIGTERM)
        stop.drain()
        for answer in waiting.intersection(ready):
            chunk = os.read(answer, 65536)
            answers[answer] += chunk
            if not chunk:
                waiting.discard(answer)
                os.close(answer)
    for child in children:
        os.waitpid(child.pid, 0)
    failed = [child.slot.lane for child in children if not answers[child.answer]]
    ended = [loads(data) for data in answers.values() if data]
    for answer in ended:
        if "error" in answer:
            raise error_from_json(answer["error"])
    if failed:
        raise ClodputerError(
            "lane_failed",
            f"the process that drained lane {', '.join(sorted(set(failed)))} failed or was killed",
            "Nothing is lost: the next exec recovers what it left.",
        )
    return tuple(record for answer in ended for record in answer["records"])


def _fork(slot: Slot, taken: list[tuple[Slot, Lock]], drain: Drain) -> Child:
    answer, end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal in the moment between the fork and the child's own handlers would be lost on the parent's.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(end)
        return Child(slot, pid, answer)
    status = 1
    try:
        os.close(answer)
        with Stop() as stop:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for other, lock in taken:
                if other != slot:
                    lock.release()
            atomic.write_all(end, dumps(_drained(drain, slot, dict(taken)[slot], stop)).encode())
        status = 0
    except BaseException as error:  # noqa: BLE001  (a forked process must not return into its parent's code)
        # Told here, since only this process knows it; the parent sees an answer that is missing.
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(status)


def _drained(drain: Drain, slot: Slot, lock: Lock, stop: Stop) -> dict[str, Any]:
    """The records of a slot, or the error for the person; whatever else goes wrong is a fault of ours."""
    try:
        return {"records": drain(slot, lock, stop)}
    except (OSError, ClodputerError) as error:
        return {"error": error_to_json(error)}
