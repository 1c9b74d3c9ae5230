"""How claude is started: its argument list, its environment, and the session that it continues."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from clodputer.agents import claude
from clodputer.agents.system_prompt import NOTHING_TO_DO
from clodputer.model.errors import ClodputerError
from clodputer.model.run import Facts
from clodputer.model.task import Task
from tests.agents.launching import OURS, SESSION, executable, flags, launch
from tests.workshop import ROOT


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
