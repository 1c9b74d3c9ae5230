"""croniter as a witness: in UTC, and asked so that its known differences from cron cannot show, it finds the same."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timezone

import croniter

from clodputer.model.schedules import cron
from clodputer.model.schedules.schedule import Calendar, following
from tests.model.clockwork import random_expression


def listed(values: Iterable[int], everything: int) -> str:
    """A field as a plain list, which every cron reads alike; a star if it matches all there is."""
    found = list(values)
    return "*" if len(found) == everything else ",".join(map(str, found))


def normalised(found: cron.Cron) -> str:
    days, weekdays = listed(found.days, 31), listed(found.weekdays, 7)
    if found.either and "*" in (days, weekdays):
        days = weekdays = "*"
    return (
        f"{listed(found.minutes, 60)} {listed(found.hours, 24)} {days} {listed(found.months, 12)} {weekdays}"
    )


def test_croniter_agrees() -> None:
    """A thousand random expressions, each from a random moment of ten years."""
    dice = random.Random(7)
    for _ in range(1000):
        expression = random_expression(dice)
        found = cron.parse(expression.text)
        moment = 1_600_000_000 + dice.randrange(10 * 365 * 86400)
        witness = croniter.croniter(
            normalised(found), datetime.fromtimestamp(moment, timezone.utc), day_or=found.either
        )
        expected = witness.get_next(datetime)
        assert following(Calendar(found, timezone.utc), moment) == int(expected.timestamp()), expression.text
