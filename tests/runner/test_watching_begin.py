"""Watched folders at the first look, after edits of their trigger, and what prompts are told of changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.request import from_fields
from clodputer.model.task import Trigger
from clodputer.runner.prompt import texts
from clodputer.store.triggers import memory
from clodputer.triggers.file_watch.path import filled_in
from tests.runner.prompting import NONCE, unfenced
from tests.runner.watched import Watched
from tests.workshop import events


def test_what_is_there_at_first(tmp_path: Path) -> None:
    """`initial: ignore` takes it as known, `process` as created."""
    for initial, expected in (("ignore", []), ("process", [("a", "created")])):
        folder = tmp_path / initial
        folder.mkdir()
        watched = Watched(folder, started=False, initial=initial)
        watched.put("a")
        watched.look()
        assert watched.files() == expected
        (event,) = events(watched.home, "watch_started")
        assert (event["task"], event["files"], event["new"]) == ("work", 1, len(expected))
        assert watched.look() is None


def test_an_edited_trigger_replays_nothing(tmp_path: Path) -> None:
    """Another folder or pattern begins with what is there as known, even with `initial: process`; new files are told."""
    watched = Watched(tmp_path, pattern="*.txt", initial="process")
    watched.put("a.txt")
    watched.put("b.md")
    watched.look()
    assert watched.files() == [("a.txt", "created")]
    watched.change(watched.trigger(pattern="*", initial="process"))
    watched.look()
    assert watched.files() == []
    watched.put("c.md")
    watched.look()
    assert watched.files() == [("c.md", "created")]
    assert len(os.listdir(memory.folder(watched.home, "work"))) == 3, "two locks and one state"


def test_other_options_of_a_trigger_change_nothing(tmp_path: Path) -> None:
    """What is known stays known, and what is not yet settled is told by the new rules."""
    watched = Watched(tmp_path)
    watched.put("a")
    watched.look(later=0.1)
    watched.change(watched.trigger(debounce=0.05, event="created", initial="process"))
    watched.look(later=0.5)
    assert watched.files() == [("a", "created")]
    assert len(events(watched.home, "watch_started")) == 1


def test_an_added_trigger_begins_as_it_says(tmp_path: Path) -> None:
    """A second one beside the first follows its own `initial`; the first goes on, wherever it stands in the list."""
    watched = Watched(tmp_path, pattern="*.txt")
    watched.put("a.txt")
    watched.look()
    watched.dropped()
    other = watched.put("sub/b.txt").parent
    added = Trigger("file_watch", {"path": str(other), "initial": "process"})
    watched.change(added, *watched.task.triggers)
    watched.look()
    assert watched.files() == [("b.txt", "created")]


def test_a_damaged_snapshot_replays_nothing(tmp_path: Path) -> None:
    """It is taken anew, with what is there as known."""
    watched = Watched(tmp_path, initial="process")
    watched.put("a")
    watched.look()
    watched.dropped()
    (file,) = Path(memory.folder(watched.home, "work")).glob(f"*/{memory.FILE}")
    file.write_text("{")
    watched.look()
    assert watched.files() == []
    watched.put("b")
    watched.look()
    assert watched.files() == [("b", "created")]


def test_home_and_variables_in_the_path(tmp_path: Path) -> None:
    """`~` and `{{ env.X }}` are filled in; what is not absolute then is told."""
    watched = Watched(tmp_path)
    for text, environ in (
        ("~/inbox", {"HOME": str(tmp_path)}),
        ("{{ env.ROOT }}/inbox/", {"ROOT": str(tmp_path)}),
    ):
        assert filled_in(watched.task, text, environ, {}) == str(watched.inbox)
    with pytest.raises(ClodputerError, match=r"trigger\.path is not absolute: inbox"):
        filled_in(watched.task, "{{ env.X }}", {"X": "inbox"}, {})
    with pytest.raises(ClodputerError, match=r"env\.GONE is not set"):
        filled_in(watched.task, "{{ env.GONE }}", {}, {})


def test_a_pattern_that_is_none(tmp_path: Path) -> None:
    """Told before anything is looked at."""
    watched = Watched(tmp_path)
    watched.change(watched.trigger(pattern="/etc/*"))
    with pytest.raises(
        ClodputerError, match="a pattern is relative to path; remove the leading /; found '/etc"
    ):
        watched.look()


def test_a_disabled_task_waits(tmp_path: Path) -> None:
    """Nothing is dropped for it; when it is enabled again, what has changed meanwhile is."""
    watched = Watched(tmp_path)
    watched.task = watched.task._replace(enabled=False)
    watched.put("a")
    assert (watched.look(), watched.files()) == (None, [])
    watched.task = watched.task._replace(enabled=True)
    watched.look()
    assert watched.files() == [("a", "created")]


def test_prompts_name_the_change(tmp_path: Path) -> None:
    """`{{ file.path }}`, `{{ file.name }}`, `{{ file.event }}` and `{{ files }}`, with what a request brings."""
    watched = Watched(tmp_path)
    path = watched.put("a.txt")
    watched.look()
    (fields,) = watched.dropped()
    request = from_fields(fields, request_id="abcd", created_at=0.0, origin={})
    task = watched.task._replace(
        prompt="{{ file.event }} {{ file.path }} {{ file.name }} {{ file.relative }} {{ file.size }}"
    )
    assert unfenced(texts.render(task, request, None, {}, {}, nonce=NONCE)) == f"created {path} a.txt a.txt 4"
    watched.change(watched.trigger(batch="all"))
    watched.put("b.txt")
    watched.put("c.txt")
    watched.look()
    (fields,) = watched.dropped()
    request = from_fields(fields, request_id="abcd", created_at=0.0, origin={})
    task = watched.task._replace(
        prompt="{% for file in files %}{{ file.event }} {{ file.name }},{% endfor %}"
    )
    assert unfenced(texts.render(task, request, None, {}, {}, nonce=NONCE)) == "created b.txt,created c.txt,"
