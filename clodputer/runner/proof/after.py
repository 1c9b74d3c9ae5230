"""After: whether a run that ended well as its agent reports it did what was expected, and whether its work is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from clodputer.model.outcome import SKIPPED, SUCCEEDED, of
from clodputer.model.proof import proof
from clodputer.model.proof.changed import Changed
from clodputer.model.proof.proof import AFTER, Answer
from clodputer.model.run import Report
from clodputer.runner import fault
from clodputer.runner.proof import changed, check, expect
from clodputer.runner.proof.check import EXPECTED, Place
from clodputer.runner.proof.expect import Snapshot
from clodputer.store.files.doing import said

if TYPE_CHECKING:
    from clodputer.runner.proof import protect


class Known(NamedTuple):
    """How things were before the agent was started: the files of `expect`, those of `protect`, and the git work tree."""

    files: Snapshot
    protected: Optional[protect.Known]
    tree: changed.Looked


class Looked(NamedTuple):
    """The report as it is after all looks, what came of `expect`, what came of `verify`, and what the run changed.

    protected: what the record has of protected files.
    """

    report: Report
    expect: tuple[Mapping[str, Any], ...] = ()
    entries: tuple[dict[str, Any], ...] = ()
    changed: Changed = Changed()
    protected: Optional[Mapping[str, Any]] = None


def begin(place: Place) -> Known:
    """How things are before the agent is started. Raises ClodputerError when the run must not be started then, and OSError."""
    task = place.task
    files = expect.before(task) if task.expect.file_changed else {}
    fault.reach(place.context, "protect", place.request_id)
    protected = _protected(place)
    return Known(files, protected, changed.before(task.working_directory, place.context.environ))


def look(place: Place, report: Report, known: Known, started_at: float, began: float) -> Looked:
    """Look at what was changed, at protected files, at what `expect` names, and when all that is well ask `verify`.

    What the task expects is not looked at when the run has failed anyway. known: how things were before. started_at: when the
    agent was started, in epoch seconds; began: the same by the clock that only runs forwards. A run that is cancelled meanwhile
    has the reason `cancelled`. Raises OSError when it cannot be noted that protected files were touched.
    """
    # First of all: a check may leave files behind, too.
    made = changed.after(known.tree, report)
    record = None
    if known.protected is not None:
        from clodputer.runner.proof import protect

        report, record = protect.after(known.protected, place.folder, report)
    looked = _proved(place, report, known, started_at, began)
    return looked._replace(changed=made, protected=record)


def _protected(place: Place) -> Optional[protect.Known]:
    if not place.task.guards.protect:
        return None
    # Imported here: most tasks protect nothing.
    from clodputer.runner.proof import protect

    return protect.before(place.task, place.folder)


def _proved(place: Place, report: Report, known: Known, started_at: float, began: float) -> Looked:
    """What came of `expect` and `verify`."""
    task = place.task

    def ask(name: str, argv: Sequence[str]) -> Answer:
        try:
            return check.ask(place, name, argv, monotonic() - began)
        except OSError as error:
            return Answer(argv, problem=said(error))

    checks: tuple[Mapping[str, Any], ...] = ()
    if any(task.expect):
        checks = expect.check(task, report, known.files, started_at, lambda argv: ask(EXPECTED, argv))
        report = expect.apply(report, checks)
        if place.stop.cancelled() and not all(one["ok"] for one in checks):
            report = report._replace(outcome=of("cancelled", "That was during its check."))
            return Looked(report, checks)
    if not task.verify or report.outcome.outcome not in (SUCCEEDED, SKIPPED):
        return Looked(report, checks)
    fault.reach(place.context, AFTER, place.request_id)
    answer = ask(AFTER, task.verify)
    if answer.status != 0 and place.stop.cancelled():
        answer = answer._replace(stopped="cancelled")
    outcome = proof.from_verify_after(report.outcome, answer)
    return Looked(report._replace(outcome=outcome), checks, (proof.entry(AFTER, answer),))
