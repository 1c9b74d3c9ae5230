"""What a run of claude may do, as it is kept with what it writes down for the next one."""

from __future__ import annotations

from typing import Any

from clodputer.agents.claude import tools
from clodputer.agents.claude.restricted import restrict
from clodputer.model import memory
from clodputer.model.task import Task


def rights(task: Task, fed_by: tuple[str, ...]) -> dict[str, Any]:
    """Of a run of the task, whose templates are filled in. fed_by: as in `Facts`."""
    claude = (restrict(task) if fed_by else task).claude
    reach = [
        *(f"add_dirs: {folder}" for folder in (task.working_directory, *claude.add_dirs)),
        *(f"mcp_config: {config}" for config in claude.mcp_config),
        *(f"env: {name}" for name in task.env),
        *(() if task.sandbox.strict else ("no sandbox",)),
    ]
    return memory.rights(
        task.agent,
        claude.permission_mode,
        (rule for text in claude.allowed_tools for rule in tools.split(text)),
        (rule for text in claude.disallowed_tools for rule in tools.split(text)),
        reach,
        claude.settings_sources,
        fed=bool(fed_by),
    )
