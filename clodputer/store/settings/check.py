"""What config.yaml says, checked: its values, the line of each, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.settings import KEYS
from clodputer.store.tasks.document import Document
from clodputer.store.tasks.models import validated
from clodputer.store.tasks.problems import Problem, dotted


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
    lines = {name: document.line((name,)) for name in found}
    return Checked(found, lines, tuple(sorted(problems)))
