"""After: whether a run that ended well as its agent tells it did what was expected, and whether its work is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from clodputer.model import proof
from clodputer.model.outcome import SKIPPED, SUCCEEDED, of
from clodputer.model.proof import AFTER, Answer
from clodputer.model.run import Report
from clodputer.runner import fault
from clodputer.runner.proof import check, expect
from clodputer.runner.proof.check import EXPECTED, Place
from clodputer.runner.proof.expect import Snapshot
from clodputer.store.doing import said


class Looked(NamedTuple):
    """The report as it is after all looks, what came of `expect`, and what came of `verify`."""

    report: Report
    expect: tuple[Mapping[str, Any], ...] = ()
    entries: tuple[dict[str, Any], ...] = ()


def look(place: Place, report: Report, snapshot: Snapshot, started_at: float, began: float) -> Looked:
    """Look at what `expect` names, and when that holds ask `verify`. Nothing is looked at when the run has failed anyway.

    started_at: when the agent was started, in epoch seconds; began: the same by the clock that only runs forwards. A run that
    is cancelled meanwhile has the reason `cancelled`.
    """
    task = place.task

    def ask(name: str, argv: Sequence[str]) -> Answer:
        try:
            return check.ask(place, name, argv, monotonic() - began)
        except OSError as error:
            return Answer(argv, problem=said(error))

    checks: tuple[Mapping[str, Any], ...] = ()
    if any(task.expect):
        checks = expect.check(task, report, snapshot, started_at, lambda argv: ask(EXPECTED, argv))
        report = expect.apply(report, checks)
        if place.stop.cancelled() and not all(one["ok"] for one in checks):
            return Looked(report._replace(outcome=of("cancelled", "That was during its check.")), checks)
    if not task.verify or report.outcome.outcome not in (SUCCEEDED, SKIPPED):
        return Looked(report, checks)
    fault.reach(place.context, AFTER, place.request_id)
    answer = ask(AFTER, task.verify)
    if answer.status != 0 and place.stop.cancelled():
        answer = answer._replace(stopped="cancelled")
    outcome = proof.from_verify_after(report.outcome, answer)
    return Looked(report._replace(outcome=outcome), checks, (proof.entry(AFTER, answer),))
