"""`clodputer next`: the coming slot times of tasks and of expressions, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, make_home, write_task


def coming(home: Home, *arguments: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(clodputer(home, "next", "--json", *arguments)[0])["data"]
    return data


def test_an_expression_in_a_zone(home: Home) -> None:
    """With the offset that the zone has at each of them, after the moment that --from names by its clock."""
    arguments = (
        "--cron",
        "30 2 * * *",
        "--timezone",
        "Europe/Berlin",
        "--from",
        "2027-03-27T02:30",
        "--count",
        "2",
    )
    assert coming(home, *arguments)["slot_times"] == [
        "2027-03-28T03:00:00+02:00",
        "2027-03-29T02:30:00+02:00",
    ]
    text, _ = clodputer(home, "next", *arguments)
    assert text == "Sun 2027-03-28 03:00 CEST\nMon 2027-03-29 02:30 CEST\n"


def test_an_expression_needs_no_home(tmp_path: Path) -> None:
    nowhere = Home(str(tmp_path / "none"))
    assert coming(
        nowhere, "--cron", "@yearly", "--timezone", "UTC", "--from", "2026-05-05T00:00:00Z", "--count", "1"
    )["slot_times"] == ["2027-01-01T00:00:00+00:00"]


def test_the_zone_of_the_system(home: Home) -> None:
    """TZ, as for every other program."""
    stdout, _ = clodputer(
        home,
        "next",
        "--json",
        "--cron",
        "0 8 * * *",
        "--from",
        "2027-07-01T00:00:00Z",
        "--count",
        "1",
        extra={"TZ": "America/New_York"},
    )
    assert json.loads(stdout)["data"]["slot_times"] == ["2027-07-01T08:00:00-04:00"]


def test_the_slot_times_of_all_tasks(home: Home) -> None:
    """In the order in which they come, each with its task; disabled tasks have none."""
    start = ("--from", "2027-01-01T00:00:00Z", "--count", "3")
    command_task(
        home, "eight", "true", more="trigger: {type: cron, schedule: 0 8 * * *, timezone: UTC, jitter: 1h}\n"
    )
    command_task(home, "often", "true", more="trigger: [{type: interval, every: 3h}, {type: startup}]\n")
    command_task(home, "off", "true", more="enabled: false\ntrigger: {type: cron, schedule: '* * * * *'}\n")
    command_task(home, "manual", "true")
    data = coming(home, *start)
    assert [one["task"] for one in data["coming"]] == ["often", "often", "eight"]
    assert data["coming"][2]["slot_time"] == "2027-01-01T08:00:00+00:00"
    assert 0 < data["coming"][2]["jitter_seconds"] < 3600
    assert "later (jitter)" in clodputer(home, "next", *start)[0]
    assert coming(home, "eight", "--from", "2027-01-01T00:00:00Z", "--count", "1")["slot_times"] == [
        "2027-01-01T08:00:00+00:00"
    ]
    assert len(coming(home, "off")["slot_times"]) == 5
    assert clodputer(home, "next", "manual")[0] == "Task manual has no slot times to come.\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (
            ("--cron", "22-2 * * * *"),
            2,
            "'22-2 * * * *' is not a cron expression: minute '22-2': the range runs backwards",
        ),
        (("--cron", "@daily", "--timezone", "Europe/Berln"), 1, "(did you mean 'Europe/Berlin'?)"),
        (("--cron", "@daily", "--from", "soon"), 2, "--from: not a moment: 'soon'"),
        (("--timezone", "UTC"), 2, "--timezone belongs to --cron"),
        (("nightly", "--cron", "@daily"), 2, "do not go together"),
        (("--count", "0"), 2, "--count"),
        (("nightly",), 1, "there is no task 'nightly'"),
    ],
)
def test_mistakes(home: Home, arguments: tuple[str, ...], status: int, message: str) -> None:
    """What is wrong, and the exit code."""
    assert message in clodputer(home, "next", *arguments, status=status)[1]


def test_an_expression_where_a_task_is_expected(tmp_path: Path) -> None:
    _, stderr = clodputer(make_home(tmp_path), "next", "0 7 * * *", status=2)
    assert 'For a cron expression: --cron "0 7 * * *"' in stderr


def test_a_zone_that_tz_describes(home: Home) -> None:
    """As a rule, in the form of POSIX: tasks without a time zone of their own go by it."""
    write_task(home, "early", "prompt: x\ntrigger: {type: cron, schedule: '30 2 * * *'}\n")
    extra = {"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}
    stdout, _ = clodputer(
        home, "next", "early", "--json", "--from", "2027-03-27T12:00", "--count", "2", extra=extra
    )
    assert json.loads(stdout)["data"]["slot_times"] == [
        "2027-03-28T03:00:00+02:00",
        "2027-03-29T02:30:00+02:00",
    ]
