"""Follow-ups that tell somebody: put into the outbox exactly once however often we are killed, sent, and masked."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from clodputer.runner.recover import recover
from clodputer.runner.settle import settle
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from tests.killing import killed_at
from tests.listener import Listener, listening
from tests.runner.test_follow import PLACE, SLOT, ended
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    execute,
    make_home,
    write_secrets,
)

CHANNELS = (
    "notify: {one: {type: command, command: [/bin/true]}, two: {type: command, command: [/bin/true]}}\n"
)


def hook(home: Home, listener: Listener) -> None:
    Path(home.config).write_text(f"notify: {{hook: {{type: webhook, url: '{listener.url}/'}}}}\n")


def test_it_is_filled_in_masked_and_sent(home: Home) -> None:
    write_secrets(home, "TOKEN=very-secret-word\n")
    with listening() as listener:
        hook(home, listener)
        told = "on_success: [{notify: '{{ record.task }} said: {{ result }}'}]\n"
        command_task(home, "work", "/bin/echo", "{{ very-secret-word }}".strip("{} "), more=told)
        text = (
            Path(home.tasks, "work.yaml").read_text().replace('"very-secret-word"', '"a very-secret", "word"')
        )
        Path(home.tasks, "work.yaml").write_text(text)
        drop(home, "work")
        execute(home)
        (message,) = [json.loads(got.body) for got in listener.got]
    assert (message["event"], message["title"]) == ("follow_up", "work: succeeded")
    assert message["message"] == "work said: a very-secret word"
    assert message["command"] == f"clodputer show {message['run_id']}"
    assert [event["on"] for event in events(home, "followed")] == ["on_success"]


def test_a_secret_in_it_is_masked(home: Home) -> None:
    write_secrets(home, "TOKEN=very-secret-word\n")
    Path(home.config).write_text(CHANNELS)
    command_task(
        home, "work", "/bin/true", more="on_success: [{notify: 'it is {{ result }}', channels: [one]}]\n"
    )
    record = ended(home, look(environment(home)), "work", result="very-secret-word")
    (effect,) = [effect for effect in record["effects"] if effect["effect"] == "notify"]
    assert effect["message"] == "it is ***"
    assert [letter["channel"] for letter in effect["letters"]] == ["one"]


@pytest.mark.parametrize(
    ("config", "more", "channels"),
    [
        (CHANNELS, "", ["one", "two"]),
        (CHANNELS, "notify: {channels: [two]}\n", ["two"]),
        ("", "", []),
        (CHANNELS, "notify: {channels: []}\n", []),
    ],
)
def test_who_is_told(home: Home, config: str, more: str, channels: list[str]) -> None:
    Path(home.config).write_text(config)
    command_task(home, "work", "/bin/true", more=f"on_success: [{{notify: hello}}]\n{more}")
    record = ended(home, look(environment(home)), "work")
    found = [effect for effect in record["effects"] if effect.get("form") == "notify"]
    assert [letter["channel"] for letter in found[0].get("letters", [])] == channels
    assert found[0].get("code") == (None if channels else "no_channel")


def test_killed_at_every_step_of_settling(tmp_path: Path) -> None:
    """Two letters, each put into the outbox once: what was sent before the crash is not put there again."""
    steps = 0
    for step in range(1, 200):
        folder = tmp_path / str(step)
        folder.mkdir()
        home = make_home(folder)
        Path(home.config).write_text(CHANNELS)
        command_task(home, "work", "/bin/true", more="on_success: [{notify: hello}]\n")
        context = look(environment(home))
        record = ended(home, context, "work")
        sent: list[str] = []

        def deliver(home: Home = home, sent: list[str] = sent) -> None:
            for name in outbox.names(home):
                letter = outbox.read(home, name)
                assert letter is not None
                sent.append(letter.id)
                outbox.sent(home, name)

        killed = killed_at(step, partial(settle, context, SLOT, PLACE, record, 0.0))
        deliver()
        if killed:
            recover(context, SLOT, 0.0)
            deliver()
        known = sorted(letter["id"] for letter in record["effects"][0]["letters"])
        written = Path(home.runs, "work", record["run_id"], "record.json").exists()
        assert sorted(sent) == (known if written else []), step
        steps = step
        if not killed:
            break
    assert 10 < steps < 199


def test_a_command_that_hangs_is_ended_at_its_limit(home: Home) -> None:
    """And you are told of that, once until it comes again."""
    with listening() as listener:
        hook(home, listener)
        argv = "['/bin/sh', '-c', 'test -e ok || sleep 1000']"
        folder = f"working_directory: {home.root}\n"
        command_task(
            home, "work", "/bin/true", more=f"on_success: [{{command: {argv}, timeout: 0.3s}}]\n{folder}"
        )
        for _ in range(2):
            drop(home, "work")
            execute(home)
        missing = events(home, "not_followed")
        assert [event["reason"] for event in missing] == ["command_failed"] * 2
        assert "it was stopped (timeout)" in missing[0]["message"]
        told = [json.loads(got.body) for got in listener.got]
        assert [message["event"] for message in told] == ["not_followed"]
        assert "on_success: /bin/sh did not come" in told[0]["message"]
        assert told[0]["command"] == f"clodputer show {told[0]['run_id']} --trace"


def test_keys_beside_another_form_are_a_mistake(home: Home) -> None:
    command_task(
        home, "work", "/bin/true", more="on_success: [{log: x, timeout: 3s}, {run: work2, channels: [x]}]\n"
    )
    said = "".join(clodputer(home, "validate", "work", status=1))
    assert "has no effect without command" in said
    assert "has no effect without notify" in said
