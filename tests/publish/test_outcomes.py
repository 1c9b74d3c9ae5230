"""What was published is looked at again: merged, closed, reverted, ignored; bounded, with entity tags, and counted."""

from __future__ import annotations

import json
from time import time

import pytest

from clodputer.model.text.moment import iso
from clodputer.outbox.publish import fates
from clodputer.outbox.publish.fates import MOST
from clodputer.store.outgoing import parcels, published
from clodputer.store.outgoing.published import Published
from clodputer.store.records.runs import new_id
from tests.cli.promises import wrong
from tests.publish.stage import NAME, PULL_REQUEST, WORK, Stage, intend, script
from tests.workshop import clodputer, events

DAY = 86400.0


def made(stage: Stage) -> None:
    """A pull request (number 2) and an issue (number 3) of one run."""
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(kind="file_issue", title="Another")))
    stage.run()


def later(stage: Stage, seconds: float) -> list[str]:
    """The fates after so many more seconds, as they are found by whoever publishes next."""
    for one in published.everything(stage.home):
        moved = {
            name: value - seconds for name in ("at", "looked_at", "fate_at") if (value := getattr(one, name))
        }
        published.write(stage.home, one._replace(**moved))
    parcels.note_look(stage.home, 1.0)
    stage.send()
    return [one.fate for one in published.everything(stage.home)]


def test_it_is_looked_at_when_its_time_has_come(stage: Stage) -> None:
    made(stage)
    (name,) = parcels.looks(stage.home)
    assert 3500 < int(name.partition(".")[0]) / 1000 - time() <= 3600
    before = len(stage.api.requests)
    stage.send()
    assert len(stage.api.requests) == before
    assert later(stage, 3600) == ["open", "open"]
    left = stage.api.remaining
    assert later(stage, 3600) == ["open", "open"]
    # What has not changed costs nothing of the limit.
    assert left == stage.api.remaining


def test_merged_and_taken_back(stage: Stage) -> None:
    made(stage)
    stage.api.state.close(stage.pulls()[0], merged=True)
    assert later(stage, 3600) == ["merged", "open"]
    stage.there.commits.append(
        {"commit": {"message": f"Revert\n\nReverts {NAME}#2", "committer": {"date": iso(time())}}}
    )
    assert later(stage, 3600) == ["reverted", "open"]
    assert [event["fate"] for event in events(stage.home, "fate")] == ["merged", "open", "reverted"]


def test_closed_completed_and_gone(stage: Stage) -> None:
    made(stage)
    stage.api.state.close(stage.pulls()[0])
    stage.there.items[3].state, stage.there.items[3].reason = "closed", "completed"
    assert later(stage, 3600) == ["closed", "completed"]
    assert parcels.looks(stage.home) == []


def test_after_two_weeks_an_open_one_was_ignored_and_nobody_looks_any_more(stage: Stage) -> None:
    made(stage)
    del stage.there.items[3]
    assert later(stage, 14 * DAY) == ["ignored", "gone"]
    assert parcels.looks(stage.home) == []


@pytest.mark.parametrize(("status", "headers"), [(502, {}), (403, {"Retry-After": "1800"}), (401, {})])
def test_a_server_that_does_not_answer_is_asked_later(
    stage: Stage, status: int, headers: dict[str, str]
) -> None:
    made(stage)
    stage.api.fault("GET /repos/o/r/pulls/2", status, headers=headers)
    assert later(stage, 3600) == ["", ""]
    (name,) = parcels.looks(stage.home)
    assert int(name.partition(".")[0]) / 1000 > time() + 1700


def test_a_round_is_bounded(stage: Stage) -> None:
    at = time() - 7200
    for number in range(MOST + 5):
        run_id = new_id(at + number, f"abcd{number:04d}")
        stage.api.state.issue(stage.there, f"{number}")
        published.write(stage.home, Published(run_id, 0, "fix", "file_issue", at, NAME, number=number + 2))
    parcels.note_look(stage.home, 1.0)
    server = stage.context
    stage.send(server)
    assert len(stage.api.asked("GET /repos/o/r/issues/")) == MOST
    fates.note(server, time())
    assert len(parcels.looks(stage.home)) == 1


def test_the_command(stage: Stage) -> None:
    made(stage)
    stage.api.state.close(stage.pulls()[0], merged=True)
    later(stage, 3600)
    for one in published.everything(stage.home):
        published.write(stage.home, one._replace(cost_usd=0.5))
    envelope = json.loads(clodputer(stage.home, "outcomes", "--json")[0])
    assert wrong(envelope, "outcomes.json") == ""
    (task,) = envelope["data"]["tasks"]
    assert (task["task"], task["published"], task["accepted"], task["open"]) == ("fix", 2, 1, 1)
    assert task["cost_per_accepted_usd"] == 0.0  # a program costs nothing
    assert [one["fate"] for one in envelope["data"]["things"]] == ["open", "merged"]
    text = clodputer(stage.home, "outcomes", "fix")[0]
    assert "PER ACCEPTED" in text
    assert "merged" in text
    assert "Nothing was published" in clodputer(stage.home, "outcomes", "other")[0]
