"""What the tests of the schedulers share."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.schedulers.unit import Frame
from tests.schedulers.crontabs import Crontab, frame


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crontab:
    """A person's crontab."""
    return Crontab(tmp_path / "fake", monkeypatch)


@pytest.fixture
def place(tmp_path: Path) -> Frame:
    """The frame of an installation beside it."""
    return frame(tmp_path)


@pytest.fixture
def usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """The units of systemd lie where they do when nobody says otherwise."""
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
