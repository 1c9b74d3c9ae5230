"""A home whose claude is the real one and whose API is the stand-in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clodputer.store.home import Home
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.workshop import (
    drop,
    execute,
    make_home,
    records,
    write_task,
)

MCP_SERVER = Path(__file__).parent.parent / "fakes" / "mcp_server.py"


class Stage:
    """A home whose claude is the real one and whose API is the stand-in."""

    def __init__(self, folder: Path, binary: str, api: Api) -> None:
        self.home: Home = make_home(folder)
        self.folder, self.api, self.binary = folder, api, binary
        self.work = folder / "work"
        self.work.mkdir()
        Path(self.home.config).write_text(f"claude: {binary}\n")

    def task(self, **keys: Any) -> None:
        """The task `story`: its prompt is the request's text."""
        fields = {
            "prompt": "{{ body }}",
            "working_directory": str(self.work),
            "env": {"CLAUDE_CODE_MAX_RETRIES": "0"},
            **keys,
        }
        write_task(self.home, "story", json.dumps(fields))

    def environment(self, oauth: bool = False) -> dict[str, str]:
        """What exec is given: the stand-in's address, and a login."""
        return claude_environment(self.api, self.folder / "scratch", oauth=oauth)

    def run(self, text: str, *, oauth: bool = False, **keys: Any) -> dict[str, Any]:
        """Drop a request with that text, run exec, and return the record."""
        self.task(**keys)
        drop(self.home, "story.md", f"---\ntask: story\n---\n{text}\n")
        execute(self.home, extra=self.environment(oauth))
        return records(self.home, "story")[-1]
