"""A clock that was put back holds no source up: each is due again at once, and from then on at its own pace."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.gates.breaker import End
from clodputer.runner.intake.due import drop_due
from clodputer.runner.plugins.poll import poll as poll_plugins
from clodputer.runner.topics import ask, known
from clodputer.store import look as looks
from clodputer.store.context import look
from clodputer.store.due import nextround, polls, topics
from clodputer.store.home import Home
from clodputer.store.triggers import memory, plugins
from tests.listener import listening
from tests.runner.plugging import OK, plugin
from tests.runner.topical import Topic, poll
from tests.slots import settle
from tests.workshop import command_task, environment, write_secrets

EVERY = 900.0
# In seconds: by minutes, hours, longer than any source waits, and than any letter.
BACK = (90.0, 3_000.0, 90_000.0, 39 * 86_400.0, 500 * 86_400.0)
SOURCES: dict[str, dict[str, Any]] = {
    "file_watch": {"path": "{folder}"},
    "error_log": {"paths": ["{folder}/a.log"], "every": "15m"},
    "findings": {"file": "report.json", "folder": "{folder}", "format": "ruff", "every": "15m"},
    "github": {"repository": "o/r", "every": "15m"},
}


def written_at(folder: str, moment: float) -> None:
    """Let what lies in a folder be written then, as by a clock that was so far ahead."""
    for name in os.listdir(folder):
        os.utime(f"{folder}/{name}", (moment, moment))


@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("kind", SOURCES)
def test_triggers_that_look(home: Home, tmp_path: Path, kind: str, back: float) -> None:
    """Not before their time while the clock is ahead; at once when it is right again, and then within their period."""
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "a.log").write_text("fine\n")
    (folder / "report.json").write_text("[]")
    trigger = json.dumps({"type": kind, **SOURCES[kind]}).replace("{folder}", str(folder))
    command_task(home, "work", "/bin/true", more=f"trigger: {trigger}\n")
    settle(home, "work")
    write_secrets(home, "GITHUB_TOKEN=none\n")
    with listening() as server:  # it answers 404, as a repository that is not there does
        Path(home.config).write_text(
            json.dumps({"github": {"api_url": server.url, "token": "{{ env.GITHUB_TOKEN }}"}})
        )
        context, now = look(environment(home)), time.time()
        drop_due(context, None, now + back)
        written_at(f"{home.ledger}/next", now + back)
        assert looks.due_files(home, now + back + 10) == []
        assert looks.due_files(home, now) == ["work.yaml"]
        place = memory.folder(home, "work")
        before = len(server.got)
        drop_due(context, None, now)
        assert memory.generations(place)
        assert looks.due_files(home, now + EVERY + 1) == ["work.yaml"]
        assert looks.due_files(home, now + 10) == []
        assert (len(server.got) > before) is (kind == "github")


@pytest.mark.parametrize("back", BACK)
def test_plugins(home: Home, back: float) -> None:
    plugin(home, "watcher", OK, schedule={"every": "15m"})
    now = time.time()
    ahead = now + back
    os.makedirs(plugins.folder(home, "watcher"))
    plugins.commit(home, "watcher", plugins.Past((End(ahead, "succeeded", "completed"),)), 0, {}, ())
    polls.note(home, "watcher", ahead + EVERY, polls.stamp(home, "watcher"))
    written_at(f"{home.ledger}/plugins/next", ahead)
    assert polls.due(home, ahead + 10) == []
    assert polls.due(home, now) == ["watcher"]
    poll_plugins(look(environment(home)))
    assert plugins.past(home, "watcher").ends[0].at < ahead
    noted = polls.noted(home, "watcher")
    assert noted is not None
    assert noted <= time.time() + EVERY
    assert polls.due(home, time.time()) == []


@pytest.mark.parametrize("back", BACK)
def test_topics(polling: Home, there: Topic, back: float) -> None:
    poll(polling)
    now, context = time.time(), look(environment(polling))
    state = known.read(polling, "ci")
    known.write(polling, "ci", {**state, "asked": now + back, "next": now + back + 120})
    topics.note(polling, now + back + 120, topics.stamp(polling))
    for name in os.listdir(topics.folder(polling)):
        os.utime(f"{topics.folder(polling)}/{name}", (now + back, now + back))
    assert not topics.due(polling, now + back + 10)
    assert topics.due(polling, now)
    ask.poll(context)
    assert len(there.asked()) == 2
    assert not topics.due(polling, time.time())
    assert topics.due(polling, time.time() + 121)


@pytest.mark.parametrize("back", BACK)
def test_the_report(home: Home, back: float) -> None:
    Path(home.config).write_text("report: {file: report.html}\n")
    now, folder = time.time(), f"{home.ledger}/{nextround.REPORT[0]}"
    nextround.note(folder, now + back + 3600, nextround.stamp(home))
    written_at(folder, now + back)
    assert not nextround.due(home, nextround.ROUNDS, now + back)
    assert nextround.due(home, nextround.ROUNDS, now)


def test_a_clock_that_was_ahead_for_a_moment_leaves_nothing_ahead(home: Home) -> None:
    """What is noted again for the same moment is dated anew: nothing is looked at for ever."""
    plugin(home, "watcher", OK, schedule={"every": "15m"})
    now, mark = time.time(), polls.stamp(home, "watcher")
    polls.note(home, "watcher", now + EVERY, mark)
    written_at(f"{home.ledger}/plugins/next", now + 9_000)
    assert polls.due(home, now) == ["watcher"]
    polls.note(home, "watcher", now + EVERY, mark)
    assert polls.due(home, now) == []
