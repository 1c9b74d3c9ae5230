"""What a task says of who is told, of what, and when; and its pings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from tests.listener import Got, Listener, answering, listening
from tests.workshop import command_task, drop, execute, records, write_secrets


@pytest.fixture
def server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


def configure(home: Home, server: Listener, text: str = "") -> None:
    """Two webhooks, a and b, at that server."""
    write_secrets(home, f"AT={server.url}\n")
    channels = "".join(f'  {name}: {{type: webhook, url: "{{{{ env.AT }}}}/{name}"}}\n' for name in "ab")
    Path(home.config).write_text(text or f"notify:\n{channels}")


def run(home: Home, task: str) -> None:
    drop(home, task)
    execute(home)


def told(server: Listener) -> list[tuple[str, str]]:
    return sorted((got.path, json.loads(got.body)["event"]) for got in server.got)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", ["/a", "/b"]),
        ("notify: {channels: [b]}\n", ["/b"]),
        ("notify: {channels: []}\n", []),
        ("notify: {channels: [gone]}\n", []),
        ("notify: {on: [recovered]}\n", []),
        ("notify: {on: [failed], channels: a}\n", ["/a"]),
    ],
)
def test_a_task_chooses_channels_and_edges(
    home: Home, server: Listener, more: str, expected: list[str]
) -> None:
    configure(home, server)
    command_task(home, "bad", "/bin/false", more=more)
    run(home, "bad")
    assert told(server) == [(path, "failed") for path in expected]


def test_a_channel_chooses_edges(home: Home, server: Listener) -> None:
    configure(home, server, f"notify: {{a: {{type: webhook, url: '{server.url}/a', on: recovered}}}}\n")
    command_task(home, "bad", "/bin/false")
    run(home, "bad")
    assert server.got == []


@pytest.mark.parametrize(
    ("says", "more", "expected"),
    [
        ("all is well", "notify: {quiet_unless: WARNING}\n", []),
        ("a WARNING: look", "notify: {quiet_unless: WARNING}\n", ["result"]),
        ("", "notify: {quiet_unless: WARNING}\n", ["result"]),
        ("x" * 40, "notify: {quiet_unless: '(x+x+)+y'}\n", ["result"]),
        ("all is well", "notify: {on: [result]}\n", ["result"]),
        ("all is well", "", []),
    ],
)
def test_a_result_is_told_when_the_task_says_so(
    home: Home, server: Listener, says: str, more: str, expected: list[str]
) -> None:
    """Also when the expression takes for ever, which holds up nothing."""
    configure(home, server)
    command_task(home, "watch", "/bin/echo", says, more=more.replace("{", "{channels: [a], ") if more else "")
    run(home, "watch")
    assert [edge for _, edge in told(server)] == expected
    if expected:
        assert says.strip() in json.loads(server.got[0].body)["message"]


def test_a_digest_waits_for_its_time(home: Home, server: Listener) -> None:
    configure(home, server)
    command_task(home, "bad", "/bin/false", more="notify: {digest: daily 08:00}\n")
    run(home, "bad")
    waiting = [one.letter for one in outbox.waiting(home)]
    assert server.got == []
    assert sorted((letter.channel, letter.digest) for letter in waiting) == [("a", True), ("b", True)]
    assert waiting[0].created_at < waiting[0].due <= waiting[0].created_at + 25 * 3600


def pings(server: Listener) -> list[Got]:
    return server.got


@pytest.mark.parametrize(
    ("command", "end"),
    [
        (["/bin/sh", "-c", "echo fine $WORD"], ""),
        (["/bin/sh", "-c", "exit 3"], "/3"),
        (["/nonexistent/x"], "/fail"),
    ],
)
def test_a_ping_tells_of_the_start_and_the_end_of_each_run(
    home: Home, server: Listener, command: list[str], end: str
) -> None:
    """While it runs, with one id for both, and without any secret."""
    write_secrets(home, f"CHECK={server.url}/uuid\nWORD=s3cret-word\n")
    command_task(home, "pinged", *command, more='ping: "{{ env.CHECK }}"\nenv: {WORD: "{{ env.WORD }}"}\n')
    run(home, "pinged")
    paths = [got.path.partition("?")[0] for got in server.got]
    assert paths == ["/uuid/start", f"/uuid{end}"] or paths == [
        f"/uuid{end}"
    ]  # a start that was overtaken is not sent
    (record,) = records(home, "pinged")
    last = server.got[-1]
    assert record["outcome"] in last.body.decode()
    assert b"s3cret" not in last.body
    assert len({got.path.partition("?rid=")[2] for got in server.got}) == 1
    assert list(outbox.waiting(home)) == []


def test_a_start_is_told_while_the_run_lasts(home: Home, server: Listener) -> None:
    """The run ends only when the start has come."""
    arrived = Path(home.root, "arrived")
    ok = answering(200)

    def answer(handler: Any) -> None:
        arrived.touch()
        ok(handler)

    server.answer = answer
    loop = f"for i in $(seq 600); do test -e {arrived} && exit 0; sleep 0.05; done; exit 1"
    command_task(home, "slow", "/bin/sh", "-c", loop, more=f"ping: {server.url}/uuid\n")
    run(home, "slow")
    assert [got.path.partition("?")[0] for got in server.got] == ["/uuid/start", "/uuid"]


def test_a_ping_of_everything_and_one_that_is_down(home: Home, server: Listener) -> None:
    """It waits, and of several ends only the latest is kept."""
    configure(home, server, f"ping: {server.url}/all\n")
    server.answer = answering(503)
    command_task(home, "one", "/bin/true")
    command_task(home, "two", "/bin/false")
    run(home, "one")
    run(home, "two")
    (waiting,) = outbox.waiting(home)
    assert waiting.letter.ping["path"] == "/1"
    assert "two: failed" in waiting.letter.ping["body"]
    assert [record["outcome"] for record in records(home, "one")] == ["succeeded"]
