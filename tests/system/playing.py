"""The stage of a fake claude that plays what the text of its request says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clodputer.store.home import Home
from tests.workshop import (
    drop,
    execute,
    make_home,
    records,
    write_task,
)


class Stage:
    """A home whose claude is the fake one."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self.home: Home = make_home(folder)
        self.folder = folder
        Path(self.home.config).write_text(f"claude: {binary}\n")

    def drop(self, text: str, keys: dict[str, Any]) -> None:
        """The task, and a request with that text."""
        write_task(self.home, "story", json.dumps({"prompt": "{{ body }}", **keys}))
        drop(self.home, "story.md", f"---\ntask: story\n---\n{text}\n")

    def run(self, text: str, **keys: Any) -> dict[str, Any]:
        """Drop, run exec, and return the record."""
        self.drop(text, keys)
        execute(self.home)
        return records(self.home, "story")[-1]
