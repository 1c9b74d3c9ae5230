"""The real claude may rewrite the file of its task's memory, outside of its working directory, and nothing beside."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from clodputer.agents import claude
from clodputer.model.run import Facts
from clodputer.store.taskstate import notes
from tests.fakes.messages_api import Api
from tests.fakes.start import claude_environment
from tests.workshop import task_of

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = pytest.mark.system


def test_it_may_be_rewritten(claude_binary: str, tmp_path: Path, api: Api) -> None:
    work, temporary = tmp_path / "work", tmp_path / "run"
    work.mkdir()
    temporary.mkdir()
    notes.lay_out(str(temporary), "old notes\n")
    path = notes.path(str(temporary))
    beside = Path(path).with_name("other.md")
    task = task_of("a", prompt="x", working_directory=str(work), memory={"max_size": 1000})
    facts = Facts(
        "run-1", claude_environment(api, tmp_path / "scratch"), {}, str(temporary), claude=claude_binary
    )
    started = claude.launch(task, facts._replace(memory=path))
    steps = [
        f"@tool Read {json.dumps({'file_path': path})}",
        f"@tool Write {json.dumps({'file_path': path, 'content': 'new notes'})}",
        f"@tool Write {json.dumps({'file_path': str(beside), 'content': 'x'})}",
        "@say done",
    ]
    done = subprocess.run(
        started.argv,
        env=dict(started.env),
        cwd=work,
        input="\n".join(steps).encode(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert notes.take_back(str(temporary), 1000) == ("new notes", "")
    assert not beside.exists()
    assert b"old notes" in done.stdout
