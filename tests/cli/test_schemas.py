"""The promise to programs: what every command prints with --json is what its schema in docs/schemas says."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from clodputer.cli.group import COMMANDS
from clodputer.cli.main import main
from clodputer.model import outcome
from clodputer.model.publish.intent import Bounds
from clodputer.model.schedules import due
from clodputer.store.home import Home
from clodputer.store.outgoing import intentplace, intents
from tests.cli.calls import CALLS, Call
from tests.cli.full_home import full_home
from tests.cli.past import past_run
from tests.cli.promises import REGISTRY, SCHEMAS, forms, references, wrong
from tests.workshop import (
    ROOT,
    events,
    make_home,
    run,
)

# What several commands have in common.
SHARED = {
    "attempts",
    "envelope",
    "hold",
    "record",
    "event",
    "outcome",
    "moment",
    "fate",
    "coming",
    "estimate",
    "expected",
    "scheduler",
    "notification",
    "waits",
    "taskchange",
}
NAMES = list(COMMANDS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with something of everything, and a run that is going on."""
    with full_home(tmp_path_factory.mktemp("schemas")) as home:
        yield home


@pytest.fixture
def answer(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls a command with --json; its exit code and envelope."""
    context = {
        "PATH": f"{ROOT}/tests/fakes:{os.environ['PATH']}",
        "CLODPUTER_HOME": home.root,
        "FAKE_CRONTAB": home.root,
        "EDITOR": "true",
        "VISUAL": "",
    }
    for name, value in context.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str, apart: bool = False) -> tuple[int, Any]:
        arguments = tuple(one.replace("{folder}", os.path.dirname(home.root)) for one in arguments)
        if not apart:
            status = main([*arguments, "--json"])
            return status, json.loads(capsys.readouterr().out)
        ended = run(home, *arguments, "--json", extra=context)
        return ended.status, json.loads(ended.stdout)

    return call


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_one(name: str) -> None:
    """By the rules of draft 2020-12; and all that it refers to is there."""
    schema = SCHEMAS[name]
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]
    Draft202012Validator.check_schema(schema)
    resolver = REGISTRY.resolver(name)
    for place in references(schema):
        resolver.lookup(place)


@pytest.mark.parametrize("command", NAMES)
def test_every_command_has_a_schema_and_every_form_of_it_is_tried(command: str) -> None:
    assert f"{command}.json" in SCHEMAS, "a command without a schema is no promise: docs/schemas/README.md"
    assert {call.form for call in CALLS[command]} == forms(command)


@pytest.mark.parametrize(
    ("command", "call"),
    [(command, call) for command in NAMES for call in CALLS.get(command, ())],
    ids=lambda each: each if isinstance(each, str) else " ".join(each.arguments) or "alone",
)
def test_what_a_command_answers_is_what_was_promised(
    answer: Any, command: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if call.fresh:
        monkeypatch.setenv("CLODPUTER_HOME", make_home(tmp_path).root)
    if command == "intend":
        intents.lay_out(str(tmp_path), Bounds(("push",)))
        monkeypatch.setenv(intentplace.VARIABLE, intentplace.path(str(tmp_path)))
    status, envelope = answer(command, *call.arguments, apart=call.apart)
    assert status == call.status, envelope["errors"]
    assert envelope["ok"] == (status == 0)
    assert wrong(envelope["data"], f"{command}.json#/$defs/{call.form}") == ""
    assert wrong(envelope, f"{command}.json") == ""


def test_an_installation_from_its_beginning_to_its_end(answer: Any) -> None:
    """In a crontab of the test's own: what is installed, seen there and removed again."""
    steps = {
        "install": (("good", "--scheduler", "cron"), "data", "changes"),
        "status": (("--schedulers",), "schedulers", "schedulers"),
        "uninstall": (("--scheduler", "cron"), "data", "changes"),
    }
    for command, (arguments, form, filled) in steps.items():
        status, envelope = answer(command, *arguments, apart=True)
        assert (status, envelope["errors"]) == (0, [])
        assert envelope["data"][filled]
        assert wrong(envelope["data"], f"{command}.json#/$defs/{form}") == ""
        if command == "status":
            assert any(one["units"] for one in envelope["data"]["schedulers"])


@pytest.mark.parametrize("command", NAMES)
def test_an_error_is_an_envelope_as_well(answer: Any, command: str) -> None:
    status, envelope = answer(command, "--no-such-option")
    assert (status, envelope["ok"], envelope["data"]) == (2, False, {})
    assert wrong(envelope, f"{command}.json") == ""


@pytest.mark.parametrize(
    "command",
    [
        name
        for name in NAMES
        if name
        not in (
            "init",
            "demo",
            "doctor",
            "completion",
            "help",
            "restore",
            "uninstall",
            "receive",
            "intend",
            "bar",
            "explain",
            "mcp",
            "skill",
            "schema",
        )
    ],
)
def test_without_a_home_it_is_one_as_well(
    answer: Any, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLODPUTER_HOME", str(tmp_path / "none"))
    status, envelope = answer(command, *CALLS[command][0].arguments)
    assert (status, [error["code"] for error in envelope["errors"]]) == (1, ["no_home"])
    assert envelope["errors"][0]["hint"] == "Run: clodputer init"
    assert wrong(envelope, f"{command}.json") == ""


@pytest.mark.parametrize("command", NAMES)
def test_help_is_an_envelope_as_well(answer: Any, command: str) -> None:
    status, envelope = answer(command, "--help")
    assert status == 0
    assert wrong(envelope["data"], "envelope.json#/$defs/help") == ""
    assert wrong(envelope, f"{command}.json") == ""


def test_a_command_that_there_is_not(answer: Any) -> None:
    assert wrong(answer("rnu")[1], "envelope.json") == ""


def test_the_home_shows_all_that_is_promised(home: Home, answer: Any) -> None:
    """Nothing above is right only because a list was empty."""
    seen = {
        name: answer(*name.split())[1]["data"]
        for name in ("status", "queue", "list", "why good", "why held", "show long")
        if name.split()[0] in COMMANDS
    }
    assert seen["why good"]["not_run"]
    assert seen["why held"]["hold"]
    assert seen["show long"]["unfinished"]["state"] == "running"
    if "status" in seen:
        status = seen["status"]
        empty = [
            key for key in ("running", "holds", "last_runs", "missed", "next", "broken") if not status[key]
        ]
        assert empty == []
        assert {"running", "queued", "delayed"} <= {one["state"] for one in seen["queue"]["requests"]}
        assert any(task["last_run"] for task in seen["list"]["tasks"])
    lines = events(home)
    assert {"started", "finished", "rejected", "buried"} <= {line["event"] for line in lines}
    assert [wrong(line, "event.json") for line in lines if wrong(line, "event.json")] == []


def test_outcomes_and_reasons_are_those_of_the_program() -> None:
    """A new reason changes the schema, and is thus seen by whoever reads it."""
    told = {
        one["properties"]["outcome"]["const"]: one["properties"]["reason"]["enum"]
        for one in SCHEMAS["outcome.json"]["oneOf"]
    }
    assert list(told) == list(outcome.OUTCOMES)
    for name, reasons in told.items():
        assert reasons == [code for code, reason in outcome.REASONS.items() if reason.outcome == name]


def test_reasons_of_slot_times_are_those_of_the_program() -> None:
    assert SCHEMAS["fate.json"]["properties"]["reason"]["enum"] == list(due.REASONS)


def test_every_key_of_a_record_is_promised_and_missed(tmp_path: Path) -> None:
    """A record has the keys of the schema and no others; without any one of them, or with a wrong pair, it is none."""
    _, record = past_run(make_home(tmp_path), "good", "0ad0ad00")
    assert wrong(record, "record.json") == ""
    assert list(record) == SCHEMAS["record.json"]["required"]
    for key in record:
        less = copy.copy(record)
        del less[key]
        assert wrong(less, "record.json"), key
    assert wrong({**record, "reason": "auth"}, "record.json")
    assert wrong({**record, "started_at": "yesterday"}, "record.json")
    assert wrong({**record, "a_key_to_come": 1}, "record.json") == ""


def test_there_is_no_schema_of_something_unknown() -> None:
    """Each file is shared or belongs to a command that is called here."""
    files = {"task", "settings"}  # tests/test_keys.py
    assert {name[: -len(".json")] for name in SCHEMAS} == SHARED | set(CALLS) | files
