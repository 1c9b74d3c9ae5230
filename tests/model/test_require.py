"""What the machine must be like: which reading keeps a run waiting, as a table."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from clodputer.model.require import DISK_FREE, Readings, Require, both, lacking
from clodputer.model.waiting import WAITS

FINE = Readings(cpu=10.0, memory=20.0, disk_free=10**12, plugged=True, network=True, idle=10**6)
ALL = Require(50.0, 80.0, 10**9, "ac", network=True, idle_for=600.0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"disk_free": 10**9 - 1}, "disk"),
        ({"disk_free": 10**9}, None),
        ({"plugged": False}, "power"),
        ({"plugged": None}, None),
        ({"network": False}, "network"),
        ({"memory": 80.0}, "memory"),
        ({"memory": 79.9}, None),
        ({"cpu": 50.0}, "cpu"),
        ({"cpu": 49.9}, None),
        ({"idle": 599.0}, "idle"),
        ({"idle": None}, None),
        ({"cpu": 100.0, "disk_free": 0}, "disk"),
    ],
)
def test_what_is_lacking(changes: dict[str, Any], reason: Optional[str]) -> None:
    """What cannot be read keeps nothing waiting; each reason is in the table of waits."""
    found = lacking(ALL, FINE._replace(**changes))
    assert (found.reason if found else None) == reason
    if found:
        assert found.reason in WAITS
        assert found.message.endswith(".")


def test_what_is_not_asked_for_does_not_matter() -> None:
    assert lacking(Require(), Readings(100.0, 100.0, 0, plugged=False, network=False, idle=0.0)) is None


def test_a_task_has_the_last_word_key_by_key() -> None:
    """Over config.yaml, and that over the default."""
    assert both(Require(), {}).disk_free == DISK_FREE
    assert both(Require(), {"disk_free": 1, "power": "ac"}) == Require(disk_free=1, power="ac")
    assert both(Require(disk_free=7, network=True), {"disk_free": 1, "power": "ac"}) == Require(
        disk_free=7, power="ac", network=True
    )
