"""Telling somebody while runs go on side by side: nothing of the sending is taken for a part of a run."""

from __future__ import annotations

import json
from pathlib import Path

from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from tests.listener import listening
from tests.workshop import command_task, drop, events, execute, outcomes, records


def test_a_failure_in_one_lane_is_told_while_a_run_of_another_lasts(home: Home) -> None:
    """The run ends only when the message about the other one has come."""
    with listening() as server:
        told = Path(home.root, "told")
        command = f"for i in $(seq 1200); do test -e {told} && exit 0; sleep 0.05; done; exit 1"
        Path(home.config).write_text(
            f"notify:\n  hook: {{type: webhook, url: '{server.url}'}}\n"
            f"  mark: {{type: command, command: [/bin/touch, {told}]}}\n"
            f"ping: {server.url}/ping\n"
        )
        command_task(home, "slow", "/bin/sh", "-c", command, more="lane: slow\n")
        command_task(home, "bad", "/bin/sh", "-c", "sleep 0.1; exit 1")
        drop(home, "slow")
        drop(home, "bad")
        execute(home)
        assert outcomes(home, "slow") == ["succeeded"]
        assert outcomes(home, "bad") == ["failed"]
        assert [json.loads(got.body)["event"] for got in server.got if got.path == "/"] == ["failed"]
        assert [record["swept"] for task in ("slow", "bad") for record in records(home, task)] == [[], []]
        assert events(home, "swept") == []
        assert outbox.names(home) == []


def test_a_sender_beside_a_run_is_not_swept_with_it(home: Home) -> None:
    """The first run's failure is still being sent while the second one ends, and is then delivered."""
    with listening() as server:
        done = Path(home.root, "done")

        def slowly(handler: object) -> None:
            while not done.exists() and not server.over.wait(0.01):
                pass
            server_ok(handler)  # type: ignore[arg-type]

        server_ok, server.answer = server.answer, slowly
        Path(home.config).write_text(f"notify: {{hook: {{type: webhook, url: '{server.url}'}}}}\n")
        command_task(home, "bad", "/bin/false")
        command_task(home, "next", "/bin/sleep", "0.2")
        command_task(home, "last", "/bin/touch", str(done))
        for task in ("bad", "next", "last"):
            drop(home, task)
            Path(home.new, task).touch()
        execute(home)
        assert [outcomes(home, task) for task in ("bad", "next", "last")] == [
            ["failed"],
            ["succeeded"],
            ["succeeded"],
        ]
        assert all(record["swept"] == [] for task in ("next", "last") for record in records(home, task))
        assert len(server.got) == 1
        assert outbox.names(home) == []
