"""What may keep a claimed request from being run now: one module for each gate, each with the function of `Gate`."""

from __future__ import annotations

from typing import Optional, Protocol

from clodputer.gates import (
    approve,
    breaker,
    budget,
    ceiling,
    enabled,
    exposed,
    github,
    hold,
    item,
    machine,
    moment,
    parked,
    require,
    window,
)
from clodputer.model.config.keys import Key
from clodputer.model.gates.verdict import GO, Go, Refuse, Verdict, Wait
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store.context import Context
from clodputer.store.records.history import History


class Gate(Protocol):
    """What the module of every gate has."""

    # The keys of a task file that belong to it.
    KEYS: tuple[Key, ...]

    def check(self, task: Task, request: Request, history: History, context: Context, now: float) -> Verdict:
        """Whether it lets the request pass at `now` (epoch seconds). It changes nothing, for it is asked again and again.

        May raise OSError.
        """


# In the order in which they are asked: first those that cost nothing. A person can decide while something else keeps a
# request waiting, and all that is asked after that is asked again then. GitHub comes last: it takes seconds.
GATES: tuple[Gate, ...] = (
    enabled,
    machine,
    approve,
    hold,
    exposed,
    parked,
    item,
    window,
    breaker,
    require,
    ceiling,
    budget,
    github,
)


# Gates whose answer depends on other runs, or on what a person does meanwhile; they are asked again at the moment when the run
# is to begin.
BESIDE: tuple[Gate, ...] = (hold, parked, item, breaker, budget)

# Gates that say the same of whatever comes of a task now, and measure nothing: what they say is known before a request comes.
STANDING: tuple[Gate, ...] = (exposed, window, breaker, budget)


def ask(
    request: Request, task: Optional[Task], problem: str, history: History, context: Context, now: float
) -> Verdict:
    """What is to become of a claimed request: the first verdict that is not GO, else GO.

    task is None when its file is missing or broken, and `problem` says how. The request's own moments come first: it may be
    early, and then the file has time to be fixed.
    """
    verdict = moment.check(task, request, history, context, now)
    if not isinstance(verdict, Go):
        return verdict
    if task is None:
        return Refuse("task_invalid", problem)
    for gate in GATES:
        verdict = gate.check(task, request, history, context, now)
        if not isinstance(verdict, Go):
            return verdict
    return GO


def ask_beside(request: Request, task: Task, history: History, context: Context, now: float) -> Verdict:
    """What the gates of BESIDE say, and whether memory is left, while no other run can begin: the first that is not GO."""
    verdicts = (gate.check(task, request, history, context, now) for gate in BESIDE)
    refused = next((verdict for verdict in verdicts if not isinstance(verdict, Go)), GO)
    return require.check_memory(task, context, now) if isinstance(refused, Go) else refused


def foresee(task: Task, history: History, context: Context, now: float) -> Optional[Wait]:
    """What would keep a request of the task waiting that came at `now` (epoch seconds), unless a person asked for it by hand.

    None when nothing of STANDING would. Holds are told apart from this. Raises OSError.
    """
    request = Request("", task.name, now)
    verdicts = (gate.check(task, request, history, context, now) for gate in STANDING)
    return next((verdict for verdict in verdicts if isinstance(verdict, Wait)), None)
