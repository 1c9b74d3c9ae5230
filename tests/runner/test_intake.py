"""Intake: `new/` is emptied, nothing is lost, and every refusal says how to fix it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.runner.intake.drops import Taken, intake
from clodputer.store.context import Context, look
from clodputer.store.home import Home
from clodputer.store.lock import Lock
from clodputer.store.spool import aside, find, queue
from tests.workshop import (
    command_task,
    drop,
    environment,
    events,
    everything,
    make_home,
    write_secrets,
    write_task,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two tasks."""
    made = make_home(tmp_path)
    command_task(made, "work", "/bin/true")
    command_task(made, "side", "/bin/true", more="lane: aside\npriority: high\n")
    command_task(made, "off", "/bin/true", more="enabled: false\n")
    write_task(made, "broken", "agent: command\ncomand: [x]\n")
    return made


@pytest.fixture
def context(home: Home) -> Context:
    """Its surroundings."""
    return look(environment(home))


def aged(home: Home, name: str, seconds: float) -> None:
    """Make a drop look as if it was last changed so long ago."""
    then = time.time() - seconds
    os.utime(Path(home.new, name), (then, then))


def reason(home: Home, name: str) -> str:
    """The reason beside a rejected file, which must be kept as it was."""
    assert Path(home.rejected, name).exists()
    return aside.read(home.rejected, name).message


def test_each_form_is_queued(home: Home, context: Context) -> None:
    """All four forms, each into its task's lane and priority, under its own name."""
    drop(home, "a.json", '{"task": "work", "priority": 5}')
    drop(home, "b.yaml", "task: side\n")
    drop(home, "c.md", "---\ntask: work\n---\nHello\n")
    drop(home, "work")
    assert intake(context, time.time()).queued == 4
    places = everything(home)
    names = {place: [name.split(".", 3)[3] for name in found] for place, found in places.items()}
    assert names.pop("default/queue/3") in (["c.md", "work"], ["work", "c.md"])
    assert names == {"default/queue/5": ["a.json"], "aside/queue/4": ["b.yaml"]}
    assert len(events(home, "queued")) == 4


def test_a_delayed_request_waits_and_is_promoted(home: Home, context: Context) -> None:
    """`not_before` puts it among the delayed; it is promoted at its time, not before, into its priority's queue."""
    drop(home, "a.json", '{"task": "work", "not_before": "+1h", "priority": 4}')
    now = time.time()
    intake(context, now)
    assert list(everything(home)) == ["default/delayed"]
    assert queue.promote(home, now + 3590) == []
    assert len(queue.promote(home, now + 3610)) == 1
    assert list(everything(home)) == ["default/queue/4"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "it is not JSON"),
        ("a.json", "[]", "a request is a mapping"),
        ("a.json", "{}", "no task named"),
        ("a.json", '{"task": "wrok"}', "did you mean 'work'?"),
        ("a.json", '{"task": "../../etc/passwd"}', "expected the name of a task"),
        ("a.json", '{"taks": "work"}', "unknown field 'taks' (did you mean 'task'?)"),
        ("a.json", '{"task": "work", "priority": 9}', "not a priority: 9"),
        ("a.json", '{"task": "work", "not_before": "soon"}', "not a moment: 'soon'"),
        ("a.json", '{"task": "off"}', "is disabled"),
        ("a.json", '{"task": "broken"}', "did you mean 'command'"),
        ("nosuch", "", "there is no task 'nosuch'"),
        ("a.txt", "hello", "none of the forms"),
        (".DS_Store", "x", "begins with a dot"),
    ],
)
def test_rejected_with_a_reason(home: Home, context: Context, name: str, text: str, message: str) -> None:
    """What is no request is kept with a reason that says what to do, and under which name it was dropped."""
    drop(home, name, text)
    aged(home, name, 3)
    assert intake(context, time.time()).rejected == 1
    assert message in reason(home, name)
    assert aside.read(home.rejected, name).dropped_as == name
    assert Path(home.rejected, name).read_text() == text
    assert events(home, "rejected")[0]["file"] == name


def test_two_of_one_name_are_both_kept(home: Home, context: Context) -> None:
    """A second rejected file of the same name does not overwrite the first."""
    for text in ("one", "two"):
        drop(home, "a.txt", text)
        aged(home, "a.txt", 3)
        intake(context, time.time())
    kept = [path for path in Path(home.rejected).iterdir() if not path.name.endswith(".reason.json")]
    assert sorted(path.read_text() for path in kept) == ["one", "two"]


def test_other_kinds_are_moved_unopened(home: Home, context: Context, tmp_path: Path) -> None:
    """Folders, links and pipes leave `new/` too, or the scheduler would start us for ever; nothing of them is read."""
    Path(home.new, "folder").mkdir()
    Path(home.new, "folder", "inside").touch()
    Path(home.new, "link.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(Path(home.new, "pipe.json"))
    assert intake(context, time.time()).rejected == 3
    assert os.listdir(home.new) == []
    assert Path(home.rejected, "folder", "inside").exists()


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", '{"task": '), ("a.md", "---\ntask: work\n---\nhalf"), ("a.txt", "x")]
)
def test_an_unfinished_file_waits(home: Home, context: Context, name: str, text: str) -> None:
    """A file that looks unfinished and changed a moment ago stays where it is; two seconds later it is judged."""
    drop(home, name, text)
    now = time.time()
    assert intake(context, now) == Taken(unfinished=1)
    assert everything(home) == {"new": [name]}
    assert intake(context, now + 2.5).unfinished == 0
    assert os.listdir(home.new) == []


def test_only_one_is_at_it(home: Home, context: Context) -> None:
    """While another process takes in, we do not; it will look again."""
    drop(home, "work")
    with Lock(f"{home.spool}/intake.lock"):
        assert intake(context, time.time()) == Taken(refused=True)
    assert intake(context, time.time()).queued == 1


def dedupe(key: str = "k", ttl: str = "0s") -> str:
    """A request with a dedupe key."""
    return json.dumps({"task": "work", "dedupe_key": key, "dedupe_ttl": ttl})


def test_the_same_key_is_coalesced_while_the_first_waits(home: Home, context: Context) -> None:
    """The second is logged, with all it said and whom it is one with, and only the first stays."""
    drop(home, "a.json", dedupe())
    drop(home, "b.json", dedupe())
    drop(home, "c.json", dedupe("other"))
    taken = intake(context, time.time())
    assert (taken.queued, taken.coalesced) == (2, 1)
    first = events(home, "queued")[0]
    coalesced = events(home, "coalesced")[0]
    assert coalesced["into"] == first["request_id"]
    assert coalesced["request"]["task"] == "work"
    assert coalesced["request_id"] != first["request_id"]


def forget_queue(home: Home) -> None:
    """As if all that was queued had been run."""
    for priority in range(1, 6):
        for path in Path(home.lanes, "default", "queue", str(priority)).iterdir():
            path.unlink()


def test_within_the_ttl_it_is_coalesced_even_when_the_first_is_done(home: Home, context: Context) -> None:
    """The ttl counts from when the first was accepted; after it, a new request is let in."""
    now = time.time()
    drop(home, "a.json", dedupe(ttl="1h"))
    intake(context, now)
    forget_queue(home)
    drop(home, "b.json", dedupe(ttl="1h"))
    assert intake(context, now + 3599).coalesced == 1
    drop(home, "c.json", dedupe(ttl="1h"))
    assert intake(context, now + 3601).queued == 1


def test_without_a_ttl_the_key_is_free_when_the_first_is_done(home: Home, context: Context) -> None:
    """A key alone means: not twice at the same time."""
    drop(home, "a.json", dedupe())
    intake(context, time.time())
    forget_queue(home)
    drop(home, "b.json", dedupe())
    assert intake(context, time.time()).queued == 1


@pytest.mark.slow
def test_ten_thousand_at_once(home: Home, context: Context) -> None:
    """A flood is taken in whole, in order of arrival."""
    for number in range(10_000):
        Path(home.new, f"{number:05d}.json").write_text('{"task": "work"}')
    assert intake(context, time.time()).queued == 10_000
    assert os.listdir(home.new) == []
    assert len(os.listdir(Path(home.lanes, "default", "queue", "3"))) == 10_000


def test_secrets_do_not_reach_the_reason(home: Home) -> None:
    """A secret in a request that is refused stands neither in its reason nor in the log."""
    write_secrets(home, "KEY=hunter2hunter2\n")
    drop(home, "a.json", '{"task": "work", "hunter2hunter2": 1}')
    intake(look(environment(home)), time.time())
    assert "hunter2hunter2" not in reason(home, "a.json")
    assert "hunter2hunter2" not in Path(home.log).read_text()


def fields(home: Home) -> Any:
    """The one event of the log."""
    return events(home)[0]


def test_the_log_tells_the_arrival(home: Home, context: Context) -> None:
    """One line with the request's id, task, lane, priority and the file it came as."""
    drop(home, "a.json", '{"task": "side"}')
    intake(context, time.time())
    line = fields(home)
    assert (line["event"], line["task"], line["lane"], line["priority"], line["file"]) == (
        "queued",
        "side",
        "aside",
        4,
        "a.json",
    )


def test_an_id_that_is_taken(home: Home, context: Context) -> None:
    """Of two drops with one id, name and moment the second gets another id while the first waits, and both are kept."""
    for _ in range(3):
        drop(home, "same.json", '{"task": "work", "id": "same-id", "created_at": "2026-01-01T00:00:00Z"}')
        assert intake(context, time.time()).queued == 1
    found = list(find.everywhere(home))
    assert len(found) == 3
    assert len({one.id for one in found}) == 3
    assert "same-id" in {one.id for one in found}
    assert {one.name for one in found} == {"same.json"}
