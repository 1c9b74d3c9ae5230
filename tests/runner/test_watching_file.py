"""A trigger whose path is one file, and patterns that are lists, as an exec sees them."""

from __future__ import annotations

import os
from pathlib import Path

from clodputer.model.task import Trigger
from clodputer.tasks import taskfile
from tests.runner.watched import Watched
from tests.workshop import environment, events, write_task


def watch(watched: Watched, path: Path, **options: object) -> None:
    watched.change(Trigger("file_watch", {"path": str(path), **options}))


def test_one_file(tmp_path: Path) -> None:
    """Modified when it is written or replaced; others in its folder do not count; its path is whole in the request."""
    watched = Watched(tmp_path, started=False)
    todo = watched.put("todo.txt", "one")
    watch(watched, todo)
    watched.look()
    watched.put("other.txt")
    watched.look()
    assert watched.files() == []
    watched.put("todo.txt", "one, two")
    watched.look()
    (request,) = watched.dropped()
    file = request["context"]["file"]
    assert (file["path"], file["relative"], file["event"]) == (str(todo), "todo.txt", "modified")
    watched.put("draft", "three").rename(todo)
    watched.look()
    assert watched.files() == [("todo.txt", "modified")]
    assert events(watched.home, "watch_failed") == []


def test_one_file_that_comes_later(tmp_path: Path) -> None:
    """We looked before, and it was not there: it is new. When it goes and comes back changed, it was modified."""
    watched = Watched(tmp_path, started=False)
    todo = watched.inbox / "todo.txt"
    watch(watched, todo)
    watched.look()
    watched.put("todo.txt")
    watched.look()
    assert watched.files() == [("todo.txt", "created")]
    todo.unlink()
    watched.look()
    watched.put("todo.txt", "other")
    watched.look()
    assert watched.files() == [("todo.txt", "modified")]


def test_one_file_by_a_link(tmp_path: Path) -> None:
    """What the link leads to is watched, as with a folder."""
    watched = Watched(tmp_path, started=False)
    watched.put("todo.txt")
    os.symlink(watched.inbox / "todo.txt", tmp_path / "link")
    watch(watched, tmp_path / "link")
    watched.look()
    watched.put("todo.txt", "changed")
    watched.look()
    assert watched.files() == [("link", "modified")]


def test_a_pattern_beside_a_file(tmp_path: Path) -> None:
    """It could only be a mistake, and is reported."""
    watched = Watched(tmp_path, started=False)
    watch(watched, watched.put("todo.txt"), pattern=["*.txt"])
    watched.look()
    (event,) = events(watched.home, "watch_failed")
    assert (
        event["message"]
        == f"{watched.inbox}/todo.txt is a file, not a folder; leave pattern out to watch this file"
    )


def test_several_patterns(tmp_path: Path) -> None:
    watched = Watched(tmp_path, pattern=["*.{md,txt}", "**/*.csv"])
    for name in ("a.md", "b.txt", "c.csv", "d.pdf", "x/e.csv", "x/f.md"):
        watched.put(name)
    watched.look()
    assert sorted(watched.files()) == [(name, "created") for name in ("a.md", "b.txt", "c.csv", "x/e.csv")]


def test_what_a_task_file_may_say(tmp_path: Path) -> None:
    """A single pattern or a list; what is of other languages is refused with what to write."""
    watched = Watched(tmp_path)

    def problem(trigger: str) -> str:
        write_task(watched.home, "t", f"prompt: x\ntrigger: {{type: file_watch, {trigger}}}\n")
        _, problems = taskfile.check_file(
            watched.home, f"{watched.home.tasks}/t.yaml", environment(watched.home)
        )
        return "\n".join(map(str, problems))

    assert problem("path: ~/in, pattern: '*.md'") == ""
    assert problem("path: ~/in, pattern: ['*.md', '*.{csv,txt}']") == ""
    assert "trigger.pattern: expected at least one of them" in problem("path: ~/in, pattern: []")
    assert (
        "trigger.pattern[1]: expected a pattern such as **/*.md (a pattern cannot exclude files"
        in problem("path: ~/in, pattern: ['*', '!*.tmp']")
    )
    assert "write several patterns as a list, such as [*.md, *.txt]" in problem(
        "path: ~/in, pattern: '*.md|*.txt'"
    )
    assert "write path: ~/in and pattern: '*.pdf'" in problem("path: ~/in/*.pdf")
    assert "write path: ~/in and pattern: '**/*.pdf'" in problem("path: ~/in/**/*.pdf")
