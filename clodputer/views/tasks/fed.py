"""What a task's runs may not do because text from outside comes into its prompt, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from clodputer import agents
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.runner.prompt import texts


def words(
    task: Task, request: Optional[Request], environ: Mapping[str, str], secrets: Mapping[str, str]
) -> str:
    """Empty for a task that is not fed. request: None for whichever may come. Raises ClodputerError as a run would."""
    names = texts.fed_by(task, request, environ, secrets)
    return (
        f"fed by text from outside: {', '.join(names)}; so its runs have {agents.load(task.agent).restrictions(task)}"
        if names
        else ""
    )
