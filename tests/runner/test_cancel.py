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
from clodputer.model.record import build
from clodputer.model.request import Request
from clodputer.model.run import Report
from clodputer.model.text.mask import Masker
from clodputer.runner.drain import work
from clodputer.runner.intake.drops import intake
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests import cancel
from clodputer.runner.settle import settle
from clodputer.store import holds
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import aside, find, queue, slot
from clodputer.store.spool.slot import Slot
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
def context(home: Home) -> Context:
    return look(environment(home))


def taken_in(context: Context, text: str = "{}", name: str = "a.json") -> str:
    """The id of a request that was dropped and taken in."""
    drop(context.home, name, json.dumps({"task": "blink", **json.loads(text)}) + "\n")
    intake(context, NOW)
    return next(one.id for one in find.everywhere(context.home) if one.name == name)


def drained(context: Context) -> None:
    with Stop() as stop:
        work(context, stop)


def cancelled(context: Context, wanted: str) -> cancel.Cancelled:
    found = cancel.find(context, wanted)
    assert found is not None
    return cancel.cancel(context, found)


def running(home: Home, folder: Path) -> tuple[subprocess.Popen[str], find.Found, int]:
    """An exec at work on the task `long`; the request and the agent's pid."""
    drop(home, "long")
    process = start(home, "exec", "--json")
    pid = int(until(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip()))
    return process, next(find.in_slot(home, "default")), pid


@pytest.mark.parametrize(
    ("text", "state"), [("{}", "queued"), ('{"not_before": "2099-01-01T00:00:00Z"}', "delayed")]
)
def test_what_waits_is_closed(context: Context, text: str, state: str) -> None:
    """It is kept with its reason, told in the log, and never run."""
    request_id = taken_in(context, text)
    done = cancelled(context, request_id[:5])
    assert (done.result, done.request_id, done.task, done.was) == ("cancelled", request_id, "blink", state)
    assert json.loads(Path(done.kept).read_text())["task"] == "blink"
    assert (
        "Cancelled before it ran, because a person asked for it."
        in Path(done.kept + aside.REASON_SUFFIX).read_text()
    )
    assert everything(context.home) == {}
    [event] = events(context.home, "cancelled")
    assert (event["request_id"], event["task"], event["kept"]) == (request_id, "blink", done.kept)
    drained(context)
    assert records(context.home, "blink") == []


def test_what_was_only_dropped_is_closed(context: Context) -> None:
    """It has no id yet, so its name stands for it; or the id that it brings along."""
    drop(context.home, "a.json", '{"task": "blink", "id": "mine-1234"}')
    drop(context.home, "blink")
    assert cancelled(context, "blink").was == "dropped"
    assert cancelled(context, "mine-12").result == "cancelled"
    drained(context)
    assert (everything(context.home), records(context.home, "blink")) == ({}, [])


def test_a_run_is_stopped_by_its_exec(context: Context, tmp_path: Path) -> None:
    """The exec lives on: it settles the run as cancelled, which is no reason to run the request again."""
    process, found, pid = running(context.home, tmp_path)
    taken_in(context)
    done = cancelled(context, found.run_id)
    assert (done.result, done.outcome, done.run_id) == ("stopped", "cancelled", found.run_id)
    assert not alive(pid)
    stdout, stderr = process.communicate(timeout=100)
    assert (process.returncode, stderr) == (0, "")
    assert [run["outcome"] for run in json.loads(stdout)["data"]["runs"]] == ["cancelled", "succeeded"]
    [record] = records(context.home, "long")
    assert (record["reason"], record["effects"]) == ("cancelled", [{"effect": "finish"}])
    assert everything(context.home) == {}
    assert [event["run_id"] for event in events(context.home, "cancel_asked")] == [found.run_id]


def test_twice_and_too_late(context: Context, tmp_path: Path) -> None:
    """A second one finds nothing to do and says how it ended; nothing is left lying in the slot."""
    process, found, _ = running(context.home, tmp_path)
    assert cancel.cancel(context, found).result == "stopped"
    assert cancel.cancel(context, found).result == "stopped"
    process.communicate(timeout=100)
    request_id = taken_in(context)
    waits = cancel.find(context, request_id)
    assert waits is not None
    drained(context)
    done = cancel.cancel(context, waits)
    assert (done.result, done.outcome) == ("ended", "succeeded")
    assert os.listdir(slot.folder(context.home, Slot("default", 0))) == []
    assert cancel.find(context, request_id) is None


def test_an_interrupted_exec_does_not_put_a_cancelled_run_back(context: Context, tmp_path: Path) -> None:
    """SIGTERM to exec, and a person's cancel at the same time: the person's word stands."""
    process, found, _ = running(context.home, tmp_path)
    slot.ask_cancel(context.home, Slot("default", 0), found.id)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=100)
    [record] = records(context.home, "long")
    assert record["outcome"] == "cancelled"
    assert record["reason"] == "cancelled"
    assert everything(context.home) == {}


def test_a_slot_whose_exec_died(context: Context, tmp_path: Path) -> None:
    """Nobody is there to stop it: the next exec settles it as lost, which runs nothing again."""
    process, found, pid = running(context.home, tmp_path)
    process.kill()
    process.communicate()
    done = cancel.cancel(context, found, patience=0.0)
    assert done.result == "asked"
    drained(context)
    assert not alive(pid)
    assert [record["outcome"] for record in records(context.home, "long")] == ["lost"]
    assert list(everything(context.home)) == ["dead"]


@pytest.mark.parametrize("marked", [False, True])
def test_a_request_that_was_claimed_by_an_exec_that_died(context: Context, marked: bool) -> None:
    """Nothing of it was started, so it would be put back and run; once cancelled it is closed instead."""
    request_id = taken_in(context)
    place = queue.Queue(context.home, Slot("default", 0)).claim()
    assert place is not None
    if marked:
        slot.mark(context.home, Slot("default", 0), "blink", f"20270101T000000.000Z-{request_id}")
    found = cancel.find(context, request_id)
    assert found is not None
    done = cancel.cancel(context, found, patience=0.0)
    assert done.result == "asked"
    drained(context)
    assert (records(context.home, "blink"), everything(context.home)) == ([], {})
    assert [aside.id_of(name) for name in aside.names(context.home.closed)] == [request_id]
    assert [event["request_id"] for event in events(context.home, "cancelled")] == [request_id]


def test_what_is_asked_of_nobody_in_the_slot(context: Context) -> None:
    """It came too late, or its cancel was killed: it is swept away when the slot is taken, and cancels nothing later."""
    first, second = taken_in(context), taken_in(context, name="b.json")
    slot.ask_cancel(context.home, Slot("default", 0), second)
    drained(context)
    assert sorted(record["request_id"] for record in records(context.home, "blink")) == sorted(
        [first, second]
    )
    assert os.listdir(slot.folder(context.home, Slot("default", 0))) == []


def test_one_that_would_be_put_back(context: Context) -> None:
    """A run that met a usage limit just when it was cancelled: its request is closed, not queued again."""
    request_id = taken_in(context)
    place = queue.Queue(context.home, Slot("default", 0)).claim()
    assert place is not None
    run_id = runs.new_id(NOW, request_id)
    slot.mark(context.home, Slot("default", 0), "blink", run_id)
    request = Request(request_id, "blink", NOW)
    runs.make(context.home, "blink", run_id, request, Masker())
    slot.ask_cancel(context.home, Slot("default", 0), request_id)
    report = Report(outcome.of("usage_limit"))
    record = build(
        run_id, request, "claude", "claude", None, report, None, NOW, NOW, (), [{"effect": "put_back"}]
    )
    for _ in range(2):  # as after a crash
        settle(context, Slot("default", 0), place, record, NOW)
    assert everything(context.home) == {}
    assert [aside.id_of(name) for name in aside.names(context.home.closed)] == [request_id]


def test_under_a_hold(context: Context) -> None:
    """A lane that stands still is no obstacle."""
    holds.place(
        context.home, holds.Target("lane", "default"), holds.Hold("pause", "A person said so.", None, None)
    )
    assert cancelled(context, taken_in(context)).result == "cancelled"


def test_a_prefix_that_fits_two(context: Context) -> None:
    """Both are candidates; a whole id is itself, however many others begin with it."""
    for name in ("twin-1", "twin-12", "other-1"):
        taken_in(context, json.dumps({"id": name}), f"{name}.json")
    with pytest.raises(ClodputerError, match=r"2 requests fit 'twin': twin-1 \(queued\), twin-12 \(queued\)"):
        cancel.find(context, "twin")
    for wanted, request_id in (("twin-1", "twin-1"), ("n-12", "twin-12"), ("r-1", "other-1")):
        found = cancel.find(context, wanted)
        assert found is not None
        assert found.id == request_id
    assert cancel.find(context, "nobody") is None


def test_all_of_a_task(context: Context) -> None:
    """Wherever they are, and nobody else's."""
    command_task(context.home, "other", "/bin/true")
    ids = {taken_in(context), taken_in(context, '{"not_before": "2099-01-01T00:00:00Z"}', "b.json")}
    taken_in(context, '{"task": "other"}', "c.json")
    drop(context.home, "blink")
    found = cancel.of_task(context, "blink")
    assert {one.id for one in found} == {*ids, ""}
    assert {cancel.cancel(context, one).result for one in found} == {"cancelled"}
    assert [name for names in everything(context.home).values() for name in names] != []
    drained(context)
    assert (len(records(context.home, "other")), records(context.home, "blink")) == (1, [])


def test_killed_at_every_step(tmp_path: Path) -> None:
    """After a kill the request is closed, or runs as if nobody had asked; it is never gone and never both."""
    for step in range(1, 30):
        home = make_home(tmp_path / str(step))
        command_task(home, "blink", "/bin/true")
        context = look(environment(home))
        request_id = taken_in(context)
        found = cancel.find(context, request_id)
        assert found is not None
        killed = killed_at(step, partial(cancel.cancel, context, found))
        drained(context)
        ran = [record["request_id"] for record in records(home, "blink")]
        closed = [aside.id_of(name) for name in aside.names(home.closed)]
        assert ran + closed == [request_id], step
        assert everything(home) == {}
        if not killed:
            break
    assert step > 4
