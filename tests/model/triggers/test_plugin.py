"""Plugins decided purely: answers read with distrust, when the next poll is, configs filled in."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest

from clodputer.model.gates.breaker import End
from clodputer.model.triggers.plugin import (
    BREAKER,
    EVERY,
    FAILED,
    HOUR,
    KEYS,
    LARGEST_STATE,
    PERMANENT,
    SLACK,
    Manifest,
    Missing,
    Schedule,
    filled_in,
    manifest,
    next_poll,
)
from clodputer.model.triggers.pluginreply import Heard, answer, question, read
from clodputer.store.taskfiles.models import validated

NOW = 1_800_000_000.0
OK = {"status": "ok"}
EVENT = {"type": "found", "payload": {"n": 1}}


def heard(answered: Any, **more: Any) -> Heard:
    """A call that answered so."""
    text = answered if isinstance(answered, str) else json.dumps(answered)
    return Heard(text, **{"exit_status": 0, **more})


@pytest.mark.parametrize(
    ("text", "noise"),
    [
        ('{"status": "ok"}', ""),
        ('\n {"status": "ok"}\n', ""),
        ('{\n "status":\n "ok"\n}\n', ""),
        ('warming up\n{"status": "ok"}\n', "warming up"),
        ('{"status": "ok"}\nbye\n', "bye"),
        ('one\n{"n": 1}\n{"status": "ok"}\ntwo\n', 'one\n{"n": 1}\ntwo'),
        ('before {\n "status": "ok"\n} after', "before  after"),
        ("", None),
        ("hello", None),
        ("[1]", None),
        ('"status"', None),
        ('{"status": "fine"}', None),
        ('{"status": ["ok"]}', None),
        ('{"status": "ok"', None),
        ("{" * 100_000, None),
        ('{"a":' * 5000, None),
    ],
)
def test_the_answer_is_found_in_the_noise(text: str, noise: Optional[str]) -> None:
    found, rest = answer(text)
    assert (found is None) == (noise is None)
    assert found in (None, OK)
    assert rest == (text if noise is None else noise)


@pytest.mark.parametrize(
    ("call", "reason", "message"),
    [
        (heard(OK), "", ""),
        (heard({**OK, "events": [], "state_updates": {}, "logs": [], "error": None, "retry": None}), "", ""),
        (heard({"status": "error", "error": "no\n network"}), FAILED, "no network"),
        (heard({"status": "error"}), FAILED, "without a message"),
        (heard({"status": "error", "error": "gone", "retry": False}), PERMANENT, "gone"),
        (heard({"status": "error", "error": "x" * 9000}), FAILED, "x" * 2000),
        (heard("nothing", complaint="Traceback"), FAILED, "not a JSON object with a status: Traceback"),
        (heard({**OK, "evnts": []}), PERMANENT, "unknown field 'evnts'"),
        (heard({**OK, "events": {}, "state_updates": []}), "", ""),
        (heard({**OK, "events": {"a": 1}}), PERMANENT, "events as a list"),
        (heard({**OK, "state_updates": [1]}), PERMANENT, "state_updates as an object"),
        (heard({**OK, "events": [{"type": "a b"}]}), PERMANENT, "events[0]: type: expected"),
        (
            heard({**OK, "events": [EVENT, {**EVENT, "from": "x"}]}),
            PERMANENT,
            "events[1]: from is not to be given",
        ),
        (heard({**OK, "events": [EVENT] * 101}), PERMANENT, "101 events"),
        (heard({**OK, "state_updates": {"x": "y" * LARGEST_STATE}}), PERMANENT, "its state cannot be kept"),
        (heard('{"status": "ok", "state_updates": {"x": NaN}}'), PERMANENT, "its state cannot be kept"),
        (heard(OK, exit_status=3), FAILED, "it exited with status 3"),
        (heard({"status": "error", "error": "why"}, exit_status=3), FAILED, "status 3: why"),
        (heard("", exit_status=78, complaint="no key"), PERMANENT, "its configuration is wrong: no key"),
        (heard(OK, exit_status=None, signal=9), FAILED, "ended by signal 9"),
        (heard(OK, exit_status=None, signal=15, stopped="timeout"), FAILED, "it was stopped (timeout)"),
    ],
)
def test_answers(call: Heard, reason: str, message: str) -> None:
    """What is not in order changes nothing and brings nothing; what is said is bounded."""
    found = read(call, "watcher", "poll", "job", {})
    assert (found.reason, message in found.message) == (reason, True)
    assert len(found.message) < 2200
    assert not reason or (found.events, found.updates) == ((), {})


def test_a_good_answer() -> None:
    """Events have the plugin's name and ids of their own, the same each time; logs are kept with the noise."""
    logs = ["plain", {"level": "warn", "message": "two\nlines"}, {"level": 3}, 4]
    call = heard(
        "hm\n" + json.dumps({**OK, "events": [EVENT, EVENT], "state_updates": {"n": 2}, "logs": logs})
    )
    found = read(call, "watcher", "poll", "job", {"n": 1, "m": 1})
    assert [(event.sender, event.type, event.payload) for event in found.events] == [
        ("watcher", "found", {"n": 1})
    ] * 2
    assert len({event.id for event in found.events}) == 2
    assert found == read(call, "watcher", "poll", "job", {"n": 1})
    assert found.updates == {"n": 2}
    assert found.logs == (("noise", "hm"), ("info", "plain"), ("warn", "two lines"))


@pytest.mark.parametrize("command", ["health", "init"])
def test_what_only_looks_changes_nothing(command: str) -> None:
    found = read(heard({**OK, "events": [EVENT], "state_updates": {"n": 2}}), "watcher", command, "job", {})
    assert (found.reason, found.events, found.updates) == ("", (), {})


def test_the_question() -> None:
    asked = json.loads(question("job", "poll", {"a": "é"}, {"n": 1}, None, "2027-01-15T08:00:00.000Z"))
    assert asked == {
        "protocol": 1,
        "job_id": "job",
        "command": "poll",
        "config": {"a": "é"},
        "state": {"n": 1},
        "event": None,
        "deadline_at": "2027-01-15T08:00:00.000Z",
    }


def test_a_config_is_filled_in_once() -> None:
    config = {"url": "https://${HOST}/x", "list": ["${A}${A}", 3], "deep": {"x": "$A {A} $${B}"}}
    found = filled_in(config, {"HOST": "h", "A": "${HOST}", "B": "b"})
    assert found == {"url": "https://h/x", "list": ["${HOST}${HOST}", 3], "deep": {"x": "$A {A} $b"}}
    with pytest.raises(Missing, match=r"^NONE$"):
        filled_in({"a": ["${NONE}"]}, {})


FIELDS = {"name": "watcher", "protocol": 1, "entrypoint": "run.sh", "commands": ["poll"]}


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({}, None),
        ({"schedule": {"every": "15m", "jitter": "1m"}, "timeout": "30s", "config_keys": ["a"]}, None),
        ({"commands": []}, "at least one"),
        ({"commands": ["poll", "dance"]}, "poll, handle, health, init"),
        ({"schedule": {"every": "3m"}}, "5m, 15m"),
        ({"schedule": {}}, "expected a key every"),
        ({"timeout": "10m"}, "5m"),
        ({"entrypoint": ""}, "some text"),
        ({"entrypont": "x"}, "unknown key (did you mean 'entrypoint'?)"),
        ({"name": "a b"}, "1 to 64 letters"),
    ],
)
def test_manifests(more: dict[str, Any], wrong: Optional[str]) -> None:
    found, problems = validated(KEYS, {**FIELDS, **more})
    assert [message for _, message in problems if (wrong or "") not in message] == []
    assert bool(problems) == (wrong is not None)
    if wrong is None:
        made = manifest(found)
        assert (made.name, made.commands) == ("watcher", ("poll",))
        assert (made.schedule is None) == ("schedule" not in more)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_key_takes_its_example(key: Any) -> None:
    found, wrong = validated([key], {key.name: key.example})
    assert (wrong, list(found)) == ([], [key.name])


def ends(*kinds: str) -> list[End]:
    """Polls that ended so, the newest first, a minute apart."""
    outcome = {"": ("succeeded", "completed"), "f": ("failed", FAILED), "p": ("failed", PERMANENT)}
    return [End(NOW - 60.0 * number, *outcome[kind]) for number, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("every", "past", "later"),
    [
        ("15m", [], 0.0),
        ("15m", [""], 900.0 - SLACK),
        ("5m", ["", "f"], 300.0 - SLACK),
        ("15m", ["f"], 60.0 - SLACK),
        ("15m", ["f", "f"], 120.0 - SLACK),
        ("15m", ["f", "f", "f"], BREAKER.cooldown),
        ("daily", ["f", "f", "f"], 86400.0 - SLACK),
        ("15m", ["p"], BREAKER.cooldown),
        ("15m", ["f", "p", ""], BREAKER.cooldown - 60.0 + 60.0),
        ("15m", ["", "p"], 900.0 - SLACK),
    ],
)
def test_when_the_next_poll_is(every: str, past: list[str], later: float) -> None:
    """A failure is tried again soon, then later; the breaker of tasks keeps it for an hour, at once where it is permanent."""
    found = Manifest("watcher", "run.sh", ("poll",), schedule=Schedule(EVERY[every]))
    due = next_poll(found, ends(*past), NOW)
    assert due is not None
    assert due - NOW == pytest.approx(later)
    assert next_poll(found._replace(schedule=None), ends(*past), NOW) is None


def test_jitter_is_bounded_and_stays() -> None:
    found = Manifest("watcher", "run.sh", ("poll",), schedule=Schedule(HOUR, 600.0))
    delays = {next_poll(found._replace(name=f"w{number}"), ends(""), NOW) or 0.0 for number in range(50)}
    assert len(delays) > 40
    assert all(0 <= due - NOW - (HOUR - SLACK) < 600.0 for due in delays)
    assert next_poll(found, ends(""), NOW) == next_poll(found, ends(""), NOW + 5)
