"""config.yaml: what holds for all tasks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

from clodputer.model.errors import ClodputerError
from clodputer.model.settings import Settings
from clodputer.store import cache
from clodputer.store.home import Home
from clodputer.store.tilde import expand

RULES = ("store/settings_schema.py", "store/taskfile_schema.py", "model/settings.py")


def load(home: Home, environ: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """The settings of a home; a missing or empty file means the defaults.

    Raises ClodputerError ("config_invalid") with every problem of the file, one on each line.
    """
    if not os.path.lexists(home.config):
        return Settings()

    def fresh() -> tuple[object, bool]:
        from clodputer.store.settings_schema import check
        from clodputer.store.taskfile import document

        settings, problems = check(document(home.config), os.path.basename(home.config))
        if problems:
            raise ClodputerError("config_invalid", "\n".join(map(str, problems)), f"Mend {home.config}.")
        return settings._asdict(), True

    try:
        settings = Settings(**cache.get(home, home.config, cache.program(*RULES), fresh))
    except TypeError:
        settings = Settings(**fresh()[0])  # type: ignore[arg-type]
    # Expanded after the cache, which another HOME may share.
    return settings._replace(claude=expand(settings.claude, environ))
