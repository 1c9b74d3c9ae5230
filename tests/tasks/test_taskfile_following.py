"""Follow-ups in task files: what is read, what is wrong in one file, and what is wrong among several."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.model.follow.keys import Follow
from clodputer.model.task import Task
from clodputer.store.taskfiles import document
from clodputer.tasks import taskfile
from clodputer.tasks.check import check
from tests.tasks.told import about
from tests.workshop import clodputer, make_home, write_task


def read(text: str) -> Task:
    """The task of a file that is in order."""
    found = check(document.parse(f"prompt: a\n{text}"), "/x.yaml", "x.yaml", {"HOST": "h"}, dict)
    assert found.problems == ()
    assert found.task is not None
    return found.task


def test_what_is_read() -> None:
    task = read(
        "on_success:\n- {run: deploy, context: {findings: '{{ result }}', n: 3}, delay: 10m, dedupe_key: d}\n"
        "on_failure: [{retry: {max_attempts: 3}}, {log: 'gone: {{ error }}'}, {}]\n"
        "on_finish: [{command: [touch, '{{ record.run_id }}']}]\n"
    )
    assert task.follow == Follow(
        (
            {
                "run": "deploy",
                "context": {"findings": "{{ result }}", "n": 3},
                "delay": 600.0,
                "dedupe_key": "d",
            },
        ),
        ({"log": "gone: {{ error }}"},),
        ({"command": ["touch", "{{ record.run_id }}"]},),
    )
    assert task.retry.max_attempts == 3


def test_numbers_are_filled_in_early_and_texts_late() -> None:
    """A variable stands where the file is read; what a run says is not known then."""
    found = check(
        document.parse(
            "prompt: a\non_failure: [{retry: {max_attempts: '{{ env.N }}'}}, {log: '{{ error }}'}]\n"
        ),
        "/x.yaml",
        "x.yaml",
        {"N": "7"},
        dict,
    )
    assert found.task is not None
    assert found.task.retry.max_attempts == 7
    assert found.task.follow.on_failure == ({"log": "{{ error }}"},)


BAD = [
    (
        "on_success: {run: b}\n",
        "expected a list such as [{'run': 'deploy', 'context': {'findings': '{{ result }}'}}], found a mapping",
    ),
    ("on_success: [{rum: b}]\n", "unknown key (did you mean 'run'?)"),
    ("on_success: [{retry: {}}]\n", "unknown key"),
    ("on_success: [{run: b, log: x}]\n", "run and log are two follow-ups; give each its own item"),
    ("on_failure: [{retry: {}, run: b}]\n", "retry and run are two follow-ups; give each its own item"),
    ("on_success: [{log: x, delay: 5m}]\n", "has no effect without run"),
    ("on_success: [{context: {}}]\n", "has no effect without run"),
    ("on_success: [{run: 'no name'}]\n", "expected 1 to 64 letters, digits, '.', '_' or '-', beginning"),
    (
        "on_success: [{run: '{{ result }}'}]\n",
        "unknown name 'result'",
    ),
    (
        "on_success: [{command: ['{{ result }}', x]}]\n",
        "write the program out; only its arguments may hold templates",
    ),
    ("on_success: [{command: touch x}]\n", "expected a list such as [program, argument]"),
    ("on_success: [{log: '{{ env.TOKEN }}'}]\n", "unknown name 'env'; known here: result, error, record"),
    (
        "on_success: [{log: '{{ record.runid }}'}]\n",
        "there is no record.runid (did you mean 'run_id'?)",
    ),
    ("on_success: [{run: b, context: {a: '{{ what }}'}}]\n", "unknown name 'what'"),
    ("after: [{when: always}]\n", "expected a key task"),
    ("after: [{task: b}, {task: b}]\n", "b is waited for in after[0] already"),
    ("after: [{task: b, when: never}]\n", "expected one of success, failure, always"),
    ("on_success: [{run: b, context: {a: '{{ result'}}]\n", "the template cannot be read"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_what_is_wrong_in_one_file(text: str, message: str, tmp_path: Path) -> None:
    """Each mistake is told once, with its line."""
    (problem,) = about(f"prompt: a\n{text}", tmp_path)
    assert message in problem
    assert ":2: on_" in problem or ":2: after" in problem


def test_what_is_wrong_among_files(tmp_path: Path) -> None:
    """Circles with their way, names that are none with the nearest; what only leads into a circle is in order."""
    home = make_home(tmp_path)
    write_task(home, "one", "prompt: a\non_success:\n- log: x\n- run: two\n")
    write_task(home, "two", "prompt: a\non_finish: [{run: three}]\n")
    write_task(home, "three", "prompt: a\non_failure: [{run: one}]\n")
    write_task(home, "before", "prompt: a\non_success: [{run: one}]\n")
    write_task(home, "self", "prompt: a\non_failure: [{run: self}]\n")
    write_task(home, "astray", "prompt: a\non_success: [{run: thre}]\n")
    write_task(home, "broken", "promt: a\n")
    write_task(home, "to-broken", "prompt: a\non_success: [{run: broken}]\n")
    told = {
        report.name: [str(problem) for problem in report.problems] for report in taskfile.check_all(home, {})
    }
    way = "the tasks would run in a circle:"
    assert told["one"] == [
        f"tasks/one.yaml:4: on_success[1].run: {way} one -> two -> three -> one; remove one of these links"
    ]
    assert told["two"] == [
        f"tasks/two.yaml:2: on_finish[0].run: {way} two -> three -> one -> two; remove one of these links"
    ]
    assert told["self"] == [
        f"tasks/self.yaml:2: on_failure[0].run: {way} self -> self; remove one of these links"
    ]
    assert told["astray"] == [
        "tasks/astray.yaml:2: on_success[0].run: there is no task 'thre' (did you mean 'three'?)"
    ]
    assert told["before"] == told["to-broken"] == []
    write_task(home, "joined", "prompt: a\nafter: [{task: one}, {task: befor}, {task: after-it}]\n")
    write_task(home, "after-it", "prompt: a\nafter: [{task: joined}]\n")
    told = {
        report.name: [str(problem) for problem in report.problems] for report in taskfile.check_all(home, {})
    }
    assert told["joined"] == [
        "tasks/joined.yaml:2: after[1].task: there is no task 'befor' (did you mean 'before'?)",
        f"tasks/joined.yaml:2: after[2].task: {way} joined -> after-it -> joined; remove one of these links",
    ]
    assert told["after-it"] == [
        f"tasks/after-it.yaml:2: after[0].task: {way} after-it -> joined -> after-it; remove one of these links"
    ]
    # Asked about alone, a task is judged among all others as well.
    (alone,) = taskfile.check_all(home, {}, ["one"])
    assert alone.problems
    assert alone.task is None


def test_set_and_new_make_no_circle(tmp_path: Path) -> None:
    """A program that changes a task is told before anything is written."""
    home = make_home(tmp_path)
    write_task(home, "one", "prompt: a\non_success: [{run: two}]\n")
    write_task(home, "two", "prompt: a\n")
    _, said = clodputer(home, "set", "two", "on_finish=[{run: one}]", status=1)
    assert "two -> one -> two" in said
    assert Path(home.tasks, "two.yaml").read_text() == "prompt: a\n"
