"""The repositories of a run in a strict sandbox: work in them succeeds, and what git outside would obey of them is guarded."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import sandboxing
from tests.repositories import git
from tests.workshop import command_task, drop, execute, records

pytestmark = pytest.mark.slow

NAMED = "git -c user.name=a -c user.email=a@b"
# Each line that begins with `!` must fail.
SCRIPT = f"""
set -e
! git config core.fsmonitor evil
! echo evil >.git/config.worktree
! git -C lib config core.fsmonitor evil
! cp "$0" lib/.git/hooks/post-commit
! mv lib/.git lib/.git.away
{NAMED} -C lib commit -q --allow-empty -m inner
{NAMED} commit -q --allow-empty -m outer
mv lib library && git init -q lib && git -C lib config core.fsmonitor evil
git init -q made && {NAMED} -C made commit -q --allow-empty -m made
ln -s "$HOME/elsewhere" .git/logs/refs/heads/later
"""


def test_repositories_are_guarded_and_worked_in(home: Home, tmp_path: Path) -> None:
    """One that was there is locked where it names programs, also when it is moved away and another one put in its place."""
    sandboxing.need_bubblewrap()
    work = tmp_path / "work"
    sandboxing.repository(work)
    sandboxing.repository(work / "lib")
    git(work, "config", "extensions.worktreeConfig", "true")
    (work / ".git" / "config.worktree").touch()
    script = tmp_path / "script"
    script.write_text(SCRIPT)
    more = f"working_directory: {work}\nsandbox: {{read: [{script}]}}\n"
    command_task(home, "shut", "sh", str(script), more=more)
    drop(home, "shut")
    execute(home)
    (record,) = records(home, "shut")
    stderr = Path(home.runs, "shut", record["run_id"], "stderr").read_text()
    assert record["outcome"] == "succeeded", stderr
    aside = record["sandbox"]["put_aside"]
    assert sorted(aside) == [f"{work}/.git/logs/refs/heads/later", f"{work}/lib/.git"]
    assert (work / ".git" / "config.worktree").read_text() == ""
    for folder, said in (("library", "inner"), (".", "outer"), ("made", "made")):
        assert git(work / folder, "log", "-1", "--format=%s").strip() == said
    assert "fsmonitor" not in (work / "library" / ".git" / "config").read_text()
    assert os.path.isdir(work / "lib" / ".git.from-sandbox")
    subprocess.run(["git", "-C", str(work), "status"], check=True, capture_output=True)
