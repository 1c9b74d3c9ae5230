"""How claude is started: its argument list, its environment, and the session that it continues."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents import claude
from clodputer.agents.claude import variables
from clodputer.agents.claude.system_prompt import NOTHING_TO_DO
from clodputer.model.errors import ClodputerError
from clodputer.model.run import Facts, Launch
from clodputer.model.task import Task
from tests.workshop import ROOT, task_of

OURS = f"--append-system-prompt={NOTHING_TO_DO}"
SESSION = "5e55105e-0000-4000-8000-000000000001"


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    return executable(tmp_path / "bin" / "claude")


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def launch(
    binary: Path, *, environ: Any = None, secrets: Any = None, last: Any = None, **fields: Any
) -> Launch:
    task = task_of("nightly", "/tasks/nightly.yaml", working_directory="/projects", **fields)
    surroundings = {"HOME": str(binary.parent.parent), "PATH": "/usr/bin:/bin", **(environ or {})}
    facts = Facts("run-1", surroundings, secrets or {}, "/tmp/cp-1", claude=str(binary), last=last)
    return claude.launch(task, facts)


def flags(started: Launch) -> list[str]:
    """The arguments that depend on the task, without the session and what every system prompt gets."""
    assert started.argv[1:4] == ("-p", "--output-format=stream-json", "--verbose")
    return [flag for flag in started.argv[4:] if not flag.startswith("--session-id=") and flag != OURS]


class TestArguments:
    def test_a_plain_task_has_a_fresh_session_and_a_mode(self, binary: Path) -> None:
        started = launch(binary, prompt="say hello")
        assert started.argv[0] == str(binary)
        assert flags(started) == ["--permission-mode=default"]
        assert uuid.UUID(started.session_id).version == 4
        assert f"--session-id={started.session_id}" in started.argv
        assert launch(binary).session_id != started.session_id
        assert not any("hello" in argument for argument in started.argv), "argv can be read in ps"
        assert (started.startup_timeout, started.stall_timeout) == (90, 1200)

    def test_every_field_has_its_flag(self, binary: Path) -> None:
        started = launch(
            binary,
            model="opus",
            fallback_model=("sonnet", "haiku"),
            allowed_tools=("Read", "Bash(git commit:*)"),
            disallowed_tools=("WebFetch",),
            permission_mode="dontAsk",
            max_turns=7,
            max_cost_usd=0.5,
            append_system_prompt="-be -p kind",
            mcp_config=("a.json", "-b.json"),
            add_dirs=("/data",),
            settings_sources=("user",),
            json_schema={"type": "object"},
        )
        assert flags(started) == [
            "--model=opus",
            "--fallback-model=sonnet,haiku",
            "--allowedTools=Read",
            "--allowedTools=Bash(git commit:*)",
            "--disallowedTools=WebFetch",
            "--permission-mode=dontAsk",
            "--max-turns=7",
            "--max-budget-usd=0.500000",
            "--append-system-prompt=-be -p kind",
            "--mcp-config=a.json",
            "--mcp-config=-b.json",
            "--add-dir=/data",
            '--json-schema={"type": "object"}',
            "--strict-mcp-config",
            "--setting-sources=user",
        ]

    def test_every_system_prompt_says_how_to_say_that_nothing_was_to_be_done(self, binary: Path) -> None:
        """After the task's own; not where a schema leaves the answer no last line."""
        assert OURS in launch(binary).argv
        assert (
            f"--append-system-prompt=Be kind.\n\n{NOTHING_TO_DO}"
            in launch(binary, append_system_prompt="Be kind.").argv
        )
        assert not any(
            "nothing_to_do" in word for word in launch(binary, json_schema={"type": "object"}).argv
        )
        documented = " ".join(line.lstrip("> ") for line in (ROOT / "docs/tasks.md").read_text().splitlines())
        assert NOTHING_TO_DO in documented

    @pytest.mark.parametrize("mode", ["default", "manual", ""])
    def test_the_default_mode_is_asked_for(self, binary: Path, mode: str) -> None:
        """Without the flag `defaultMode` of the person's own settings would hold."""
        assert flags(launch(binary, permission_mode=mode)) == ["--permission-mode=default"]

    def test_no_setting_source_at_all_can_be_asked_for(self, binary: Path) -> None:
        assert "--setting-sources=" in flags(launch(binary, settings_sources=()))

    def test_a_text_too_long_for_an_argument_is_told(self, binary: Path) -> None:
        with pytest.raises(ClodputerError, match=r"--append-system-prompt is too long") as caught:
            launch(binary, append_system_prompt="ä" * 70_000)
        assert caught.value.code == "not_started"

    def test_clocks_of_the_task_win(self, binary: Path) -> None:
        started = launch(binary, startup_timeout=5.0, stall_timeout=6.0, timeout=7.0, stop_grace=8.0)
        assert (started.startup_timeout, started.stall_timeout, started.timeout, started.stop_grace) == (
            5,
            6,
            7,
            8,
        )


class TestBinary:
    def test_path_comes_before_the_usual_places(self, tmp_path: Path) -> None:
        on_path = executable(tmp_path / "bin" / "claude")
        usual = executable(tmp_path / ".local" / "bin" / "claude")
        task = Task(name="t", path="")
        facts = Facts("r", {"HOME": str(tmp_path), "PATH": f"relative:{on_path.parent}"}, {}, "/tmp/cp-1")
        assert claude.launch(task, facts).argv[0] == str(on_path)
        on_path.chmod(0o644)
        assert claude.launch(task, facts).argv[0] == str(usual)

    def test_a_missing_one_names_the_places(self, tmp_path: Path) -> None:
        facts = Facts("r", {"HOME": str(tmp_path), "PATH": str(tmp_path)}, {}, "/tmp/cp-1")
        if any(os.access(f"{place}/claude", os.X_OK) for place in claude.USUAL_PLACES):
            pytest.skip("this machine has a claude for everybody")
        with pytest.raises(ClodputerError) as caught:
            claude.launch(Task(name="t", path=""), facts)
        assert caught.value.code == "not_started"
        assert f"{tmp_path}, {tmp_path}/.local/bin, " in caught.value.message
        assert "config.yaml" in caught.value.hint

    def test_a_wrong_one_in_the_configuration_is_not_replaced_by_another(self, tmp_path: Path) -> None:
        with pytest.raises(ClodputerError, match=r"config\.yaml"):
            launch(tmp_path / "nowhere")

    def test_its_folder_is_at_the_end_of_path(self, binary: Path) -> None:
        assert launch(binary).env["PATH"] == f"/usr/bin:/bin:{binary.parent}"


class TestEnvironment:
    def test_only_what_is_allowed_goes_along(self, binary: Path) -> None:
        environ = {
            "LC_TIME": "C",
            "TZ": "UTC",
            "GITHUB_TOKEN": "x",
            "CLAUDECODE": "1",
            "ANTHROPIC_API_KEY": "k",
            "AWS_SECRET_ACCESS_KEY": "x",
            "https_proxy": "http://proxy",
            "EMPTY": "",
            "TERM": "xterm",
        }
        env = launch(binary, environ=environ).env
        assert {name: env[name] for name in ("LC_TIME", "TZ", "ANTHROPIC_API_KEY", "https_proxy")} == {
            "LC_TIME": "C",
            "TZ": "UTC",
            "ANTHROPIC_API_KEY": "k",
            "https_proxy": "http://proxy",
        }
        assert not {"GITHUB_TOKEN", "CLAUDECODE", "AWS_SECRET_ACCESS_KEY", "EMPTY", "TERM"} & set(env)

    def test_a_bare_environment_is_filled_from_the_account(self, binary: Path) -> None:
        task = Task(name="t", path="")
        env = claude.launch(task, Facts("r", {}, {}, "/tmp/cp-1", claude=str(binary))).env
        assert os.path.isabs(env["HOME"])
        assert env["USER"] == env["LOGNAME"]
        assert env["USER"]
        assert env["SHELL"].startswith("/")
        assert "/usr/bin" in env["PATH"]
        assert "UTF-8" in env["LANG"]

    def test_a_cloud_brings_its_credentials_only_when_switched_on(self, binary: Path) -> None:
        environ = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "eu-west-1", "GOOGLE_CLOUD_PROJECT": "p"}
        env = launch(binary, environ=environ).env
        assert env["AWS_REGION"] == "eu-west-1"
        assert "GOOGLE_CLOUD_PROJECT" not in env

    def test_a_login_in_the_secrets_displaces_those_of_the_environment(self, binary: Path) -> None:
        environ = {"ANTHROPIC_API_KEY": "of a shell", "ANTHROPIC_BASE_URL": "http://gateway"}
        env = launch(binary, environ=environ, secrets={"CLAUDE_CODE_OAUTH_TOKEN": "t", "OTHER": "x"}).env
        assert env["CLAUDE_CODE_OAUTH_TOKEN"] == "t"
        assert env["ANTHROPIC_BASE_URL"] == "http://gateway"
        assert not {"ANTHROPIC_API_KEY", "OTHER"} & set(env)

    def test_a_login_of_the_task_displaces_all_others(self, binary: Path) -> None:
        environ = {"ANTHROPIC_API_KEY": "of a shell"}
        env = launch(
            binary,
            environ=environ,
            secrets={"ANTHROPIC_AUTH_TOKEN": "s"},
            env={"CLAUDE_CODE_OAUTH_TOKEN": "of the task"},
        ).env
        assert env["CLAUDE_CODE_OAUTH_TOKEN"] == "of the task"
        assert not {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"} & set(env)

    def test_the_task_overrides_all_but_what_the_sweep_needs(self, binary: Path) -> None:
        env = launch(
            binary, env={"CLAUDE_CODE_MAX_RETRIES": "0", "MINE": "1", "TMPDIR": "/x", "CLODPUTER_RUN_ID": "x"}
        ).env
        assert env["CLAUDE_CODE_MAX_RETRIES"] == "0"
        assert env["MINE"] == "1"
        assert env["TMPDIR"] == "/tmp/cp-1"
        assert env["CLODPUTER_RUN_ID"] == "run-1"
        assert env["CLODPUTER_TASK"] == "nightly"

    @pytest.mark.parametrize("timeout", [1.0, 30.0, 119.0, 121.0, 3600.0, 86400.0])
    def test_tools_end_before_the_run_does(self, timeout: float) -> None:
        settings = variables.settings(task_of("t", timeout=timeout))
        for name in ("BASH_DEFAULT_TIMEOUT_MS", "BASH_MAX_TIMEOUT_MS", "MCP_TOOL_TIMEOUT"):
            assert 0 < int(settings[name]) < timeout * 1000
        assert int(settings["BASH_DEFAULT_TIMEOUT_MS"]) <= int(settings["BASH_MAX_TIMEOUT_MS"])

    def test_a_mac_gets_the_prefix_that_notes_sessions(self) -> None:
        facts = Facts("run-1", {}, {}, "/tmp/cp-1")
        added = variables.containment(facts, "darwin")
        assert added["CLAUDE_CODE_SHELL_PREFIX"].endswith("/templates/shell-prefix.sh")
        assert added["CLODPUTER_SESSIONS"] == "/tmp/cp-1/sessions"
        assert variables.containment(facts, "linux") == {}


LAST = {"session_id": SESSION, "reason": "completed"}


class TestContinuing:
    def transcript(self, config: Path) -> None:
        folder = config / "projects" / "-somewhere-else"
        folder.mkdir(parents=True)
        (folder / f"{SESSION}.jsonl").touch()

    def test_the_recorded_session_is_resumed(self, binary: Path, tmp_path: Path) -> None:
        self.transcript(tmp_path / ".claude")
        started = launch(binary, session="continue", last=LAST)
        assert f"--resume={SESSION}" in started.argv
        assert (started.session_id, started.resumed) == (SESSION, True)
        assert not any(argument.startswith("--session-id") for argument in started.argv)

    def test_the_configuration_folder_of_the_run_is_looked_at(self, binary: Path, tmp_path: Path) -> None:
        self.transcript(tmp_path / "other")
        assert not launch(binary, session="continue", last=LAST).resumed
        env = {"CLAUDE_CONFIG_DIR": str(tmp_path / "other")}
        assert launch(binary, session="continue", last=LAST, env=env).resumed

    @pytest.mark.parametrize(
        ("last", "remark"),
        [
            ({"reason": "agent_error", "num_turns": 0}, "could not be resumed"),
            ({"reason": "exit_status", "num_turns": None}, "could not be resumed"),
            ({"reason": "invalid_request", "num_turns": 1}, "refused the last request"),
            # The API was away, or the time was up: the session is as good as before.
            ({"reason": "offline", "num_turns": 1}, ""),
            ({"reason": "overloaded", "num_turns": 0}, ""),
            ({"reason": "timeout", "num_turns": None}, ""),
            ({"reason": "agent_error", "num_turns": 3}, ""),
            ({"reason": "agent_error", "num_turns": 0, "argv": ["claude"]}, ""),
            ({"reason": "agent_error", "num_turns": 0, "argv": [None, 3]}, ""),
            ({"reason": "agent_error", "num_turns": 0, "argv": "odd"}, ""),
        ],
    )
    def test_a_resume_that_took_no_turn_is_not_tried_again(
        self, binary: Path, tmp_path: Path, last: Any, remark: str
    ) -> None:
        """The transcript is damaged, say: the next run begins anew, and its record says so."""
        self.transcript(tmp_path / ".claude")
        before = {**LAST, "argv": ["claude", f"--resume={SESSION}"], **last}
        started = launch(binary, session="continue", last=before)
        assert started.resumed == (not remark)
        assert remark in started.remark
        assert bool(started.remark) == bool(remark)

    def test_a_session_without_a_transcript_is_named(self, binary: Path) -> None:
        assert launch(binary, session="continue", last=LAST).remark == (
            f"A new session was begun, because the transcript of session {SESSION} is gone."
        )

    @pytest.mark.parametrize(
        ("session", "last"),
        [
            ("new", LAST),
            ("continue", None),
            ("continue", {}),
            ("continue", {"session_id": "../../etc/passwd"}),
            ("continue", {"session_id": "5e55105e-0000-4000-8000-000000000002"}),
            ("continue", {**LAST, "reason": "invalid_request"}),
        ],
    )
    def test_otherwise_a_new_one_begins(self, binary: Path, tmp_path: Path, session: str, last: Any) -> None:
        self.transcript(tmp_path / ".claude")
        started = launch(binary, session=session, last=last)
        assert not started.resumed
        assert f"--session-id={started.session_id}" in started.argv


@pytest.mark.system
def test_the_real_one_understands_it_all(claude_binary: str, tmp_path: Path) -> None:
    (tmp_path / "-one.json").write_text('{"mcpServers": {"one": {"command": "/bin/false"}}}')
    task = task_of(
        "nightly",
        working_directory=str(tmp_path),
        model="--odd",
        fallback_model=("haiku", "sonnet"),
        allowed_tools=("Read", "Bash(touch:*)"),
        disallowed_tools=("WebFetch", "WebSearch"),
        permission_mode="dontAsk",
        max_turns=3,
        max_cost_usd=0.5,
        append_system_prompt="-p --help",
        settings_sources=(),
        add_dirs=("/usr", "/opt"),
        mcp_config=("-one.json", '{"mcpServers": {"two": {"command": "/bin/false"}}}'),
        json_schema={"type": "object", "properties": {"a": {"type": "string"}}},
        env={"CLAUDE_CODE_MAX_RETRIES": "0"},
    )
    # Nobody listens on port 9 of the loopback: all is parsed, the first event comes, and the API cannot be reached.
    environ = {
        "HOME": str(tmp_path),
        "ANTHROPIC_API_KEY": "dummy",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    }
    facts = Facts("run-1", environ, {}, str(tmp_path), claude=claude_binary)
    started = claude.launch(task, facts)
    (tmp_path / "prompt").write_text("hello")
    with (tmp_path / "prompt").open("rb") as prompt:
        ended = subprocess.run(
            started.argv, env=dict(started.env), cwd=tmp_path, stdin=prompt, capture_output=True, timeout=60
        )
    assert ended.stdout, ended.stderr
    first = json.loads(ended.stdout.splitlines()[0])
    assert first["subtype"] == "init"
    assert first["session_id"] == started.session_id
    assert first["model"] == "--odd"
    assert first["permissionMode"] == "dontAsk"
    assert {server["name"] for server in first["mcp_servers"]} == {"one", "two"}
    assert not {"WebFetch", "WebSearch", "CronCreate"} & set(first["tools"])
    assert "StructuredOutput" in first["tools"]
    assert ended.returncode == 1


@pytest.mark.system
@pytest.mark.parametrize("own", ["bypassPermissions", "acceptEdits", "plan"])
@pytest.mark.parametrize("mode", ["", "default", "manual", "dontAsk"])
def test_settings_of_the_person_do_not_change_the_mode(
    claude_binary: str, tmp_path: Path, own: str, mode: str
) -> None:
    """A task that asks to be careful is, whatever the person's own and the project's settings allow."""
    for folder in (tmp_path / ".claude", tmp_path / "here" / ".claude"):
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"permissions": {"defaultMode": own}}))
    environ = {
        "HOME": str(tmp_path),
        "ANTHROPIC_API_KEY": "dummy",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
    }
    task = task_of(
        "careful",
        working_directory=str(tmp_path / "here"),
        permission_mode=mode,
        env={"CLAUDE_CODE_MAX_RETRIES": "0"},
    )
    started = claude.launch(task, Facts("run-1", environ, {}, str(tmp_path), claude=claude_binary))
    ended = subprocess.run(
        started.argv,
        env=dict(started.env),
        cwd=started.working_directory,
        input=b"hello",
        capture_output=True,
        timeout=60,
    )
    progress = claude.observe(claude.begin(task), ended.stdout.splitlines()[0])
    assert progress.hopeless == ""
    assert progress.notes.in_effect["permission_mode"] in {"default", "manual"} - {mode or "x"} | {
        mode or "default"
    }
