"""A home with a lane of Kubernetes, and the cluster that is played."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.engines.asking import make
from tests.engines.kubernetes.fake import Cluster

LANES = (
    "lanes: {far: {engine: kubernetes, image: clodputer:1, volume_claim: home, secret: login, slots: 3}}\n"
    "require: {disk_free: 1KB}\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a lane of Kubernetes and a task in it, which writes down that it ran."""
    return make(tmp_path, LANES)


@pytest.fixture
def cluster(tmp_path: Path, home: Home) -> Cluster:
    """The cluster that is played."""
    return Cluster(tmp_path, home)
