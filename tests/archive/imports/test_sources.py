"""Crontabs, property lists, timers, queued prompts and workflows: when each is due, and what of it is a task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clodputer.archive.imports import claude_code_queue, crontab, launchd
from clodputer.archive.imports.values import LEFT, TASK, UNSAID, Facts
from clodputer.archive.tasks import gathering

FACTS = Facts("/home/me", "me", "/home/me")
CALL = "claude -p x"


def cron(schedule: str, **more: Any) -> dict[str, Any]:
    return {"type": "cron", "schedule": schedule, **more}


@pytest.mark.parametrize(
    ("schedule", "trigger"),
    [
        ("0 3 * * *", cron("0 3 * * *")),
        ("*/5 9-17 * jan-mar mon-fri", cron("*/5 9-17 * jan-mar mon-fri")),
        ("0\t3\t1,15 * 5", cron("0 3 1,15 * 5")),
        ("@daily", cron("@daily")),
        ("@midnight", cron("@midnight")),
        ("@hourly", cron("@hourly")),
        ("@weekly", cron("@weekly")),
        ("@reboot", {"type": "startup"}),
    ],
)
def test_a_line_is_due_as_cron_has_it(schedule: str, trigger: dict[str, Any]) -> None:
    (entry,) = crontab.read(f"{schedule} {CALL}", FACTS)
    assert (entry.fate, entry.triggers, entry.call.unsaid) == (TASK, (trigger,), ())


@pytest.mark.parametrize(
    "schedule", ["0 3 * * 5-2", "*/90 * * * *", "@every_minute", "0~30 3 * * *", "0 0 31 2 *", "61 * * * *"]
)
def test_a_time_that_cron_misreads_is_told_of(schedule: str) -> None:
    (entry,) = crontab.read(f"{schedule} {CALL}", FACTS)
    assert entry.fate == TASK
    assert not entry.triggers
    assert schedule in entry.call.unsaid[0]


def test_environment_lines_hold_for_what_follows() -> None:
    table = f"""\
0 1 * * * {CALL}
CRON_TZ=Europe/Berlin
HOME = "/srv/app"
FOO='a b'
RANDOM_DELAY=10
MAILTO=me@example.org
0 2 * * * {CALL}
"""
    first, second = crontab.read(table, FACTS)
    assert first.triggers == (cron("0 1 * * *"),)
    assert not first.call.env
    assert second.triggers == (cron("0 2 * * *", timezone="Europe/Berlin", jitter="10m"),)
    assert (dict(second.call.env), second.call.keys["working_directory"]) == ({"FOO": "a b"}, "/srv/app")
    assert any("MAILTO" in note for note in second.call.notes)


@pytest.mark.parametrize(
    ("command", "split"),
    [
        ("a", ("a", None)),
        (r"a \% b", ("a % b", None)),
        ("a%b%c", ("a", "b\nc\n")),
        (r"a%b\%c", ("a", "b%c\n")),
        ("%", ("", "\n")),
    ],
)
def test_the_percent_sign_ends_a_command(command: str, split: Any) -> None:
    assert crontab.split(command) == split


def test_a_table_of_the_system_names_who_runs_it() -> None:
    table = f"0 3 * * * me {CALL}\n0 3 * * * root {CALL}\n"
    mine, roots = crontab.read(table, FACTS, system=True)
    assert (mine.fate, roots.fate) == (TASK, UNSAID)
    assert "root" in roots.reason


def test_our_own_block_and_comments_are_no_entries() -> None:
    table = f"# 0 3 * * * {CALL}\n# BEGIN clodputer 1\n0 3 * * * {CALL}\n# END clodputer\n\n"
    assert crontab.read(table, FACTS) == []


def test_a_prompt_of_claude_code_queue() -> None:
    text = "---\npriority: 1\n---\n\n# Do it\n\n## Execution Log\n\n```\nold\n```\n"
    _, prompt = claude_code_queue.front(text)
    fields = {
        "priority": 1,
        "working_directory": "~/app",
        "context_files": ["a.md"],
        "max_retries": 2,
        "strange": 1,
    }
    entry = claude_code_queue.read("/q/ab12-do.executing.md", fields, prompt, FACTS)
    assert entry.call.keys == {
        "prompt": "@a.md # Do it",
        "working_directory": "/home/me/app",
        "priority": 3,
        "retry": {"max_attempts": 2},
    }
    assert any("strange" in word for word in entry.call.unsaid)
    assert entry.hint == "ab12-do"


WORKFLOW = """\
name: Nightly
on:
  schedule:
    - cron: '0 3 * * 1'
  push:
env: {A: '1'}
jobs:
  review:
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
      - name: Review it
        uses: anthropics/claude-code-action@v1
        with:
          prompt: Review the repository.
          anthropic_api_key: ${{ secrets.ANTHROPIC_API_KEY }}
          claude_args: |
            --model opus
            --allowedTools "Read,Bash(gh pr list:*)"
          allowed_bots: x
      - run: |
          cd sub
          claude -p "Look at ${{ github.sha }}" --max-turns 3
"""


def test_the_steps_of_a_workflow(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "nightly.yml").write_text(WORKFLOW)
    first, second = gathering.gather("github-workflow", str(folder), FACTS)
    assert first.triggers == (cron("0 3 * * 1", timezone="UTC"),)
    assert first.call.keys == {
        "timeout": "1200s",
        "working_directory": str(tmp_path),
        "prompt": "Review the repository.",
        "model": "opus",
        "allowed_tools": ["Read", "Bash(gh pr list:*)"],
    }
    assert dict(first.call.env) == {"A": "1", "ANTHROPIC_API_KEY": "{{ env.ANTHROPIC_API_KEY }}"}
    assert any("allowed_bots" in word for word in first.call.unsaid)
    assert second.call.keys["working_directory"] == f"{tmp_path}/sub"
    assert second.call.keys["max_turns"] == 3
    assert second.call.keys["prompt"] == "Look at ${{ github.sha }}"
    assert any("shell would expand" in word for word in second.call.unsaid)


def test_a_script_that_calls_it_is_not_left_alone_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "nightly.sh").write_text("#!/bin/sh\ncd /srv\nclaude -p 'Look around.'\n")
    (tmp_path / "other.sh").write_text("#!/bin/sh\ndate\n")
    lines = [
        f"{tmp_path}/nightly.sh",
        f"cd {tmp_path} && bash ./nightly.sh >> log",
        f"{tmp_path}/other.sh",
        "/nowhere/x",
    ]
    table = "".join(f"0 3 * * * {line}\n" for line in lines)
    found = gathering.gather("crontab", gathering.STDIN, FACTS, table.encode())
    assert [entry.fate for entry in found] == [UNSAID, UNSAID, LEFT, LEFT]
    assert f"{tmp_path}/nightly.sh" in found[1].reason


@given(st.sampled_from(sorted(gathering.SOURCES)), st.binary(max_size=200))
def test_no_bytes_are_too_strange(source: str, content: bytes) -> None:
    for entry in gathering.gather(source, gathering.STDIN, FACTS, content):
        assert entry.fate in (TASK, LEFT, UNSAID)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    [
        "Label",
        "ProgramArguments",
        "StartCalendarInterval",
        "StartInterval",
        "WatchPaths",
        "EnvironmentVariables",
    ]
)


@given(st.dictionaries(KEYS, PLAIN, max_size=6))
def test_no_property_list_is_too_strange(job: dict[str, Any]) -> None:
    assert launchd.read({**job, "Program": "claude"}, "x.plist", FACTS)
