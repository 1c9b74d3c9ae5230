"""What becomes of late slot times, by the keys of a trigger."""

from __future__ import annotations

from clodputer import triggers
from clodputer.model.config.keys import defaults
from clodputer.model.schedules.policy import Policy, fingerprint, jitter, policy
from clodputer.model.task import Trigger


def trigger(kind: str, **options: object) -> Trigger:
    return Trigger(kind, {**defaults(triggers.load(kind).KEYS), **options})


def test_jitter_is_a_task_s_own_and_always_the_same() -> None:
    """From 0 to before the longest, spread over the whole of it."""
    found = [jitter(f"task-{number}", 600.0) for number in range(2000)]
    assert found == [jitter(f"task-{number}", 600.0) for number in range(2000)]
    assert 0 <= min(found) < 20
    assert 580 < max(found) < 600
    assert 270 < sum(found) / len(found) < 330
    assert jitter("task", 0.0) == 0


def test_the_fingerprint_is_of_what_says_when() -> None:
    """What becomes of late slot times may be changed without beginning anew."""
    first = trigger("cron", schedule="@daily", jitter=60.0)
    assert fingerprint(first) == fingerprint(
        trigger("cron", schedule="@daily", catch_up="all", overlap="skip")
    )
    others = [
        trigger("cron", schedule="@hourly"),
        trigger("cron", schedule="@daily", timezone="UTC"),
        trigger("cron", schedule="@daily", active={"days": "mon"}),
        trigger("interval", every=60.0),
        trigger("startup"),
    ]
    assert len({fingerprint(one) for one in [first, *others]}) == 6


def test_policies() -> None:
    assert policy(trigger("cron", schedule="@daily"), "x") == Policy()
    assert policy(trigger("startup"), "x") == Policy()
    spread = policy(trigger("cron", schedule="@daily", jitter=600.0, jitter_by="slot"), "x")
    assert spread == Policy(spread=600, name="x")
    assert 0 <= spread.delay(86400) < 600
    assert policy(trigger("at", time="x", max_late=5.0, overlap="skip"), "x") == Policy(
        "latest", 5.0, 0, "skip"
    )
