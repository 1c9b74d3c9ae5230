"""A fuzzy time in a task file: `next`, `why`, `list`, the alarm and `exec` have one and the same answer."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clodputer import triggers
from clodputer.cli.commands.next import asked
from clodputer.cli.commands.why import why
from clodputer.model.errors import ClodputerError
from clodputer.model.schedules.ring import Expression
from clodputer.runner.intake.due import drop_due
from clodputer.schedulers import ring
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.tasks import taskfile
from clodputer.views.tasks import tasks
from tests.workshop import environment, write_task

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2027, 5, 3, 12, tzinfo=BERLIN).timestamp()


def fuzzy_task(home: Home, name: str, schedule: str) -> None:
    trigger = f"{{type: cron, schedule: {schedule!r}, timezone: Europe/Berlin}}"
    write_task(home, name, f"agent: command\ncommand: ['true']\ntrigger: {trigger}\n")


@pytest.mark.parametrize(
    ("schedule", "first", "last"),
    [("daily around 14:00", "13:45", "14:14"), ("mon between 22:00 and 23:30", "22:00", "23:29")],
)
def test_all_answers_are_one(home: Home, schedule: str, first: str, last: str) -> None:
    environ, moments = environment(home), set()
    for name in ("alpha", "beta", "gamma"):
        fuzzy_task(home, name, schedule)
        [slot] = asked(environ, name, None, None, "2027-05-03T12:00:00+02:00", 1, NOON).data["slot_times"]
        moment = datetime.fromisoformat(slot)
        assert first <= f"{moment:%H:%M}" <= last
        assert why(environ, name, NOON).data["triggers"][0]["next_slot_time"] == slot
        task = taskfile.load(home, name, environ)
        listed, _ = tasks.next_slot(environ, task, NOON)
        assert listed is not None
        assert listed.slot == moment.timestamp()
        [times] = ring.wanted(task, environ, {}, frozenset()).ring.times
        assert isinstance(times, Expression)
        assert times.fields.split()[:2] == [str(moment.minute), str(moment.hour)]
        assert (times.zone, times.delay) == ("Europe/Berlin", 0)
        assert f"at {moment:%H:%M}" in triggers.words(task.triggers)
        assert f"({schedule})" in triggers.words(task.triggers)
        moments.add(slot)
    assert len(moments) == 3, "each task has its own"


def test_it_is_due_at_that_time(home: Home) -> None:
    fuzzy_task(home, "work", "daily between 13:00 and 15:00")
    context, environ = look(environment(home)), environment(home)
    [slot] = asked(environ, "work", None, None, "2099-05-03T12:00:00+02:00", 1, NOON).data["slot_times"]
    moment = datetime.fromisoformat(slot).timestamp()
    drop_due(context, "work", moment - 3600)
    drop_due(context, "work", moment - 1)
    assert list(Path(home.new).iterdir()) == []
    drop_due(context, "work", moment)
    [dropped] = Path(home.new).iterdir()
    assert datetime.fromisoformat(
        json.loads(dropped.read_text())["origin"]["slot_time"].replace("Z", "+00:00")
    ) == datetime.fromisoformat(slot)


def test_an_expression_without_a_task_has_no_time_of_its_own(home: Home) -> None:
    with pytest.raises(ClodputerError, match="each task has one of its own") as caught:
        asked(environment(home), "", "daily around 14:00", None, None, 1, NOON)
    assert "clodputer next TASK" in caught.value.hint
