"""Before: whether there is anything to do, asked when all else is ready and nothing of the agent has been started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.isolate.provision import SETUP, from_setup
from clodputer.model.outcome import Outcome
from clodputer.model.proof import proof
from clodputer.model.proof.proof import BEFORE, PRECHECK, Answer
from clodputer.runner import fault
from clodputer.runner.place import provision
from clodputer.runner.proof import check
from clodputer.runner.proof.check import Place


class Asked(NamedTuple):
    """What the record keeps of each look, and how the run ends without its agent; None when that is to be started.

    doubt: why that end is doubtful, or empty.
    """

    entries: tuple[dict[str, Any], ...] = ()
    outcome: Optional[Outcome] = None
    doubt: str = ""


def ask(place: Place) -> Asked:
    """Ask the task's precheck, run its setup, and then ask its `verify`, as far as it has them. Raises OSError.

    A run that goes on with the session in which it was cut off has its work already, so that its precheck is not asked.
    """
    task, entries = place.task, []
    looks: list[tuple[str, Sequence[str], Callable[[Answer], Optional[Outcome]]]] = [
        (PRECHECK, () if place.goes_on else task.precheck, proof.from_precheck),
        (SETUP, task.setup, from_setup),
        (BEFORE, task.verify, proof.from_verify_before),
    ]
    for name, argv, judge in looks:
        if name == SETUP:
            provision.begin(place)
        if not argv:
            continue
        fault.reach(place.context, name, place.request_id)
        answer = check.ask(place, name, argv)
        entries.append(proof.entry(name, answer))
        outcome = judge(answer)
        if outcome is not None:
            return Asked(tuple(entries), outcome, proof.doubt(answer) if name == PRECHECK else "")
    return Asked(tuple(entries))
