"""Events among what is staged: they wait with the rest, lead to their runs once, and to none after a denial."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from time import time

import pytest

from clodputer.model.gates.approval import APPROVED
from clodputer.runner.publish.decide import decide
from clodputer.store.outgoing import parcels
from tests.cli.promises import wrong
from tests.killing import killed_at
from tests.publish.stage import COMMENT, Stage, intend, script
from tests.workshop import clodputer, events, execute

EVENT = intend(kind="event", type="report.ready", payload={"a": 1})


def prepared(stage: Stage, *intents: str, publish: str = "kinds: [event, comment]") -> str:
    """A run with an event that waits for a person; its id."""
    config = Path(stage.home.config)
    config.write_text(f"{config.read_text()}routes: [{{from: fix, type: report.ready, to: read}}]\n")
    Path(stage.home.tasks, "read.yaml").write_text("agent: command\ncommand: ['true']\n")
    stage.task(script(*intents), publish=f"staged: true\n{publish}")
    record = stage.run()
    assert {one["state"] for one in record["publish"]} == {"staged"}
    assert ran(stage) == ["fix"]
    return str(record["run_id"])


def ran(stage: Stage) -> list[str]:
    return [str(event["task"]) for event in events(stage.home, "finished")]


def test_it_waits_with_the_rest_and_goes_on_approval(stage: Stage) -> None:
    run_id = prepared(stage, intend(**COMMENT), EVENT)
    execute(stage.home)
    assert (ran(stage), stage.comments()) == (["fix"], [])
    inbox = json.loads(clodputer(stage.home, "inbox", "--json")[0])
    assert wrong(inbox, "inbox.json") == ""
    (one,) = inbox["data"]["publications"]
    assert one["what"] == "comment #1, event report.ready"
    assert "report.ready" in clodputer(stage.home, "show", run_id)[0]
    decide(stage.context, run_id, APPROVED, "", time())
    execute(stage.home)  # the exec that sends it runs what follows from it
    assert (ran(stage), len(stage.comments())) == (["fix", "read"], 1)
    assert list(parcels.everything(stage.home)) == []
    shown = json.loads(clodputer(stage.home, "show", run_id, "--json")[0])["data"]["publication"]
    assert [(entry["kind"], entry["state"]) for entry in shown] == [("comment", "sent"), ("event", "sent")]
    outcomes = json.loads(clodputer(stage.home, "outcomes", "--json")[0])["data"]
    assert [one["kind"] for one in outcomes["things"]] == ["comment"]


def test_denied_it_leads_to_nothing(stage: Stage) -> None:
    run_id = prepared(stage, EVENT)
    clodputer(stage.home, "deny", run_id)
    execute(stage.home)
    assert (ran(stage), events(stage.home, "routed")) == (["fix"], [])


def test_without_a_token_of_github_it_goes_all_the_same(stage: Stage) -> None:
    """Nothing of it leaves the machine."""
    run_id = prepared(stage, EVENT, publish="kinds: [event]")
    config = Path(stage.home.config)
    config.write_text("\n".join(line for line in config.read_text().split("\n") if "github" not in line))
    decide(stage.context, run_id, APPROVED, "", time())
    execute(stage.home)
    assert ran(stage) == ["fix", "read"]


@pytest.mark.slow
def test_killed_at_every_step_it_is_there_once(stage: Stage, tmp_path: Path) -> None:
    run_id = prepared(stage, EVENT)
    decide(stage.context, run_id, APPROVED, "", time())
    home, kept = Path(stage.home.root), tmp_path / "kept"
    shutil.copytree(home, kept, symlinks=True)
    step, new = 1, Path(stage.home.new)
    while True:
        killed = killed_at(step, stage.send)
        stage.hurry()
        stage.send()
        assert len(list(new.glob("*.event.json"))) == 1, step
        assert list(parcels.everything(stage.home)) == [], step
        assert list(Path(stage.home.outbox, "events").iterdir()) == [], step
        if not killed:
            break
        step += 1
        shutil.rmtree(home)
        shutil.copytree(kept, home, symlinks=True)
    assert step > 10
