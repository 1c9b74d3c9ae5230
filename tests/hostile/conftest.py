"""A home with a past, and a copy of it for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.hostile.stage import Stage
from tests.workshop import command_task, drop


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a past: caches, ledgers, dedupe keys, snapshots, an index, a hold of another lane."""
    # Not our own TMPDIR, which goes with the first test.
    stage = Stage(tmp_path_factory.mktemp("used"))
    watched = stage.folder / "in"
    watched.mkdir()
    command_task(
        stage.home,
        "timed",
        "/bin/true",
        more=f"trigger: [{{type: interval, every: 1h}}, {{type: file_watch, path: '{watched}'}}]\n",
    )
    Path(stage.home.config).write_text("max_output: 1MB\n")
    drop(stage.home, "keyed.json", '{"task": "good", "dedupe_key": "x", "dedupe_ttl": "1h"}')
    stage.drop_good()
    stage.execute()
    stage.ask("stats")
    stage.ask("status")
    return stage.folder


@pytest.fixture
def stage(used: Path, tmp_path: Path) -> Stage:
    """A copy of the used home."""
    copy = Stage(tmp_path)
    shutil.rmtree(copy.home.root)
    shutil.copytree(used / "home", copy.home.root, symlinks=True)
    (tmp_path / "in").mkdir()
    return copy
