"""Homes with plugins, for tests that call real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clodputer.runner.plugins.call import call
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.triggers.plugins import Last
from tests.workshop import environment

OK = 'echo \'{"status": "ok"}\''


def plugin(home: Home, name: str, script: str, /, **manifest: Any) -> Path:
    """A plugin in sh; its folder."""
    folder = Path(home.plugins, name)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    program = folder / "run.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o700)
    keys = {
        "name": name,
        "protocol": 1,
        "entrypoint": "run.sh",
        "commands": ["poll", "health", "init"],
        "timeout": "20s",
        **manifest,
    }
    # JSON is YAML.
    (folder / "manifest.yaml").write_text(
        json.dumps({key: value for key, value in keys.items() if value is not None})
    )
    return folder


def called(home: Home, name: str, command: str = "poll") -> Last:
    """A plugin called in this process."""
    with Stop() as stop:
        return call(look(environment(home)), name, command, stop)
