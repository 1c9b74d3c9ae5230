"""`clodputer why` foresees what would keep the next request of a task waiting, before one has come and waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import time

import pytest

from clodputer import gates
from clodputer.cli.commands.why import why
from clodputer.cli.terminal.ink import without
from clodputer.model.gates.usage import FIVE_HOUR, STREAM, Share
from clodputer.model.gates.verdict import Wait
from clodputer.model.gates.waiting import BREAKER, BUDGET, EXPOSED, WINDOW
from clodputer.model.task import Task, Trigger
from clodputer.store import usage
from clodputer.store.home import Home
from clodputer.views.tasks.why import NOTHING
from tests.workshop import command_task, drop, environment, execute, write_task

TRIGGER = "trigger: {type: cron, schedule: '0 7 1 1 *'}\n"


def failing(home: Home) -> None:
    command_task(home, "work", "/bin/false", more=TRIGGER)
    for number in range(3):
        drop(home, f"{number}.json", '{"task": "work"}')
    execute(home)


def spending(home: Home) -> None:
    command_task(home, "work", "/bin/true", more=f"{TRIGGER}budget: {{runs_per_day: 1}}\n")
    drop(home, "work")
    execute(home)


def nearly_used_up(home: Home) -> None:
    write_task(home, "work", f"prompt: Hello\nwindow: {{stop_at: 90%}}\n{TRIGGER}")
    usage.keep(home, "claude", {FIVE_HOUR: Share(95, time() + 3600)}, STREAM, time())


def open_to_others(home: Home) -> None:
    command_task(home, "work", "/bin/true", more=TRIGGER)
    Path(home.tasks, "work.yaml").chmod(0o666)


CAUSES = {BREAKER: failing, BUDGET: spending, WINDOW: nearly_used_up, EXPOSED: open_to_others}


def test_each_gate_that_is_asked_beforehand_is_tried() -> None:
    assert {gate.__name__.rpartition(".")[2] for gate in gates.STANDING} == set(CAUSES)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("reason", "cause"), CAUSES.items(), ids=CAUSES)
def test_it_says_what_then_happens(home: Home, reason: str, cause: Callable[[Home], None]) -> None:
    """Before anything waits it names the reason for which a request then does wait."""
    cause(home)
    found = why(environment(home), "work", time())
    told = " ".join(without(found.text).split())
    assert found.data["waiting"] is False
    assert found.data["would_wait"]["reason"] == reason
    assert f"would wait {found.data['would_wait']['message'].rstrip('.')}" in told
    assert found.data["would_wait"]["ends"] in told
    drop(home, "later.json", json.dumps({"task": "work"}))
    execute(home)
    after = why(environment(home), "work", time())
    assert [one["reason"] for one in after.data["waits"]] == [reason]
    assert "would wait" not in after.text


def test_the_first_sentence_names_it_where_a_scheduler_is_set_up() -> None:
    triggers = (Trigger("interval", {"every": 300.0}),)
    found = NOTHING._replace(
        name="work",
        task=Task("work", "", triggers=triggers),
        foreseen=Wait(None, BREAKER, "The breaker is open."),
    )
    assert found.state == " waits for its triggers; a request of theirs would be kept waiting (breaker)"
    assert found._replace(foreseen=None).state == " waits for its triggers"


def test_it_foresees_nothing_where_nothing_is_in_the_way(home: Home) -> None:
    """Nor of a task that is disabled: nothing comes of it."""
    command_task(home, "work", "/bin/true", more=TRIGGER)
    assert why(environment(home), "work", time()).data["would_wait"] is None
    failing(home)
    command_task(home, "work", "/bin/false", more=f"enabled: false\n{TRIGGER}")
    found = why(environment(home), "work", time())
    assert (found.data["would_wait"], "would wait" in found.text) == (None, False)
