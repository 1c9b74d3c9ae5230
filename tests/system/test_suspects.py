"""Runs of a fake claude that ended well and may have done nothing: which of them are suspect."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.system.playing import Stage
from tests.workshop import (
    clodputer,
    events,
    everything,
    execute,
    records,
)

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.fakes.fixtures"]


@pytest.fixture
def stage(tmp_path: Path, fake_claude: Path) -> Stage:
    """A stage of this test's own."""
    return Stage(tmp_path, fake_claude)


def suspects(home: Home) -> list[str]:
    """The tasks that `status` names for a run that may have done nothing."""
    told = json.loads(clodputer(home, "status", "--json")[0])["data"]["attention"]["suspect"]
    return [one["task"] for one in told]


def test_a_success_that_did_nothing_is_suspect(stage: Stage) -> None:
    """Everywhere where runs are shown, until the task's next run did something, said so, or was proved."""
    keys: dict[str, Any] = {"allowed_tools": ["Edit", "Bash(git push:*)"]}
    record = stage.run("@fake tool git status\n@fake say All fixed!", **keys)
    assert (record["outcome"], record["changes"]) == ("succeeded", 0)
    assert "produces: text" in record["suspect"]
    assert suspects(stage.home) == ["story"]
    text, _ = clodputer(stage.home, "status")
    assert "story succeeded (suspect)" in text
    assert "it may have done nothing (" in text
    assert "made no call that changes anything" in clodputer(stage.home, "show", record["run_id"])[0]
    assert "succeeded (suspect)" in clodputer(stage.home, "runs")[0]
    assert "succeeded (suspect)" in clodputer(stage.home, "list")[0]
    assert "1 suspect" in clodputer(stage.home, "stats")[0]
    found = json.loads(clodputer(stage.home, "runs", "--json")[0])["data"]["runs"]
    assert [run["suspect"] for run in found] == [True]
    told = [event["suspect"] for event in events(stage.home, "finished")]
    assert told == [record["suspect"]]
    # A run that found nothing to do before its agent says nothing about it.
    assert stage.run("@fake say x", **keys, precheck=["false"])["outcome"] == "skipped"
    assert suspects(stage.home) == ["story"]
    assert stage.run("@fake tool git push\n@fake say All fixed!", **keys)["changes"] == 1
    assert suspects(stage.home) == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("@fake say A summary.", {"allowed_tools": ["Read"]}),
        ("@fake say A summary.", {"allowed_tools": ["Edit"], "produces": "text"}),
        ("@fake say A summary.", {"allowed_tools": ["Edit"], "expect": {"result_matches": "summary"}}),
        (
            "@fake say done",
            {"allowed_tools": ["Edit"], "verify": ["sh", "-c", "test -e seen || { touch seen; false; }"]},
        ),
        ('@fake say {"nothing_to_do": true}', {"allowed_tools": ["Edit"]}),
        ("@fake exit 3", {"allowed_tools": ["Edit"]}),
    ],
)
def test_what_is_not_suspect(stage: Stage, text: str, keys: dict[str, Any]) -> None:
    """A task for text, what was proved, what was said, and what failed anyway."""
    record = stage.run(text, **keys, working_directory=str(stage.folder))
    assert (record["suspect"], suspects(stage.home)) == ("", []), record


def test_a_conversation_goes_on_behind_skipped_runs(stage: Stage) -> None:
    """They have no session of their own, and are no success that a prompt could begin from."""
    keys = {"session": "continue", "env": {"CLAUDE_CONFIG_DIR": str(stage.folder / "claude")}}
    first = stage.run("@fake say one", **keys)
    transcript = stage.folder / "claude/projects/here"
    transcript.mkdir(parents=True)
    (transcript / f"{first['session_id']}.jsonl").touch()
    for verify in (["true"], ["true"]):
        assert stage.run("@fake say x", **keys, verify=verify)["session_id"] == ""
    prompt = "{{ body }}\n{{ last.outcome }} after {{ last_success.result }}"
    second = stage.run("@fake say two", **keys, prompt=prompt)
    assert second["session_id"] == first["session_id"]
    sent = Path(stage.home.runs, "story", second["run_id"], "prompt.txt").read_text()
    assert re.sub("</?outside-[^>]*>", "", sent).endswith("skipped after one")


def test_an_attempt_that_finds_all_done_is_not_suspect(stage: Stage) -> None:
    """The one before it changed something and failed later."""
    story = "{% if attempts %}@fake say All is done.{% else %}@fake tool git push\n@fake exit 3{% endif %}"
    keys = {
        "allowed_tools": ["Bash(git push:*)"],
        "retry": {"max_attempts": 2, "wait": "1s", "jitter": False},
    }
    first = stage.run("hello", **keys, prompt=f"{{{{ body }}}}\n{story}")
    assert (first["reason"], first["changes"]) == ("exit_status", 1)
    [name] = everything(stage.home)["default/delayed"]
    Path(stage.home.lanes, "default/delayed", name).rename(Path(stage.home.lanes, "default/queue/3", name))
    execute(stage.home)
    second = records(stage.home, "story")[-1]
    assert (second["outcome"], second["attempt"], second["changes"], second["suspect"]) == (
        "succeeded",
        2,
        0,
        "",
    )
