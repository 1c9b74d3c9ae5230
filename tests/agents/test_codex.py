"""The agent `codex`: how it is started, and what of its events is a success; all of them recorded of the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents import codex, notes
from clodputer.agents.codex.events import MOST_WAITS, reason_of
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.run import Ended, Facts, Launch, Report, Said
from clodputer.model.task import Task
from tests.agents.launching import executable
from tests.agents.test_every_agent import problems
from tests.workshop import ROOT, task_of

# What codex printed and how it ended, recorded against a stand-in of its API; "version" is that of codex.
RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded" / "codex.json").read_text("utf-8"))
REASONS = {
    "completed": "completed",
    "refused key": "auth",
    "usage limit": "usage_limit",
    "cut stream": "offline",
    "ended by SIGTERM": "killed",
}
TASK = task_of("story", "story.yaml", agent="codex", prompt="Tidy up.")
FACTS = Facts("run-1", {}, {}, "/tmp/cp-1")
LAUNCH = Launch(argv=("codex",), env={}, working_directory="/")
SESSION = "01a224c4-d713-7c33-81ce-2c520c71fb63"


def lines(events: list[Any]) -> bytes:
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def judged(events: list[Any], ended: Ended, facts: Facts = FACTS, launch: Launch = LAUNCH) -> Report:
    """The report of a run that printed these events; each line by itself gives the same as all at once."""
    progress, one_by_one = codex.observe(codex.begin(TASK), lines(events)), codex.begin(TASK)
    for event in events:
        one_by_one = codex.observe(one_by_one, lines([event]))
    assert progress == one_by_one
    return codex.interpret(TASK, facts, launch, progress, ended)


def ended(run: dict[str, Any]) -> Ended:
    return Ended(run.get("status"), run.get("signal"), "", "")


@pytest.mark.parametrize("name", REASONS)
def test_only_a_completed_turn_is_a_success(name: str) -> None:
    report = judged(RECORDED[name]["events"], ended(RECORDED[name]))
    assert report.outcome.reason == REASONS[name]
    assert report.session_id == RECORDED[name]["events"][0]["thread_id"]
    assert report.cost_usd is None
    assert (report.result is None) == (name != "completed")
    last = RECORDED[name]["events"][-1]
    assert last.get("error", {}).get("message", "") in report.outcome.message


def test_a_completed_turn_has_its_result_and_its_tokens() -> None:
    report = judged(RECORDED["completed"]["events"], Ended(0, None, "", ""))
    assert report.result == "done"
    assert (report.usage["input_tokens"], report.usage["output_tokens"]) == (2400, 60)


@pytest.mark.parametrize("kept", range(len(RECORDED["completed"]["events"])))
def test_a_stream_that_stops_early_is_no_success_although_the_status_is_0(kept: int) -> None:
    report = judged(RECORDED["completed"]["events"][:kept], Ended(0, None, "", ""))
    assert report.outcome.reason == "no_result"
    assert report.result is None


def test_a_turn_that_failed_after_one_that_was_completed_is_no_success() -> None:
    events = [*RECORDED["completed"]["events"], *RECORDED["cut stream"]["events"][1:]]
    assert judged(events, Ended(0, None, "", "")).outcome.reason == "offline"


def test_what_we_did_to_it_after_its_result_does_not_undo_it() -> None:
    events = RECORDED["completed"]["events"]
    assert judged(events, Ended(None, 15, "exit_grace", "")).outcome.reason == "completed"
    assert judged(events, Ended(None, 15, "cancelled", "")).outcome.reason == "cancelled"
    assert judged(events[:-1], Ended(None, 15, "timeout", "")).outcome.reason == "timeout"
    assert judged(events, Ended(1, None, "", "")).outcome.reason == "exit_status"


def test_tokens_of_earlier_runs_of_a_session_are_taken_off() -> None:
    last = {"session_id": SESSION, "session_totals": {"input_tokens": 2000, "output_tokens": 50}}
    resumed = LAUNCH._replace(resumed=True, session_id=SESSION)
    events = RECORDED["completed"]["events"]
    report = judged(events, Ended(0, None, "", ""), FACTS._replace(last=last), resumed)
    assert (report.usage["input_tokens"], report.usage["output_tokens"]) == (400, 10)
    assert report.session_totals["input_tokens"] == 2400
    other = FACTS._replace(last={**last, "session_id": "another"})
    assert judged(events, Ended(0, None, "", ""), other, resumed).usage["input_tokens"] == 2400


def test_a_session_that_is_gone_is_told_and_not_gone_on_with() -> None:
    resumed = LAUNCH._replace(resumed=True, session_id=SESSION)
    gone = judged([], Ended(1, None, "", "Error: no rollout found"), launch=resumed)
    assert (gone.unresumed, gone.session_id) == (True, "")
    assert not judged(RECORDED["refused key"]["events"], Ended(1, None, "", ""), launch=resumed).unresumed


def test_one_that_only_waits_for_the_network_is_given_up_after_a_while() -> None:
    wait = {"type": "error", "message": "Reconnecting... waiting for network (Connection failed: error)"}
    progress = codex.observe(codex.begin(TASK), lines([wait] * (MOST_WAITS - 1)))
    assert progress.hopeless == ""
    progress = codex.observe(progress, lines([wait]))
    assert progress.hopeless == "offline"
    report = codex.interpret(TASK, FACTS, LAUNCH, progress, Ended(None, 15, "offline", ""))
    assert report.outcome.reason == "offline"
    assert "waiting for network" in report.outcome.message


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("exceeded retry limit, last status: 429 Too Many Requests", "overloaded"),
        ("unexpected status 404 Not Found: the model", "model"),
        ("unexpected status 503 Service Unavailable: x", "server_error"),
        ("unexpected status 418 I'm a teapot", "invalid_request"),
        ("You've hit your usage limit. Try again at 3:00 PM.", "usage_limit"),
        ("Quota exceeded. Check your plan and billing details.", "billing"),
        ("We\u2019re currently experiencing high demand, which may cause temporary errors.", "server_error"),
        ("Selected model is at capacity. Please try a different model.", "overloaded"),
        ("Codex ran out of room in the model's context window.", "invalid_request"),
        # What others say, in the middle of it, decides nothing.
        ("the page says: You've hit your usage limit", "agent_error"),
        ("unexpected status 400 Bad Request: unexpected status 401", "invalid_request"),
        ("", "agent_error"),
    ],
)
def test_the_reason_is_how_it_begins_to_tell_of_a_failure(words: str, reason: str) -> None:
    assert reason_of(words) == reason


def test_what_it_keeps_of_a_stream_is_bounded() -> None:
    call = [{"type": "item.started", "item": {"id": f"item_{number}"}} for number in range(2000)]
    said = [{"type": "item.completed", "item": {"type": "agent_message", "text": "x" * (2 << 20)}}]
    progress = codex.observe(codex.begin(TASK), b"noise\n" * 1000 + lines(call) + lines(said))
    kept: notes.Notes = progress.notes
    assert (len(kept.calls), len(kept.reply), kept.unreadable) == (
        notes.MOST_CALLS,
        notes.LONGEST_REPLY,
        1000,
    )
    assert progress.busy
    assert not codex.observe(codex.begin(TASK), lines([{"type": "item.completed", "item": 3}])).busy


def test_a_reader_sees_what_it_did() -> None:
    said = [one for event in RECORDED["completed"]["events"] for one in codex.describe(lines([event])).said]
    assert [one.kind for one in said] == ["starts", "fails", "uses", "gets", "says", "ends"]
    assert said[2] == Said("uses", "shell: /bin/bash -lc 'echo hi > made.txt; echo out'")
    assert codex.describe(lines([RECORDED["cut stream"]["events"][-1]])).said[0].kind == "ends"


def started(folder: Path, facts: dict[str, Any], **fields: Any) -> list[str]:
    executable(folder / "bin" / "codex")
    task = task_of("story", "story.yaml", agent="codex", working_directory="/work", **fields)
    environ = {"HOME": str(folder), "PATH": f"{folder}/bin"}
    return list(codex.launch(task, Facts("run-1", environ, {}, "/tmp/cp-1", **facts)).argv[1:])


def test_what_it_may_do_is_always_said_in_full(tmp_path: Path) -> None:
    never = '--config=approval_policy="never"'
    assert started(tmp_path, {}) == [
        "exec", "--json", "--skip-git-repo-check", never, '--config=sandbox_mode="read-only"', "-",
    ]  # fmt: skip
    edits = started(tmp_path, {}, permission_mode="acceptEdits", add_dirs=("more",), model="gpt-5")
    assert edits[3:-1] == [
        "--model=gpt-5",
        never,
        '--config=sandbox_mode="workspace-write"',
        '--config=sandbox_workspace_write.writable_roots=["/work/more"]',
        "--config=sandbox_workspace_write.network_access=false",
        "--config=sandbox_workspace_write.exclude_slash_tmp=true",
    ]
    bypass = "--dangerously-bypass-approvals-and-sandbox"
    for fields in (
        {"permission_mode": "bypassPermissions"},
        {"permission_mode": "acceptEdits", "sandbox": Sandbox("strict")},
    ):
        assert started(tmp_path, {}, **fields)[3:-1] == [never, bypass]


def test_text_from_outside_closes_what_the_task_does_not_open(tmp_path: Path) -> None:
    fed = {"fed_by": ("issue.body",), "fenced": True}
    closed = started(tmp_path, fed)
    assert {"--ignore-user-config", "--ignore-rules", '--config=web_search="disabled"'} < set(closed)
    assert '--config=projects={"/work" = {trust_level = "untrusted"}}' in closed
    assert "--config=project_doc_max_bytes=0" in closed
    mine = started(tmp_path, fed, settings_sources=("user",))
    assert "--ignore-user-config" not in mine
    assert '--config=web_search="disabled"' in mine
    assert not any("trust" in word for word in started(tmp_path, fed, settings_sources=("user", "project")))


def test_a_session_is_gone_on_with_as_long_as_it_is_kept(tmp_path: Path) -> None:
    last = {"agent": "codex", "session_id": SESSION}
    assert "resume" not in started(tmp_path, {"last": last}, session="continue")
    day = tmp_path / ".codex" / "sessions" / "2026" / "11" / "29"
    day.mkdir(parents=True)
    (day / f"rollout-2026-11-29T00-45-52-{SESSION}.jsonl").touch()
    assert started(tmp_path, {"last": last}, session="continue")[1:][-2:] == [SESSION, "-"]
    assert "resume" in started(tmp_path, {"resume": SESSION, "last": last})
    assert "resume" not in started(tmp_path, {"last": last})
    for other in (
        {**last, "agent": "claude"},
        {**last, "session_id": "*"},
        {**last, "reason": "invalid_request"},
    ):
        assert "resume" not in started(tmp_path, {"last": other}, session="continue")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"permission_mode": "auto"}, "agent: codex has no auto"),
        ({"permission_mode": "plan"}, "agent: codex has no plan"),
        ({"memory": True}, "codex may only read"),
        ({"sandbox": "strict"}, "add permission_mode: acceptEdits"),
        ({"sandbox": "claude"}, "for codex write sandbox: strict"),
        ({"add_dirs": ["/x"]}, "has no effect on codex without permission_mode: acceptEdits"),
        ({"max_cost_usd": 1}, "has no effect with agent: codex"),
        ({"allowed_tools": ["Read"]}, "has no effect with agent: codex"),
        ({"memory": True, "permission_mode": "acceptEdits"}, ""),
        ({"sandbox": "strict", "permission_mode": "acceptEdits"}, ""),
    ],
)
def test_what_it_cannot_do_is_said_when_the_file_is_read(
    keys: dict[str, Any], words: str, tmp_path: Path
) -> None:
    found = problems("codex", keys, tmp_path)
    assert any(words in one for one in found) if words else found == []


def test_a_budget_in_dollars_is_warned_of(tmp_path: Path) -> None:
    task: Task = task_of(
        "story", agent="codex", prompt="x", budget={"per_day": 1.0}, working_directory=str(tmp_path)
    )
    facts = Facts("", {"HOME": str(tmp_path), "PATH": "/nowhere"}, {}, "")
    found = dict(codex.warnings(task, facts))
    assert "no limit in dollars applies" in found["budget"]


def test_the_recorded_version_is_the_one_that_is_tried() -> None:
    assert (ROOT / "tests" / "codex-version").read_text().strip() == RECORDED["version"]
