"""What would be published waits for a person: it is shown whole, sent once on approval, and never after a denial."""

from __future__ import annotations

import json

from clodputer.store.outgoing import parcels
from tests.cli.promises import wrong
from tests.publish.stage import COMMENT, PULL_REQUEST, WORK, Stage, intend, script
from tests.wait import until
from tests.workshop import clodputer, events, execute


def staged(stage: Stage) -> str:
    """A run whose publication waits; its id."""
    stage.task(script(WORK, intend(**PULL_REQUEST), intend(**COMMENT)), publish="staged: true")
    record = stage.run()
    assert [one["state"] for one in record["publish"]] == ["staged", "staged"]
    return str(record["run_id"])


def test_it_is_shown_and_nothing_is_sent(stage: Stage) -> None:
    run_id = staged(stage)
    for _ in range(2):
        execute(stage.home)
    assert (stage.branches(), stage.pulls(), stage.comments()) == (["main"], [], [])
    inbox = json.loads(clodputer(stage.home, "inbox", "--json")[0])
    assert wrong(inbox, "inbox.json") == ""
    (one,) = inbox["data"]["publications"]
    assert (one["run_id"], one["item"], one["branch"]) == (run_id, "issue 1", "clodputer/fix/1")
    assert [step["kind"] for step in one["steps"]] == ["push", "draft_pull_request", "comment"]
    text = " ".join(clodputer(stage.home, "inbox")[0].split())
    assert f"clodputer approve {run_id} | clodputer deny {run_id}" in text
    shown = clodputer(stage.home, "show", run_id)[0]
    assert "This fixes it." in shown
    assert "I have fixed it." in shown
    assert "draft pull request staged" in shown
    data = json.loads(clodputer(stage.home, "show", run_id, "--json")[0])
    assert wrong(data, "show.json") == ""
    assert data["data"]["staged"]["approve"] == f"clodputer approve {run_id}"
    # It is on its way, and no work that was forgotten.
    assert "has left work" not in clodputer(stage.home, "status")[0]
    (need,) = json.loads(clodputer(stage.home, "status", "--json")[0])["data"]["needs"][:1]
    assert (need["kind"], need["id"], need["task"]) == ("publication", run_id, "fix")
    assert need["command"] == f"clodputer approve {run_id}"
    assert need["text"] == 'fix would publish push, draft pull request "Fix it", comment #1'
    assert [event["message"] for event in events(stage.home, "staged")] == [
        'push, draft pull request "Fix it", comment #1'
    ]


def test_approved_it_is_sent_once(stage: Stage) -> None:
    run_id = staged(stage)
    done = json.loads(clodputer(stage.home, "approve", run_id, "--note", "fine", "--json")[0])
    assert wrong(done, "approve.json") == ""
    assert (done["data"]["decision"], done["data"]["already"]) == ("approved", False)
    until(lambda: not list(parcels.everything(stage.home)))
    assert (len(stage.pulls()), len(stage.comments())) == (1, 1)
    again = json.loads(clodputer(stage.home, "approve", run_id, "--json")[0])
    assert again["data"]["already"]
    assert "already_decided" in clodputer(stage.home, "deny", run_id, "--json", status=1)[0]
    assert [event["message"] for event in events(stage.home, "released")] == ["fine"]
    (entry, _) = json.loads(clodputer(stage.home, "show", run_id, "--json")[0])["data"]["publication"]
    assert (entry["state"], entry["number"]) == ("sent", 2)


def test_denied_it_is_never_sent_and_the_work_is_kept(stage: Stage) -> None:
    run_id = staged(stage)
    said, _ = clodputer(stage.home, "deny", run_id[-8:], "--reason", "not like this")
    assert "denied: nothing of it is sent" in said
    execute(stage.home)
    assert (stage.branches(), stage.comments()) == (["main"], [])
    assert "already_decided" in clodputer(stage.home, "approve", run_id, "--json", status=1)[0]
    assert json.loads(clodputer(stage.home, "inbox", "--json")[0])["data"]["publications"] == []
    shown = " ".join(clodputer(stage.home, "show", run_id)[0].split())
    assert "comment denied: not like this" in shown
    assert "has left work in its worktree" in clodputer(stage.home, "status")[0]
