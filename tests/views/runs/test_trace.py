"""The tree of runs that follow one another, and why a follow-up did not come: from real runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clodputer.store.home import Home
from tests.workshop import clodputer, command_task, drop, execute, make_home, outcomes, records


def shown(node: dict[str, Any]) -> Any:
    """A node as its list, task and state, with the nodes below it."""
    head = f"{node['on']} {node['task']} {node['state']}".strip()
    return (head, [shown(child) for child in node["children"]]) if node["children"] else head


def traced(home: Home, wanted: str) -> list[Any]:
    """The trees, as `show --trace --json` has them."""
    data = json.loads(clodputer(home, "show", wanted, "--trace", "--json")[0])["data"]
    return [shown(root) for root in data["roots"]]


def set_up(folder: Path) -> Home:
    """A task with two that follow, one of them with more to follow; a join; a delayed one, a coalesced one, and a cut one."""
    home = make_home(folder)
    Path(home.config).write_text("follow_ups: {depth: 2}\n")
    command_task(
        home,
        "root",
        "true",
        more="on_success: [{run: one}, {run: later, delay: 1h, dedupe_key: k}, {run: later, delay: 1h, dedupe_key: k}]\n"
        "on_failure: [{run: never}]\n",
    )
    command_task(home, "one", "false", more="retry: {max_attempts: 1}\non_failure: [{run: two}]\n")
    command_task(home, "two", "true", more="on_success: [{run: three}]\n")
    for name in ("three", "later", "never"):
        command_task(home, name, "true")
    command_task(home, "joined", "true", more="after: [{task: root}, {task: two}]\n")
    drop(home, "root")
    execute(home)
    return home


def test_the_tree_whichever_run_is_named(tmp_path: Path) -> None:
    home = set_up(tmp_path)
    (found,) = traced(home, "root")
    two = ("on_failure two succeeded", ["after joined not_followed", "on_success three not_followed"])
    name, (one, *later) = found
    assert (name, one) == ("root succeeded", ("on_success one failed", [two]))
    # Both were dropped in one moment: either may be the one that stands for the other.
    assert sorted(later) == ["on_success later coalesced", "on_success later delayed"]
    assert traced(home, "one") == traced(home, "two") == [found]
    text, _ = clodputer(home, "show", "two", "--trace")
    assert text.splitlines()[0].startswith("root succeeded")
    assert "\n├─ on_success: one failed" in text
    assert "\n│  └─ on_failure: two succeeded" in text
    assert "three did not come (too_deep): it would be more than 2 follow-ups deep" in text


def test_a_run_that_a_person_starts_again_stays_in_its_line(tmp_path: Path) -> None:
    home = set_up(tmp_path)
    (first,) = records(home, "one")
    clodputer(home, "retry", first["run_id"])
    execute(home)
    again = records(home, "one")[-1]
    assert (again["trace_id"], again["parent"]) == (first["trace_id"], first["parent"])
    (found,) = traced(home, again["run_id"])
    assert [one[0] for one in found[1] if isinstance(one, tuple)].count("on_success one failed") == 1
    assert sum(str(one).count("one failed") for one in found[1]) == 2


def test_a_run_without_anything_before_or_after_it(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    command_task(home, "alone", "true")
    drop(home, "alone")
    execute(home)
    assert traced(home, "alone") == ["alone succeeded"]
    _, said = clodputer(home, "show", "alone", "--trace", "--files", status=2)
    assert "--trace goes with no other option" in said


def before(home: Home, task: str) -> list[tuple[str, str, bool, str]]:
    """What `why --json` says of what comes before a task."""
    data = json.loads(clodputer(home, "why", task, "--json")[0])["data"]
    return [(one["task"], one["on"], one["came"], one["words"]) for one in data["follows"]]


def test_why_a_follow_up_did_not_come(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    command_task(home, "work", "true", more="on_failure: [{run: rescue}]\non_success: [{run: next}]\n")
    for name in ("rescue", "next"):
        command_task(home, name, "true")
    command_task(home, "joined", "true", more="after: [{task: work}, {task: rescue}]\n")
    assert before(home, "next") == [("work", "on_success", False, "it has not run lately")]
    drop(home, "work")
    execute(home)
    assert before(home, "rescue") == [("work", "on_failure", False, "its last run ended as succeeded")]
    ((task, on, came, words),) = before(home, "next")
    assert (task, on, came) == ("work", "on_success", True)
    assert words == f"request {records(home, 'next')[0]['request_id']} followed its last run"
    assert before(home, "joined") == [
        ("work", "after", True, "it has run, and the others are waited for"),
        ("rescue", "after", False, "it has not run lately"),
    ]
    said, _ = clodputer(home, "why", "joined")
    assert said.startswith("joined waits for the tasks that it follows")
    assert "rescue: it has not run lately" in said
    clodputer(home, "run", "work", "--no-wait", "--no-follow-ups")
    execute(home)
    assert outcomes(home, "next") == ["succeeded"]
    ((_, _, came, words),) = before(home, "next")
    assert (came, words) == (
        False,
        "its last run was started without follow-ups, or before the task file named it",
    )
