"""Watched folders in bad times: they vanish, come back, are emptied or closed, or the task writes into its own."""

from __future__ import annotations

import shutil
import time
from json import dumps
from pathlib import Path

import pytest

from clodputer import triggers
from clodputer.model.errors import ClodputerError
from clodputer.model.request import Place, Request, from_fields
from clodputer.model.text.moment import compact
from clodputer.model.triggers import watch
from clodputer.runner.prompt import texts
from clodputer.store.context import look
from clodputer.store.spool import dropfile, layout, queue
from clodputer.store.taskfiles import template_text
from clodputer.triggers.file_watch.contexts import contexts
from tests.runner.prompting import NONCE, unfenced
from tests.runner.watched import Watched
from tests.workshop import environment, events, make_too_deep


def test_a_folder_that_vanishes_and_comes_back(tmp_path: Path) -> None:
    """Told once; what was known stays known, though nothing was seen of it for a while; what is new is told."""
    watched = Watched(tmp_path)
    watched.put("a")
    watched.look()
    watched.dropped()
    watched.inbox.rename(tmp_path / "away")
    for _ in range(3):
        assert watched.look() is not None
    (event,) = events(watched.home, "watch_failed")
    assert event["message"] == f"{watched.inbox} does not exist; make the folder, or change path"
    (tmp_path / "away").rename(watched.inbox)
    watched.put("b")
    watched.look()
    assert watched.files() == [("b", "created")]
    watched.inbox.rename(tmp_path / "away")
    watched.look()
    assert len(events(watched.home, "watch_failed")) == 2, "told anew, since it was well in between"


def test_a_volume_that_numbers_its_files_anew(tmp_path: Path) -> None:
    """After an absence the same size and time are the same file, whatever its inode; others are modified."""
    watched = Watched(tmp_path)
    watched.put("a")
    watched.put("b")
    watched.look()
    watched.dropped()
    shutil.copytree(watched.inbox, tmp_path / "copy")
    shutil.rmtree(watched.inbox)
    watched.look()
    (tmp_path / "copy").rename(watched.inbox)
    watched.put("b", "longer than before")
    watched.look()
    assert watched.files() == [("b", "modified")]


def test_an_empty_mount_point(tmp_path: Path) -> None:
    """Another folder in its place, with nothing in it, is told once; when the files are back they are known."""
    watched = Watched(tmp_path)
    watched.put("a")
    watched.look()
    watched.dropped()
    watched.inbox.rename(tmp_path / "volume")
    watched.inbox.mkdir()
    watched.look()
    watched.look()
    (event,) = events(watched.home, "watch_failed")
    assert "is another folder than before, and empty" in event["message"]
    watched.inbox.rmdir()
    (tmp_path / "volume").rename(watched.inbox)
    watched.look()
    assert watched.files() == []


def test_a_folder_that_is_emptied(tmp_path: Path) -> None:
    """The same folder with nothing in it: all was deleted, and what comes is new."""
    watched = Watched(tmp_path)
    path = watched.put("a")
    watched.look()
    watched.dropped()
    path.rename(tmp_path / "a")
    watched.look()
    (tmp_path / "a").rename(path)
    watched.look()
    assert watched.files() == [("a", "created")]
    assert events(watched.home, "watch_failed") == []


def test_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    """The first look is the one that finds it."""
    watched = Watched(tmp_path, started=False)
    watched.inbox.rmdir()
    watched.look()
    watched.look()
    assert len(events(watched.home, "watch_failed")) == 1
    watched.put("there-from-the-start")
    watched.look()
    watched.put("a")
    watched.look()
    assert watched.files() == [("a", "created")]


@pytest.mark.usefixtures("mortal")
def test_a_folder_that_is_closed_for_a_while(tmp_path: Path) -> None:
    """Told once, for the watched folder and for one in it; nothing in it is forgotten."""
    watched = Watched(tmp_path, pattern="**")
    watched.put("x/a")
    watched.look()
    watched.dropped()
    for folder, message in (
        (watched.inbox / "x", "these folders in it cannot be read: x"),
        (watched.inbox, "Permission denied"),
    ):
        folder.chmod(0)
        watched.look()
        watched.look()
        folder.chmod(0o700)
        assert message in events(watched.home, "watch_failed")[-1]["message"]
        watched.look()
    assert len(events(watched.home, "watch_failed")) == 2
    assert watched.files() == []


def test_a_folder_too_deep_to_be_read(tmp_path: Path) -> None:
    """It is named once, and the rest is watched."""
    watched = Watched(tmp_path, pattern="**")
    make_too_deep(watched.inbox)
    watched.put("a")
    watched.look()
    watched.look()
    assert watched.files() == [("a", "created")]
    assert len(events(watched.home, "watch_failed")) == 1


def run_of_the_task(watched: Watched, start: float) -> None:
    """A run that began at `start` and ends now, as the records tell it."""
    runs = Path(watched.home.runs, "work")
    # With a number, as two may begin in one millisecond.
    folder = runs / f"{compact(start)}-{len(list(runs.glob('*'))):04}"
    folder.mkdir(parents=True)
    (folder / "record.json").write_text("{}")


def test_a_task_that_writes_into_its_own_folder(tmp_path: Path) -> None:
    """Ten rounds that its own runs brought about, then one a quarter of an hour, told in the log; nothing is lost."""
    watched = Watched(tmp_path)
    found, again = [], None
    for number in range(watch.ECHOES + 3):
        start = time.time() - 0.1
        watched.put(f"output-{number}")
        run_of_the_task(watched, start)
        again = watched.look()
        found.append(len(watched.files()))
    assert found == [1] * watch.ECHOES + [0] * 3
    assert again == pytest.approx(time.time() + watch.SLOW, abs=100)
    (event,) = events(watched.home, "watch_slowed")
    assert "Let the task write elsewhere, or make the pattern narrower" in event["message"]
    watched.look(later=watch.SLOW + 60)
    assert watched.files() == [
        (f"output-{number}", "created") for number in range(watch.ECHOES, watch.ECHOES + 3)
    ]


def test_somebody_elses_file_ends_the_slow_rounds(tmp_path: Path) -> None:
    """A file written while the task was not running comes at once, and brings the waiting ones along."""
    watched = Watched(tmp_path)
    for number in range(watch.ECHOES + 1):
        start = time.time() - 0.1
        watched.put(f"output-{number:02}")
        run_of_the_task(watched, start)
        watched.look()
    watched.dropped()
    watched.put("report")
    watched.look()
    assert watched.files() == [(f"output-{watch.ECHOES}", "created"), ("report", "created")]


def test_a_file_that_comes_while_the_task_runs_is_not_lost(tmp_path: Path) -> None:
    """A run without a record is still going on; its time counts, and the file is dropped like any other."""
    watched = Watched(tmp_path)
    Path(watched.home.runs, "work", f"{compact(time.time() - 1)}-abcd").mkdir(parents=True)
    Path(watched.home.runs, "work", "a folder of the person's own").mkdir()
    watched.put("a")
    watched.look()
    assert watched.files() == [("a", "created")]


def test_more_files_than_one_request_holds() -> None:
    """`batch: all` makes as few requests as hold them; each is small enough to be taken in."""
    changes = [
        watch.Change(f"{number:05}-{'x' * 150}", "created", watch.Version(0, 0, 0, 0))
        for number in range(5000)
    ]
    made = contexts("/in", changes, "all")
    assert 2 <= len(made) <= 6
    assert all(len(dumps(context)) < dropfile.LARGEST - 10_000 for context in made)
    files = [file["relative"] for context in made for file in context["files"]]
    assert files == [change.path for change in changes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ file.pth }}", "there is no file.pth (did you mean 'path'?)"),
        ("{{ fil.path }}", "unknown name 'fil' (did you mean 'file'?)"),
        ("{{ file }}{{ files }}{{ file.event }}{{ file.shell }}", ""),
        ("{% for file in context.mine %}{{ file.title }}{% endfor %}", ""),
    ],
)
def test_prompts_are_checked(text: str, expected: str) -> None:
    """A field that no file has is found when the task is validated; a variable of the person's own may be called file."""
    faults = template_text.faults(text, triggers.in_prompts())
    assert [fault.message[: len(expected)] for fault in faults] == ([expected] if expected else [])


@pytest.mark.parametrize("text", ["{{ file.path }}", "{% for each in files %}{% endfor %}"])
def test_a_request_that_brings_no_file(tmp_path: Path, text: str) -> None:
    """The run is not started, and the message says what such a prompt can do; by hand the context may bring it."""
    task = Watched(tmp_path).task._replace(prompt=text)
    request = Request("abcd", "work", 0.0)
    with pytest.raises(
        ClodputerError, match="A trigger file_watch brings it; for requests of other kinds write"
    ) as caught:
        unfenced(texts.render(task, request, None, {}, {}, nonce=NONCE))
    assert "is not set" in str(caught.value)
    context = {"file": {"path": "/a"}, "files": []}
    by_hand = from_fields({"task": "work", "context": context}, request_id="abcd", created_at=0.0, origin={})
    assert unfenced(texts.render(task, by_hand, None, {}, {}, nonce=NONCE)) in ("/a", "")


def test_while_the_queue_is_full_nothing_is_looked_for(tmp_path: Path) -> None:
    """And what changes meanwhile is found once there is room again."""
    watched = Watched(tmp_path)
    Path(watched.home.config).write_text("lanes: {default: {queue_limit: 2}}\n")
    watched.context = look(environment(watched.home))
    layout.make_lane(watched.home, "default")
    waiting = [
        Path(queue.path(watched.home, "default", Place(number, 3, f"aaaa{number}", "x")))
        for number in range(2)
    ]
    for path in waiting:
        path.touch()
    watched.put("a")
    assert watched.look() is not None
    assert watched.files() == []
    waiting[0].unlink()
    watched.look()
    assert watched.files() == [("a", "created")]
