"""What the tests of claude's start share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agents.launching import executable


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    return executable(tmp_path / "bin" / "claude")
