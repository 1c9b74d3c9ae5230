"""What the tests of running share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runner.families import Nursery


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    """A place to start innocent processes."""
    made = Nursery()
    yield made
    made.close()
