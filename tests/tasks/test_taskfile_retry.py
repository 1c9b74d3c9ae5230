"""Task files that say how failed runs are tried again, in both forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.model.runs.retry import LINEAR, Retry
from clodputer.tasks import taskfile
from tests.tasks import told
from tests.workshop import make_home, write_task

GOOD = {
    "retry: {max_attempts: 3, backoff: linear}\n": Retry(max_attempts=3, backoff=LINEAR),
    "on_failure: [{retry: {max_attempts: 3, backoff: linear}}]\n": Retry(max_attempts=3, backoff=LINEAR),
    "on_failure: []\n": Retry(),
    "on_failure: [{}]\n": Retry(),
    "retry: {on: timeout, wait: 5m, longest_wait: 2h, multiplier: 2, jitter: false}\n": Retry(
        wait=300.0, longest_wait=7200.0, multiplier=2.0, jitter=False, on=("timeout",)
    ),
    "retry: {max_attempts: '{{ env.N }}', wait: '{{ env.N }}m', on: ['{{ env.R }}']}\n": Retry(
        max_attempts=4, wait=240.0, on=("exec_died",)
    ),
}

BAD: dict[str, tuple[str, list[str]]] = {
    "unknown key": (
        "retry: {max_attempt: 3}\n",
        ["2: retry.max_attempt: unknown key (did you mean 'max_attempts'?)"],
    ),
    "no attempt": (
        "retry: {max_attempts: 0}\n",
        ["2: retry.max_attempts: expected a whole number from 1 to 100, found 0"],
    ),
    "a wait without a unit": (
        "retry: {wait: 5}\n",
        ["2: retry.wait: expected a duration with its unit, found 5; write 5s or 5m"],
    ),
    "no list": (
        "on_failure: {retry: {}}\n",
        [
            (
                "2: on_failure: expected a list such as [{'retry': {'max_attempts': 3, 'backoff': 'exponential'}}], "
                "found a mapping"
            )
        ],
    ),
    "text in the list": (
        "on_failure: [retry]\n",
        ["2: on_failure[0]: expected a mapping of names to values, found 'retry'"],
    ),
    "unknown key in the list": (
        "on_failure:\n  - retri: {}\n",
        ["3: on_failure[0].retri: unknown key (did you mean 'retry'?)"],
    ),
    "both forms": (
        "retry: {max_attempts: 3}\non_failure:\n  - retry: {max_attempts: 5}\n",
        ["4: on_failure[0].retry: retry is given before, as retry; keep one of them"],
    ),
    "the second form twice": (
        "on_failure:\n  - retry: {max_attempts: 5}\n  - retry: {wait: 5m}\n",
        ["4: on_failure[1].retry: retry is given before, as on_failure[0].retry; keep one of them"],
    ),
}


@pytest.mark.parametrize("text", GOOD)
def test_what_a_file_says_of_retries(text: str, tmp_path: Path) -> None:
    """The same in both forms, also from variables and from the cache."""
    home = make_home(tmp_path)
    write_task(home, "x", f"prompt: a\n{text}")
    for _ in range(2):
        task, problems = taskfile.check_file(home, f"{home.tasks}/x.yaml", {"N": "4", "R": "exec_died"})
        assert problems == ()
        assert task is not None
        assert task.retry == GOOD[text]


@pytest.mark.parametrize("case", BAD)
def test_wrong_values_are_told(case: str, tmp_path: Path) -> None:
    text, expected = BAD[case]
    assert told.about(f"prompt: a\n{text}", tmp_path) == [f"tasks/x.yaml:{line}" for line in expected]


@pytest.mark.parametrize("reason", ["auth", "usage_limit", "succeeded"])
def test_what_is_never_retried_cannot_be_named(reason: str, tmp_path: Path) -> None:
    (problem,) = told.about(f"prompt: a\nretry: {{on: [timeout, {reason}]}}\n", tmp_path)
    assert "retry.on[1]: expected one of" in problem
