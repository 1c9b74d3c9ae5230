"""Finding tasks by name, checking all of them, and doing so without the heavy libraries when nothing changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clodputer.model.errors import ClodputerError
from clodputer.model.follow.keys import Follow
from clodputer.model.gates.approval import Approval
from clodputer.model.gates.breaker import Breaker
from clodputer.model.gates.budget import Budget
from clodputer.model.gates.require import Require
from clodputer.model.gates.windowrule import WindowRule
from clodputer.model.isolate.container import Container
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.isolate.worktree import Worktree
from clodputer.model.proof.expect import Expect
from clodputer.model.runs.limits import Limits
from clodputer.model.runs.retry import Retry
from clodputer.model.state import StateRule
from clodputer.model.task import Claude, Task, Trigger, from_json, to_json
from clodputer.store.home import Home
from clodputer.store.taskfiles import cache
from clodputer.tasks import taskfile
from tests.workshop import ROOT, environment, write_task


def _age(home: Home) -> None:
    """Make the task files old enough to be kept: the cache takes no file that may still change unseen."""
    for path in Path(home.tasks).iterdir():
        os.utime(path, (1_700_000_000.5, 1_700_000_000.5))


def _error(home: Home, name: str) -> ClodputerError:
    with pytest.raises(ClodputerError) as caught:
        taskfile.load(home, name, {})
    return caught.value


def test_a_task_is_found_by_its_file(home: Home) -> None:
    """The usual case: tasks/NAME.yaml."""
    write_task(home, "nightly", "prompt: a\n")
    assert taskfile.load(home, "nightly", {}).prompt == "a"


def test_a_task_is_found_by_the_name_it_gives(home: Home) -> None:
    """`name:` counts, and the file's own name no more."""
    write_task(home, "nightly", "prompt: a\nname: weekly\n")
    Path(home.tasks, "other.yml").write_text("prompt: b\n", encoding="utf-8")
    assert taskfile.load(home, "weekly", {}).prompt == "a"
    assert taskfile.load(home, "other", {}).prompt == "b"
    assert _error(home, "nightly").code == "task_unknown"
    assert taskfile.names(home) == ["other", "weekly"]


def test_a_swap_of_names(home: Home) -> None:
    """Two files whose names are each other's: the name inside counts."""
    write_task(home, "a", "prompt: I am b\nname: b\n")
    write_task(home, "b", "prompt: I am a\nname: a\n")
    assert taskfile.load(home, "a", {}).prompt == "I am a"
    assert taskfile.load(home, "b", {}).prompt == "I am b"


def test_an_unknown_task(home: Home) -> None:
    """The nearest name is suggested, and where tasks live is told."""
    write_task(home, "log-triage", "prompt: a\n")
    error = _error(home, "log-triag")
    assert error.code == "task_unknown"
    assert (
        error.message
        == f"there is no task 'log-triag' (did you mean 'log-triage'?); {home.tasks} has log-triage"
    )
    assert error.hint == f"A task is a file such as {home.tasks}/NAME.yaml; to make one: clodputer new NAME"


@pytest.mark.parametrize(
    "name", ["../secrets", "/etc/passwd", "", ".", "..", "a/b", "a\nb", "a\0b", "a" * 65, "x" * 100_000]
)
def test_a_name_cannot_lead_elsewhere(name: str, home: Home) -> None:
    """A name that is no task's name is unknown, wherever it points."""
    Path(home.root, "secrets.yaml").write_text("prompt: a\n", encoding="utf-8")
    error = _error(home, name)
    assert error.code == "task_unknown"
    assert len(error.message) < 200


def test_no_tasks_folder(tmp_path: Path) -> None:
    """A home without tasks has no task of any name."""
    home = Home(str(tmp_path / "nothing"))
    assert _error(home, "a").message == "there is no task 'a'"
    assert (taskfile.names(home), taskfile.check_all(home, {})) == ([], [])


def test_an_invalid_task_tells_all(home: Home) -> None:
    """Every problem is a line of the message."""
    write_task(home, "nightly", "promt: a\ntimeout: 5\n")
    error = _error(home, "nightly")
    assert (error.code, error.hint) == ("task_invalid", "Fix: clodputer edit nightly")
    assert error.message.splitlines() == [
        "tasks/nightly.yaml:1: expected prompt or prompt_file: what is Claude asked to do?",
        "tasks/nightly.yaml:1: promt: unknown key (did you mean 'prompt'?)",
        "tasks/nightly.yaml:2: timeout: expected a duration with its unit, found 5; write 5s or 5m",
    ]


def test_two_files_for_one_name(home: Home) -> None:
    """Nobody could say which of them is meant, so neither runs, and both are named."""
    write_task(home, "a", "prompt: a\nname: same\n")
    write_task(home, "b", "prompt: b\nname: same\n")
    error = _error(home, "same")
    assert error.code == "task_invalid"
    assert error.message == (
        "tasks/a.yaml:1: name: the task name 'same' is also claimed by tasks/b.yaml; give one of them another name"
    )
    reports = taskfile.check_all(home, {})
    assert [(report.name, report.task, len(report.problems)) for report in reports] == [("same", None, 1)] * 2


def test_both_endings(home: Home) -> None:
    """a.yaml and a.yml claim one name, even when both were read before."""
    write_task(home, "a", "prompt: a\n")
    assert taskfile.load(home, "a", {}).prompt == "a"
    Path(home.tasks, "a.yml").write_text("prompt: b\n", encoding="utf-8")
    assert "tasks/a.yml" in _error(home, "a").message


def test_names_that_differ_in_case_only(home: Home) -> None:
    """They would share a folder of runs on some file systems."""
    write_task(home, "one", "prompt: a\nname: Nightly\n")
    write_task(home, "two", "prompt: a\nname: nightly\n")
    assert [len(report.problems) for report in taskfile.check_all(home, {})] == [1, 1]


def test_check_all_goes_on_after_a_bad_one(home: Home) -> None:
    """One bad task never stops the others, whatever is wrong with it."""
    write_task(home, "good", "prompt: a\n")
    write_task(home, "bad", "prompt: [")
    Path(home.tasks, "binary.yaml").write_bytes(b"\0\1\2")
    Path(home.tasks, "folder.yaml").mkdir()
    os.mkfifo(f"{home.tasks}/pipe.yaml")
    Path(home.tasks, "gone.yaml").symlink_to("nowhere")
    Path(home.tasks, ".hidden.yaml").write_text("x", encoding="utf-8")
    Path(home.tasks, "notes.txt").write_text("x", encoding="utf-8")
    os.close(os.open(os.fsencode(home.tasks) + b"/\xff.yaml", os.O_CREAT | os.O_WRONLY))
    reports = {report.name: report for report in taskfile.check_all(home, {})}
    assert {name for name, report in reports.items() if report.task} == {"good"}
    told = {name: [str(problem) for problem in report.problems] for name, report in reports.items()}
    assert told["folder"] == ["tasks/folder.yaml:1: this is not a regular file"]
    assert told["pipe"] == ["tasks/pipe.yaml:1: this is not a regular file"]
    assert told["gone"] == ["tasks/gone.yaml:1: the file cannot be read: No such file or directory"]
    assert told["binary"] == ["tasks/binary.yaml:1: the file holds a NUL byte: it is not a text file"]
    assert len(reports) == 7
    str(told).encode()


def test_check_all_of_some(home: Home) -> None:
    """Only the tasks named are reported, and an unknown one is an error."""
    for name in ("a", "b", "c"):
        write_task(home, name, "prompt: a\n")
    assert [report.name for report in taskfile.check_all(home, {}, ["c", "a"])] == ["a", "c"]
    with pytest.raises(ClodputerError, match="there is no task 'd'"):
        taskfile.check_all(home, {}, ["a", "d"])


def test_an_edit_is_seen(home: Home) -> None:
    """The cache never outlives the file it was made from."""
    for number in range(1, 30):
        write_task(home, "a", f"prompt: a\nmax_turns: {number}\n")
        if number % 2:
            _age(home)
        assert taskfile.load(home, "a", {}).claude.max_turns == number


def test_a_damaged_cache_is_no_error(home: Home) -> None:
    """Whatever stands in the cache, the task is that of the file."""
    write_task(home, "a", "prompt: a\n")
    _age(home)
    expected = taskfile.load(home, "a", {})
    (entry,) = Path(home.cache).iterdir()
    key = cache._key(f"{home.tasks}/a.yaml", cache.program(*taskfile.RULES))
    assert key is not None
    import json

    for content in (
        b"",
        b"\0\xff",
        b"{}",
        b"[]",
        b"[" * 100_000,
        json.dumps([*key, None]).encode(),
        json.dumps([*key, {"name": "a"}]).encode(),
        json.dumps([*key, [1]]).encode(),
        json.dumps([*key, {**to_json(expected), "expect": 5}]).encode(),
        json.dumps([*key, {**to_json(expected), "more": 5}]).encode(),
    ):
        entry.write_bytes(content)
        assert taskfile.load(home, "a", {}) == expected


def test_an_unchanged_task_loads_nothing_heavy(home: Home) -> None:
    """The second run of a task imports neither yaml nor pydantic nor jinja2, the first one had to."""
    write_task(home, "a", "prompt: a\nallowed_tools: [Read]\nexpect: {file_exists: x}\n")
    Path(home.config).write_text("max_output: 5MB\n", encoding="utf-8")
    os.utime(home.config, (1_700_000_000.5, 1_700_000_000.5))
    _age(home)
    program = (
        "import os, sys\n"
        "from clodputer.model.request import Request\n"
        "from clodputer.runner.prompt import texts\n"
        "from clodputer.store import home, secrets, settings\nfrom clodputer.tasks import taskfile\n"
        "here = home.locate(os.environ)\n"
        "task = taskfile.load(here, 'a', os.environ)\n"
        "known = secrets.load(here)\n"
        "assert settings.load(here, os.environ).max_output == 5 * 1024 * 1024\n"
        "assert texts.render(task, Request('abcd', 'a', 0.0), None, os.environ, known, nonce='00') == 'a'\n"
        "assert texts.render_task(task, os.environ, known).expect.file_exists == ('x',)\n"
        "print([name for name in ('yaml', 'pydantic', 'jinja2', 'click', 'dataclasses') if name in sys.modules])\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=environment(home),
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert "pydantic" in said[0]
    assert said[1] == "[]"


TEXT = st.text(max_size=8)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
SECONDS = st.floats(0, 1e9)
CLOCKS = st.none() | SECONDS
MAPPINGS = st.dictionaries(TEXT, VALUES, max_size=3)


@settings(deadline=None)
@given(
    st.builds(
        Task,
        name=TEXT,
        path=TEXT,
        command=TEXTS,
        claude=st.builds(
            Claude,
            fallback_model=TEXTS,
            max_cost_usd=st.none() | st.floats(0, 1e9),
            settings_sources=st.none() | TEXTS,
            json_schema=st.none() | MAPPINGS,
        ),
        limits=st.builds(
            Limits, CLOCKS, CLOCKS, CLOCKS, CLOCKS, max_output=st.none() | st.integers(0, 2**40)
        ),
        context=MAPPINGS,
        env=st.dictionaries(TEXT, TEXT),
        expect=st.builds(
            Expect,
            result_matches=st.none() | TEXT,
            file_exists=TEXTS,
            command_succeeds=TEXTS,
            json_schema=st.none() | MAPPINGS,
        ),
        # No value of a file is NaN, which equals nothing.
        retry=st.builds(Retry, wait=SECONDS, multiplier=SECONDS, longest_wait=SECONDS),
        breaker=st.builds(Breaker, cooldown=SECONDS),
        approve=st.builds(Approval, expires=SECONDS),
        budget=st.builds(Budget, per_day=CLOCKS, per_24h=CLOCKS, per_month=CLOCKS),
        require=st.builds(Require, cpu_below=CLOCKS, memory_below=CLOCKS, idle_for=CLOCKS),
        window=st.builds(WindowRule, stop_at=CLOCKS),
        worktree=st.builds(Worktree, ttl=SECONDS),
        container=st.builds(Container, build_timeout=SECONDS),
        sandbox=st.builds(Sandbox, network=MAPPINGS),
        setup_timeout=SECONDS,
        state=st.builds(StateRule, schema=st.none() | MAPPINGS),
        follow=st.builds(Follow, *(st.lists(MAPPINGS, max_size=2).map(tuple) for _ in range(4))),
        triggers=st.lists(st.builds(Trigger, TEXT, MAPPINGS), max_size=3).map(tuple),
    )
)
def test_a_task_survives_the_cache(task: Task) -> None:
    """to_json, JSON and from_json give back the same task."""
    import json

    assert from_json(json.loads(json.dumps(to_json(task)))) == task
