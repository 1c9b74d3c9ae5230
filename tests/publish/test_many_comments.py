"""The one comment of a task at an issue that has thousands: it is edited, never made twice, and found for a few questions."""

from __future__ import annotations

from pathlib import Path

from clodputer.store.outgoing import published
from tests.publish.stage import COMMENT, Stage, intend
from tests.workshop import events


def talk(stage: Stage, number: int) -> None:
    """So many comments of strangers, each with a mark that somebody has copied."""
    stage.api.state.person("stranger", "none")
    mark = next((text.split("\n")[0] for text in stage.comments()), "")
    for one in range(number):
        stage.api.state.comment(stage.there, stage.issue, f"{mark}\nnumber {one}", "stranger")


def ours(stage: Stage) -> list[str]:
    return [str(one["body"]) for one in stage.there.comments if one["user"]["login"] == stage.api.state.me]


def forget(stage: Stage) -> None:
    """As after a crash between the comment and its receipt, or in a home that was lost."""
    for path in Path(stage.home.ledger, "published").glob("*.json"):
        path.unlink()


def test_it_is_edited_however_many_come_before_and_after(stage: Stage) -> None:
    """By the receipt it is known which one it is: nobody looks through the others."""
    talk(stage, 2300)
    stage.task(intend(**COMMENT))
    stage.run()
    talk(stage, 2300)
    stage.api.requests.clear()
    stage.task(intend(kind="comment", body="And once more."))
    stage.run()
    assert [text.split("\n")[1] for text in ours(stage)] == ["And once more."]
    assert stage.refused() == []
    assert len(stage.api.asked("comments")) == 2, stage.api.asked("comments")


def test_after_a_crash_the_newest_are_looked_through(stage: Stage) -> None:
    talk(stage, 2300)
    stage.prepare(intend(**COMMENT))
    stage.api.fault("POST .*comments", 502, after=True)
    stage.send()
    talk(stage, 150)
    stage.hurry()
    stage.send()
    assert len(ours(stage)) == 1
    assert stage.refused() == []


def test_a_first_comment_is_made_and_it_is_told_that_not_all_were_looked_through(stage: Stage) -> None:
    """The questions are bounded; nothing of ours being known, the oldest and the newest are enough to go by."""
    talk(stage, 4000)
    stage.task(intend(**COMMENT))
    stage.run()
    assert len(ours(stage)) == 1
    assert len(stage.api.asked("GET .*comments")) <= 21
    (told,) = events(stage.home, "published")
    assert "more than 2,000 comments" in told["message"]


def test_one_that_was_deleted_is_not_made_again(stage: Stage) -> None:
    talk(stage, 2300)
    stage.task(intend(**COMMENT))
    stage.run()
    stage.there.comments[:] = [
        one for one in stage.there.comments if one["user"]["login"] != stage.api.state.me
    ]
    stage.run()
    assert (ours(stage), stage.refused()) == ([], ["comment_deleted"])


def test_in_a_home_that_has_forgotten_it_the_oldest_counts_too(stage: Stage) -> None:
    stage.task(intend(**COMMENT))
    stage.run()
    forget(stage)
    talk(stage, 2300)
    stage.run()
    assert len(ours(stage)) == 1
    (one,) = published.everything(stage.home)
    assert one.url.endswith(f"#issuecomment-{stage.there.comments[0]['id']}")
