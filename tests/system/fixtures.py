"""Fixtures for tests with many execs: `pytest_plugins = ["tests.system.fixtures"]` makes them known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.execs import Execs


@pytest.fixture(scope="module")
def execs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Execs]:
    """A process of this module's that forks execs."""
    made = Execs(tmp_path_factory.mktemp("execs"))
    yield made
    made.end()
