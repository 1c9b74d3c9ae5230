"""Triggers in words."""

from __future__ import annotations

import pytest

from clodputer.model.schedules.cronwords import phrase
from clodputer.model.task import Trigger
from clodputer.triggers import words


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("0 8 * * mon-fri", "at 08:00 on weekdays"),
        ("5,35 8 * * *", "at 08:05, 08:35 every day"),
        ("30 2 * * 0", "at 02:30 on Sun"),
        ("0 9 * * 6,0", "at 09:00 on Sun, Sat"),
        ("*/15 * * * *", "every 15 minutes"),
        ("* * * * *", "every minute"),
        ("7 * * * *", "every hour at :07"),
        ("*/20 * * * 1", "every 20 minutes on Mon"),
        ("@daily", "at 00:00 every day"),
        ("*/7 * * * *", "by cron '*/7 * * * *'"),
        ("0 0 1 * *", "by cron '0 0 1 * *'"),
        ("0 0 1 * 5", "by cron '0 0 1 * 5'"),
        ("0 8 * 12 *", "by cron '0 8 * 12 *'"),
        ("0 9 L * *", "at 09:00 on the last day of the month"),
        ("0 9 * * 5L", "at 09:00 on the last Fri of the month"),
        ("0 9 * * mon#1,mon#3", "at 09:00 on the first Mon and third Mon of the month"),
        ("0 9 15,L * *", "by cron '0 9 15,L * *'"),
        ("0 9 * * 5L,1", "by cron '0 9 * * 5L,1'"),
        ("0 9 L * 5L", "by cron '0 9 L * 5L'"),
        ("0 */2 * * *", "by cron '0 */2 * * *'"),
    ],
)
def test_cron(expression: str, told: str) -> None:
    """Short ones in words, all others as they are written."""
    assert phrase(expression) == told


def test_the_other_kinds_and_several_at_once() -> None:
    several = [
        Trigger(
            "cron", {"schedule": "0 8 * * *", "timezone": "Asia/Tokyo", "active": {"hours": "09:00-17:00"}}
        ),
        Trigger("interval", {"every": 5400.0}),
        Trigger("at", {"time": "2027-01-01T00:00"}),
        Trigger("file_watch", {"path": "~/inbox"}),
        Trigger("file_watch", {"path": "~/inbox", "pattern": "*.pdf"}),
        Trigger("startup"),
        Trigger("manual"),
    ]
    assert words(several) == (
        "at 08:00 every day, only 09:00-17:00 (Asia/Tokyo); every 1h 30m; once, at 2027-01-01T00:00; "
        "when files change in ~/inbox; when files change in ~/inbox (*.pdf); when the computer starts; by hand"
    )
    assert words([]) == ""
