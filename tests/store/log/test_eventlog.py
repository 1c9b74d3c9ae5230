"""The log: whole lines, whoever writes at the same time, and no secrets."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

from clodputer.model.text.mask import Masker, masker
from clodputer.store.home import Home
from clodputer.store.log import events as eventlog
from tests.workshop import events, make_home


def write_many(home: Home, writer: int) -> None:
    """One of several writers."""
    for number in range(200):
        eventlog.append(
            home, Masker(), 0.0, "queued", request_id=f"{writer}-{number}", text="x" * (number * 20)
        )


def test_concurrent_writers_never_tear_a_line(tmp_path: Path) -> None:
    """Eight processes, 1,600 lines: every one of them is JSON and none is missing."""
    home = make_home(tmp_path)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(home, writer)) for writer in range(8)]
    for process in writers:
        process.start()
    for process in writers:
        process.join(100)
    assert {event["request_id"] for event in events(home)} == {
        f"{w}-{n}" for w in range(8) for n in range(200)
    }


def test_keys_and_secrets(tmp_path: Path) -> None:
    """The fixed keys come first, moments are UTC, and secrets are masked in every value."""
    home = make_home(tmp_path)
    eventlog.append(home, masker(["hunter22"]), 1.5, "rejected", message="key hunter22", task="x")
    line = Path(home.log).read_text()
    assert list(json.loads(line)) == ["timestamp", "event", "task", "request_id", "run_id", "message"]
    assert json.loads(line)["timestamp"] == "1970-01-01T00:00:01.500Z"
    assert json.loads(line)["message"] == "key ***"


def test_a_giant_value_is_left_out(tmp_path: Path) -> None:
    """A line stays readable: what would make it huge is left out, and the line says so."""
    home = make_home(tmp_path)
    eventlog.append(home, Masker(), 0.0, "coalesced", request_id="a", request={"body": "x" * 10**6})
    assert events(home) == [
        {
            "timestamp": "1970-01-01T00:00:00.000Z",
            "event": "coalesced",
            "task": None,
            "request_id": "a",
            "run_id": None,
            "shortened": True,
        }
    ]
