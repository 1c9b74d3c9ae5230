"""The agent `opencode`: how it is started, and what of its events is a success; all of them recorded of the real one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents import notes, opencode
from clodputer.agents.opencode.events import reason_of
from clodputer.model.run import Ended, Facts, Launch, Report, Said
from tests.agents.launching import executable
from tests.agents.test_every_agent import problems
from tests.workshop import ROOT, task_of

# What opencode printed and how it ended, recorded against a stand-in of its API.
RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "recorded" / "opencode.json").read_text("utf-8")
)
RUNS = RECORDED["runs"]
PRICED, REFUSED = "a model with a price", "a shell that is denied"
BASH = next(name for name in RUNS if "made.txt" in name)
OUTSIDE = next(name for name in RUNS if "/etc/x" in name)
READ = next(name for name in RUNS if "hostname" in name)
REASONS = {
    PRICED: "completed",
    BASH: "completed",
    REFUSED: "denied",
    OUTSIDE: "denied",
    READ: "denied",
    "'@status 401 times=9' ()": "auth",
    "'@status 400 times=9' ()": "invalid_request",
    # It prints nothing as long as it goes on trying.
    "'@status 429 times=9' ()": "killed",
    "'@status 500 times=9' ()": "killed",
    "'@cut' ()": "killed",
    "'@hang' ()": "killed",
    "'@say one' ('--session=ses_nothing',)": "exit_status",
}
TASK = task_of("story", "story.yaml", agent="opencode", prompt="Tidy up.")
FACTS = Facts("run-1", {}, {}, "/tmp/cp-1")
LAUNCH = Launch(argv=("opencode",), env={}, working_directory="/")
SESSION = "ses_dda7b7208ffe4Uogk5tGU7szQZ"
DONE = Ended(0, None, "", "")


def lines(events: list[Any]) -> bytes:
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def judged(events: list[Any], ended: Ended = DONE, launch: Launch = LAUNCH, **fields: Any) -> Report:
    """The report of a run that printed these events; each line by itself gives the same as all at once."""
    task = TASK._replace(claude=TASK.claude._replace(**fields))
    progress, one_by_one = opencode.observe(opencode.begin(task), lines(events)), opencode.begin(task)
    for event in events:
        one_by_one = opencode.observe(one_by_one, lines([event]))
    assert progress == one_by_one
    return opencode.interpret(task, FACTS, launch, progress, ended)


def test_every_recorded_run_is_judged() -> None:
    assert set(REASONS) == set(RUNS)


@pytest.mark.parametrize("name", REASONS)
def test_only_a_last_step_that_stops_is_a_success(name: str) -> None:
    run = RUNS[name]
    how = "-9" if run["ended"] == "HUNG" else run["ended"]
    ended = Ended(None, int(how[1:]), "", "") if how.startswith("-") else Ended(int(how), None, "", "")
    report = judged(run["events"], ended)
    assert report.outcome.reason == REASONS[name]
    assert report.session_id == (run["events"][0]["sessionID"] if run["events"] else "")


def test_a_cost_that_it_does_not_know_is_unknown_and_never_0() -> None:
    priced = judged(RUNS[PRICED]["events"])
    assert (priced.result, priced.cost_usd, priced.num_turns) == ("made it", 0.0069, 2)
    assert (priced.usage["input_tokens"], priced.usage["cache_read_tokens"]) == (2000, 400)
    assert judged(RUNS[BASH]["events"]).cost_usd is None
    assert judged([]).cost_usd is None


@pytest.mark.parametrize("kept", range(len(RUNS[PRICED]["events"])))
def test_a_stream_that_stops_early_is_no_success_although_the_status_is_0(kept: int) -> None:
    report = judged(RUNS[PRICED]["events"][:kept])
    assert (report.outcome.reason, report.result) == ("no_result", None)


def test_it_is_stopped_when_it_has_cost_too_much_and_is_not_done() -> None:
    task = TASK._replace(claude=TASK.claude._replace(max_cost_usd=0.001))
    events = RUNS[PRICED]["events"]
    progress = opencode.observe(opencode.begin(task), lines(events[:-1]))
    assert progress.hopeless == "max_cost"
    report = opencode.interpret(task, FACTS, LAUNCH, progress, Ended(None, 15, "max_cost", ""))
    assert (report.outcome.reason, report.cost_usd) == ("max_cost", 0.00345)
    assert opencode.observe(opencode.begin(TASK), lines(events)).hopeless == ""


def test_denied_tools_are_told_and_may_be_ignored() -> None:
    (denial,) = judged(RUNS[REFUSED]["events"]).permission_denials
    assert denial["tool_name"] == "bash"
    (denial,) = judged(RUNS[OUTSIDE]["events"]).permission_denials
    assert denial["tool_input"]["command"] == "touch /etc/x-agents-test"
    assert judged(RUNS[REFUSED]["events"], on_denied="ignore").outcome.reason == "completed"
    # After a question that nobody answers it simply ends, without having said that it is done.
    assert judged(RUNS[OUTSIDE]["events"], on_denied="ignore").outcome.reason == "no_result"


def test_a_session_that_is_gone_is_told() -> None:
    resumed = LAUNCH._replace(resumed=True, session_id=SESSION)
    gone = judged([], Ended(1, None, "", "Error: Session not found"), resumed)
    assert (gone.unresumed, gone.session_id) == (True, "")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"name": "APIError", "data": {"statusCode": 404}}, "model"),
        ({"name": "APIError", "data": {"statusCode": 503}}, "server_error"),
        ({"name": "APIError", "data": {}}, "offline"),
        ({"name": "ProviderAuthError"}, "auth"),
        ({"name": "UnknownError", "data": {"message": "x"}}, "agent_error"),
        ({}, "agent_error"),
    ],
)
def test_the_reason_of_an_error(error: dict[str, Any], reason: str) -> None:
    assert reason_of(error) == reason


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_tokens"), ("content-filter", "refused")])
def test_a_reply_that_is_cut_off_is_no_success(finish: str, reason: str) -> None:
    events = [*RUNS[PRICED]["events"][:-1], {"type": "step_finish", "part": {"reason": finish}}]
    assert judged(events).outcome.reason == reason


def test_what_it_keeps_of_a_stream_is_bounded() -> None:
    said = [{"type": "text", "part": {"text": "x" * (1 << 20)}}] * 3
    refused = [{"type": "tool_use", "part": {"tool": "invalid", "state": {"input": {"tool": "bash"}}}}] * 1000
    kept: notes.Notes = opencode.observe(opencode.begin(TASK), lines([*refused, *said])).notes
    assert (len(kept.denials), len(kept.reply)) == (notes.MOST_DENIALS, notes.LONGEST_REPLY)
    for strange in (
        {"type": "text", "part": 3},
        {"type": "tool_use", "part": {"state": []}},
        {"type": "error", "error": 1},
    ):
        opencode.observe(opencode.begin(TASK), lines([strange]))


def test_a_reader_sees_what_it_did_and_counts_its_turns() -> None:
    told = [opencode.describe(lines([event])) for event in RUNS[PRICED]["events"]]
    said = [one for description in told for one in description.said]
    assert [one.kind for one in said] == ["uses", "gets", "says", "ends"]
    assert said[0] == Said("uses", 'write: {"filePath": "made.txt", "content": "x"}')
    assert len({description.reply for description in told if description.reply}) == 2


def started(folder: Path, facts: dict[str, Any], **fields: Any) -> Launch:
    executable(folder / "bin" / "opencode")
    task = task_of("story", "story.yaml", agent="opencode", working_directory="/work", **fields)
    environ = {"HOME": str(folder), "PATH": f"{folder}/bin"}
    return opencode.launch(task, Facts("run-1", environ, {}, "/tmp/cp-1", **facts))


@pytest.mark.parametrize(
    ("mode", "edit", "bash"),
    [("", "deny", "deny"), ("acceptEdits", "allow", "deny"), ("bypassPermissions", "allow", "allow")],
)
def test_what_it_may_do_is_said_of_each_of_its_agents_and_the_task_cannot_undo_it(
    mode: str, edit: str, bash: str, tmp_path: Path
) -> None:
    own = {"OPENCODE_CONFIG_CONTENT": "{}", "OPENCODE_PERMISSION": '"allow"'}
    launch = started(tmp_path, {}, permission_mode=mode, env=own)
    config = json.loads(launch.env["OPENCODE_CONFIG_CONTENT"])
    assert json.loads(launch.env["OPENCODE_PERMISSION"]) == config["permission"]
    for may in (config["permission"], *(one["permission"] for one in config["agent"].values())):
        assert (may["edit"], may["bash"], may["external_directory"]) == (edit, bash, bash)
        assert (may["webfetch"], may["question"]) == ("allow", "deny")
    assert "--agent=build" in launch.argv
    assert "OPENCODE_DISABLE_PROJECT_CONFIG" not in launch.env
    fed = started(tmp_path, {"fed_by": ("issue.body",)}, permission_mode=mode)
    may = json.loads(fed.env["OPENCODE_PERMISSION"])
    assert (may["*_*"], may["webfetch"], may["websearch"]) == ("deny", "deny", "deny")
    assert next(iter(may)) == "*_*"  # of several rules the last that fits counts
    assert "--pure" in fed.argv
    assert fed.env["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"


def test_a_strict_sandbox_lets_it_reach_the_model_of_its_key(tmp_path: Path) -> None:
    launch = started(tmp_path, {}, env={"OPENROUTER_API_KEY": "x"})
    assert opencode.needs(TASK, launch).reaches == ("openrouter.ai",)


def test_a_session_is_gone_on_with(tmp_path: Path) -> None:
    last = {"last": {"agent": "opencode", "session_id": SESSION}}
    assert started(tmp_path, last, session="continue").argv[-1] == f"--session={SESSION}"
    assert started(tmp_path, last).argv[-1] == "--agent=build"
    strange = {"last": {"agent": "opencode", "session_id": "--share"}}
    assert started(tmp_path, strange, session="continue").argv[-1] == "--agent=build"


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"permission_mode": "dontAsk"}, "agent: opencode has no dontAsk"),
        ({"model": "sonnet"}, "opencode takes PROVIDER/MODEL"),
        ({"add_dirs": ["/a"]}, "has no effect with agent: opencode"),
        ({"publish": {"comment": True}}, "agent: opencode cannot commit"),
        ({"model": "anthropic/x", "max_cost_usd": 1, "on_denied": "ignore"}, ""),
    ],
)
def test_what_it_cannot_do_is_said_when_the_file_is_read(
    keys: dict[str, Any], words: str, tmp_path: Path
) -> None:
    found = problems("opencode", keys, tmp_path)
    assert any(words in one for one in found) if words else found == []


def test_the_recorded_version_is_the_one_that_is_tried() -> None:
    assert f"opencode {(ROOT / 'tests' / 'opencode-version').read_text().strip()}" == RECORDED["version"]
