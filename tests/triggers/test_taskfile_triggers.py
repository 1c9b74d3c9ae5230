"""Triggers in task files: what each type takes, and what is said about everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clodputer import triggers
from clodputer.model.config.keys import defaults
from clodputer.tasks import taskfile
from tests.tasks import told
from tests.workshop import make_home, write_task

# What stands behind `trigger: `, and what is said about it.
BAD = {
    "{type: cron}": "trigger: expected a key schedule",
    "{type: cron, schedule: 22-2 * * * *}": (
        "trigger.schedule: expected a cron expression such as 0 8 * * mon-fri, found '22-2 * * * *'; minute '22-2': the range "
        "runs backwards; cron accepts it and it never matches; write 22-59,0-2"
    ),
    "{type: cron, schedule: 5}": "trigger.schedule: expected text, found 5; put it in quotes",
    "{type: cron, schedule: '@daily', timezon: UTC}": "trigger.timezon: unknown key (did you mean 'timezone'?)",
    "{type: corn, schedule: '@daily'}": (
        "trigger.type: expected one of at, cron, error_log, file_watch, findings, github, interval, manual, "
        "startup, found 'corn' "
        "(did you mean 'cron'?)"
    ),
    "{type: error_log, paths: [/var/log/a.log, b.log]}": (
        "trigger.paths[1]: expected an absolute path, or one that begins with ~/, found 'b.log'"
    ),
    "{type: cron, schedule: '@daily', timezone: Europe/Berln}": (
        "trigger.timezone: expected the name of a time zone such as Europe/Berlin, found 'Europe/Berln' "
        "(did you mean 'Europe/Berlin'?)"
    ),
    "{type: cron, schedule: '@daily', timezone: ../etc/passwd}": (
        "trigger.timezone: expected the name of a time zone such as Europe/Berlin, found '../etc/passwd'"
    ),
    "{type: cron, schedule: '@daily', catch_up: last}": (
        "trigger.catch_up: expected one of skip, latest, all, found 'last' (did you mean 'latest'?)"
    ),
    "{type: cron, schedule: '@daily', max_late: 5}": (
        "trigger.max_late: expected a duration with its unit, found 5; write 5s or 5m"
    ),
    "{type: cron, schedule: '@daily', jitter: 2d}": "trigger.jitter: expected a duration of up to 1d, found '2d'",
    "{type: cron, schedule: '@daily', overlap: replaces}": (
        "trigger.overlap: expected one of coalesce, queue, skip, replace, found 'replaces' (did you mean 'replace'?)"
    ),
    "{type: cron, schedule: '@daily', active: {}}": (
        "trigger.active: expected hours, days or both, found a mapping; write {hours: 08:00-20:00, days: mon-fri}"
    ),
    "{type: cron, schedule: '@daily', active: {hour: '8'}}": (
        "trigger.active.hour: unknown key (did you mean 'hours'?)"
    ),
    "{type: cron, schedule: '@daily', active: {hours: 8-20}}": (
        "trigger.active.hours: expected hours such as 08:00-20:00, found '8-20'"
    ),
    "{type: cron, schedule: '@daily', active: {hours: 08:00-25:00}}": (
        "trigger.active.hours: expected hours from 00:00 to 24:00, found '08:00-25:00'"
    ),
    "{type: cron, schedule: '@daily', active: {hours: 08:00-08:00}}": (
        "trigger.active.hours: expected two different hours, found '08:00-08:00'"
    ),
    "{type: cron, schedule: '@daily', active: {days: weekdays}}": (
        "trigger.active.days: expected days such as mon-fri or mon,wed,sat-sun, found 'weekdays'"
    ),
    "{type: interval}": "trigger: expected a key every",
    "{type: interval, every: 30s}": (
        "trigger.every: expected a duration of whole seconds, from 1m on, found '30s'; "
        "alarms come once a minute at most"
    ),
    "{type: interval, every: 15m, anchor: +5m}": (
        "trigger.anchor: expected a moment from 1970 on, such as 2026-11-21T08:00:00+01:00, found '+5m'"
    ),
    "{type: at}": "trigger: expected a key time",
    "{type: at, time: tomorrow}": (
        "trigger.time: expected a moment from 1970 on, such as 2026-11-21T08:00:00+01:00, found 'tomorrow'"
    ),
    "{type: at, time: 2026-12-24, catch_up: all}": "trigger.catch_up: unknown key",
    "{type: file_watch}": "trigger: expected a key path",
    "{type: file_watch, path: inbox}": (
        "trigger.path: expected an absolute path, or one that begins with ~/, found 'inbox'"
    ),
    "{type: file_watch, path: ~/in, event: removed}": (
        "trigger.event[0]: expected one of created, modified, deleted, any, found 'removed'"
    ),
    "{type: startup, catch_up: all}": "trigger.catch_up: unknown key",
    "{type: manual, schedule: '@daily'}": "trigger.schedule: unknown key",
}

GOOD: dict[str, dict[str, Any]] = {
    "{type: cron, schedule: 0 8 * * mon-fri, timezone: Europe/Berlin}": {
        "schedule": "0 8 * * mon-fri",
        "timezone": "Europe/Berlin",
    },
    "{type: cron, schedule: '@daily', catch_up: all, max_late: 2h, jitter: 10m, overlap: skip}": {
        "schedule": "@daily",
        "catch_up": "all",
        "max_late": 7200.0,
        "jitter": 600.0,
        "overlap": "skip",
    },
    "{type: cron, schedule: '@daily', active: {hours: 22:00-06:00, days: sat-mon}}": {
        "schedule": "@daily",
        "active": {"hours": "22:00-06:00", "days": "sat-mon"},
    },
    "{type: interval, every: 15m}": {"every": 900.0},
    "{type: interval, every: 1d, anchor: 2026-01-01T08:00}": {"every": 86400.0, "anchor": "2026-01-01T08:00"},
    "{type: at, time: '2026-12-24T18:00:00+01:00'}": {"time": "2026-12-24T18:00:00+01:00"},
    "{type: file_watch, path: ~/in, pattern: '**/*.csv', debounce: 0s, initial: process, batch: all}": {
        "path": "~/in",
        "pattern": ["**/*.csv"],
        "debounce": 0.0,
        "initial": "process",
        "batch": "all",
    },
    "{type: startup}": {},
    "{type: manual}": {},
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_trigger_is_told(text: str, tmp_path: Path) -> None:
    """Line, key, what was expected, what was found."""
    assert told.about(f"prompt: a\ntrigger: {text}\n", tmp_path) == [f"tasks/x.yaml:2: {BAD[text]}"]


@pytest.mark.parametrize("text", GOOD)
def test_a_good_trigger_holds_what_it_says_and_the_defaults(text: str, tmp_path: Path) -> None:
    """Also after it has been in the cache."""
    home = make_home(tmp_path)
    write_task(home, "x", f"prompt: a\ntrigger: {text}\n")
    for _ in range(2):
        (trigger,) = taskfile.load(home, "x", {}).triggers
        assert trigger.options == {**defaults(triggers.load(trigger.type).KEYS), **GOOD[text]}


def test_a_list_of_triggers(tmp_path: Path) -> None:
    """A mistake in one of them is told with its place."""
    text = "prompt: a\ntrigger:\n  - {type: manual}\n  - {type: cron, schedule: '@hourly'}\n"
    assert told.about(text, tmp_path) == []
    assert told.about(text.replace("hourly", "hurly"), tmp_path) != []
    assert told.about(text.replace("@hourly", "60 * * * *"), tmp_path)[0].startswith(
        "tasks/x.yaml:4: trigger[1].schedule: "
    )
