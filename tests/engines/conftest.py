"""A home with a lane of Slurm, and the cluster that is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.engines.asking import LANES, make
from tests.engines.slurm_fake import Cluster


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a lane of Slurm and a task in it, which writes down that it ran."""
    return make(tmp_path, LANES)


@pytest.fixture
def cluster(tmp_path: Path, home: Home) -> Cluster:
    """The cluster that is played."""
    return Cluster(tmp_path, home)
