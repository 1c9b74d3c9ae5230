"""What config.yaml says, checked: its values, the line of each, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.model.settingkeys import KEYS, read
from clodputer.model.suggest import did_you_mean
from clodputer.model.withunit import Expected
from clodputer.store.tasks.document import Document
from clodputer.store.tasks.problems import Problem, Rendered, dotted


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
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for name, given in value.items():
        line = document.line((name,))
        if name not in KEYS:
            wrong = f"unknown key{did_you_mean(str(name), KEYS)}"
        elif given is None:
            wrong = "has no value; give it one, or take the line out"
        else:
            try:
                values[name], lines[name] = read(KEYS[name], given), line
                continue
            except Expected as error:
                wrong = error.told(Rendered().show((), given))
        problems.append(Problem(shown, line, dotted((name,)), wrong))
    return Checked(values, lines, tuple(sorted(problems)))
