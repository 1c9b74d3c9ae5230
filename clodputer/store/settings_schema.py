"""The keys of config.yaml and what each of them takes; importing this imports pydantic."""

from __future__ import annotations

from typing import Any

from clodputer.model.settings import Settings
from clodputer.store.taskfile_errors import Problem, dotted, validated
from clodputer.store.taskfile_schema import UNSET, Part, RootedPath, Size
from clodputer.store.taskfile_yaml import Document


class SettingsKeys(Part):
    """config.yaml."""

    claude: RootedPath = UNSET
    max_output: Size = UNSET


def check(document: Document, shown: str) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings in a file, and everything that is wrong with it."""
    problems = [Problem(shown, line, "", message) for line, message in document.wrong]
    value: Any = {} if document.value is None else document.value
    if not isinstance(value, dict):
        problems.append(
            Problem(shown, document.line(()), "", "expected keys and values such as max_output: 500MB")
        )
        return Settings(), tuple(problems)
    keys, wrong = validated(SettingsKeys, value, {(): SettingsKeys.model_fields})
    problems += [Problem(shown, document.line(path), dotted(path), message) for path, message in wrong]
    return Settings(**keys), tuple(sorted(problems))
