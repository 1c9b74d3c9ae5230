"""Consent: what an agent makes does not run by itself, what gives a task more rights is asked about; a person is not asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.tasks import taskfile
from tests.cli.terminal import Terminal
from tests.workshop import clodputer, environment, run, write_task

AGENT = {"CLAUDECODE": "1"}


def text(home: Home, name: str) -> str:
    return Path(home.tasks, f"{name}.yaml").read_text()


def answer(home: Home, *arguments: str, agent: bool = True, **extra: str) -> dict[str, Any]:
    """The envelope of a command that an agent calls, or a person."""
    ended = run(home, *arguments, "--json", extra={**(AGENT if agent else {}), **extra})
    found: dict[str, Any] = json.loads(ended.stdout)
    assert found["ok"] == (ended.status == 0)
    return found


def made(
    home: Home, tmp_path: Path, keys: dict[str, Any], *options: str, agent: bool = True
) -> dict[str, Any]:
    """The envelope of `new` with a task of these keys."""
    given = tmp_path / "given.json"
    given.write_text(json.dumps(keys))
    return answer(home, "new", "fresh", "--from-json", str(given), *options, agent=agent)


@pytest.mark.parametrize(
    ("keys", "options", "agent", "enabled"),
    [
        ({}, (), True, False),
        ({"enabled": False}, (), True, False),
        ({}, ("--confirm",), True, True),
        ({"enabled": True}, ("--confirm",), True, True),
        ({}, (), False, True),
        ({"enabled": True}, (), False, True),
    ],
)
def test_a_new_task(
    home: Home, tmp_path: Path, keys: dict[str, Any], options: tuple[str, ...], agent: bool, enabled: bool
) -> None:
    envelope = made(home, tmp_path, {"prompt": "Hello.", **keys}, *options, agent=agent)
    assert envelope["data"]["enabled"] is enabled
    assert taskfile.load(home, "fresh", environment(home)).enabled is enabled


def test_a_new_task_that_is_to_run_is_asked_about(home: Home, tmp_path: Path) -> None:
    envelope = made(home, tmp_path, {"prompt": "Hello.", "enabled": True})
    [error] = envelope["errors"]
    assert error["code"] == "confirm_needed"
    assert "enabled: false -> true" in error["message"]
    assert error["hint"].startswith("Nothing was made. Ask the person")
    assert not Path(home.tasks, "fresh.yaml").exists()


def test_every_template_begins_disabled(home: Home) -> None:
    templates = answer(home, "new", "--list-templates")["data"]["templates"]
    for name in [template["name"] for template in templates]:
        assert answer(home, "new", f"my-{name}", "--template", name)["data"]["enabled"] is False, name
        assert not taskfile.load(home, f"my-{name}", environment(home)).enabled


def test_what_widens_is_refused_and_nothing_else(home: Home) -> None:
    """All or nothing: beside a key that gives more rights, the others wait as well."""
    write_task(home, "mine", "prompt: before # kept\ntimeout: 10m\nbudget: {per_day: 1}\n")
    before = text(home, "mine")
    envelope = answer(home, "set", "mine", "timeout=20m", "allowed_tools=[Bash]", "budget.per_day=2")
    [error] = envelope["errors"]
    assert error["code"] == "confirm_needed"
    assert 'allowed_tools: not set -> ["Bash"]' in error["message"]
    assert "budget.per_day: 1 -> 2" in error["message"]
    assert "timeout" not in error["message"]
    assert text(home, "mine") == before
    envelope = answer(home, "set", "mine", "timeout=20m", "budget.per_day=0.5")
    assert envelope["data"]["changes"] == [
        {"key": "timeout", "before": "10m", "after": "20m", "widens": False},
        {"key": "budget.per_day", "before": 1, "after": 0.5, "widens": False},
    ]
    envelope = answer(home, "set", "mine", "allowed_tools=[Bash]", "--confirm")
    assert [change["widens"] for change in envelope["data"]["changes"]] == [True]
    assert "# kept" in text(home, "mine")


def test_a_person_is_not_asked_and_is_shown_the_same(home: Home) -> None:
    write_task(home, "mine", "prompt: x\n")
    stdout, _ = clodputer(home, "set", "mine", "allowed_tools=[Bash]")
    assert '    allowed_tools: not set -> ["Bash"]   (more rights)\n' in stdout


def test_the_cost_that_the_settings_allow_counts(home: Home) -> None:
    """A bound of the task's own that is higher than that of config.yaml gives more; a lower one does not."""
    write_task(home, "mine", "prompt: x\n")
    Path(home.config).write_text("max_cost_usd: 2\n")
    assert answer(home, "set", "mine", "max_cost_usd=3")["errors"][0]["code"] == "confirm_needed"
    assert answer(home, "set", "mine", "max_cost_usd=1")["ok"]


def test_enabling(home: Home) -> None:
    """Of several tasks none is enabled without a word; one that is enabled already is not asked about."""
    write_task(home, "on", "prompt: x\n")
    write_task(home, "off", "prompt: x\nenabled: false\n")
    assert answer(home, "enable", "on")["ok"]
    assert answer(home, "enable", "on", "off")["errors"][0]["code"] == "confirm_needed"
    assert "enabled: false" in text(home, "off")
    assert answer(home, "set", "off", "enabled=true")["errors"][0]["code"] == "confirm_needed"
    assert answer(home, "enable", "on", "off", "--confirm")["ok"]
    assert answer(home, "disable", "on")["ok"]
    assert answer(home, "enable", "on", agent=False)["ok"]


def test_an_edit_that_widens_is_kept_beside(home: Home, tmp_path: Path) -> None:
    """The editor is a program of the agent's own; what it wrote is not lost."""
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "prompt: x\nallowed_tools: [Bash]" > "$1"\n')
    editor.chmod(0o755)
    write_task(home, "mine", "prompt: x\n")
    envelope = answer(home, "edit", "mine", EDITOR=str(editor))
    [error] = envelope["errors"]
    assert error["code"] == "confirm_needed"
    [draft] = Path(home.tasks).glob(".mine.draft-*")
    assert str(draft) in error["hint"]
    assert "allowed_tools" in draft.read_text()
    assert text(home, "mine") == "prompt: x\n"
    assert answer(home, "edit", "mine", "--confirm", EDITOR=str(editor))["data"]["changes"][0]["widens"]


def test_an_import_is_disabled_or_asked_about(home: Home, tmp_path: Path) -> None:
    write_task(home, "mine", "prompt: x\n")
    stdout, _ = clodputer(home, "export", "mine")
    document = tmp_path / "mine.json"
    document.write_text(stdout)
    call = ("import", "task", str(document), "--as")
    assert answer(home, *call, "one")["data"]["enabled"] is False
    assert answer(home, *call, "two", "--enable")["errors"][0]["code"] == "confirm_needed"
    assert answer(home, *call, "two", "--enable", "--confirm")["data"]["enabled"] is True
    crontab = tmp_path / "crontab"
    crontab.write_text("0 8 * * * cd /tmp && claude -p 'Say hello'\n")
    envelope = answer(home, "import", "crontab", str(crontab), "--enable")
    assert envelope["errors"][0]["code"] == "confirm_needed"
    assert answer(home, "import", "crontab", str(crontab), "--enable", "--dry-run")["ok"]


def test_keys_from_json(home: Home, tmp_path: Path) -> None:
    """A text stays the text that it is, null takes a key out, and a key given twice is an error."""
    write_task(home, "mine", "prompt: x\nmax_turns: 3\n")
    given = tmp_path / "given"
    prompt = "first: line\n\x07 \u2028 \U0001f600 {{ body }}"
    given.write_text(json.dumps({"prompt": prompt, "max_turns": None, "expect.result_matches": "yes"}))
    data = answer(home, "set", "mine", "--from-json", str(given))["data"]
    assert [change["key"] for change in data["changes"]] == ["prompt", "max_turns", "expect"]
    task = taskfile.load(home, "mine", environment(home))
    assert (task.prompt, task.claude.max_turns, task.expect.result_matches) == (prompt, None, "yes")
    for wrong in ('{"prompt": "x", "prompt": "y"}', "[1]", "{", '{"prompt": NaN}'):
        given.write_text(wrong)
        assert answer(home, "set", "mine", "--from-json", str(given))["errors"][0]["code"] == "json_invalid"
    given.write_text('{"a..b": 1}')
    assert answer(home, "set", "mine", "--from-json", str(given))["errors"][0]["code"] == "usage"
    with Terminal(home, "set", "mine", "--from-json", "-") as terminal:
        terminal.type('{"timeout": "5m"}\n\x04')
        terminal.wait_for("timeout: not set -> 5m")
        assert terminal.end() == 0
