"""The settings: each with its value and where that comes from, and what is wrong with the file and the variables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.config.keys import COUNT, LISTED, MONEY, NAMED
from clodputer.model.config.keyvalue import written
from clodputer.model.config.settingkeys import BY_NAME, SINGLE
from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.model.text.suggest import did_you_mean
from clodputer.store import settings
from clodputer.store.home import Home
from clodputer.store.settings import PREFIX
from clodputer.store.taskfiles.yamlfile import document

DEFAULT = "default"
# Variables whose names begin like those of settings, and that are none.
OTHERS = frozenset(("HOME", "RUN_ID", "TASK", "SESSIONS", "PYTHON"))


class Setting(NamedTuple):
    """One setting. Numbers are numbers, durations and sizes are as people write them, None is not set.

    source: where the value comes from. unset: what holds without a value, in words; None when there is one.
    """

    key: str
    value: Any
    source: str
    default: Any
    unset: Optional[str]
    help: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return self._asdict()


class Listed(NamedTuple):
    """All settings, and what is wrong with config.yaml and the environment."""

    settings: tuple[Setting, ...]
    problems: tuple[ClodputerError, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {"settings": [setting.to_json() for setting in self.settings]}


def listed(home: Home, environ: Mapping[str, str]) -> Listed:
    """Every setting of the home. Raises OSError."""
    # Imported here: only this command checks the file with pydantic.
    from clodputer.store.settings.check import check

    problems: list[ClodputerError] = []
    checked = check(document(home.config), "config.yaml") if os.path.lexists(home.config) else None
    if checked and checked.problems:
        message = "\n".join(map(str, checked.problems))
        problems.append(ClodputerError("config_invalid", message, f"Fix {home.config}."))
    given: dict[str, Any] = {}
    for name in settings.variables(environ):
        try:
            given.update(settings.of_environment({name: environ[name]}))
        except ClodputerError as error:
            problems.append(error)
    rows = []
    for key, default in Settings()._asdict().items():
        value, source = default, DEFAULT
        if checked and key in checked.values:
            value, source = checked.values[key], f"config.yaml line {checked.lines[key]}"
        if key in given:
            value, source = given[key], f"environment {PREFIX}{key.upper()}"
        unset = BY_NAME[key].absent if _is_unset(value) else None
        rows.append(Setting(key, _plain(key, value), source, _plain(key, default), unset, BY_NAME[key].help))
    return Listed(tuple(rows), (*problems, *_misspelt(environ)))


def _misspelt(environ: Mapping[str, str]) -> Iterator[ClodputerError]:
    """Variables that look like settings and are none."""
    known = {*settings.variables(environ), *(PREFIX + name for name in OTHERS)}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name.startswith(f"{PREFIX}TEST_") or not environ[name]:
            continue
        if name not in known:
            near = did_you_mean(name, [PREFIX + key.upper() for key in SINGLE])
            yield ClodputerError(
                "environment_unknown",
                f"the environment variable {name} is not a setting and has no effect{near}",
                f"Correct its name, or unset {name}.",
            )


def _plain(key: str, value: Any) -> Any:
    if _is_unset(value):
        return None
    return value if BY_NAME[key].kind in (COUNT, LISTED, MONEY, NAMED) else written(BY_NAME[key], value)


def _is_unset(value: Any) -> bool:
    return value is None or value in ("", {}, ())
