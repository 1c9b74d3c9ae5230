"""What the runs of tasks are worth beside each other, and the priority that follows."""

from __future__ import annotations

from clodputer.model.learning.advice import Subject, advice
from clodputer.model.learning.worth import Value, value, worths
from clodputer.model.task import Task
from tests.model.learning.past import past

CHEAP, USUAL, DEAR = Value(20, 20, 1.0), Value(20, 20, 4.0), Value(10, 20, 20.0)


def test_the_value_of_runs() -> None:
    runs = [past(number, "completed" if number < 6 else "timeout", cost_usd=0.5) for number in range(10)]
    assert value(runs) == Value(6, 10, 5.0)
    assert value([*runs, past(11, "offline"), past(12, cost_usd=None)]) == Value(6, 10, 5.0)
    assert value(runs[:7]) is None
    assert value([past(number, cost_usd=0.0) for number in range(20)]) is None


def test_only_what_stands_out_moves_and_one_step_only() -> None:
    found = worths({"cheap": CHEAP, "usual": USUAL, "dear": DEAR})
    assert {task: one.step for task, one in found.items()} == {"cheap": 1, "usual": 0, "dear": -1}
    assert "20 per dollar: more than twice" in found["cheap"].words
    assert worths({"cheap": CHEAP, "dear": DEAR}) == {}
    # By so few runs it may be no better than the middle.
    few = worths({"cheap": Value(4, 8, 0.4), "usual": USUAL, "more": USUAL})
    assert few["cheap"].step == 0
    assert worths({"a": Value(0, 9, 1.0), "b": Value(0, 9, 1.0), "c": CHEAP}) == {}


def test_priority_is_advised_where_nobody_has_given_one() -> None:
    found = worths({"nightly": CHEAP, "usual": USUAL, "dear": DEAR})
    task = Task("nightly", "/t/nightly.yaml", prompt="x")
    runs = [past(number, duration=500.0) for number in range(9)]
    (one,) = advice(Subject(task, runs, 600.0, worth=found["nightly"]))
    assert (one.key, one.before, one.value, one.why) == ("priority", 3, 4, found["nightly"].words)
    assert advice(Subject(task._replace(priority=2), runs, 600.0, worth=found["nightly"])) == ()
    assert advice(Subject(task, runs, 600.0, worth=found["usual"])) == ()
