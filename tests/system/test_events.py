"""Events by real execs: given by runs, routed to tasks, bounded like follow-ups, each exactly once however we are killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests import stages
from tests.slots import settle
from tests.system import execs
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    program,
    records,
    write_secrets,
)

pytest_plugins = ["tests.fakes.fixtures"]

STRIDE = 7


def says(home: Home, folder: Path, name: str, *given: object) -> None:
    """A task whose runs give these events."""
    line = json.dumps({"events": given})
    command_task(home, name, str(program(folder, f"{name}.sh", f"echo looked\necho '{line}'")))


def routes(home: Home, *listed: str, more: str = "") -> None:
    """The routes of a home, each `from type to`."""
    keys = ("from", "type", "to")
    lines = [json.dumps(dict(zip(keys, one.split()))) for one in listed]
    Path(home.config).write_text("".join(["routes:\n", *(f"- {line}\n" for line in lines), more]))


def test_a_run_gives_events(tmp_path: Path) -> None:
    """In its result, under its own name; secrets are masked; what is no event is said; the trace has all of it."""
    home = make_home(tmp_path)
    write_secrets(home, "TOKEN=very-secret-word\n")
    routes(home, "look found repair", "look found tell")
    found = {"type": "found", "payload": {"where": "very-secret-word", "n": 1}, "item": "issue 4"}
    says(home, tmp_path, "look", found, {"type": "a b"}, {"type": "x", "from": "other"}, {"type": "unheard"})
    command_task(home, "repair", "true")
    command_task(home, "tell", "true")
    drop(home, "look")
    assert sorted(run["task"] for run in execute(home)["runs"]) == ["look", "repair", "tell"]
    (look,), (repair,) = records(home, "look"), records(home, "repair")
    brought = json.loads(Path(home.runs, "repair", repair["run_id"], "request.json").read_text())["context"][
        "event"
    ]
    assert (brought["from"], brought["type"], brought["item"], brought["payload"]["n"]) == (
        "look",
        "found",
        "issue 4",
        1,
    )
    assert "very-secret-word" not in json.dumps([look, brought])
    origin = repair["origin"]
    assert (origin["trigger"], origin["task"], origin["parent"]) == ("event", "look", look["run_id"])
    assert (origin["trace_id"], origin["depth"], repair["item"]) == (look["request_id"], 1, "issue 4")
    told = [(event["place"], event["reason"]) for event in events(home, "not_followed")]
    assert told == [(1, "invalid_event"), (2, "invalid_event")]
    assert [event["type"] for event in events(home, "unmatched")] == ["unheard"]
    tree = json.loads(clodputer(home, "show", repair["run_id"], "--trace", "--json")[0])["data"]
    (root,) = tree["trace"]["roots"] if "trace" in tree else tree["roots"]
    below = [(child["task"], child["state"], child["on"]) for child in root["children"]]
    assert ("repair", "succeeded", "event found") in below
    assert ("tell", "succeeded", "event found") in below
    status = json.loads(clodputer(home, "status", "--json")[0])["data"]
    assert status["unrouted"] == [{"from": "look", "type": "unheard", "reason": "no_route", "number": 1}]


def test_nothing_comes_of_a_failure(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    routes(home, "look found look")
    script = program(tmp_path, "look.sh", 'echo \'{"events": [{"type": "found"}]}\'; exit 1')
    command_task(home, "look", str(script))
    drop(home, "look")
    execute(home)
    assert (outcomes(home, "look"), events(home, "reported")) == (["failed"], [])


def test_a_circle_ends(tmp_path: Path) -> None:
    """By the depth and the width of follow-ups."""
    home = make_home(tmp_path)
    routes(home, "look found look", "look found look2", more="follow_ups: {depth: 2, width: 3}\n")
    says(home, tmp_path, "look", *({"type": "found"} for _ in range(3)))
    command_task(home, "look2", "true")
    drop(home, "look")
    execute(home)
    # Of three events with two requests each one fits into a width of three.
    assert outcomes(home, "look") == ["succeeded"] * 3
    assert outcomes(home, "look2") == ["succeeded"] * 2
    told = [event["reason"] for event in events(home, "not_followed")]
    assert told == ["too_many"] * 4 + ["too_deep"] * 3


def set_up(folder: Path) -> Home:
    """A task whose event goes to two others; all files have been checked once."""
    home = make_home(folder)
    routes(home, "look found repair", "look found tell")
    says(home, folder, "look", {"type": "found", "dedupe_key": "x"})
    for name in ("repair", "tell"):
        command_task(home, name, "true")
    for name in ("look", "repair", "tell"):
        settle(home, name)
    execs.run(home, "validate")
    return home


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(2))
def test_killed_before_any_step(tmp_path: Path, shard: int) -> None:
    """A run gives an event for two tasks: however exec is killed, each of them runs once for it, or is told as lost."""
    seen = []
    for step, home in stages.at_each(range(1 + shard * STRIDE // 2, 4000, STRIDE), tmp_path, set_up):
        drop(home, "look")
        killed, what = execs.kill_at(home, step)
        if not killed:
            break
        execs.run(home, "exec")
        where = f"step {step}: {what}"
        (ended,) = outcomes(home, "look")
        runs = [outcomes(home, name) for name in ("repair", "tell")]
        assert [len(found) for found in runs] == ([1, 1] if ended == "succeeded" else [0, 0]), where
        assert sum(found == ["lost"] for found in runs) + (ended == "lost") <= 1, where
        left = {place: names for place, names in everything(home).items() if place != "dead"}
        assert left == {}, where
        assert events(home, "unmatched") == [], where
        seen.append(ended)
    assert "succeeded" in seen
