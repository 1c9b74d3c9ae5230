"""Fixtures for tests with the fakes: `pytest_plugins = ["tests.fakes.fixtures"]` makes them known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.messages_api import Api, serving
from tests.fakes.start import install_fake_claude


@pytest.fixture
def api() -> Iterator[Api]:
    """A stand-in of the Messages API, of this test alone."""
    with serving() as served:
        yield served


@pytest.fixture
def fake_claude(tmp_path: Path) -> Path:
    """The fake claude as `<folder>/claude`, started by the Python of the tests whatever PATH says."""
    return install_fake_claude(tmp_path / "fake-bin")
