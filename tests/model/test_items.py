"""Items: what a request is about, and when so many runs about it have failed that it is parked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.model import decide, outcome
from clodputer.model.outcome import REASONS
from clodputer.model.request import LONGEST_ITEM, Request, item_of
from clodputer.model.runs import against
from clodputer.model.runs.attempts import Attempts
from clodputer.model.runs.ending import Ending

NOW = 1_800_000_000.0


@given(
    reason=st.sampled_from(sorted(REASONS)),
    before=st.integers(0, 9),
    park_after=st.integers(0, 5),
    item=st.sampled_from(["", "issue 42"]),
    attempt=st.integers(1, 9),
)
def test_when_an_item_is_parked(reason: str, before: int, park_after: int, item: str, attempt: int) -> None:
    """With so many failures that speak against it, and not while it has attempts left."""
    ended_as = outcome.of(reason).outcome
    ending = Ending(
        ended_as,
        reason,
        NOW,
        attempt=attempt,
        attempts=Attempts(attempt),
        item=item,
        item_failures=before,
        park_after=park_after,
    )
    last = decide.after(ending)[-1]
    poisonous = against.speaks_against_item(ended_as, reason)
    expected = bool(item) and poisonous and 0 < park_after <= before + 1
    assert (last["effect"] == "park") is expected
    if expected:
        assert (last["item"], last["code"]) == (item, reason)
        assert [run["reason"] for run in last["attempts"]] == [reason]


@pytest.mark.parametrize(
    "reason", ["offline", "auth", "config", "mcp", "model", "not_started", "usage_limit", "cancelled"]
)
def test_what_says_nothing_against_an_item(reason: str) -> None:
    assert not against.speaks_against_item(outcome.of(reason).outcome, reason)


ABOUT = Request("abcd1234", "work", NOW)


@pytest.mark.parametrize(
    ("request_", "item"),
    [
        (ABOUT, ""),
        (ABOUT._replace(item="issue 42", dedupe_key="x"), "issue 42"),
        (ABOUT._replace(context={"file": {"path": "/inbox/a.txt"}}, dedupe_key="x"), "/inbox/a.txt"),
        (ABOUT._replace(context={"file": {"path": "/inbox/a\nb"}}), "/inbox/a b"),
        (ABOUT._replace(context={"file": "a"}, dedupe_key="report-7"), "report-7"),
        (ABOUT._replace(dedupe_key="alarm:work"), ""),
        (ABOUT._replace(dedupe_key="slot:work:20270115T080000Z"), ""),
        (ABOUT._replace(dedupe_key="retry:abcd1234:1"), ""),
    ],
)
def test_what_a_request_is_about(request_: Request, item: str) -> None:
    """What it says, else its file, else its dedupe key, unless that is one of ours."""
    assert item_of(request_) == item


@given(st.text(min_size=150, max_size=400), st.text(min_size=150, max_size=400))
def test_an_item_is_one_line_and_long_ones_stay_apart(first: str, second: str) -> None:
    found = [item_of(ABOUT._replace(dedupe_key=f"key {text}")) for text in (first, second)]
    for item in found:
        assert 0 < len(item) <= LONGEST_ITEM
        assert item.isprintable()
    if len(first) > LONGEST_ITEM and len(second) > LONGEST_ITEM and first != second:
        assert found[0] != found[1] or found[0].split() == found[1].split()
