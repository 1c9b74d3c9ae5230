"""The variables that claude is started with: what goes along, and which login counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.agents import claude
from clodputer.agents.claude import variables
from clodputer.model.run import Facts
from clodputer.model.task import Task
from tests.agents.launching import launch
from tests.workshop import task_of


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
