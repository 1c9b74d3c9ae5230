"""What the tests with a real systemd share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clodputer.schedulers.unit import Frame
from tests import boot_lab, systemd_lab
from tests.boot_lab import Computer
from tests.systemd_lab import Lab, make_frame


@pytest.fixture(scope="module")
def manager() -> Iterator[Lab]:
    """A `systemd --user` of the tests' own."""
    with systemd_lab.running() as lab:
        yield lab


@pytest.fixture
def lab(manager: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The manager without any units, reached by what this process starts."""
    manager.empty()
    manager.reached_by(monkeypatch)
    return manager


@pytest.fixture
def frame(lab: Lab) -> Frame:
    """An installation in it."""
    return make_frame(lab)


@pytest.fixture
def computer() -> Iterator[Computer]:
    """A computer that has booted, with a systemd of its own."""
    with boot_lab.booted() as made:
        yield made
