"""A task with a watched folder, for tests: real files, looked at with the time as an argument."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from clodputer.model.task import Task, Trigger
from clodputer.runner.intake.sources import drop_found
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from tests.workshop import command_task, environment, make_home


class Watched:
    """A home with a task `work` that watches the folder `inbox`, looked at for the first time while that was empty."""

    def __init__(self, folder: Path, *, started: bool = True, **options: Any) -> None:
        self.home: Home = make_home(folder)
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        command_task(self.home, "work", "/bin/true")
        self.context: Context = look(environment(self.home))
        self.task = Task(
            "work", f"{self.home.tasks}/work.yaml", agent="command", triggers=(self.trigger(**options),)
        )
        if started:
            self.look()

    def trigger(self, **options: Any) -> Trigger:
        """A trigger that watches `inbox`."""
        return Trigger("file_watch", {"path": str(self.inbox), **options})

    def change(self, *triggers: Trigger) -> None:
        """Give the task other triggers, as an edit of its file would."""
        self.task = self.task._replace(triggers=triggers)

    def put(self, name: str, text: str = "text") -> Path:
        """A file in the inbox."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def look(self, later: float = 10.0) -> Optional[float]:
        """Look so many seconds from now, by default when all that was written is quiet; all triggers, the soonest next look."""
        now = time.time() + later
        again = [
            drop_found(self.context, self.task, trigger, index, now)
            for index, trigger in enumerate(self.task.triggers)
        ]
        return min((moment for moment in again if moment is not None), default=None)

    def dropped(self) -> list[dict[str, Any]]:
        """Take the requests out of `new/`, in the order in which they would be run."""
        requests = [json.loads(Path(self.home.new, name).read_text()) for name in os.listdir(self.home.new)]
        for name in os.listdir(self.home.new):
            os.unlink(f"{self.home.new}/{name}")
        return sorted(requests, key=lambda request: (request["created_at"], request["id"]))

    def files(self) -> list[tuple[str, str]]:
        """(relative path, event) of each file in the requests in `new/`."""
        return [
            (file["relative"], file["event"])
            for request in self.dropped()
            for file in _files(request["context"])
        ]


def _files(context: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = context["files"] if "files" in context else [context["file"]]
    return found
