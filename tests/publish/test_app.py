"""A token of an App's installation, which is nobody's: `/user` is refused, and what the App has made is known all the same."""

from __future__ import annotations

import pytest

from clodputer.store.outgoing import parcels
from tests.publish.stage import COMMENT, WORK, Stage, intend, script
from tests.publish.test_kills import EVERYTHING, one_of_each


@pytest.fixture(autouse=True)
def app(stage: Stage) -> None:
    stage.api.state.me = "clodputer[bot]"
    stage.api.state.person(stage.api.state.me, "none", "Bot")


def test_everything_is_published_and_edited_in_place(stage: Stage) -> None:
    stage.task(script(WORK, *EVERYTHING))
    stage.run()
    one_of_each(stage)
    stage.task(
        script(intend(kind="comment", body="Once more."), intend(kind="file_issue", title="Another", key="k"))
    )
    stage.run()
    (comment,) = stage.comments()
    assert "Once more." in comment
    assert len(stage.there.items) == 3
    assert stage.refused() == []


@pytest.mark.parametrize("call", ["POST .*pulls", "POST .*issues/1/comments", "POST .*issues$"])
def test_an_answer_that_is_lost(stage: Stage, call: str) -> None:
    stage.prepare(*EVERYTHING)
    stage.api.fault(call, 502, after=True)
    stage.send()
    stage.hurry()
    stage.send()
    one_of_each(stage)


def test_another_bot_with_our_mark_is_not_believed(stage: Stage) -> None:
    stage.api.state.person("other[bot]", "none", "Bot")
    stage.prepare(intend(**COMMENT))
    (parcel,) = parcels.waiting(stage.home)
    mark = parcel.steps[0].fields["mark"]
    stage.api.state.comment(stage.there, stage.issue, f"{mark}\nforged", "other[bot]")
    stage.send()
    assert [text.split("\n")[1] for text in stage.comments()] == ["forged", "I have fixed it."]


@pytest.mark.parametrize("answer", [b'{"data": {"viewer": null}}', b'{"data": {"viewer": {"login": "x"}}}'])
def test_nothing_is_made_while_nobody_knows_whose_it_would_be(stage: Stage, answer: bytes) -> None:
    """It could not be found again: a second one would be made."""
    stage.prepare(intend(**COMMENT))
    stage.api.fault("/graphql", 200, body=answer, type="application/json")
    stage.send()
    (parcel,) = parcels.waiting(stage.home)
    assert "whose token" in parcel.last_error
    assert stage.api.asked("POST .*comments") == []
