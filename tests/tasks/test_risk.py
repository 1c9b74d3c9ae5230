"""Tasks that let their agent do everything unasked: which folders are isolated, and what is said of all others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.task import Task
from clodputer.store.home import Home
from clodputer.tasks import risk
from clodputer.tasks.taskfile import check_content
from tests.workshop import clodputer, drop, execute, make_home, records, write_task

pytest_plugins = ["tests.fakes.fixtures"]


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("", "is your home folder"),
        ("~", "is your home folder"),
        ("/", "this one is /"),
        ("~/..", "your home folder lies in"),
        ("~/link", "is your home folder"),
        ("~/secrets", "holds .aws, .config/gh"),
        ("~/project", ""),
        ("~/nowhere", ""),
    ],
)
def test_an_isolated_folder(tmp_path: Path, folder: str, why: str) -> None:
    """It is not the home folder by any name, not above it, and holds no credentials."""
    home = tmp_path / "people" / "ada"
    for name in ("project/src", "secrets/.aws", "secrets/.config/gh"):
        home.joinpath(name).mkdir(parents=True)
    home.joinpath("link").symlink_to(home)
    told = risk.not_isolated(Task("t", "", working_directory=folder), {"HOME": str(home)})
    assert why in told
    assert bool(told) == bool(why)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"permission_mode": "bypassPermissions"}, "add i_accept_the_risk: true"),
        ({"permission_mode": "bypassPermissions", "i_accept_the_risk": False}, "add i_accept_the_risk: true"),
        (
            {"permission_mode": "bypassPermissions", "i_accept_the_risk": True},
            "is your home folder; set working_directory",
        ),
        (
            {"permission_mode": "acceptEdits", "i_accept_the_risk": True},
            "has no effect without permission_mode",
        ),
        ({"permission_mode": "acceptEdits"}, ""),
        (
            {
                "permission_mode": "bypassPermissions",
                "i_accept_the_risk": True,
                "working_directory": "~/work",
            },
            "",
        ),
        (
            {
                "permission_mode": "bypassPermissions",
                "i_accept_the_risk": True,
                "working_directory": "{{ env.X }}",
            },
            "",
        ),
        (
            {"permission_mode": "bypassPermissions", "i_accept_the_risk": True, "isolation": "worktree"},
            "",
        ),
        ({"protect_restore": True}, "has no effect without protect"),
    ],
)
def test_a_task_file(home: Home, tmp_path: Path, keys: dict[str, Any], expected: str) -> None:
    """The mistake stands at its key, with what to do; what a template makes of the folder is known at the start alone."""
    content = json.dumps({"prompt": "Do it.", **keys}).encode()
    _, problems = check_content(home, f"{home.tasks}/t.yaml", content, {"HOME": str(tmp_path)})
    assert [expected in problem.message for problem in problems] == ([True] if expected else [])


def test_it_is_looked_at_again_when_a_run_starts(tmp_path: Path, fake_claude: Path) -> None:
    """A folder that is isolated no more keeps it from starting; of one that is, validate, a dry run and show tell."""
    home, work = make_home(tmp_path), tmp_path / "work"
    work.mkdir()
    Path(home.config).write_text(f"claude: {fake_claude}\n")
    keys = {"permission_mode": "bypassPermissions", "i_accept_the_risk": True, "working_directory": str(work)}
    write_task(home, "bold", json.dumps({"prompt": "@fake say well", **keys}))
    assert "the risk is accepted" in clodputer(home, "validate")[0]
    assert "the risk is accepted" in clodputer(home, "run", "bold", "--dry-run")[0]
    drop(home, "bold")
    execute(home)
    record = records(home, "bold")[-1]
    assert record["outcome"] == "succeeded", record["message"]
    assert "allowed everything" in clodputer(home, "show", record["run_id"])[0]
    work.joinpath(".netrc").write_text("machine x password y")
    drop(home, "bold")
    execute(home)
    record = records(home, "bold")[-1]
    assert (record["outcome"], record["reason"]) == ("failed", "not_started")
    assert "holds .netrc" in record["message"]
