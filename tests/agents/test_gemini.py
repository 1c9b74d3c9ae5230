"""The agent `gemini`: how it is started, and what of its events is a success; all of them recorded of the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents import gemini, notes
from clodputer.agents.gemini.events import reason_of
from clodputer.model.run import Ended, Facts, Launch, Report, Said
from tests.agents.launching import executable
from tests.agents.test_every_agent import problems
from tests.workshop import ROOT, task_of

# What gemini printed and how it ended, recorded against a stand-in of its API.
RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "recorded" / "gemini.json").read_text("utf-8"))
RUNS = RECORDED["runs"]
SAID = "'@say hello' ()"
SHELL = next(name for name in RUNS if "run_shell_command" in name)
WRITE = next(name for name in RUNS if "write_file" in name)
REASONS = {
    SAID: "completed",
    SHELL: "denied",
    WRITE: "completed",
    "'@status 401' ()": "auth",
    "'@status 400' ()": "invalid_request",
    "'@status 429' ()": "killed",
    "'@status 500' ()": "killed",
    "'@cut' ()": "offline",
    # It takes SIGTERM for an orderly end.
    "'@hang' ()": "no_result",
}
TASK = task_of("story", "story.yaml", agent="gemini", prompt="Tidy up.")
FACTS = Facts("run-1", {}, {}, "/tmp/cp-1")
LAUNCH = Launch(argv=("gemini",), env={}, working_directory="/")
SESSION = "6af3255f-e3be-4bca-b112-dc9aca7106e9"
DONE = Ended(0, None, "", "")


def lines(events: list[Any]) -> bytes:
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def judged(events: list[Any], ended: Ended = DONE, launch: Launch = LAUNCH, **fields: Any) -> Report:
    """The report of a run that printed these events; each line by itself gives the same as all at once."""
    task = TASK._replace(claude=TASK.claude._replace(**fields))
    progress, one_by_one = gemini.observe(gemini.begin(task), lines(events)), gemini.begin(task)
    for event in events:
        one_by_one = gemini.observe(one_by_one, lines([event]))
    assert progress == one_by_one
    return gemini.interpret(task, FACTS, launch, progress, ended)


def test_every_recorded_run_is_judged() -> None:
    assert set(REASONS) == set(RUNS)


@pytest.mark.parametrize("name", REASONS)
def test_its_result_is_judged_before_its_status(name: str) -> None:
    run = RUNS[name]
    ended = Ended(None, 9, "", "") if run["ended"] == "HUNG" else Ended(int(run["ended"]), None, "", "")
    report = judged(run["events"], ended)
    assert report.outcome.reason == REASONS[name]
    assert report.session_id == run["events"][0]["session_id"]
    assert report.cost_usd is None


def test_a_success_has_its_result_its_tokens_and_its_model() -> None:
    report = judged(RUNS[WRITE]["events"])
    assert (report.result, report.model) == ("done", "gemini-2.5-flash")
    assert report.usage == {"input_tokens": 2400, "output_tokens": 60, "cached": 400}


@pytest.mark.parametrize("kept", range(len(RUNS[WRITE]["events"])))
def test_a_stream_that_stops_early_is_no_success_although_the_status_is_0(kept: int) -> None:
    report = judged(RUNS[WRITE]["events"][:kept])
    assert (report.outcome.reason, report.result) == ("no_result", None)


def test_a_reply_comes_in_pieces_and_what_was_said_before_a_tool_is_no_part_of_it() -> None:
    piece = {"type": "message", "role": "assistant", "delta": True}
    use = {"type": "tool_use", "tool_name": "read_file", "tool_id": "t", "parameters": {"file_path": "a"}}
    back = {"type": "tool_result", "tool_id": "t", "status": "success"}
    end = {
        "type": "result",
        "status": "success",
        "stats": {"models": {"a": {"total_tokens": 1}, "b": {"total_tokens": 9}}},
    }
    said = [{**piece, "content": one} for one in ("I look. ", "It is ", "done.")]
    report = judged([{"type": "init", "model": "auto"}, said[0], use, back, *said[1:], end])
    assert (report.result, report.model) == ("It is done.", "b")
    assert judged([*said, end, use], DONE).outcome.reason == "no_result"


def test_denied_tools_are_told_and_may_be_ignored() -> None:
    report = judged(RUNS[SHELL]["events"])
    (denial,) = report.permission_denials
    assert (denial["tool_name"], denial["tool_input"]) == (
        "run_shell_command",
        {"command": "echo hi > made.txt"},
    )
    assert "run_shell_command echo hi > made.txt" in report.outcome.message
    assert judged(RUNS[SHELL]["events"], on_denied="ignore").outcome.reason == "completed"


def test_an_end_before_the_first_event() -> None:
    assert judged([], Ended(41, None, "", "Invalid auth method selected.")).outcome.reason == "auth"
    assert judged([], Ended(52, None, "", "")).outcome.reason == "exit_status"
    resumed = LAUNCH._replace(resumed=True, session_id=SESSION)
    gone = judged([], Ended(42, None, "", "Error resuming session"), resumed)
    assert (gone.unresumed, gone.session_id) == (True, "")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ('[API Error: {"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}]', "overloaded"),
        ('[API Error: {"error":{"code":503}}]', "server_error"),
        ('[API Error: {"error":{"code":404}}]', "model"),
        ("[API Error: You have exhausted your daily quota on this model.]", "usage_limit"),
        ("[API Error: exception TypeError: fetch failed sending request]", "offline"),
        ("[API Error: []]", "agent_error"),
        ("the page says: You have exhausted your daily quota", "agent_error"),
    ],
)
def test_the_reason_of_a_failure(words: str, reason: str) -> None:
    assert reason_of(words) == reason


def test_what_it_keeps_of_a_stream_is_bounded() -> None:
    call = [
        {"type": "tool_use", "tool_id": str(number), "parameters": {"x": "y" * 5000}}
        for number in range(1000)
    ]
    said = [{"type": "message", "role": "assistant", "delta": True, "content": "x" * (1 << 20)}] * 3
    kept: notes.Notes = gemini.observe(gemini.begin(TASK), lines([*call, *said])).notes
    assert (len(kept.calls), len(kept.reply)) == (notes.MOST_CALLS, notes.LONGEST_REPLY)
    assert max(len(one.given["x"]) for one in kept.calls.values()) <= notes.LAST_WORDS
    refused = [{"type": "tool_result", "tool_id": "z", "error": {"type": "policy_violation"}}] * 1000
    assert len(gemini.observe(gemini.begin(TASK), lines(refused)).notes.denials) == notes.MOST_DENIALS


def test_a_reader_sees_what_it_did() -> None:
    said = [one for event in RUNS[SHELL]["events"] for one in gemini.describe(lines([event])).said]
    assert [one.kind for one in said] == ["starts", "uses", "fails", "says", "ends"]
    assert said[1] == Said("uses", 'run_shell_command: {"command": "echo hi > made.txt"}')


def started(folder: Path, facts: dict[str, Any], **fields: Any) -> list[str]:
    executable(folder / "bin" / "gemini")
    task = task_of("story", "story.yaml", agent="gemini", working_directory="/work", **fields)
    environ = {"HOME": str(folder), "PATH": f"{folder}/bin"}
    return list(gemini.launch(task, Facts("run-1", environ, {}, "/tmp/cp-1", **facts)).argv[1:])


@pytest.mark.parametrize(
    ("mode", "approval", "policy"),
    [
        ("", "default", "reads"),
        ("manual", "default", "reads"),
        ("acceptEdits", "auto_edit", "edits"),
        ("bypassPermissions", "yolo", ""),
    ],
)
def test_what_it_may_do_is_held_by_a_policy_that_no_settings_undo(
    mode: str, approval: str, policy: str, tmp_path: Path
) -> None:
    words = started(tmp_path, {}, permission_mode=mode)
    assert f"--approval-mode={approval}" in words
    policies = [word.rpartition("/")[2] for word in words if word.startswith("--admin-policy=")]
    assert policies == ([f"{policy}.toml"] if policy else [])
    assert all(Path(word.partition("=")[2]).is_file() for word in words if word.startswith("--admin-policy="))
    fed = started(tmp_path, {"fed_by": ("issue.body",)}, permission_mode=mode)
    assert {"--extensions=none", "--allowed-mcp-server-names=none-of-them"} < set(fed)
    assert any(word.endswith("/outside.toml") for word in fed)


def test_a_session_is_gone_on_with_as_long_as_it_is_kept(tmp_path: Path) -> None:
    last = {"last": {"agent": "gemini", "session_id": SESSION}}
    assert started(tmp_path, last, session="continue")[-1].startswith("--session-id=")
    chats = tmp_path / ".gemini" / "tmp" / "work" / "chats"
    chats.mkdir(parents=True)
    (chats / f"session-2026-11-29T04-04-{SESSION[:8]}.jsonl").touch()
    assert started(tmp_path, last, session="continue")[-1] == f"--resume={SESSION}"
    assert started(tmp_path, last)[-1].startswith("--session-id=")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"permission_mode": "plan"}, "agent: gemini has no plan"),
        ({"add_dirs": ["/a,b"]}, "no folder with a comma"),
        ({"memory": True}, "agent: gemini could not rewrite it"),
        ({"settings_sources": ["user"]}, "has no effect with agent: gemini"),
        ({"sandbox": "strict", "on_denied": "ignore", "add_dirs": ["/a", "/b"]}, ""),
    ],
)
def test_what_it_cannot_do_is_said_when_the_file_is_read(
    keys: dict[str, Any], words: str, tmp_path: Path
) -> None:
    found = problems("gemini", keys, tmp_path)
    assert any(words in one for one in found) if words else found == []


def test_the_recorded_version_is_the_one_that_is_tried() -> None:
    assert f"gemini {(ROOT / 'tests' / 'gemini-version').read_text().strip()}" == RECORDED["version"]
