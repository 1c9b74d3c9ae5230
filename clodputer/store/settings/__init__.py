"""The settings of a home: config.yaml, read once for each edit, and the CLODPUTER_ variables, which come before it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer.model.config.keyvalue import read_text
from clodputer.model.config.settings import Settings
from clodputer.model.config.withunit import Expected
from clodputer.model.errors import ClodputerError
from clodputer.store.files.tilde import expand
from clodputer.store.home import Home
from clodputer.store.taskfiles import cache
from clodputer.store.taskfiles.yamlfile import document

PREFIX = "CLODPUTER_"
NO_VARIABLES: Mapping[str, str] = {}
RULES = (
    "store/settings/check.py",
    "store/taskfiles/models.py",
    "model/notify/channel.py",
    "model/engine/keys.py",
    "model/triggers/event.py",
    "model/github/keys.py",
    "model/triggers/plugin.py",
    "model/triggers/route.py",
    "model/config/secretref.py",
    "model/config/keys.py",
    "model/queue/lanes.py",
    "model/config/keyvalue.py",
    "model/config/settingkeys.py",
    "model/config/settings.py",
    "model/text/moment.py",
    "model/text/size.py",
    "model/webhook/keys.py",
    "model/config/withunit.py",
)


def load(home: Home, environ: Mapping[str, str] = NO_VARIABLES) -> Settings:
    """The settings of a home; a missing or empty file means the defaults.

    Raises ClodputerError: "config_invalid" with every problem of the file, one on each line, or "environment_invalid".
    """
    values = {**_of_file(home), **of_environment(environ)}
    settings = Settings(**values)
    # Expanded after the cache, which another HOME may share.
    return settings._replace(claude=expand(settings.claude, environ)) if settings.claude else settings


def of_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that CLODPUTER_ variables give, such as CLODPUTER_TIMEOUT=30m; other variables are passed over.

    An empty variable is none. Raises ClodputerError ("environment_invalid") for a value that the key does not take.
    """
    values: dict[str, Any] = {}
    for name in variables(environ):
        # Imported here: the table of all keys is loaded when one of them is given.
        from clodputer.model.config.settingkeys import SINGLE

        key = _key(name)
        try:
            values[key] = read_text(SINGLE[key], environ[name])
        except Expected as error:
            message = f"{name}: {error.message(repr(environ[name][:60]))}"
            raise ClodputerError("environment_invalid", message, f"Correct {name}, or unset it.") from None
    return values


def ruling(environ: Mapping[str, str]) -> frozenset[str]:
    """The keys that variables give; they come before a task's own."""
    return frozenset(map(_key, variables(environ)))


def variables(environ: Mapping[str, str]) -> list[str]:
    """The names of the variables that are settings, in order."""
    named = [name for name in environ if name.startswith(PREFIX) and name.isupper() and environ[name]]
    if not any(_key(name) in Settings._fields for name in named):
        return []
    # Imported here: the table of all keys is loaded when one of them is given.
    from clodputer.model.config.settingkeys import SINGLE

    return sorted(name for name in named if _key(name) in SINGLE)


def _key(variable: str) -> str:
    return variable[len(PREFIX) :].lower()


def _of_file(home: Home) -> Mapping[str, Any]:
    if not os.path.lexists(home.config):
        return {}

    def fresh() -> tuple[object, bool]:
        from clodputer.store.settings.check import check

        checked = check(document(home.config), os.path.basename(home.config))
        if checked.problems:
            listed = "\n".join(map(str, checked.problems))
            raise ClodputerError("config_invalid", listed, f"Fix {home.config}.")
        return checked.values, True

    kept = cache.get(home, home.config, cache.program(*RULES), fresh)
    if isinstance(kept, dict) and kept.keys() <= set(Settings._fields):
        return kept
    found: dict[str, Any] = fresh()[0]  # type: ignore[assignment]
    return found
