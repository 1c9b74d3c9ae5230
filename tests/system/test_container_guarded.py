"""What a run in a container must not change of its folder, as programs outside would obey it another time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.repositories import repository
from tests.system import execs
from tests.system.test_container import Engine, execute, task
from tests.workshop import make_home

pytest_plugins = ["tests.fakes.fixtures"]


@pytest.mark.parametrize("killed", [False, True])
def test_what_programs_outside_would_obey_is_not_the_runs_to_change(tmp_path: Path, killed: bool) -> None:
    """In a plain checkout: hooks and settings are to be read; what is new there is put aside, also after a kill."""
    home, engine = make_home(tmp_path), Engine(tmp_path)
    checkout = repository(tmp_path)
    task(home, checkout, "sh", "-c", "touch .mcp.json .git/config.worktree .git/commondir made")
    step = "rename record.json" if killed else None
    execs.call(home, "exec", extra=engine.environ(home), step=step)
    execs.run(home, "exec", extra=engine.environ(home))
    (argv,) = engine.calls("run")
    mounts = [word[len("--mount=type=bind,source=") :] for word in argv if word.startswith("--mount")]
    shown = {one.partition(",target=")[2].replace(str(checkout), ""): one.partition(",")[0] for one in mounts}
    locked = {target for target in shown if target.endswith(",readonly")}
    assert {
        "/.git/config,readonly",
        "/.git/hooks,readonly",
        "/.git/info,readonly",
        "/.claude,readonly",
    } <= locked
    assert "/.git" in shown, "in a place of its own, or it could be moved away"
    assert (checkout / "made").exists()
    assert not (checkout / ".mcp.json").exists()
    assert (checkout / ".mcp.json.from-sandbox").exists()
    for name in ("config.worktree", "commondir"):
        assert not (checkout / ".git" / name).exists()
    assert not (checkout / ".claude").exists()
    assert os.listdir(home.containers) == []


def test_a_link_where_settings_would_be_is_refused(home: Home, tmp_path: Path) -> None:
    """A container cannot keep it from being replaced."""
    engine = Engine(tmp_path)
    (tmp_path / "work").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work" / ".claude").symlink_to(tmp_path / "elsewhere")
    task(home, tmp_path / "work", "true", retry={"max_attempts": 1})
    record = execute(home, engine)
    assert record["reason"] == "no_container"
    assert ".claude is a link" in record["message"]
