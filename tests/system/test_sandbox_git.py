"""The repositories of a run in a strict sandbox: work in them succeeds, and what git outside would obey of them is guarded."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import sandboxing
from tests.repositories import git
from tests.wait import until
from tests.workshop import command_task, drop, execute, records, start

pytestmark = pytest.mark.slow

NAMED = "git -c user.name=a -c user.email=a@b"
SCRIPT = f"""
set -e
no() {{ if "$@"; then echo "possible: $*" >&2; exit 1; fi; }}
no git config core.fsmonitor evil
no cp "$0" .git/config.worktree
no git -C lib config core.fsmonitor evil
no cp "$0" lib/.git/hooks/post-commit
no mv lib/.git lib/.git.away
no cp "$0" lib/.git/worktrees/side/commondir
no mv lib/.git/worktrees/side lib/.git/worktrees/other
no cp "$0" bare/worktrees/tree/commondir
no git config --file settings core.fsmonitor evil
no git config --file .git/more core.fsmonitor evil
{NAMED} -C lib commit -q --allow-empty -m inner
{NAMED} -C side commit -q --allow-empty -m side
{NAMED} -C tree commit -q --allow-empty -m tree
{NAMED} commit -q --allow-empty -m outer
mv lib library && git init -q lib && git -C lib config core.fsmonitor evil
git init -q made && {NAMED} -C made commit -q --allow-empty -m made
ln -s "$HOME/elsewhere" .git/logs/refs/heads/later
printf '[core]\\nfsmonitor = evil\\n' >settings.deeper
"""


def test_repositories_are_guarded_and_worked_in(home: Home, tmp_path: Path) -> None:
    """One that was there is locked where it names programs, also when it is moved away and another one put in its place."""
    sandboxing.need_bubblewrap()
    work = tmp_path / "work"
    sandboxing.repository(work)
    sandboxing.repository(work / "lib")
    git(work, "config", "extensions.worktreeConfig", "true")
    (work / ".git" / "config.worktree").touch()
    git(work / "lib", "worktree", "add", "--quiet", "-b", "side", str(work / "side"))
    git(work, "clone", "--quiet", "--bare", str(work / "lib"), str(work / "bare"))
    git(work / "bare", "worktree", "add", "--quiet", "-b", "tree", str(work / "tree"))
    # What the configuration includes counts as itself, and what that includes as well.
    git(work, "config", "--add", "include.path", "../settings")
    git(work, "config", "--add", "includeIf.onbranch:never.path", "more")
    (work / "settings").write_text("[include]\npath = settings.deeper\n")
    (work / ".git" / "more").touch()
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
    assert sorted(aside) == [
        f"{work}/{path}" for path in (".git/logs/refs/heads/later", "lib/.git", "settings.deeper")
    ]
    assert (work / ".git" / "config.worktree").read_text() == ""
    for folder, said in (("library", "inner"), (".", "outer"), ("made", "made"), ("tree", "tree")):
        assert git(work / folder, "log", "-1", "--format=%s").strip() == said
    assert "fsmonitor" not in (work / "library" / ".git" / "config").read_text()
    assert os.path.isdir(work / "lib" / ".git.from-sandbox")
    subprocess.run(["git", "-C", str(work), "status"], check=True, capture_output=True)


# It waits for the person to change the configuration, for a minute at most, and names a program in the new one.
WAITING = """
echo here
for tried in $(seq 600); do
    git config core.fsmonitor evil 2>/dev/null && exit 0
    sleep 0.1
done
"""


def test_a_configuration_that_is_changed_meanwhile(home: Home, tmp_path: Path) -> None:
    """The new file is not the one that is locked. What the run writes to it does not stay, and is told."""
    sandboxing.need_bubblewrap()
    work = tmp_path / "work"
    sandboxing.repository(work)
    command_task(home, "shut", "sh", "-c", WAITING, more=f"working_directory: {work}\nsandbox: strict\n")
    drop(home, "shut")
    process = start(home, "exec")
    until(lambda: any("here" in path.read_text() for path in Path(home.runs).glob("shut/*/stdout")))
    # Both take the lock of the file.
    changed = ("git", "-C", str(work), "config", "user.name", "somebody")
    until(lambda: subprocess.run(changed, capture_output=True).returncode == 0)
    process.communicate(timeout=100)
    (record,) = records(home, "shut")
    config = work / ".git" / "config"
    assert record["sandbox"]["put_aside"] == [str(config)]
    assert "somebody" in Path(f"{config}.from-sandbox").read_text()
    assert "fsmonitor" not in config.read_text()
