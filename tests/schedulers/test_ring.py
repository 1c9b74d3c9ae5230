"""What must start an exec for a task, whatever the scheduler."""

from __future__ import annotations

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.policy import jitter
from clodputer.model.schedules.ring import NOTHING, Every, Expression, Once, Ring, Watch
from clodputer.model.task import Task, Trigger
from clodputer.schedulers.ring import Wanted, wanted

HOME = {"HOME": "/home/ann"}


def task(*several: Trigger, enabled: bool = True) -> Task:
    return Task("work", "/h/tasks/work.yaml", enabled=enabled, triggers=several)


def ring(*several: Trigger) -> Ring:
    return wanted(task(*several), HOME, {}, frozenset()).ring


@pytest.mark.parametrize(
    ("trigger", "needed"),
    [
        (Trigger("cron", {"schedule": "@daily"}), Ring((Expression("0 0 * * *"),), catches_up=True)),
        (
            Trigger("cron", {"schedule": "0 8 * * *", "timezone": "Asia/Tokyo", "catch_up": "skip"}),
            Ring((Expression("0 8 * * *", "Asia/Tokyo"),)),
        ),
        (
            Trigger("interval", {"every": 900.0, "anchor": "1970-01-01T00:05:00Z"}),
            Ring((Every(900, 300),), catches_up=True),
        ),
        (Trigger("at", {"time": "1970-01-01T01:00:00Z"}), Ring((Once(3600),), catches_up=True)),
        (Trigger("startup"), Ring(startup=True)),
        (Trigger("manual"), NOTHING),
        (
            Trigger("file_watch", {"path": "~/in"}),
            Ring(watches=(Watch("/home/ann/in"),), catches_up=True),
        ),
        (
            Trigger("file_watch", {"path": "/in", "pattern": "**"}),
            Ring(watches=(Watch("/in", True),), catches_up=True),
        ),
        (
            Trigger("file_watch", {"path": "/in", "pattern": "a/*.md"}),
            Ring(watches=(Watch("/in", True),), catches_up=True),
        ),
    ],
)
def test_what_each_kind_needs(trigger: Trigger, needed: Ring) -> None:
    assert ring(trigger) == needed


def test_jitter_is_the_delay_of_all_times() -> None:
    """And of nothing else."""
    found = ring(Trigger("cron", {"schedule": "0 8 * * *", "jitter": 600.0}), Trigger("startup"))
    assert found == Ring((Expression("0 8 * * *", "", jitter("work", 600.0)),), startup=True, catches_up=True)


def test_several_triggers_are_one_ring_in_words_too() -> None:
    several = task(Trigger("interval", {"every": 60.0}), Trigger("manual"), Trigger("startup"))
    assert wanted(several, HOME, {}, frozenset()) == Wanted(
        Ring((Every(60),), startup=True, catches_up=True), "every 1m; when the computer starts"
    )


def test_a_disabled_task_needs_nothing() -> None:
    assert wanted(task(Trigger("startup"), enabled=False), HOME, {}, frozenset()) == Wanted()


def test_a_secret_in_a_path_is_told_to_no_scheduler() -> None:
    """The folder is left to the sweep."""
    watching = task(Trigger("file_watch", {"path": "/in/{{ env.PLACE }}"}))
    found = wanted(watching, HOME, {"PLACE": "hidden-place"}, frozenset())
    assert found.ring == Ring(catches_up=True)
    assert found.secret == ("/in/***",)
    with pytest.raises(ClodputerError, match="PLACE"):
        wanted(watching, HOME, {}, frozenset())
