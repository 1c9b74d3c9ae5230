"""Goal 14: what a look at a run costs, with few and with thousands of processes on the machine."""

from __future__ import annotations

import os
import signal
import sys
from time import perf_counter

from clodputer.runner.processes.leftovers.sweep import Traces, look, prepare
from tests.bench.goal import Row
from tests.bench.stage import Stage


def looks(stage: Stage) -> list[Row]:
    """The look is taken in a process of its own, which has two descendants; only Linux has a cheap one."""
    if not sys.platform.startswith("linux"):
        return []
    few = _in_a_child(stage.rounds * 10)
    crowd = [_idle() for _ in range(3900)]
    try:
        many = _in_a_child(stage.rounds * 10)
    finally:
        for pid in crowd:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return [
        Row("14", "a look at the processes of a run", "<= 0.5 ms", few * 1000, 0.5, "ms"),
        Row("14", "the same with 3,900 more processes on the machine", "<= 2 x", many / few, 2.0, "x"),
    ]


def _idle() -> int:
    pid = os.fork()
    if pid == 0:
        signal.pause()
    return pid


def _in_a_child(count: int) -> float:
    """The median seconds of a look."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            children = [_idle(), _idle()]
            reach = prepare()
            costs = []
            for _ in range(count):
                began = perf_counter()
                look(reach, Traces("none"), children[0], os.getpid())
                costs.append(perf_counter() - began)
            os.write(writer, str(sorted(costs)[count // 2]).encode())
            for child in children:
                os.kill(child, signal.SIGKILL)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return float(text)
