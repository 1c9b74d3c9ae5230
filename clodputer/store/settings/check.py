"""What config.yaml says, checked: its values, the line of each, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from clodputer.model.config.settingkeys import KEYS
from clodputer.model.triggers.event import FIELDS
from clodputer.model.triggers.route import repeated, routes
from clodputer.store.taskfiles import template_text
from clodputer.store.taskfiles.document import Document
from clodputer.store.taskfiles.models import validated
from clodputer.store.taskfiles.problems import Path, Problem, dotted


class Checked(NamedTuple):
    """The values that are in order, the line in which each of them stands, and the problems."""

    values: Mapping[str, Any]
    lines: Mapping[str, int]
    problems: tuple[Problem, ...]


def check(document: Document, shown: str) -> Checked:
    """Check a file; `shown` is how messages call it."""
    problems = [Problem(shown, line, "", message) for line, message in document.wrong]
    value: Any = {} if document.value is None else document.value
    if not isinstance(value, dict):
        wanted = "expected keys and values such as max_output: 500MB"
        return Checked({}, {}, (*problems, Problem(shown, document.line(()), "", wanted)))
    found, wrong = validated(KEYS, value)
    problems += [Problem(shown, document.line(path), dotted(path), message) for path, message in wrong]
    broken = {path[0] for path, _ in wrong}
    if wrong:
        # What is in order is shown also when other keys are not.
        found, _ = validated(KEYS, {name: given for name, given in value.items() if name not in broken})
    problems += [
        Problem(shown, document.line(path), dotted(path), message)
        for path, message in _of_routes(found.get("routes", ()))
    ]
    lines = {name: document.line((name,)) for name in found}
    return Checked(found, lines, tuple(sorted(problems)))


def _of_routes(listed: Any) -> Iterator[tuple[Path, str]]:
    """What is wrong with routes whose keys are in order: templates that are not sound, and routes that are there twice."""
    for place, first in repeated(routes(listed)):
        yield ("routes", place), f"it is the same route as routes[{first}]"
    for place, one in enumerate(listed):
        for path, text in _texts(("routes", place, "with"), one.get("with", {})):
            for fault in template_text.faults(text, {"event": FIELDS}):
                yield path, fault.message


def _texts(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _texts((*path, key), below)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _texts((*path, index), below)
