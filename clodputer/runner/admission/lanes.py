"""Several slots side by side: one forked process of ours for each, so that a long run in one does not hold up another."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from json import dumps, loads
from typing import Any, Callable, NamedTuple, Optional

from clodputer.model.errors import ClodputerError, error_from_json, error_to_json
from clodputer.runner.admission.taking import Taken
from clodputer.runner.processes.stop import REQUESTS, Stop
from clodputer.store.files import atomic
from clodputer.store.spool.slot import Slot

# How often somebody who watches is shown how far it is, in seconds.
GLANCE = 0.2
# The same for what we do meanwhile.
PAUSE = 1.0

Records = tuple[Mapping[str, Any], ...]
Drain = Callable[[Taken, Stop], Records]


class Child(NamedTuple):
    """The process that drains one slot, and the pipe on which it hands back its records at its end."""

    slot: Slot
    pid: int
    answer: int


def side_by_side(
    taken: list[Taken],
    drain: Drain,
    stop: Stop,
    more: Callable[[], list[Taken]],
    meanwhile: Optional[Callable[[], object]] = None,
) -> Records:
    """Drain each slot in a process of its own, which then holds its lock and its permit; all records.

    more: called whenever one of them has come to its end; takes further slots, which are drained as well. meanwhile: what to do
    about once a second; it must not take long.

    A stop that we are asked for is passed on. Each process cleans up after its own runs. Raises OSError and ClodputerError as
    they do, and ClodputerError when one of them died, after the others have come to their end; the next exec recovers its slot.
    """
    working = {child.answer: child for child in _fork_all(taken, drain)}
    heard = dict.fromkeys(working, b"")
    ended: list[tuple[Child, bytes]] = []
    passed_on = False
    while working:
        if stop.meanwhile is not None:
            stop.meanwhile()
        if meanwhile is not None:
            meanwhile()
        pause = GLANCE if stop.meanwhile else None if meanwhile is None else PAUSE
        ready, _, _ = select.select([*working, stop.fileno()], [], [], pause)
        if stop.requested and not passed_on:
            passed_on = True
            for child in working.values():
                os.kill(child.pid, signal.SIGTERM)
        stop.drain()
        before = len(ended)
        for answer in set(working).intersection(ready):
            chunk = os.read(answer, 65536)
            heard[answer] += chunk
            if not chunk:
                os.close(answer)
                os.waitpid(working[answer].pid, 0)
                ended.append((working.pop(answer), heard.pop(answer)))
        # What keeps one of them from working may keep all; the next exec finds that out.
        if len(ended) > before and not stop.requested and not any(map(_failed, ended)):
            for child in _fork_all(more(), drain):
                working[child.answer], heard[child.answer] = child, b""
    return _records(ended)


def _failed(ended: tuple[Child, bytes]) -> bool:
    return not ended[1] or "error" in loads(ended[1])


def _records(ended: list[tuple[Child, bytes]]) -> Records:
    """The records of all, or the error of the first that had one. Raises OSError, ClodputerError."""
    answers = [loads(data) for _, data in ended if data]
    for answer in answers:
        if "error" in answer:
            raise error_from_json(answer["error"])
    died = {child.slot.lane for child, data in ended if not data}
    if died:
        raise ClodputerError(
            "lane_failed",
            f"the process that drained lane {', '.join(sorted(died))} failed or was killed",
            "Nothing is lost: the next exec recovers what it left.",
        )
    return tuple(record for answer in answers for record in answer["records"])


def _fork_all(taken: list[Taken], drain: Drain) -> list[Child]:
    try:
        return [_fork(one, taken, drain) for one in taken]
    finally:
        # A lock lasts until the last of the processes that have it open closes it: from now on, one each.
        for one in taken:
            one.release()


def _fork(one: Taken, taken: list[Taken], drain: Drain) -> Child:
    answer, end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal in the moment between the fork and the child's own handlers would be lost on the parent's.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(end)
        return Child(one.slot, pid, answer)
    status = 1
    try:
        os.close(answer)
        with Stop() as stop:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for other in taken:
                if other.slot != one.slot:
                    other.release()
            result = dumps(_drained(drain, one, stop)).encode()
            with suppress(BrokenPipeError):  # the exec was killed, and nobody waits for the answer
                atomic.write_all(end, result)
        status = 0
    except BaseException as error:  # noqa: BLE001  (a forked process must not return into its parent's code)
        # Told here, since only this process knows it; the parent sees an answer that is missing.
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        os._exit(status)


def _drained(drain: Drain, taken: Taken, stop: Stop) -> dict[str, Any]:
    """The records of a slot, or the error for the person; whatever else goes wrong is a fault of Clodputer."""
    try:
        return {"records": drain(taken, stop)}
    except (OSError, ClodputerError) as error:
        return {"error": error_to_json(error)}
