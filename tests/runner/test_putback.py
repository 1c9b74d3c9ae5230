"""Put back: a rejected file is dropped again once its cause is fixed; nothing is lost, and nothing is dropped twice."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.runner.drain import work
from clodputer.runner.intake.drops import intake
from clodputer.runner.processes.stop import Stop
from clodputer.runner.requests import retry
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.spool import aside
from tests.killing import killed_at
from tests.workshop import command_task, drop, environment, events, everything, make_home, records, write_task

# So long after a drop that it cannot be unfinished.
LATER = 4_000_000_000.0


@pytest.fixture
def context(home: Home) -> Context:
    return look(environment(home))


def rejected(context: Context, name: str, text: str = "") -> None:
    drop(context.home, name, text)
    assert intake(context, LATER).rejected == 1


def put_back(context: Context, wanted: str) -> retry.Retried:
    found = retry.find(context, wanted)
    assert found is not None
    return retry.retry(context, found)


def drained(context: Context) -> None:
    with Stop() as stop:
        work(context, stop)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nightly", ""),
        ("a.json", '{"task": "nightly", "context": {"who": "Ada"}}'),
        ("a.yaml", "task: nightly\n"),
        ("a.md", "---\ntask: nightly\n---\n"),
        ("2.json", '{"task": "nightly", "id": "mine-0001"}'),
    ],
)
def test_every_form(home: Home, context: Context, name: str, text: str) -> None:
    """Its task was missing and is there now: it runs as if it had been dropped today."""
    rejected(context, name, text)
    command_task(home, "nightly", "/bin/true")
    done = put_back(context, f"rejected/{name}")
    assert (done.task, os.path.dirname(done.file)) == ("nightly", home.new)
    assert os.path.splitext(done.file)[1] == os.path.splitext(name)[1]
    assert os.listdir(home.rejected) == []
    [event] = events(home, "retried")
    assert (event["rejected"], event["file"]) == (name, os.path.basename(done.file))
    drained(context)
    [record] = records(home, "nightly")
    assert record["outcome"] == "succeeded"
    assert done.request_id in ("", record["request_id"])


def test_a_second_one_of_a_name(home: Home, context: Context) -> None:
    """The number that keeps them apart in rejected/ is no part of the name."""
    rejected(context, "nightly")
    rejected(context, "nightly")
    command_task(home, "nightly", "/bin/true")
    assert put_back(context, "rejected/2.nightly").file == f"{home.new}/nightly"
    with pytest.raises(ClodputerError) as caught:
        put_back(context, "rejected/nightly")
    assert caught.value.code == "name_taken"
    drained(context)
    put_back(context, "rejected/nightly")
    drained(context)
    assert len(records(home, "nightly")) == 2


def test_what_lies_in_new_is_never_overwritten(home: Home, context: Context) -> None:
    rejected(context, "a.json", '{"task": "nightly"}')
    command_task(home, "nightly", "/bin/true")
    drop(home, "a.json", '{"task": "nightly"}')
    put_back(context, "a.json")
    assert len(os.listdir(home.new)) == 2


@pytest.mark.parametrize(
    ("name", "text", "code", "hint"),
    [
        (
            "a.json",
            '{"tsk": "nightly"}',
            "invalid_request",
            "Fix {rejected}/a.json. Then: clodputer retry rejected/a.json",
        ),
        (
            "a b.json",
            "{",
            "unreadable",
            "Fix {rejected}/a b.json. Then: clodputer retry 'rejected/a b.json'",
        ),
        (
            "a.json",
            '{"task": "gone"}',
            "task_unknown",
            "Make the task: clodputer new gone; or name another one in ",
        ),
        (
            "broken",
            "",
            "task_invalid",
            "Fix: clodputer edit broken. Then: clodputer retry rejected/broken",
        ),
        ("off", "", "task_disabled", "Switch it on: clodputer enable off. Then: "),
    ],
)
def test_what_is_not_mended_stays(
    home: Home, context: Context, name: str, text: str, code: str, hint: str
) -> None:
    """It would only be rejected again; what fixes it is told."""
    write_task(home, "broken", "promt: x\n")
    command_task(home, "off", "/bin/true", more="enabled: false\n")
    rejected(context, name, text)
    before = everything(home)
    with pytest.raises(ClodputerError, match="would be rejected again") as caught:
        put_back(context, f"rejected/{name}")
    assert caught.value.code == code
    assert hint.format(rejected=home.rejected) in caught.value.hint
    assert everything(home) == before


def test_a_mended_file(home: Home, context: Context) -> None:
    """By its name alone, or without the ending."""
    command_task(home, "nightly", "/bin/true")
    rejected(context, "a.json", '{"tsk": "nightly"}')
    Path(home.rejected, "a.json").write_text('{"task": "nightly"}')
    put_back(context, "a")
    drained(context)
    assert len(records(home, "nightly")) == 1


def test_the_name_of_a_task_is_its_latest_run(home: Home, context: Context) -> None:
    """As ever, although a file of that name was rejected as well."""
    rejected(context, "nightly")
    command_task(home, "nightly", "/bin/true")
    drop(home, "x.json", '{"task": "nightly"}')
    drained(context)
    assert put_back(context, "nightly").retries == records(home, "nightly")[0]["request_id"]
    assert Path(home.rejected, "nightly").exists()


@pytest.mark.parametrize("name", ["nightly", "a.json"])
def test_killed_at_every_step(tmp_path: Path, name: str) -> None:
    """It lies in one place, or has run once; a second call does no harm."""
    for step in range(1, 40):
        home = make_home(tmp_path / str(step))
        context = look(environment(home))
        rejected(context, name, json.dumps({"task": "nightly"}) if name == "a.json" else "")
        command_task(home, "nightly", "/bin/true")
        killed = killed_at(step, partial(put_back, context, f"rejected/{name}"))
        found = [
            one
            for place, names in everything(home).items()
            for one in names
            if place in ("new", "rejected") and not one.endswith(aside.REASON_SUFFIX)
        ]
        assert len(found) == 1, step
        if retry.find(context, f"rejected/{name}"):
            put_back(context, f"rejected/{name}")
        drained(context)
        assert len(records(home, "nightly")) == 1, step
        assert not Path(home.rejected, name).exists()
        if not killed:
            break
    assert step > 2
