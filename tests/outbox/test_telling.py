"""Telling somebody, from the end of a run to what a real server gets."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from tests.listener import Listener, answering, listening
from tests.workshop import command_task, drop, events, execute, write_secrets


@pytest.fixture
def hook() -> Iterator[Listener]:
    """A server that a channel names."""
    with listening() as listener:
        yield listener


def configure(home: Home, listener: Listener, more: str = "") -> None:
    """A config.yaml whose one channel is a webhook at that server."""
    write_secrets(
        home, f"HOOK={listener.url}/hook?key=s3cret-key-in-the-address\nHOOK_SECRET=signing-secret\n"
    )
    text = 'notify: {hook: {type: webhook, url: "{{ env.HOOK }}", secret: "{{ env.HOOK_SECRET }}"}}\n'
    Path(home.config).write_text(f"{text}{more}", encoding="utf-8")


def told(listener: Listener) -> list[str]:
    """The events that it was told, in order."""
    return [json.loads(got.body)["event"] for got in listener.got]


def run(home: Home, task: str) -> None:
    drop(home, task)
    execute(home)


def test_a_failure_is_told_once_and_the_recovery_too(home: Home, hook: Listener) -> None:
    configure(home, hook)
    command_task(home, "nightly", "/bin/sh", "-c", "test -e ok")
    text = Path(home.tasks, "nightly.yaml").read_text()
    Path(home.tasks, "nightly.yaml").write_text(f"{text}working_directory: {home.root}\n")
    run(home, "nightly")
    run(home, "nightly")
    assert told(hook) == ["failed"]
    Path(home.root, "ok").touch()
    run(home, "nightly")
    run(home, "nightly")
    assert told(hook) == ["failed", "recovered"]
    first = hook.got[0]
    message = json.loads(first.body)
    assert message["task"] == "nightly"
    assert message["command"] == f"clodputer show {message['run_id']}"
    assert home.root in message["where"]
    signature = hmac.new(b"signing-secret", first.body, hashlib.sha256).hexdigest()
    assert first.headers["X-Clodputer-Signature"] == f"sha256={signature}"
    assert list(outbox.waiting(home)) == []
    assert [event["edge"] for event in events(home, "told")] == ["failed", "recovered"]


def test_a_secret_stands_in_no_letter_and_no_log(home: Home, hook: Listener) -> None:
    hook.answer = answering(500, body=f"no, {hook.url}/hook?key=s3cret-key-in-the-address is wrong".encode())
    configure(home, hook)
    command_task(home, "bad", "/bin/false")
    run(home, "bad")
    (waiting,) = outbox.waiting(home)
    assert waiting.letter.tries == 1
    assert "500" in waiting.letter.last_error
    for path in (Path(home.outbox, waiting.name), Path(home.log), Path(home.ledger, "told.json")):
        assert "s3cret" not in path.read_text()
        assert "signing-secret" not in path.read_text()
