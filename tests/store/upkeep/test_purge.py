"""The end of a home: only of one that surely is one, and in which nothing runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.upkeep import purge


def test_a_home_and_the_link_to_it_are_removed(home: Home, tmp_path: Path) -> None:
    """And nothing beside it."""
    (tmp_path / "beside").write_text("")
    (tmp_path / "link").symlink_to(home.root)
    through = Home(str(tmp_path / "link"))
    purge.check(through, {"HOME": "/nowhere"})
    purge.remove(through)
    assert os.listdir(tmp_path) == ["beside"]


def test_all_that_a_home_names_is_known(home: Home) -> None:
    """Also what is made of it later than the home itself, and what a kill leaves of writing a file anew."""
    named = [getattr(home, name) for name in vars(home) if name != "root"]
    first = {os.path.relpath(path, home.root).split("/")[0] for path in named}
    assert "archive" in first
    assert first <= purge.OURS
    for name in (".config.yaml.4711", ".config.yaml.4711.new", ".execution.log.1"):
        Path(home.root, name).write_text("")
    purge.check(home, {"HOME": "/nowhere"})
    Path(home.root, ".thesis.txt.4711").write_text("")
    with pytest.raises(ClodputerError) as raised:
        purge.check(home, {"HOME": "/nowhere"})
    assert ".thesis.txt.4711" in raised.value.message


def test_work_that_is_nowhere_else_is_not_removed(home: Home) -> None:
    """Empty folders of worktrees are; and so is the key of approvals."""
    Path(home.root, "approval.key").write_text("")
    tree = Path(home.trees, "task", "run")
    tree.mkdir(parents=True)
    purge.check(home, {"HOME": "/nowhere"})
    (tree / "work.txt").write_text("")
    with pytest.raises(ClodputerError, match="holds worktrees of runs"):
        purge.check(home, {"HOME": "/nowhere"})


def test_links_in_it_are_not_followed(home: Home, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept").write_text("")
    Path(home.tasks, "link").symlink_to(tmp_path / "other")
    purge.remove(home)
    assert os.listdir(tmp_path / "other") == ["kept"]


def test_what_is_no_home_is_refused(home: Home, tmp_path: Path) -> None:
    """Some other folder; the person's own; one with something else in it; a home with a part of it gone."""
    for folder, own in (
        (str(tmp_path), "/nowhere"),
        (home.root, home.root),
        (home.root, f"{home.root}/deeper"),
        ("/", "/"),
    ):
        with pytest.raises(ClodputerError):
            purge.check(Home(folder), {"HOME": own})
    purge.check(home, {"HOME": str(tmp_path)})
    Path(home.root, "thesis.txt").write_text("")
    with pytest.raises(ClodputerError) as raised:
        purge.check(home, {"HOME": str(tmp_path)})
    assert "thesis.txt" in raised.value.message
    os.unlink(f"{home.root}/thesis.txt")
    os.rmdir(home.runs)
    with pytest.raises(ClodputerError):
        purge.check(home, {"HOME": str(tmp_path)})


def test_not_while_something_runs(home: Home) -> None:
    with Lock(f"{home.lanes}/default/slot-0.lock") as held:
        assert held
        with pytest.raises(ClodputerError) as raised:
            purge.remove(home)
        assert raised.value.code == "busy"
        assert os.path.isdir(home.new)
    purge.remove(home)
    assert not os.path.exists(home.root)
