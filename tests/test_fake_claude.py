"""The fake claude does what its directives say, in the shapes that were recorded from the real one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Optional

import pytest

from tests.wait import until

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.fakes.fixtures"]

STREAMS = Path(__file__).with_name("fixtures") / "streams"
DETAILS = ("local_command", "decision_reason", "request_id")  # of a few situations only, and of no use to us
USUAL = ("-p", "--output-format", "stream-json", "--verbose")
SESSION = "5e55105e-0000-4000-8000-00000000000f"


class Fake:
    """Starts of the fake claude with prompts of ours."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary, self.folder = binary, folder
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "CLODPUTER_RUN_ID": "run-1"}
        self.log = folder / "log"

    def start(self, *directives: str, args: tuple[str, ...] = USUAL) -> subprocess.Popen[bytes]:
        prompt = self.folder / "prompt"
        prompt.write_text("A prompt.\n" + "".join(f"@fake {line}\n" for line in directives), encoding="utf-8")
        with (
            prompt.open("rb") as stdin,
            (self.folder / "out").open("wb") as out,
            (self.folder / "err").open("wb") as err,
        ):
            environment = {**self.environment, "FAKE_CLAUDE_LOG": str(self.log)}
            return subprocess.Popen(
                [str(self.binary), *args],
                stdin=stdin,
                stdout=out,
                stderr=err,
                env=environment,
                cwd=self.folder,
            )

    def run(self, *directives: str, args: tuple[str, ...] = USUAL) -> tuple[int, list[dict[str, Any]]]:
        """(exit status, events)."""
        status = self.start(*directives, args=args).wait(timeout=100)
        return status, [json.loads(line) for line in (self.folder / "out").read_text().splitlines()]

    def stderr(self) -> str:
        return (self.folder / "err").read_text()


@pytest.fixture
def fake(fake_claude: Path, tmp_path: Path) -> Fake:
    return Fake(fake_claude, tmp_path)


def shape(event: dict[str, Any]) -> tuple[str, Optional[str], frozenset[str]]:
    return event["type"], event.get("subtype"), frozenset(key for key in event if not key.startswith(DETAILS))


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (STREAMS / f"{name}.jsonl").read_text().splitlines()]


@pytest.mark.parametrize(
    ("name", "directives"),
    [
        ("reply", ["say All quiet."]),
        ("tool_use", ["tool touch made", "say Made."]),
        ("status_403", ["api_error authentication_failed 403"]),
        ("reset", ["api_error server_error"]),
        ("no_credentials", ["api_error authentication_failed"]),
        ("status_529", ["api_error server_error 529"]),
        ("limit", ["limit 7200"]),
        ("max_turns", ["tool echo 1", "tool echo 2", "error error_max_turns"]),
        ("budget", ["say x", "error error_max_budget_usd"]),
        ("retried_529", ["retry overloaded 529 2", "say At last."]),
        ("structured", ['structured {"answer": 42}']),
        ("slash_command", ["zero_turns"]),
    ],
)
def test_events_have_the_shapes_of_the_real_ones(fake: Fake, name: str, directives: list[str]) -> None:
    status, events = fake.run(*directives)
    real = recorded(name)
    meta = json.loads((STREAMS / f"{name}.meta.json").read_text())
    assert status == meta["exit_status"]
    known = {shape(event) for event in real}
    assert {said[:2] for said in map(shape, events)} == {said[:2] for said in known}
    assert {shape(event) for event in events} <= known
    fixed = (
        "is_error",
        "subtype",
        "terminal_reason",
        "api_error_status",
        "stop_reason",
        "num_turns",
        "api_error",
    )
    assert {key: events[-1].get(key) for key in fixed} == {key: real[-1].get(key) for key in fixed}


def test_it_notes_how_it_was_started(fake: Fake) -> None:
    fake.run("say x", "spawnlog second", args=(*USUAL, "--allowedTools", "Bash", "Read", "--model", "m"))
    first = json.loads(fake.log.read_text())
    assert first == json.loads((fake.folder / "second").read_text())
    assert first["argv"][-2:] == ["--model", "m"]
    assert first["CLODPUTER_RUN_ID"] == "run-1"
    assert first["stdin_sha256"] == hashlib.sha256((fake.folder / "prompt").read_bytes()).hexdigest()
    assert set(first["environment"]) >= {"CLODPUTER_RUN_ID", "HOME"}
    assert "run-1" not in first["environment"]


def test_version_and_login(fake: Fake) -> None:
    version = subprocess.run([fake.binary, "--version"], capture_output=True, text=True, env=fake.environment)
    assert version.stdout == "2.1.329 (Claude Code)\n"
    login = subprocess.run(
        [fake.binary, "auth", "status"], capture_output=True, text=True, env=fake.environment
    )
    assert (login.returncode, json.loads(login.stdout)["loggedIn"]) == (1, False)


@pytest.mark.parametrize(
    ("args", "directive", "status", "told"),
    [
        ((*USUAL, "--no-such-flag"), "say x", 1, "unknown option '--no-such-flag'"),
        (("-p", "--output-format", "stream-json"), "say x", 1, "requires --verbose"),
        (USUAL, "no_such_thing", 70, "no directive 'no_such_thing'"),
        (USUAL, "cost", 70, "cost"),
        ((*USUAL, "--resume", SESSION), "say x", 1, "No conversation found"),
    ],
)
def test_mistakes_are_said_aloud(
    fake: Fake, args: tuple[str, ...], directive: str, status: int, told: str
) -> None:
    assert fake.run(directive, args=args)[0] == status
    assert told in fake.stderr()


def test_a_resumed_session_counts_its_cost_on(fake: Fake) -> None:
    assert fake.run("cost 0.5", args=(*USUAL, "--session-id", SESSION))[1][-1]["total_cost_usd"] == 0.5
    assert fake.run("say x", args=(*USUAL, "--session-id", SESSION))[0] == 1
    assert "already in use" in fake.stderr()
    result = fake.run("cost 0.25", args=(*USUAL, "--resume", SESSION))[1][-1]
    assert (result["session_id"], result["total_cost_usd"]) == (SESSION, 0.75)
    assert result["model_usage_since_last_result"]["claude-opus-5-5"]["costUSD"] == 0.25


def test_other_output_formats(fake: Fake) -> None:
    assert fake.run("say hi", args=("-p", "--output-format", "json"))[1][0]["result"] == "hi"
    fake.start("say hi", args=("-p",)).wait(timeout=100)
    assert (fake.folder / "out").read_text() == "hi\n"


@pytest.mark.parametrize(
    ("directives", "exit_status", "kinds", "result"),
    [
        (["no_init"], 0, "assistant result", {"is_error": False}),
        (["no_result"], 0, "system", {}),
        (["is_error_exit_0"], 0, "system assistant result", {"is_error": True}),
        (["exit 7"], 7, "system assistant result", {"is_error": False}),
        (["denied Write {}", "say x"], 0, "system assistant system user assistant result", {"num_turns": 2}),
        (["say a", "again", "say b"], 0, "system assistant result system assistant result", {"result": "b"}),
        (["rate_limit allowed_warning 60", "say x"], 0, "system rate_limit_event assistant result", {}),
        (["api_error server_error"], 1, "system assistant result", {"api_error_status": None}),
        (
            ["mcp a=failed b", "no_result"],
            0,
            "system",
            {
                "mcp_servers": [
                    {"name": "a", "status": "failed", "source": "dynamic"},
                    {"name": "b", "status": "connected", "source": "dynamic"},
                ]
            },
        ),
    ],
)
def test_directives(
    fake: Fake, directives: list[str], exit_status: int, kinds: str, result: dict[str, Any]
) -> None:
    status, events = fake.run(*directives)
    assert status == exit_status
    assert " ".join(event["type"] for event in events) == kinds
    assert {key: events[-1][key] for key in result} == result


def test_times_counts_runs(fake: Fake) -> None:
    lines = ("times 2 count exit 3", "times 1 count say first")
    assert [fake.run(*lines)[0] for _ in range(3)] == [3, 3, 0]


def test_torn_lines_come_before_a_good_result(fake: Fake) -> None:
    assert fake.start("torn", "stderr oh dear").wait(timeout=100) == 0
    lines = (fake.folder / "out").read_bytes().splitlines()
    assert json.loads(lines[-1])["result"] == "done"
    assert sum(not line.startswith(b"{") for line in lines) >= 4
    assert fake.stderr() == "oh dear\n"
    assert fake.start("cut_result").wait(timeout=100) == 0
    assert not (fake.folder / "out").read_bytes().endswith(b"\n")


@pytest.mark.parametrize(("how", "lines"), [("", 252), ("line", 4)])
def test_floods_are_as_big_as_said(fake: Fake, how: str, lines: int) -> None:
    _, events = fake.run(f"flood 2 {how}", "say x")
    assert 2_000_000 <= (fake.folder / "out").stat().st_size < 2_040_000
    assert abs(len(events) - lines) <= 5


@pytest.mark.parametrize(
    ("directives", "number", "status"),
    [
        (["touch up", "hang"], signal.SIGTERM, 143),
        (["touch up", "sleep 100"], signal.SIGHUP, 129),
        (["touch up", "tool_running"], signal.SIGINT, 0),
        (["no_init", "touch up", "await never"], signal.SIGTERM, 143),
        (["deaf", "touch up", "hang"], signal.SIGKILL, -9),
        (["touch up", "result_then_hang"], signal.SIGTERM, 143),
    ],
)
def test_signals(fake: Fake, directives: list[str], number: signal.Signals, status: int) -> None:
    process = fake.start("on_signal told", *directives)
    until((fake.folder / "up").exists)
    if "deaf" in directives:
        process.terminate()
        until((fake.folder / "told").exists)
        assert process.poll() is None
    process.send_signal(number)
    assert process.wait(timeout=100) == status
    assert (fake.folder / "told").read_text().startswith("SIG")


def test_it_can_crash(fake: Fake) -> None:
    assert fake.run("say half", "crash SEGV")[0] == -signal.SIGSEGV
    assert fake.run("crash")[0] == -signal.SIGKILL


@pytest.mark.parametrize(
    "kind", ["plain", "stubborn", "holding", "setsid", "cleanenv", "nohup", "doublefork"]
)
def test_leaks_outlive_it(fake: Fake, kind: str) -> None:
    process = fake.start(f"leak {kind} pid")
    assert process.wait(timeout=100) == 0
    pid = int((fake.folder / "pid").read_text())
    try:
        in_session = os.getsid(pid) == os.getsid(0)
        assert in_session == (kind in {"plain", "stubborn", "holding"})
        if os.path.exists("/proc"):
            marked = b"CLODPUTER_RUN_ID=run-1" in Path(f"/proc/{pid}/environ").read_bytes()
            assert marked == (kind != "cleanenv")
    finally:
        os.kill(pid, signal.SIGKILL)
