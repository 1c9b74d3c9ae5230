"""Approval: one decision counts, whoever is at it, and whoever dies at any step."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path
from time import time
from typing import Callable

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.approval import APPROVED, DENIED, EXPIRED, Decision
from clodputer.runner.requests import approve
from clodputer.store.context import Context, look
from clodputer.store.spool import aside, find, queue
from clodputer.store.spool.requests import approvals
from tests.killing import killed_at
from tests.runner.test_approve import asked, context, drained, home
from tests.wait import until
from tests.workshop import command_task, drop, environment, everything, make_home, outcomes

__all__ = ["context", "home"]


def looked_again(context: Context) -> None:
    """An exec that asks the gate anew."""
    queue.wake(context.home, "default", lambda _: True)
    drained(context)


def _child(act: Callable[[], object], gate: int) -> int:
    child = os.fork()
    if child:
        return child
    status = 2
    try:
        os.read(gate, 1)
        act()
        status = 0
    except ClodputerError:
        status = 1
    finally:
        os._exit(status)


@pytest.mark.parametrize("round_", range(4))
def test_one_decision_wins(context: Context, round_: int) -> None:
    """Approvals, denials, the end of the time and drains, all at once: the request runs or is closed, never both."""
    request_id = asked(context)
    [found] = find.delayed(context.home, "default")
    request = approve._request(found)
    ours, theirs = os.pipe()
    acts: list[Callable[[], object]] = []
    for _ in range(2):
        acts += [
            lambda: approve.decide(context, request_id, APPROVED, "", time()),
            lambda: approve.decide(context, request_id, DENIED, "", time()),
            lambda: approvals.decide(context.home, request, Decision(EXPIRED, time())),
            partial(looked_again, context),
        ]
    children = [_child(act, ours) for act in acts[round_:] + acts[:round_]]
    os.write(theirs, b"x" * len(children))
    ends = Counter(os.WEXITSTATUS(os.waitpid(child, 0)[1]) for child in children)
    os.close(ours)
    os.close(theirs)
    assert ends[2] == 0
    drained(context)
    queue.wake(context.home, "default", lambda _: True)
    drained(context)
    ran, shut = outcomes(context.home, "asks"), aside.names(context.home.closed)
    decision = approvals.read(context.home, request)
    assert decision is not None
    assert (ran, len(shut)) == ((["succeeded"], 0) if decision.decision == APPROVED else ([], 1))
    assert everything(context.home) == {}


@pytest.mark.parametrize("wish", [APPROVED, DENIED])
def test_killed_at_every_step(tmp_path: Path, wish: str) -> None:
    """Whoever decides may die at any step: it is decided or it is not, and the next call and exec do the rest."""
    step, over = 1, False
    while not over:
        home = make_home(tmp_path / str(step))
        command_task(home, "asks", "/bin/true", more="approve: before\n")
        context = look(environment(home))
        request_id = asked(context)
        over = not killed_at(step, partial(approve.decide, context, request_id, wish, "", time()))
        assert outcomes(home, "asks") == []
        assert approve.decide(context, request_id, wish, "", time()).decision == wish
        drained(context)
        assert everything(home) == {}
        expected = (["succeeded"], 0) if wish == APPROVED else ([], 1)
        assert (outcomes(home, "asks"), len(aside.names(home.closed))) == expected
        step += 1
    assert step > 3


def test_an_exec_killed_at_the_gate(tmp_path: Path) -> None:
    """Before the approval nothing has run, wherever an exec dies; after it, what had not begun runs once.

    From the moment on at which a run begins it is as every other (tests/system/test_crash.py).
    """
    for step in range(1, 18, 2):
        home, mark = make_home(tmp_path / str(step)), tmp_path / f"{step}.txt"
        command_task(home, "asks", "/bin/sh", "-c", f"echo ran >> {mark}", more="approve: before\n")
        context = look(environment(home))
        drop(home, "asks")
        killed_at(step, partial(drained, context))
        request_id = next((found.id for found in find.everywhere(home) if found.id), "") or asked_again(
            context
        )
        drained(context)
        assert not mark.exists()
        approve.decide(context, request_id, APPROVED, "", time())
        killed_at(step, partial(drained, context))
        until(partial(settled, context))
        dead = [aside.read(home.dead, name).code for name in aside.names(home.dead)]
        ran = mark.read_text().split() if mark.exists() else []
        assert (ran, dead) in ((["ran"], []), (["ran"], ["exec_died"]), ([], ["exec_died"]))
        assert everything(home) == {}


def settled(context: Context) -> bool:
    """Whether nothing waits or runs after one more exec."""
    drained(context)
    return everything(context.home) == {}


def asked_again(context: Context) -> str:
    """The id of the request that was not taken in when the exec died."""
    drained(context)
    [found] = find.delayed(context.home, "default")
    return found.id
