"""Property lists and timers: when each is due, as a trigger of a task."""

from __future__ import annotations

from typing import Any

import pytest

from clodputer.archive.imports import launchd, oncalendar, systemd
from clodputer.archive.imports.values import Entry, Facts

FACTS = Facts("/home/me", "me", "/home/me")


def cron(schedule: str, **more: Any) -> dict[str, Any]:
    return {"type": "cron", "schedule": schedule, **more}


@pytest.mark.parametrize(
    ("times", "schedules"),
    [
        ({"Hour": 9, "Minute": 30}, ["30 9 * * *"]),
        ({"Hour": 9}, ["* 9 * * *"]),
        ({"Weekday": 7, "Hour": 1, "Minute": 0}, ["0 1 * * 0"]),
        ([{"Weekday": day, "Hour": 8, "Minute": 0} for day in range(1, 6)], ["0 8 * * 1-5"]),
        ([{"Hour": 8, "Minute": 0}, {"Hour": 20, "Minute": 0}], ["0 8,20 * * *"]),
        ([{"Hour": 8, "Minute": 0}, {"Hour": 20, "Minute": 15}], ["0 8 * * *", "15 20 * * *"]),
        (
            [{"Day": 1, "Hour": 8, "Minute": 0}, {"Weekday": 1, "Hour": 8, "Minute": 0}],
            ["0 8 * * 1", "0 8 1 * *"],
        ),
    ],
)
def test_a_calendar_of_launchd_becomes_cron(times: Any, schedules: list[str]) -> None:
    job = {"Label": "me.x", "ProgramArguments": ["claude", "-p", "x"], "StartCalendarInterval": times}
    (entry,) = launchd.read(job, "x.plist", FACTS)
    assert sorted(trigger["schedule"] for trigger in entry.triggers) == sorted(schedules)
    assert entry.call.keys["working_directory"] == "/"
    assert not entry.call.unsaid


def test_the_other_keys_of_a_job() -> None:
    job = {
        "Label": "me.x",
        "Program": "/opt/claude",
        "ProgramArguments": ["claude", "-p", "x"],
        "StartInterval": 30,
        "WatchPaths": ["~/inbox"],
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "WorkingDirectory": "~/app",
        "EnvironmentVariables": {"A": "1", "B": 2},
        "Disabled": True,
    }
    (entry,) = launchd.read(job, "x.plist", FACTS)
    assert [trigger["type"] for trigger in entry.triggers] == ["interval", "file_watch", "startup"]
    assert (dict(entry.call.env), entry.call.keys["working_directory"]) == ({"A": "1"}, "/home/me/app")
    assert {word.split()[0] for word in entry.call.unsaid} == {
        "StartInterval",
        "KeepAlive:",
    }
    assert not entry.enabled


@pytest.mark.parametrize(
    ("value", "trigger"),
    [
        ("daily", cron("0 0 * * *")),
        ("weekly", cron("0 0 * * 1")),
        ("hourly", cron("0 * * * *")),
        ("*-*-* 03:00:00", cron("0 3 * * *")),
        ("03:00", cron("0 3 * * *")),
        ("Mon..Fri 08:30", cron("30 8 * * 1,2,3,4,5")),
        ("Mon,Wed *-*-* 8:00", cron("0 8 * * 1,3")),
        ("Fri..Mon 08:00", cron("0 8 * * 0,1,5,6")),
        ("*:0/15", cron("0,15,30,45 * * * *")),
        ("*-*-* *:*:00", cron("* * * * *")),
        ("*-*-01 00:00:00 Europe/Berlin", cron("0 0 1 * *", timezone="Europe/Berlin")),
        ("*-*~01 05:00", cron("0 5 L * *")),
        ("*-01..03-01,15 06:00:00 UTC", cron("0 6 1,15 1-3 *", timezone="UTC")),
        ("2026-12-24 18:00:00", {"type": "at", "time": "2026-12-24T18:00:00"}),
    ],
)
def test_a_calendar_of_systemd_becomes_cron(value: str, trigger: dict[str, Any]) -> None:
    assert oncalendar.read(value) == oncalendar.Calendar((trigger,), "")


@pytest.mark.parametrize(
    "value", ["*:*:0/10", "Fri *-*-13 00:00", "2027-*-* 01:00", "*-*~3 00:00", "*-*-* 25:00", "nonsense", ""]
)
def test_a_calendar_that_cron_cannot_say_is_told_of(value: str) -> None:
    assert f"OnCalendar={value}" in oncalendar.read(value).problem


def timer(text: str, service: str) -> list[Entry]:
    return systemd.read("nightly.timer", systemd.unit([text]), systemd.unit([service]), FACTS)


def test_a_timer_and_its_service() -> None:
    (entry,) = timer(
        "[Timer]\nOnCalendar=daily\nOnBootSec=5min\nPersistent=true\nRandomizedDelaySec=10m\nFixedRandomDelay=yes\n",
        "[Service]\nType=oneshot\nExecStart=/bin/bash -lc \"cd %h/app \\\n && claude -p 'x'\"\n"
        'Environment="A=b c" D=e\nWorkingDirectory=%h\nTimeoutStartSec=1h 30min\nEnvironmentFile=/etc/x\n',
    )
    assert entry.triggers == (cron("0 0 * * *", jitter="600s"), {"type": "startup", "after": "300s"})
    assert dict(entry.call.env) == {"A": "b c", "D": "e"}
    assert entry.call.keys == {"working_directory": "/home/me/app", "prompt": "x", "timeout": "5400s"}
    assert [word.partition("=")[0] for word in entry.call.unsaid] == ["EnvironmentFile"]


def test_without_persistent_nothing_is_made_up_for() -> None:
    (entry,) = timer("[Timer]\nOnCalendar=03:00\n", "[Service]\nExecStart=claude -p x\n")
    assert entry.triggers == (cron("0 3 * * *", catch_up="skip"),)
