"""Retry: a request that has ended is dropped once more, as a new one, and never twice."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.runner.drain import work
from clodputer.runner.intake.drops import intake
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests import cancel, retry
from clodputer.runner.requests.retry import Retried
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.spool import aside, find
from tests.killing import killed_at
from tests.workshop import (
    command_task,
    drop,
    environment,
    events,
    everything,
    make_home,
    records,
    write_secrets,
    write_task,
)

NOW = 1_790_000_000.0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    command_task(home, "blink", "/bin/true")
    return home


@pytest.fixture
def context(home: Home) -> Context:
    return look(environment(home))


def drained(context: Context) -> None:
    with Stop() as stop:
        work(context, stop)


def ran(context: Context, /, **fields: Any) -> str:
    """The id of a request that was run to its end."""
    drop(context.home, "a.json", json.dumps({"task": "blink", **fields}))
    drained(context)
    return str(records(context.home, "blink")[-1]["request_id"])


def given_up(context: Context, /, **fields: Any) -> str:
    """The id of a request that expired."""
    past = "2020-01-01T00:00:00Z"
    drop(context.home, "late.json", json.dumps({"task": "blink", "expires_at": past, **fields}))
    drained(context)
    [one] = retry.dead(context)
    return one.request_id


def retried(context: Context, wanted: str) -> Retried:
    found = retry.find(context, wanted)
    assert found is not None
    return retry.retry(context, found)


def test_a_run_is_done_again(context: Context) -> None:
    """With the same context; the new request names the old one and begins with attempt 1."""
    request_id = ran(
        context, context={"who": "Ada"}, priority=4, origin={"trigger": "cron", "slot_time": "x"}
    )
    [first] = records(context.home, "blink")
    done = retried(context, first["run_id"][:-3])
    assert (done.retries, done.run_id, done.task, done.already) == (
        request_id,
        first["run_id"],
        "blink",
        False,
    )
    drained(context)
    second = records(context.home, "blink")[-1]
    assert (second["request_id"], second["attempt"], second["trigger"]) == (done.request_id, 1, "retry")
    assert second["origin"] == {
        "trigger": "retry",
        "first_trigger": "cron",
        "slot_time": "x",
        "retries": request_id,
        "retries_run": first["run_id"],
    }
    again = json.loads(Path(context.home.runs, "blink", second["run_id"], "request.json").read_text())
    assert (again["context"], again["priority"]) == ({"who": "Ada"}, 4)
    [event] = events(context.home, "retried")
    assert (event["request_id"], event["run_id"], event["retries"]) == (
        done.request_id,
        first["run_id"],
        request_id,
    )


@pytest.mark.parametrize("wanted", ["blink", "the request"])
def test_other_names_for_a_run(context: Context, wanted: str) -> None:
    """Its task, for the latest; its request."""
    ran(context)
    latest = ran(context)
    assert retried(context, wanted if wanted == "blink" else latest).retries == latest


def test_twice_is_once(context: Context) -> None:
    """Whether the new one is only dropped, waits or has run: the second call names it and drops nothing."""
    request_id = ran(context)
    first = retried(context, request_id)
    second = retried(context, request_id)
    intake(context, NOW)
    third = retried(context, request_id)
    drained(context)
    fourth = retried(context, request_id)
    assert {first.request_id} == {second.request_id, third.request_id, fourth.request_id}
    assert [each.already for each in (first, second, third, fourth)] == [False, True, True, True]
    drained(context)
    assert len(records(context.home, "blink")) == 2
    assert retried(context, first.request_id).request_id != first.request_id


def test_one_that_was_given_up(context: Context) -> None:
    """Without the moment at which it expired; its file is closed, and tells which request stands for it."""
    request_id = given_up(context, context={"who": "Ada"})
    done = retried(context, request_id)
    assert everything(context.home) == {"new": [f"blink@retry-{request_id}.json"]}
    [name] = aside.names(context.home.closed)
    reason = aside.read(context.home.closed, name)
    assert (reason.code, reason.retried_as) == ("expired", done.request_id)
    assert "expired" in reason.message
    assert not list(Path(context.home.dead).iterdir())
    assert retried(context, request_id)._replace(task="blink", already=False) == done
    drained(context)
    assert [record["outcome"] for record in records(context.home, "blink")] == ["succeeded"]


def test_one_that_was_cancelled(context: Context) -> None:
    """Closed is not gone."""
    drop(context.home, "blink")
    intake(context, NOW)
    [waits] = list(find.queued(context.home, "default"))
    cancel.cancel(context, waits)
    done = retried(context, waits.id)
    assert retried(context, waits.id).already
    drained(context)
    assert [record["request_id"] for record in records(context.home, "blink")] == [done.request_id]


def test_one_that_comes_to_be_given_up_a_second_time(context: Context) -> None:
    """It was moved back by hand after a retry that was cut off: another death is another retry."""
    request_id = given_up(context, id="mine-1234")
    first = retried(context, request_id)
    drained(context)
    assert given_up(context, id="mine-1234") == request_id
    second = retried(context, request_id)
    assert (second.already, second.request_id != first.request_id) == (False, True)
    drained(context)
    assert len(records(context.home, "blink")) == 2


def test_all_that_was_given_up(context: Context) -> None:
    for number in range(3):
        drop(context.home, f"{number}.json", '{"task": "blink", "expires_at": "2020-01-01T00:00:00Z"}')
    drained(context)
    assert len({retry.retry(context, one).request_id for one in retry.dead(context)}) == 3
    drained(context)
    assert len(records(context.home, "blink")) == 3


def test_a_task_that_is_gone_or_disabled(context: Context) -> None:
    """It says so at once, and the file stays where it is: dropped again it would only be rejected."""
    request_id = given_up(context)
    Path(context.home.tasks, "blink.yaml").write_text("agent: command\ncommand: [x]\nenabled: false\n")
    with pytest.raises(ClodputerError, match="disabled"):
        retried(context, request_id)
    Path(context.home.tasks, "blink.yaml").unlink()
    with pytest.raises(ClodputerError, match="no task 'blink'"):
        retried(context, request_id)
    assert list(everything(context.home)) == ["dead"]


def test_a_secret_is_not_kept_for_it(context: Context, home: Home) -> None:
    """What was dropped is masked like all that a run leaves, so it cannot be dropped again as it was: that is said."""
    write_secrets(home, "KEY=sesame-open\n")
    context = look(environment(home))
    ran(context, context={"word": "sesame-open"})
    with pytest.raises(ClodputerError, match="held a secret"):
        retried(context, "blink")
    assert list(Path(home.new).iterdir()) == []
    assert not any("sesame" in path.read_text() for path in Path(home.runs).rglob("*") if path.is_file())


def test_what_has_not_ended(context: Context) -> None:
    """Nothing is found of it among what has ended, or it is said to be still there."""
    drop(context.home, "blink")
    intake(context, NOW)
    [waits] = list(find.queued(context.home, "default"))
    assert retry.find(context, waits.id) is None
    assert retry.unfinished(context, retry.Ended(waits.id)) == "queued"


@pytest.mark.parametrize("kind", ["dead", "run", "closed"])
def test_killed_at_every_step(tmp_path: Path, kind: str) -> None:
    """Called again after a kill, it has been dropped once, and one request has run once more."""
    for step in range(1, 60):
        home = make_home(tmp_path / str(step))
        write_task(home, "blink", "agent: command\ncommand: [/bin/true]\n")
        context = look(environment(home))
        request_id = ran(context) if kind == "run" else given_up(context)
        if kind == "closed":
            [one] = retry.dead(context)
            reason = aside.Reason(aside.CANCELLED, "Cancelled.", request_id, "blink", "late.json")
            aside.set_aside(f"{one.folder}/{one.name}", home.closed, f"{request_id}.", reason)
            aside.forget(f"{one.folder}/{one.name}")
        before = len(records(home, "blink"))
        killed = killed_at(step, partial(retried, context, request_id))
        done = retried(context, request_id)
        drained(context)
        assert [record["request_id"] for record in records(home, "blink")[before:]] == [done.request_id], step
        assert everything(home) == {}, step
        if not killed:
            break
    assert step > 4
