"""Several at once: execs that send the same parcel, and people who decide about it."""

from __future__ import annotations

import json

from clodputer.store.outgoing import parcels
from tests.publish.stage import COMMENT, PULL_REQUEST, Stage, intend
from tests.workshop import events, start


def test_execs_at_once_send_it_once(stage: Stage) -> None:
    stage.prepare(intend(**PULL_REQUEST), intend(**COMMENT))
    running = [start(stage.home, "exec") for _ in range(4)]
    for process in running:
        process.communicate(timeout=100)
    assert (len(stage.pulls()), len(stage.comments())) == (1, 1)
    assert len(stage.api.asked("POST /repos/o/r/pulls")) == 1
    assert list(parcels.everything(stage.home)) == []


def test_of_those_who_decide_at_once_one_wins(stage: Stage) -> None:
    """Approved and denied by several: it is sent once or never, and everybody is told the same."""
    stage.task(intend(**COMMENT), publish="staged: true")
    run_id = stage.run()["run_id"]
    wishes = ["approve", "deny"] * 3
    running = [start(stage.home, wish, run_id, "--json") for wish in wishes]
    answers = [json.loads(process.communicate(timeout=100)[0]) for process in running]
    decided = {wish for wish, answer in zip(wishes, answers) if answer["ok"]}
    assert len(decided) == 1
    codes = {error["code"] for answer in answers for error in answer["errors"]}
    assert codes == {"already_decided"}
    first = [answer for answer in answers if answer["ok"] and not answer["data"]["already"]]
    assert len(first) == 1
    assert len(events(stage.home, "released") + events(stage.home, "withheld")) == 1
    stage.hurry()
    stage.send()
    assert len(stage.comments()) == (1 if decided == {"approve"} else 0)
