"""A task file with comments and a layout of its own, for the commands that change it, and what they answer in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clodputer.store.home import Home
from tests.workshop import clodputer, make_home, write_task

FILE = """\
# What it does.
description: mine   # shown
agent: command
command: [/bin/echo, "x"]  # nothing else

# Early.
trigger:
  - type: cron
    schedule: "0 7 * * *"   # before work
"""


def make(folder: Path) -> Home:
    """A home with that task, `mine`."""
    home = make_home(folder)
    write_task(home, "mine", FILE)
    return home


def text(home: Home, name: str = "mine") -> str:
    """What a task's file has now."""
    return Path(home.tasks, f"{name}.yaml").read_text()


def in_json(home: Home, *arguments: str, status: int = 0) -> dict[str, Any]:
    """The envelope of a command."""
    found: dict[str, Any] = json.loads(clodputer(home, *arguments, "--json", status=status)[0])
    return found
