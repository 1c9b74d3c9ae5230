"""What the tests of several commands share."""

from __future__ import annotations

import pytest

from clodputer.store.home import Home
from tests.cli.steering import busy_home


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return busy_home(tmp_path_factory.mktemp("busy"))
