"""A claude that is launched in tests: a binary that is only there, and the arguments that depend on the task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clodputer.agents import claude
from clodputer.agents.system_prompt import NOTHING_TO_DO
from clodputer.model.run import Facts, Launch
from tests.workshop import task_of

OURS = f"--append-system-prompt={NOTHING_TO_DO}"


SESSION = "5e55105e-0000-4000-8000-000000000001"


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def launch(
    binary: Path,
    *,
    environ: Any = None,
    secrets: Any = None,
    last: Any = None,
    fenced: bool = False,
    fed_by: tuple[str, ...] = (),
    **fields: Any,
) -> Launch:
    task = task_of("nightly", "/tasks/nightly.yaml", working_directory="/projects", **fields)
    surroundings = {"HOME": str(binary.parent.parent), "PATH": "/usr/bin:/bin", **(environ or {})}
    facts = Facts("run-1", surroundings, secrets or {}, "/tmp/cp-1", claude=str(binary), last=last)
    facts = facts._replace(fenced=fenced, fed_by=fed_by)
    return claude.launch(task, facts)


def flags(started: Launch) -> list[str]:
    """The arguments that depend on the task, without the session and what every system prompt gets."""
    assert started.argv[1:4] == ("-p", "--output-format=stream-json", "--verbose")
    return [flag for flag in started.argv[4:] if not flag.startswith("--session-id=") and flag != OURS]
