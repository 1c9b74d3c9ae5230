"""What a person decides: every command says whether an agent needs their word for it, and is refused where it does."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from clodputer.cli.group import LazyGroup
from clodputer.cli.steps.persons import BY_CHANGE, PERSONS
from clodputer.store.home import Home
from tests.workshop import ROOT, clodputer, run, write_task

AGENT = {"CLAUDECODE": "1"}

# What an agent may do unasked: it looks, keeps something from running, puts away what can be brought back, or asks for a run
# of a task that may run. Whoever adds a command says here or in cli/steps/persons.py where it belongs.
FREE = (
    "advise, advise dismiss, advise show, backup, bar, bar install, bundle, cancel, completion, "
    "config, config get, costs, dashboard, demo, diff, disable, discard, dismiss, doctor, exec, "
    "explain, export, help, inbox, init, intend, list, logs, mcp, next, notify, notify forget, "
    "notify test, outcomes, plugin, plugin run, plugins, prune, queue, receive, reclassify, remove, "
    "replay, report, route, route again, route events, route list, route test, run, runs, schema, "
    "show, skill install, skill remove, state, state delete, state get, state history, state set, "
    "stats, status, statusline, stop, trees, trees reclaim, uninstall, validate, verify-records, "
    "webhooks, why"
)

# Each with words that make sense to it.
CALLS: dict[str, tuple[str, ...]] = {
    "approve": ("3f9a2c1b",),
    "deny": ("3f9a2c1b",),
    "resume": ("--all",),
    "reset": ("mine",),
    "unpark": ("issue 42",),
    "retry": ("mine",),
    "try": ("mine", "--here"),
    "take": ("mine",),
    "state accept": ("mine",),
    "install": ("--scheduler", "cron"),
    "restore": ("/nowhere.tar.gz",),
    "plugin new": ("watcher",),
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that can be called, by its words."""
    group = LazyGroup(name="clodputer")
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if not isinstance(command, click.Group):
            yield name, command
            continue
        if command.invoke_without_command:
            yield name, command
        yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())


ALL = dict(commands())


def test_every_command_says_whose_word_it_needs() -> None:
    assert sorted([*PERSONS, *BY_CHANGE, *FREE.split(", ")]) == sorted(ALL)


def test_those_that_need_a_word_take_it_and_the_page_names_them() -> None:
    page = (ROOT / "docs/skill.md").read_text()
    for name in (*PERSONS, *BY_CHANGE):
        assert "confirm" in {parameter.name for parameter in ALL[name].params}, name
        assert re.search(rf"`(clodputer )?{name.split(' ')[0] if name in BY_CHANGE else name}[` ]", page), (
            name
        )
    assert set(CALLS) == set(PERSONS)


def everything(home: Home) -> dict[str, bytes]:
    """What every file of the home holds."""
    return {str(path): path.read_bytes() for path in Path(home.root).rglob("*") if path.is_file()}


def code(home: Home, *arguments: str, **environ: str) -> str:
    """The code of a command's first error."""
    found: dict[str, Any] = json.loads(run(home, *arguments, "--json", extra=environ).stdout)
    return str(found["errors"][0]["code"]) if found["errors"] else ""


@pytest.mark.parametrize("name", CALLS)
def test_an_agent_is_refused(home: Home, name: str) -> None:
    """Before anything is looked at, so that nothing has changed; with the word it is not, nor is a person."""
    write_task(home, "mine", "prompt: x\nenabled: false\n")
    write_task(home, "other", "broken")
    before = everything(home)
    call = (*name.split(), *CALLS[name])
    ended = run(home, *call, "--json", extra=AGENT)
    [error] = json.loads(ended.stdout)["errors"]
    assert (ended.status, error["code"]) == (1, "confirm_needed")
    assert PERSONS[name] in error["message"]
    assert "--confirm" in error["hint"]
    assert everything(home) == before
    assert code(home, *call, "--confirm", **AGENT) != "confirm_needed"
    assert code(home, *call) != "confirm_needed"


@pytest.mark.parametrize(
    "call",
    [
        ("install", "--scheduler", "cron", "--dry-run"),
        ("install", "--scheduler", "cron", "--diff"),
        ("restore", "/nowhere.tar.gz", "--dry-run"),
    ],
)
def test_an_agent_may_look(home: Home, call: tuple[str, ...]) -> None:
    assert code(home, *call, **AGENT) != "confirm_needed"


@pytest.mark.parametrize(
    "variable", ["CLAUDECODE", "CODEX_THREAD_ID", "GEMINI_CLI", "OPENCODE", "AI_AGENT", "CLODPUTER_RUN_ID"]
)
def test_every_agent_and_every_run_is_known(home: Home, variable: str) -> None:
    assert code(home, "resume", "--all", **{variable: "1"}) == "confirm_needed"
    assert code(home, "resume", "--all", **{variable: ""}) == ""


def test_a_program_of_a_run_is_refused(home: Home) -> None:
    """A task that may call clodputer gives neither itself nor others more rights."""
    write_task(home, "other", "prompt: x\nenabled: false\n")
    call = ["/bin/sh", "-c", '"$0" -m clodputer enable other --json > "$1/said"; true']
    command = json.dumps([*call, sys.executable, home.root])
    write_task(home, "mine", f"agent: command\ncommand: {command}\nenv: {{PYTHONPATH: '{ROOT}'}}\n")
    clodputer(home, "run", "mine")
    said = json.loads(Path(home.root, "said").read_text())
    assert said["errors"][0]["code"] == "confirm_needed"
    assert "enabled: false" in Path(home.tasks, "other.yaml").read_text()


def test_a_setting_that_widens(home: Home) -> None:
    Path(home.config).write_text("# mine\nmax_cost_usd: 2\ntimeout: 5m\n")
    before = Path(home.config).read_text()
    for call in (("set", "max_cost_usd", "3"), ("unset", "max_cost_usd"), ("set", "metrics", "~/.bashrc")):
        assert code(home, "config", *call, **AGENT) == "confirm_needed"
    assert Path(home.config).read_text() == before
    assert code(home, "config", "set", "max_cost_usd", "1", **AGENT) == ""
    assert code(home, "config", "set", "timeout", "2h", **AGENT) == ""
    assert code(home, "config", "set", "max_cost_usd", "3", "--confirm", **AGENT) == ""
    assert code(home, "config", "set", "max_cost_usd", "9") == ""
    assert "# mine\nmax_cost_usd: 9\n" in Path(home.config).read_text()


def test_a_hold_is_not_ended_earlier(home: Home) -> None:
    """A pause of a second would replace the one of everything, for good, by which somebody stopped it all."""
    clodputer(home, "stop")
    before = everything(home)
    assert code(home, "pause", "--all", "--for", "1s", **AGENT) == "confirm_needed"
    assert everything(home) == before
    assert code(home, "pause", "--all", **AGENT) == ""
    assert code(home, "pause", "--lane", "default", "--for", "1h", **AGENT) == ""
    assert code(home, "pause", "--lane", "default", "--for", "2h", **AGENT) == ""
    assert code(home, "pause", "--all", "--for", "1s", "--confirm", **AGENT) == ""


def test_a_question_costs_no_more_than_was_allowed(home: Home) -> None:
    call = ("ask", "Why?", "--no-wait", "--cwd", home.root)
    assert code(home, *call, "--max-cost", "1.01", **AGENT) == "confirm_needed"
    assert code(home, *call, "--max-cost", "1", **AGENT) == ""
    Path(home.config).write_text("max_cost_usd: 0.2\n")
    assert code(home, *call, "--max-cost", "0.5", **AGENT) == "confirm_needed"
    assert code(home, *call, **AGENT) == ""


def test_what_is_not_ours_stays_switched_on(home: Home, tmp_path: Path) -> None:
    crontab = tmp_path / "crontab"
    crontab.write_text("0 8 * * * cd /tmp && claude -p 'Say hello'\n")
    call = ("import", "crontab", str(crontab), "--disable-originals")
    before = everything(home)
    assert code(home, *call, **AGENT) == "confirm_needed"
    assert (everything(home), crontab.read_text().startswith("0 8")) == (before, True)
    assert code(home, *call, "--dry-run", **AGENT) != "confirm_needed"
