"""From intents to steps: bounds of all that one run publishes, and comments that tell the truth about what was refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clodputer.model.outcome import SUCCEEDED
from clodputer.model.publish.check import Facts
from clodputer.model.publish.parcel import (
    DONE,
    REFUSED,
    WAITING,
    Parcel,
    Step,
    again,
    from_json,
    to_json,
    truthful,
)
from clodputer.model.publish.plan import Situation, plan
from clodputer.model.publish.rule import Publish
from clodputer.model.text.mask import masker
from clodputer.store.outgoing.parcels import LARGEST

KNOWN = Situation("fix", "20260301T070000.000Z-3f9a2c1b", SUCCEEDED, "o/r", "issue 1", 1)


@pytest.mark.parametrize("letter", ["x", "\u6f22", "\U0001f600", "@a "])
def test_what_one_run_publishes_has_room_in_a_parcel(letter: str) -> None:
    """Whatever its texts are made of, and however they grow: what is too much is refused, and the rest is sent."""
    text = (letter * 60_000)[:60_000]
    values: list[Any] = [{"kind": "comment", "body": text, "number": number} for number in range(1, 90)]
    planned = plan(
        values, (), Publish(("comment",), targets="any", max_per_run=100), Facts(), KNOWN, masker([])
    )
    codes = [entry["code"] for entry in planned.entries]
    assert codes.count(None) == len(planned.steps) >= 3
    assert {*codes} - {None, "day_full"} == {"too_large"}
    parcel = Parcel("a", "fix", KNOWN.run_id, "issue 1", "o/r", 1.0, 1.0, planned.steps)
    written = json.dumps(to_json(parcel))
    assert len(written) < LARGEST
    assert from_json(json.loads(written)) == parcel


def test_a_comment_tells_of_what_was_refused() -> None:
    """And says what was meant once that was sent after all; other steps stay as they are."""
    comment = Step("comment", (1,), {"body": "Done.", "issue": 1, "mark": "m"})
    push = Step("push", ())
    assert truthful(comment, (push._replace(state=DONE),)) == comment
    told = truthful(comment, (push._replace(state=REFUSED),))
    assert str(told.fields["body"]).startswith("Done.\n\n_The commits of this run could not be pushed")
    assert truthful(told, (push._replace(state=REFUSED),)) == told
    parcel = Parcel(
        "a", "fix", "r", "", "o/r", 1.0, 1.0, (push._replace(state=REFUSED), told._replace(state=DONE))
    )
    once_more = again(parcel, 2.0).steps
    assert [step.state for step in once_more] == [WAITING, WAITING]
    assert truthful(once_more[1], (push._replace(state=DONE),)).fields["body"] == "Done."
    refused = push._replace(state=REFUSED)
    assert truthful(push, (refused,)) == push
    done = comment._replace(state=DONE)
    assert again(parcel._replace(steps=(refused, done)), 2.0).steps[1] == done
