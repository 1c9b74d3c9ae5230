"""A new plugin, from the templates that are shipped: a manifest and a program that passes its own health check."""

from __future__ import annotations

import os

from clodputer.model.errors import ClodputerError
from clodputer.model.task import is_name
from clodputer.store.due.polls import MANIFEST
from clodputer.store.files import atomic
from clodputer.store.home import Home
from clodputer.store.program import templates

# Each with the name of its program.
LANGUAGES = {"sh": "run.sh", "python": "run.py"}


def make(home: Home, name: str, language: str) -> tuple[str, str]:
    """Make the folder of a plugin; the paths of its files. Raises ClodputerError when there is one already, OSError."""
    if not is_name(name):
        raise ClodputerError(
            "plugin_name",
            f"{name[:80]!r} is not a valid name of a plugin",
            "Use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit.",
        )
    program = LANGUAGES[language]
    os.makedirs(home.plugins, mode=0o700, exist_ok=True)
    folder = f"{home.plugins}/{name}"
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        raise ClodputerError("plugin_exists", f"{folder} exists already", "Choose another name.") from None
    text = _shipped(program)
    atomic.write(f"{folder}/{program}", text.encode(), mode=0o700)
    written = _shipped(MANIFEST).replace("NAME", name, 1).replace("PROGRAM", program, 1)
    # Last: without it the folder is no plugin.
    atomic.write(f"{folder}/{MANIFEST}", written.encode())
    return f"{folder}/{MANIFEST}", f"{folder}/{program}"


def _shipped(name: str) -> str:
    with open(f"{templates.folder()}/plugins/{name}", encoding="utf-8") as file:
        return file.read()
