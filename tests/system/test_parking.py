"""A thing that no run gets done is parked: the queue goes on, new requests about it wait for a person; by real execs."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clodputer.runner.requests import unpark
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool import aside, parked
from tests import stages
from tests.killing import killed_at
from tests.slots import make_due, settle
from tests.system import execs
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    everything,
    make_home,
    outcomes,
    program,
    records,
)

pytest_plugins = ["tests.fakes.fixtures"]


def set_up(folder: Path, more: str = "", script: str = "exit 1") -> Home:
    """A home with the task `work`, which fails at everything, and no breaker that would stop it."""
    home = make_home(folder)
    path = program(folder, "script", script)
    command_task(home, "work", str(path), more=f"breaker: {{threshold: 0}}\n{more}")
    command_task(home, "other", "/bin/true")
    settle(home, "work")
    execs.run(home, "validate")
    return home


def about(home: Home, request_id: str, item: str = "issue 42", task: str = "work", **more: Any) -> None:
    """Drop a request about an item, and exec."""
    fields = {"task": task, "id": request_id, "item": item, **more}
    drop(home, f"{request_id}.json", json.dumps(fields))
    execs.run(home, "exec")


def waits(home: Home) -> list[tuple[str, str]]:
    """The requests that wait, each with its reason."""
    told = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    return [(one["request_id"], one["waits"]["reason"]) for one in told]


def wake(home: Home) -> None:
    """Have everything that is delayed asked about again."""
    make_due(home)
    execs.run(home, "exec")


def test_the_third_failure_parks_it(tmp_path: Path) -> None:
    """Its request is set aside with its story; another one about it waits, all others go on; `unpark` begins anew."""
    home = set_up(tmp_path)
    for number in (1, 2, 3):
        about(home, f"aaaa000{number}")
    assert outcomes(home, "work") == ["failed"] * 3
    (one,) = parked.everything(home)
    assert (one.reason.item, one.reason.task, one.reason.code) == ("issue 42", "work", "exit_status")
    assert [run.reason for run in one.reason.attempts] == ["exit_status"]
    about(home, "aaaa0004")
    about(home, "bbbb0001", "issue 43")
    about(home, "cccc0001", "issue 42", "other")
    assert outcomes(home, "work") == ["failed"] * 4, "another item goes on"
    assert outcomes(home, "other") == ["succeeded"], "another task knows nothing of it"
    assert waits(home) == [("aaaa0004", "parked")]
    wake(home)
    assert waits(home) == [("aaaa0004", "parked")]
    status = json.loads(clodputer(home, "status", "--json")[0])["data"]
    assert status["parked"] == 1
    assert "1 parked" in clodputer(home, "status")[0]
    assert "issue 42" in clodputer(home, "queue", "--parked")[0]
    assert "aaaa0003 was parked" in " ".join(clodputer(home, "show", "aaaa0003")[0].split())
    assert "it is parked" in clodputer(home, "retry", "aaaa0003", status=1)[1]

    Path(tmp_path, "script").write_text("#!/bin/sh\nexit 0\n")
    told = json.loads(clodputer(home, "unpark", "issue 42", "--json")[0])["data"]["unparked"]
    assert told == [{"request_id": "aaaa0003", "task": "work", "item": "issue 42", "lane": "default"}]
    execs.run(home, "exec")
    assert sorted(
        record["request_id"] for record in records(home, "work") if record["outcome"] == "succeeded"
    ) == [
        "aaaa0003",
        "aaaa0004",
    ]
    assert everything(home) == {}
    assert list(parked.everything(home)) == []
    assert [event["item"] for event in events(home, "unparked")] == ["issue 42"]


def test_it_keeps_its_own_priority(tmp_path: Path) -> None:
    """What the request says itself comes before what its task says, parked or not."""
    home = set_up(tmp_path, "park_after: 1\npriority: low\n")
    about(home, "aaaa0001", priority=5)
    about(home, "bbbb0001", "issue 43")
    clodputer(home, "unpark", "issue 42")
    clodputer(home, "unpark", "issue 43")
    queued = {place: names for place, names in everything(home).items() if "queue" in place}
    assert sorted(queued) == ["default/queue/2", "default/queue/5"]


def test_what_was_parked_can_be_dismissed(tmp_path: Path) -> None:
    """It is kept and can be retried, what waited for the item goes on, and its failures still count."""
    home = set_up(tmp_path, "park_after: 2\n")
    for number in (1, 2, 3):
        about(home, f"aaaa000{number}")
    assert waits(home) == [("aaaa0003", "parked")]
    (gone,) = json.loads(clodputer(home, "dismiss", "aaaa0002", "--json")[0])["data"]["dismissed"]
    assert (gone["place"], gone["request_id"], os.path.dirname(gone["kept"])) == (
        "parked",
        "aaaa0002",
        home.closed,
    )
    assert list(parked.everything(home)) == []
    execs.run(home, "exec")
    (again,) = parked.everything(home)
    assert again.reason.request_id == "aaaa0003"
    clodputer(home, "dismiss", "--all-parked", "--yes")
    assert list(parked.everything(home)) == []
    assert json.loads(clodputer(home, "status", "--json")[0])["data"]["parked"] == 0
    assert "dropped again" in clodputer(home, "retry", "aaaa0002")[0] or outcomes(home, "work")


def test_its_failures_are_counted_anew(tmp_path: Path) -> None:
    """Let go, it takes as many failures again until it is parked."""
    home = set_up(tmp_path, "park_after: 2\n")
    about(home, "aaaa0001")
    about(home, "aaaa0002")
    clodputer(home, "unpark", "aaaa0002")
    execs.run(home, "exec")
    assert list(parked.everything(home)) == []
    about(home, "aaaa0003")
    assert len(list(parked.everything(home))) == 1
    assert len(outcomes(home, "work")) == 4


def test_a_success_in_between_counts(tmp_path: Path) -> None:
    """Only failures since the last success are against it."""
    script = 'n=$(cat "$0.n" 2>/dev/null || echo 0); echo $((n + 1)) > "$0.n"; [ "$n" = 2 ]'
    home = set_up(tmp_path, script=script)
    for number in range(5):
        about(home, f"aaaa000{number}")
    assert outcomes(home, "work") == ["failed", "failed", "succeeded", "failed", "failed"]
    assert list(parked.everything(home)) == []


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    home = set_up(tmp_path, "park_after: 0\n")
    for number in range(5):
        about(home, f"aaaa000{number}")
    assert len(outcomes(home, "work")) == 5
    assert list(parked.everything(home)) == []


def test_attempts_come_first(tmp_path: Path) -> None:
    """A task that asks for four attempts gets them; then the item is parked, as three runs failed and more."""
    home = set_up(tmp_path, "retry: {max_attempts: 4}\n")
    about(home, "aaaa0001")
    for _ in range(5):
        wake(home)
    assert len(outcomes(home, "work")) == 4
    (one,) = parked.everything(home)
    assert [run.attempt for run in one.reason.attempts] == [1, 2, 3, 4]


def test_the_dedupe_key_is_the_item_of_a_request_that_names_none(tmp_path: Path) -> None:
    home = set_up(tmp_path)
    for number in range(3):
        drop(home, f"a{number}.json", json.dumps({"task": "work", "dedupe_key": "report-7"}))
        execs.run(home, "exec")
    (one,) = parked.everything(home)
    assert one.reason.item == "report-7"
    assert {record["item"] for record in records(home, "work")} == {"report-7"}


def test_without_an_item_nothing_is_parked(tmp_path: Path) -> None:
    home = set_up(tmp_path)
    for number in range(5):
        drop(home, f"a{number}.json", '{"task": "work"}')
        execs.run(home, "exec")
    assert len(outcomes(home, "work")) == 5
    assert list(parked.everything(home)) == []


def test_a_lost_run_counts(tmp_path: Path) -> None:
    """What kills its exec again and again must not come back for ever."""
    home = set_up(tmp_path, "park_after: 1\n")
    drop(home, "a.json", '{"task": "work", "item": "issue 42"}')
    assert execs.kill_at(home, "rename record.json")[0]
    execs.run(home, "exec")
    (one,) = parked.everything(home)
    assert one.reason.code == "exec_died"


def test_nothing_that_fits_is_an_error(tmp_path: Path) -> None:
    home = set_up(tmp_path)
    assert "nothing parked fits 'issue 9'" in clodputer(home, "unpark", "issue 9", status=1)[0]


@pytest.mark.slow
def test_killed_while_it_is_parked(tmp_path: Path) -> None:
    """Killed at every step: it is parked once, or kept as lost, and never run again."""
    seen = set()
    for step, home in stages.at_each(range(20, 1000), tmp_path, partial(set_up, more="park_after: 1\n")):
        drop(home, "one.json", '{"task": "work", "id": "abcd1234", "item": "issue 42"}')
        killed, what = execs.kill_at(home, step)
        execs.run(home, "exec")
        execs.run(home, "exec")
        assert everything(home) == {}, f"step {step}: {what}"
        (one,) = parked.everything(home)
        assert one.reason.request_id == "abcd1234", f"step {step}: {what}"
        assert len(outcomes(home, "work")) == 1, f"step {step}: {what}"
        seen.add(outcomes(home, "work")[0])
        if not killed:
            break
    assert seen == {"failed", "lost"}


def with_parked(folder: Path) -> Home:
    """A home with a parked item, about which a second request waits."""
    home = set_up(folder, "park_after: 1\n")
    about(home, "aaaa0001")
    about(home, "aaaa0002")
    return home


@pytest.mark.slow
def test_unpark_killed_at_every_step(tmp_path: Path) -> None:
    """The next call goes on: the request is back in its queue once, and its failures count no more."""
    for step, home in stages.at_each(range(1, 100), tmp_path, with_parked):
        context = look(environment(home))

        def let_go(context: Any = context) -> None:
            unpark.unpark(context, unpark.find(context, "issue 42"))

        killed = killed_at(step, let_go)
        let_go()
        places = everything(home)
        assert sum(len(names) for names in places.values()) == 2, f"step {step}: {places}"
        assert list(places) == ["default/queue/3"] or not killed or "default/delayed" in places, (
            f"step {step}: {places}"
        )
        assert list(parked.everything(home)) == []
        assert parked.let_go_at(home, "work", "issue 42") > 0
        if not killed:
            assert [name for name in os.listdir(home.parked) if not aside.is_reason(name)] == []
            return
    pytest.fail("it has no end")
