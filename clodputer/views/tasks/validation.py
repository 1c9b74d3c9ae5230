"""All mistakes of task files, config.yaml and secrets.env, and what is written well but cannot work as things are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, NamedTuple

from clodputer.isolate import scratch
from clodputer.model.errors import ClodputerError
from clodputer.model.triggers import route
from clodputer.store import secrets, settings
from clodputer.store.files import exposed
from clodputer.store.home import Home
from clodputer.store.taskfiles.problems import Problem
from clodputer.tasks import risk, taskfile
from clodputer.tasks.taskfile import Report
from clodputer.views.incoming import routing
from clodputer.views.tasks import fed, warnings


class Checked(NamedTuple):
    """A task file that was checked, and the warnings about it. notes: what is as it should be and worth knowing."""

    report: Report
    warnings: tuple[Problem, ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "name": self.report.name,
            "path": self.report.path,
            "ok": not self.report.problems,
            "problems": [problem._asdict() for problem in self.report.problems],
            "warnings": [warning._asdict() for warning in self.warnings],
            "notes": list(self.notes),
        }


class Validation(NamedTuple):
    """The task files, every mistake as an error of its own, and what cannot work of their surroundings."""

    tasks: tuple[Checked, ...]
    mistakes: tuple[ClodputerError, ...]
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"tasks": [task.to_json() for task in self.tasks], "warnings": list(self.warnings)}


def validate(home: Home, environ: Mapping[str, str], names: tuple[str, ...], now: float) -> Validation:
    """Check the task files of those names, or all files with config.yaml and secrets.env.

    Raises ClodputerError for a name that no file claims.
    """
    mistakes: list[ClodputerError] = []
    if not names:
        mistakes += _mistakes(lambda: settings.load(home, environ)) + _mistakes(lambda: secrets.load(home))
        if not mistakes:
            held, known = settings.load(home, environ), secrets.load(home)
            mistakes += _mistakes(lambda: secrets.refuse_double(home, known, held.secrets))
    reports = taskfile.check_all(home, environ, names)
    mistakes += [
        ClodputerError("task_invalid", str(problem), taskfile.fix(home, report.name, report.path))
        for report in reports
        for problem in report.problems
    ]
    found = _warnings(home, environ, reports, now)
    tasks = tuple(
        Checked(report, found.get(report.path, ()), _notes(home, environ, report)) for report in reports
    )
    replaced = scratch.replaced(environ)
    around = [f"{replaced}. {scratch.REMEDY}"] if replaced else []
    around += [] if names else _lost_routes(home, environ)
    return Validation(tasks, (*mistakes, *_exposed(home, reports)), tuple(around))


def _warnings(
    home: Home, environ: Mapping[str, str], reports: Iterable[Report], now: float
) -> dict[str, tuple[Problem, ...]]:
    """What cannot work of the files that are in order, by their paths; secrets that were filled in are masked."""
    try:
        known = {**secrets.placeholders(settings.load(home, environ).secrets), **secrets.load(home)}
    except ClodputerError:
        known = {}  # a mistake of its own
    of_alarms, mask = warnings.of_alarms(home, environ), secrets.masker_for(known, environ)
    return {
        report.path: tuple(
            warning._replace(message=mask.text(warning.message))
            for warning in warnings.of_task(home, report.task, of_alarms, known, now)
        )
        for report in reports
        if report.task is not None
    }


def _notes(home: Home, environ: Mapping[str, str], report: Report) -> tuple[str, ...]:
    """That a sound task is fed by text from outside, and what its runs may not do for that; that it may do everything."""
    if report.task is None or report.problems:
        return ()
    try:
        words = fed.words(report.task, None, environ, secrets.load(home))
    except ClodputerError:
        words = ""  # what a run would say
    notes = (words, risk.note(report.task, environ))
    return tuple(f"{taskfile.shown(home, report.path)}: {note}" for note in notes if note)


def _exposed(home: Home, reports: Iterable[Report]) -> list[ClodputerError]:
    """What other accounts could change, which keeps requests waiting; each file or folder once."""
    found = dict.fromkeys(each for report in reports for each in exposed.of_task(home, report.path))
    return [ClodputerError(exposed.CODE, f"{each.message}; fix: {each.fix}", each.fix) for each in found]


def _lost_routes(home: Home, environ: Mapping[str, str]) -> Iterator[str]:
    """Routes that lead to no task."""
    try:
        known = route.routes(settings.load(home, environ).routes)
    except ClodputerError:
        return  # a mistake of its own
    names = taskfile.names(home)
    for place, one in enumerate(known):
        wrong = routing.problem(one, names)
        if wrong:
            yield f"{home.config}: routes[{place}]: {wrong}"


def _mistakes(load: Callable[[], object]) -> list[ClodputerError]:
    """What is wrong with a file, each mistake as an error of its own."""
    try:
        load()
    except ClodputerError as error:
        return [ClodputerError(error.code, line, error.hint) for line in error.message.split("\n")]
    return []
