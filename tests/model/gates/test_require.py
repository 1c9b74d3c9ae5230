"""What the machine must be like: which reading keeps a run waiting, as a table."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.config.keyvalue import read, written
from clodputer.model.config.withunit import Expected
from clodputer.model.gates.require import DISK_FREE, MEMORY_FREE, NEEDS, Readings, Require, both, lacking
from clodputer.model.gates.waiting import WAITS

FINE = Readings(
    cpu=10.0, memory=20.0, memory_free=10**10, disk_free=10**12, plugged=True, network=True, idle=10**6
)
ALL = Require(50.0, 80.0, 10**9, 10**9, "ac", network=True, idle_for=600.0)


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
        ({"memory_free": 10**9 - 1}, "memory_free"),
        ({"memory_free": 10**9}, None),
        ({"memory_free": None}, None),
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
    assert lacking(Require(), Readings(100.0, 100.0, 0, 0, plugged=False, network=False, idle=0.0)) is None


def test_a_task_has_the_last_word_key_by_key() -> None:
    """Over config.yaml, and that over the default."""
    assert both(Require(), {}).disk_free == DISK_FREE
    assert both(Require(), {}, "claude").memory_free == MEMORY_FREE
    assert both(Require(), {}).memory_free is None
    assert both(Require(), {"memory_free": 0}, "claude").memory_free == 0
    assert both(Require(), {"disk_free": 1, "power": "ac"}) == Require(disk_free=1, power="ac")
    assert both(Require(disk_free=7, network=True), {"disk_free": 1, "power": "ac"}) == Require(
        disk_free=7, power="ac", network=True
    )


SHARES, BYTES = st.none() | st.floats(0, 100), st.none() | st.integers(0, 10**15)
# No key takes less than 1.
ASKED = st.none() | st.integers(1, 100)
REQUIRES = st.builds(Require, ASKED, ASKED, ASKED, ASKED, st.sampled_from(["", "ac"]), st.booleans(), ASKED)
READINGS = st.builds(
    Readings,
    SHARES,
    SHARES,
    BYTES,
    BYTES,
    st.none() | st.booleans(),
    st.none() | st.booleans(),
    st.none() | st.floats(0, 10**6),
)


@given(wanted=REQUIRES, found=READINGS)
def test_what_is_lacking_is_asked_for_and_read(wanted: Require, found: Readings) -> None:
    """Only what is asked for and can be read keeps waiting; with the best readings nothing does."""
    assert lacking(Require(), found) is None
    assert lacking(wanted, Readings()) is None
    best = Readings(-1.0, -1.0, 10**15, 10**15, plugged=True, network=True, idle=10**6)
    assert lacking(wanted, best) is None
    asked = wanted
    for _ in WAITS:
        one = lacking(asked, found)
        if one is None:
            return
        key = {"disk": "disk_free", "memory": "memory_below", "cpu": "cpu_below", "idle": "idle_for"}.get(
            one.reason, one.reason
        )
        assert getattr(asked, key) not in (None, "", False)
        asked = asked._replace(**{key: getattr(Require(), key)})
    raise AssertionError("one thing is lacking twice")


@given(task=REQUIRES, everywhere=REQUIRES)
def test_a_task_never_asks_for_less_than_it_says(task: Require, everywhere: Require) -> None:
    """Of each kind its own word holds, and where it says nothing that of config.yaml."""
    given_ = {name: value for name, value in everywhere._asdict().items() if value not in (None, "", False)}
    found = both(task, given_)
    for name in Require._fields:
        own, general = (
            getattr(task, name),
            given_.get(name, DISK_FREE if name == "disk_free" else getattr(Require(), name)),
        )
        assert getattr(found, name) == (general if own in (None, "", False) else own)
    assert both(Require(disk_free=0), {"disk_free": 1}).disk_free == 0
    assert both(Require(), {"disk_free": 0}).disk_free == 0
    assert lacking(Require(disk_free=0), Readings(disk_free=0)) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), ("0B", 0), ("1KB", 1024), (1, "unit"), (False, "size"), (-1, "unit"), ("0", "size")],
)
def test_how_much_of_the_disk(value: Any, expected: Any) -> None:
    """No room at all needs no unit, anything else does."""
    (key,) = [one for one in NEEDS if one.name == "disk_free"]
    if isinstance(expected, int):
        assert read(key, value) == expected
        assert written(key, expected) in ("0", "1KB")
    else:
        with pytest.raises(Expected, match=expected):
            read(key, value)
