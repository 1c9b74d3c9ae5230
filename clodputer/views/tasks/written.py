"""What the commands that write task files answer: `new`, `set` and `edit`, and the list of the shipped templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.rights.taskchange import Change
from clodputer.store.program import templates


class Written(NamedTuple):
    """A task file that was made, or was to be changed.

    changed: whether the file is another one now; None for a new file. first_looks: for people, what the triggers that look for
    themselves have found already there. changes: what the new file has that the one before had not, or otherwise. enabled: of a
    new file.
    """

    task: str
    path: str
    first_looks: Sequence[str] = ()
    changed: Optional[bool] = None
    changes: Sequence[Change] = ()
    enabled: bool = True

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs; those of a new file say nothing of a change."""
        made: dict[str, Any] = {"enabled": self.enabled}
        if self.changed is not None:
            made = {"changed": self.changed, "changes": [change.to_json() for change in self.changes]}
        return {"task": self.task, "path": self.path, **made, "first_looks": list(self.first_looks)}


class Template(NamedTuple):
    """A shipped task file."""

    name: str
    description: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return self._asdict()


def shipped() -> list[Template]:
    """The shipped templates, each with its description. Raises ClodputerError, OSError."""
    from clodputer.store.taskfiles import document

    return [
        Template(name, (document.parse(templates.task(name)).value or {}).get("description", ""))
        for name in templates.tasks()
    ]
