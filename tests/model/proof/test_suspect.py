"""Suspect: which ends are, as a table, and that whoever proves anything is never suspected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model.outcome import OUTCOMES, SKIPPED, SUCCEEDED
from clodputer.model.proof.suspect import Done, why

WANTED = Done(wanted=True)


@pytest.mark.parametrize(
    ("outcome", "done", "proved", "before", "expected"),
    [
        (SUCCEEDED, WANTED, False, False, True),
        (SUCCEEDED, WANTED._replace(changes=1), False, False, False),
        (SUCCEEDED, WANTED._replace(changes=1, edits=1), False, False, False),
        (SUCCEEDED, Done(), False, False, False),
        (SUCCEEDED, WANTED, True, False, False),
        (SUCCEEDED, WANTED, False, True, False),
        ("failed", WANTED, False, False, False),
        ("lost", WANTED, False, False, False),
        (SKIPPED, WANTED, False, False, False),
        (SKIPPED, Done(changes=3), False, False, False),
        (SKIPPED, Done(changes=1, edits=1), True, True, True),
    ],
)
def test_who_is_suspect(outcome: str, done: Done, proved: bool, before: bool, expected: bool) -> None:
    assert bool(why(outcome, done, proved=proved, before=before)) == expected


@given(
    outcome=st.sampled_from(OUTCOMES),
    changes=st.integers(0, 3),
    wanted=st.booleans(),
    before=st.booleans(),
)
def test_only_what_is_not_proved_is_suspected(outcome: str, changes: int, wanted: bool, before: bool) -> None:
    assert why(outcome, Done(changes, 0, wanted), proved=True, before=before) == ""
    assert not why(outcome, Done(changes, 0, wanted), proved=False, before=before) or outcome == SUCCEEDED
