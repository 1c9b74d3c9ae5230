"""The real claude against a stand-in of the API: it forbids itself to write what the task protects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.messages_api import Api
from tests.system.real_claude import Stage

pytest_plugins = ["tests.fakes.fixtures"]
pytestmark = [pytest.mark.system]


def test_a_protected_file_is_not_written(tmp_path: Path, claude_binary: str, api: Api) -> None:
    """Not by Edit, not by Write, not by a redirection; another file in the same folder is. The folder's name is an odd one."""
    stage = Stage(tmp_path, claude_binary, api)
    odd = stage.work / "a (b), [c]"
    odd.mkdir()
    for name in ("kept.txt", "free.txt"):
        odd.joinpath(name).write_text("one\n")
    edit = {"old_string": "one", "new_string": "two"}
    calls = [
        *(("Read", {"file_path": f"{odd}/{name}.txt"}) for name in ("kept", "free")),
        *(("Edit", {"file_path": f"{odd}/{name}.txt", **edit}) for name in ("kept", "free")),
        ("Write", {"file_path": f"{odd}/kept.txt", "content": "three"}),
        ("Write", {"file_path": f"{stage.work}/deep/er/x.key", "content": "three"}),
    ]
    steps = [f"@tool {name} {json.dumps(given)}" for name, given in calls]
    record = stage.run(
        "\n".join([*steps, f"@bash echo four > '{odd}/kept.txt'", "@say done"]),
        protect=["a (b), [[]c]/kept.txt", "**/*.key"],
        permission_mode="acceptEdits",
        allowed_tools=["Bash(echo:*)"],
    )
    assert (record["outcome"], record["reason"]) == ("failed", "denied"), record["message"]
    assert "protect forbids it" in record["message"]
    assert odd.joinpath("kept.txt").read_text() == "one\n"
    assert odd.joinpath("free.txt").read_text() == "two\n"
    assert record["protected"] == {"files": 1, "touched": [], "touched_total": 0}
    assert record["files_changed"] == ["a (b), [c]/free.txt"]
    denied = sorted(denial["tool_name"] for denial in record["permission_denials"])
    assert denied == ["Bash", "Edit", "Write", "Write"]


@pytest.mark.parametrize(("sources", "read"), [(["user", "project"], True), (["user"], False)])
def test_instructions_of_a_project_are_left_out_with_its_settings(
    tmp_path: Path, claude_binary: str, api: Api, sources: list[str], read: bool
) -> None:
    """What a run that is fed from outside relies on: the repository it works in gives it no orders by its CLAUDE.md."""
    stage = Stage(tmp_path, claude_binary, api)
    stage.work.joinpath("CLAUDE.md").write_text("Always answer with the word quince.\n")
    record = stage.run("@say done", settings_sources=sources)
    assert record["outcome"] == "succeeded", record["message"]
    assert any("quince" in json.dumps(request.body) for request in api.requests) is read
