"""Gates: each verdict, the order in which they are asked, and that every gate has all that its Protocol says."""

from __future__ import annotations

from pathlib import Path
from pkgutil import iter_modules

import pytest

from clodputer import gates
from clodputer.gates import Gate, enabled, exposed, hold, moment
from clodputer.model.gates.verdict import GO, Go, Refuse, Verdict, Wait
from clodputer.model.gates.waiting import HOLD, NOT_BEFORE
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store import holds
from clodputer.store.context import Context, look
from clodputer.store.holds import Hold, Target
from clodputer.store.records.history import History
from tests.workshop import environment, make_home

NOW = 1_800_000_000.0
TASK = Task(name="nightly", path="tasks/nightly.yaml")
REQUEST = Request("abcd1234", "nightly", NOW - 60)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A fresh home and its surroundings."""
    return look(environment(make_home(tmp_path)))


def ask(context: Context, request: Request, task: Task | None = TASK) -> Verdict:
    """What the gates say at NOW."""
    return gates.ask(request, task, "tasks/nightly.yaml:3: broken", History(context.home), context, NOW)


def test_every_module_is_asked() -> None:
    """A gate that is added is in the order, and has what the Protocol says."""
    names = {module.name for module in iter_modules(gates.__path__)}
    asked = {gate.__name__.rpartition(".")[2] for gate in (moment, *gates.GATES)}  # type: ignore[attr-defined]
    assert names == asked


@pytest.mark.parametrize("gate", [enabled, hold, exposed], ids=lambda gate: gate.__name__)
def test_a_gate_changes_nothing(context: Context, gate: Gate) -> None:
    """It says the same again, and the home is unchanged."""
    before = sorted(str(path) for path in Path(context.home.root).rglob("*"))
    verdicts = [gate.check(TASK, REQUEST, History(context.home), context, NOW) for _ in range(2)]
    assert verdicts == [GO, GO]
    assert sorted(str(path) for path in Path(context.home.root).rglob("*")) == before


@pytest.mark.parametrize(
    ("request_", "task", "expected"),
    [
        (REQUEST, TASK, GO),
        (REQUEST._replace(expires_at=NOW + 1), TASK, GO),
        (REQUEST._replace(not_before=NOW), TASK, GO),
        (REQUEST._replace(not_before=NOW + 9), TASK, NOW + 9),
        (REQUEST._replace(not_before=NOW + 9), None, NOW + 9),
        (REQUEST._replace(expires_at=NOW), TASK, "expired"),
        (REQUEST._replace(expires_at=NOW, not_before=NOW + 9), TASK, "expired"),
        (REQUEST, None, "task_invalid"),
        (REQUEST, TASK._replace(enabled=False), "task_disabled"),
    ],
)
def test_what_becomes_of_a_request(
    context: Context, request_: Request, task: Task | None, expected: float | str | Go
) -> None:
    """Expired ones are given up, early ones wait, and what cannot be run is given up with the way to fix it."""
    verdict = ask(context, request_, task)
    if isinstance(expected, str):
        assert isinstance(verdict, Refuse)
        assert verdict.code == expected
        assert verdict.message
    elif isinstance(expected, float):
        assert isinstance(verdict, Wait)
        assert (verdict.until, verdict.reason) == (expected, NOT_BEFORE)
    else:
        assert verdict == expected


@pytest.mark.parametrize("until", [NOW + 60, None])
@pytest.mark.parametrize(
    ("target", "waits"),
    [
        (Target("all"), True),
        (Target("lane", "default"), True),
        (Target("task", "nightly"), True),
        (Target("account", "claude"), True),
        (Target("lane", "other"), False),
        (Target("task", "other"), False),
        (Target("account", "other"), False),
    ],
)
def test_a_hold_keeps_waiting_what_it_names(
    context: Context, target: Target, waits: bool, until: float | None
) -> None:
    """The verdict says until when, and the message what is held and why."""
    holds.place(context.home, target, Hold("paused", "by Ada", None, until))
    verdict = ask(context, REQUEST)
    if not waits:
        assert verdict == GO
        return
    assert verdict == Wait(until, HOLD, f"{target.words} is on hold (paused): by Ada")


def test_an_account_is_that_of_its_agent(context: Context) -> None:
    """A command draws on no account."""
    holds.place(context.home, Target("account", "claude"), Hold("paused", "", None, None))
    assert isinstance(ask(context, REQUEST, TASK), Wait)
    assert ask(context, REQUEST, TASK._replace(agent="command")) == GO


def test_a_hold_that_has_ended_does_not_count(context: Context) -> None:
    """From its end on the request goes."""
    holds.place(context.home, Target("task", "nightly"), Hold("paused", "", None, NOW))
    assert ask(context, REQUEST) == GO
