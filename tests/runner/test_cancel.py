"""Cancel: what waits is closed, what runs is stopped, in every place and whenever anybody dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from clodputer.model import outcome
from clodputer.model.errors import ClodputerError
from clodputer.model.mask import Masker
from clodputer.model.record import build
from clodputer.model.request import Request
from clodputer.model.run import Report
from clodputer.runner.drain import work
from clodputer.runner.intake import intake
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests import cancel
from clodputer.runner.settle import settle
from clodputer.store import hold, runs
from clodputer.store.context import Surroundings, look
from clodputer.store.home import Home
from clodputer.store.spool import layout, queue, slot, whereabouts
from tests.killing import killed_at
from tests.wait import until
from tests.workshop import (
    alive,
    command_task,
    drop,
    environment,
    events,
    everything,
    make_home,
    records,
    start,
)

NOW = 1_790_000_000.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "blink", "/bin/true")
    command_task(home, "long", "/bin/sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 300")
    return home


@pytest.fixture
def around(home: Home) -> Surroundings:
    return look(environment(home))


def taken_in(around: Surroundings, text: str = "{}", name: str = "a.json") -> str:
    """The id of a request that was dropped and taken in."""
    drop(around.home, name, json.dumps({"task": "blink", **json.loads(text)}) + "\n")
    intake(around, NOW)
    return next(one.id for one in whereabouts.everywhere(around.home) if one.name == name)


def drained(around: Surroundings) -> None:
    with Stop() as stop:
        work(around, stop)


def cancelled(around: Surroundings, wanted: str) -> cancel.Cancelled:
    found = cancel.find(around, wanted)
    assert found is not None
    return cancel.cancel(around, found)


def running(home: Home, folder: Path) -> tuple[subprocess.Popen[str], whereabouts.Found, int]:
    """An exec at work on the task `long`; the request and the agent's pid."""
    drop(home, "long")
    process = start(home, "exec", "--json")
    pid = int(until(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip(), 20))
    return process, next(whereabouts.in_slot(home, "default")), pid


@pytest.mark.parametrize(
    ("text", "state"), [("{}", "queued"), ('{"not_before": "2099-01-01T00:00:00Z"}', "delayed")]
)
def test_what_waits_is_closed(around: Surroundings, text: str, state: str) -> None:
    """It is kept with its reason, told in the log, and never run."""
    request_id = taken_in(around, text)
    done = cancelled(around, request_id[:5])
    assert (done.result, done.request_id, done.task, done.was) == ("cancelled", request_id, "blink", state)
    assert json.loads(Path(done.kept).read_text())["task"] == "blink"
    assert "Cancelled by a person" in Path(done.kept + layout.REASON_SUFFIX).read_text()
    assert everything(around.home) == {}
    [event] = events(around.home, "cancelled")
    assert (event["request_id"], event["task"], event["kept"]) == (request_id, "blink", done.kept)
    drained(around)
    assert records(around.home, "blink") == []


def test_what_was_only_dropped_is_closed(around: Surroundings) -> None:
    """It has no id yet, so its name stands for it; or the id that it brings along."""
    drop(around.home, "a.json", '{"task": "blink", "id": "mine-1234"}')
    drop(around.home, "blink")
    assert cancelled(around, "blink").was == "dropped"
    assert cancelled(around, "mine-12").result == "cancelled"
    drained(around)
    assert (everything(around.home), records(around.home, "blink")) == ({}, [])


def test_a_run_is_stopped_by_its_exec(around: Surroundings, tmp_path: Path) -> None:
    """The exec lives on: it settles the run as cancelled, which is no reason to run the request again."""
    process, found, pid = running(around.home, tmp_path)
    taken_in(around)
    done = cancelled(around, found.run_id)
    assert (done.result, done.outcome, done.run_id) == ("stopped", "cancelled", found.run_id)
    assert not alive(pid)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (0, "")
    assert [run["outcome"] for run in json.loads(stdout)["data"]["runs"]] == ["cancelled", "succeeded"]
    [record] = records(around.home, "long")
    assert (record["reason"], record["effects"]) == ("cancelled", [{"effect": "finish"}])
    assert everything(around.home) == {}
    assert [event["run_id"] for event in events(around.home, "cancel_asked")] == [found.run_id]


def test_twice_and_too_late(around: Surroundings, tmp_path: Path) -> None:
    """A second one finds nothing to do and says how it ended; nothing is left lying in the slot."""
    process, found, _ = running(around.home, tmp_path)
    assert cancel.cancel(around, found).result == "stopped"
    assert cancel.cancel(around, found).result == "stopped"
    process.communicate(timeout=30)
    request_id = taken_in(around)
    waits = cancel.find(around, request_id)
    assert waits is not None
    drained(around)
    done = cancel.cancel(around, waits)
    assert (done.result, done.outcome) == ("ended", "succeeded")
    assert os.listdir(slot.folder(around.home, "default")) == []
    assert cancel.find(around, request_id) is None


def test_an_interrupted_exec_does_not_put_a_cancelled_run_back(around: Surroundings, tmp_path: Path) -> None:
    """SIGTERM to exec, and a person's cancel at the same time: the person's word stands."""
    process, found, _ = running(around.home, tmp_path)
    slot.ask_cancel(around.home, "default", found.id)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    [record] = records(around.home, "long")
    assert record["outcome"] == "cancelled"
    assert record["reason"] == "cancelled"
    assert everything(around.home) == {}


def test_a_slot_whose_exec_died(around: Surroundings, tmp_path: Path) -> None:
    """Nobody is there to stop it: the next exec settles it as lost, which runs nothing again."""
    process, found, pid = running(around.home, tmp_path)
    process.kill()
    process.communicate()
    done = cancel.cancel(around, found, patience=0.0)
    assert done.result == "asked"
    drained(around)
    assert not alive(pid)
    assert [record["outcome"] for record in records(around.home, "long")] == ["lost"]
    assert list(everything(around.home)) == ["dead"]


@pytest.mark.parametrize("marked", [False, True])
def test_a_request_that_was_claimed_by_an_exec_that_died(around: Surroundings, marked: bool) -> None:
    """Nothing of it was started, so it would be put back and run; once cancelled it is closed instead."""
    request_id = taken_in(around)
    place = queue.Queue(around.home, "default").claim()
    assert place is not None
    if marked:
        slot.mark(around.home, "default", "blink", f"20270101T000000.000Z-{request_id}")
    found = cancel.find(around, request_id)
    assert found is not None
    done = cancel.cancel(around, found, patience=0.0)
    assert done.result == "asked"
    drained(around)
    assert (records(around.home, "blink"), everything(around.home)) == ([], {})
    assert [whereabouts.id_of(name) for name in whereabouts.set_aside(around.home.closed)] == [request_id]
    assert [event["request_id"] for event in events(around.home, "cancelled")] == [request_id]


def test_what_is_asked_of_nobody_in_the_slot(around: Surroundings) -> None:
    """It came too late, or its cancel was killed: it is swept away when the slot is taken, and cancels nothing later."""
    first, second = taken_in(around), taken_in(around, name="b.json")
    slot.ask_cancel(around.home, "default", second)
    drained(around)
    assert sorted(record["request_id"] for record in records(around.home, "blink")) == sorted([first, second])
    assert os.listdir(slot.folder(around.home, "default")) == []


def test_one_that_would_be_put_back(around: Surroundings) -> None:
    """A run that met a usage limit just when it was cancelled: its request is closed, not queued again."""
    request_id = taken_in(around)
    place = queue.Queue(around.home, "default").claim()
    assert place is not None
    run_id = runs.new_id(NOW, request_id)
    slot.mark(around.home, "default", "blink", run_id)
    request = Request(request_id, "blink", NOW)
    runs.make(around.home, "blink", run_id, request, Masker())
    slot.ask_cancel(around.home, "default", request_id)
    report = Report(outcome.of("usage_limit"))
    record = build(run_id, request, "claude", None, report, None, NOW, NOW, (), [{"effect": "put_back"}])
    for _ in range(2):  # as after a crash
        settle(around, "default", place, record, NOW)
    assert everything(around.home) == {}
    assert [whereabouts.id_of(name) for name in whereabouts.set_aside(around.home.closed)] == [request_id]


def test_under_a_hold(around: Surroundings) -> None:
    """A lane that stands still is no obstacle."""
    hold.place(around.home, "default", hold.Hold("pause", "A person said so.", None))
    assert cancelled(around, taken_in(around)).result == "cancelled"


def test_a_prefix_that_fits_two(around: Surroundings) -> None:
    """Both are candidates; a whole id is itself, however many others begin with it."""
    for name in ("twin-1", "twin-12", "other-1"):
        taken_in(around, json.dumps({"id": name}), f"{name}.json")
    with pytest.raises(ClodputerError, match=r"2 requests fit 'twin': twin-1 \(queued\), twin-12 \(queued\)"):
        cancel.find(around, "twin")
    for wanted, request_id in (("twin-1", "twin-1"), ("n-12", "twin-12"), ("r-1", "other-1")):
        found = cancel.find(around, wanted)
        assert found is not None
        assert found.id == request_id
    assert cancel.find(around, "nobody") is None


def test_all_of_a_task(around: Surroundings) -> None:
    """Wherever they are, and nobody else's."""
    command_task(around.home, "other", "/bin/true")
    ids = {taken_in(around), taken_in(around, '{"not_before": "2099-01-01T00:00:00Z"}', "b.json")}
    taken_in(around, '{"task": "other"}', "c.json")
    drop(around.home, "blink")
    found = cancel.of_task(around, "blink")
    assert {one.id for one in found} == {*ids, ""}
    assert {cancel.cancel(around, one).result for one in found} == {"cancelled"}
    assert [name for names in everything(around.home).values() for name in names] != []
    drained(around)
    assert (len(records(around.home, "other")), records(around.home, "blink")) == (1, [])


def test_killed_at_every_step(tmp_path: Path) -> None:
    """After a kill the request is closed, or runs as if nobody had asked; it is never gone and never both."""
    for step in range(1, 30):
        home = make_home(tmp_path / str(step))
        command_task(home, "blink", "/bin/true")
        around = look(environment(home))
        request_id = taken_in(around)
        found = cancel.find(around, request_id)
        assert found is not None
        killed = killed_at(step, partial(cancel.cancel, around, found))
        drained(around)
        ran = [record["request_id"] for record in records(home, "blink")]
        closed = [whereabouts.id_of(name) for name in whereabouts.set_aside(home.closed)]
        assert ran + closed == [request_id], step
        assert everything(home) == {}
        if not killed:
            break
    assert step > 4
