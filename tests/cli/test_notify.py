"""`clodputer notify`, and what status and doctor say of channels and of what was not delivered."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.model.notify.channel import EDGES
from clodputer.model.notify.letter import FOLLOW_UP, Letter
from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from clodputer.views.doctor.finding import PROBLEM, Finding
from clodputer.views.doctor.outside import notify as doctor
from tests.doctoring import facts
from tests.listener import answering, listening
from tests.workshop import ROOT, clodputer, command_task, write_secrets


def undelivered(home: Home) -> None:
    now = time()
    letter = Letter(
        "a",
        "hook",
        "failed",
        now + 60,
        now,
        now,
        "t",
        title="t failed",
        tries=2,
        last_error="hook answers 500",
    )
    outbox.put(home, letter)
    outbox.give_up(home, outbox.names(home)[0], letter)
    outbox.put(home, letter._replace(id="b"))


def test_without_a_channel_it_says_how_to_name_one(home: Home) -> None:
    stdout, _ = clodputer(home, "notify")
    assert "notify: {desk: {type: desktop}}" in stdout
    _, stderr = clodputer(home, "notify", "test", status=1)
    assert "names no channel" in stderr


def test_a_test_says_what_was_delivered(home: Home) -> None:
    with listening() as server:
        Path(home.config).write_text(
            f"notify: {{good: {{type: webhook, url: '{server.url}'}}, bad: {{type: command, command: [/bin/false]}}}}\n"
        )
        stdout, _ = clodputer(home, "notify", "test", status=1)
        assert "good: delivered" in stdout
        assert "bad: not delivered: false ended with status 1" in stdout
        clodputer(home, "notify", "test", "good")
        assert [json.loads(got.body)["event"] for got in server.got] == ["test", "test"]
        _, stderr = clodputer(home, "notify", "test", "godo", status=1)
        assert "did you mean 'good'" in stderr
        server.answer = answering(403)
        stdout, _ = clodputer(home, "notify", "test", "good", "--json", status=1)
        (one,) = json.loads(stdout)["data"]["tested"]
        assert (one["channel"], one["delivered"]) == ("good", False)


def test_what_waits_and_what_was_given_up_is_listed_and_can_be_forgotten(home: Home) -> None:
    Path(home.config).write_text("notify: {hook: {type: webhook, url: 'http://127.0.0.1:1', on: failed}}\n")
    undelivered(home)
    stdout, _ = clodputer(home, "notify")
    for said in (
        "hook",
        "webhook",
        "failed",
        "Waiting: 1 message",
        "Given up: 1 message",
        "hook answers 500",
    ):
        assert said in stdout
    stdout, _ = clodputer(home, "status")
    assert (
        "1 message to you was given up, 1 message to you could not be delivered yet: hook answers 500"
        in stdout
    )
    assert "See: clodputer notify" in stdout
    stdout, _ = clodputer(home, "status", "--json")
    assert json.loads(stdout)["data"]["attention"]["undelivered"] == {
        "failing": 1,
        "dead": 1,
        "last_error": "hook answers 500",
    }
    clodputer(home, "notify", "forget")
    stdout, _ = clodputer(home, "notify", "--json")
    data = json.loads(stdout)["data"]
    assert (data["waiting_number"], data["dead_number"]) == (1, 0)


CONFIGS = {
    "notify: {a: {type: webhook, url: '{{ env.GONE }}'}}": "GONE is not set",
    "notify: {a: {type: command, command: [/nonexistent/x]}}": "there is no program /nonexistent/x",
    "ping: '{{ env.GONE }}'": "the ping of config.yaml: GONE is not set",
    "notify: {a: {type: webhook, url: '{{ env.THERE }}'}}": "",
    "notify: {a: {type: command, command: [sh]}}": "",
    "": "",
}


@pytest.mark.parametrize(("config", "said"), CONFIGS.items(), ids=range(len(CONFIGS)))
def test_the_doctor_looks_whether_channels_can_work(home: Home, config: str, said: str) -> None:
    write_secrets(home, "THERE=http://127.0.0.1/x\n")
    Path(home.config).write_text(config)
    found = doctor.channels(facts(home))
    found_problems = problems(found)
    assert len(found_problems) == bool(said)
    assert all(one.startswith(said) for one in found_problems)


def problems(found: list[Finding]) -> list[Any]:
    """What their messages end with, of those that are problems."""
    return [
        one.message.partition(": ")[2] if one.message.startswith("channel") else one.message
        for one in found
        if one.level == PROBLEM
    ]


def test_the_doctor_names_channels_and_pings_of_tasks_that_do_not_work(home: Home) -> None:
    Path(home.config).write_text("notify: {a: {type: command, command: [sh]}}")
    command_task(home, "t", "/bin/true", more="notify: {channels: [b]}\nping: '{{ env.GONE }}'\n")
    said = problems(doctor.channels(facts(home)))
    assert said[0].startswith("task t names the channel b")
    assert said[1] == "the ping of task t: GONE is not set; put GONE=... into secrets.env"
    undelivered(home)
    (finding,) = doctor.undelivered_mail(facts(home))
    assert "hook answers 500" in finding.message


def test_the_schema_of_a_message_names_every_edge() -> None:
    schema = json.loads((ROOT / "docs" / "schemas" / "notification.json").read_text())
    assert schema["properties"]["event"]["enum"] == [*EDGES, FOLLOW_UP, "digest", "test"]
    page = (ROOT / "docs" / "notify.md").read_text()
    assert [edge for edge in EDGES if f"`{edge}`" not in page] == []


def test_validate_warns_of_a_channel_that_is_not_there(home: Home) -> None:
    Path(home.config).write_text("notify: {phone: {type: command, command: [sh]}}")
    command_task(home, "t", "/bin/true", more="notify: {channels: [phone, phne]}\n")
    stdout, _ = clodputer(home, "validate", "--json")
    (task,) = json.loads(stdout)["data"]["tasks"]
    (warning,) = task["warnings"]
    assert warning["message"].startswith("config.yaml has no channel phne (did you mean 'phone'?)")
    assert warning["key"] == "notify.channels"
