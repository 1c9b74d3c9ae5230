"""Widening: each rule tells more rights from less, and the page has them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import pytest

from clodputer.model.gates.approval import Approval
from clodputer.model.gates.budget import Budget
from clodputer.model.gates.windowrule import WindowRule
from clodputer.model.isolate.container import Container
from clodputer.model.isolate.sandbox.keys import Sandbox
from clodputer.model.isolate.worktree import Worktree
from clodputer.model.proof.expect import Expect
from clodputer.model.publish.rule import Publish
from clodputer.model.rights.taskchange import HIDDEN, LONGEST, Change, changes
from clodputer.model.rights.widening import RULES, widens
from clodputer.model.task import FLAT, Task, Trigger


def task(**keys: Any) -> Task:
    """A task with these values, each in the part that has it."""
    made = Task("t", "t.yaml")
    for name, value in keys.items():
        part = next((part for part, kind in FLAT.items() if name in kind._fields), "")
        if part:
            made = made._replace(**{part: getattr(made, part)._replace(**{name: value})})
        else:
            made = made._replace(**{name: value})
    return made


def test_a_key_that_nobody_decided_about_gives_more() -> None:
    assert widens("a_key_to_come", task(), task())


def test_the_page_names_every_key_that_widens() -> None:
    page = (Path(__file__).parents[3] / "docs/skill.md").read_text()
    assert [key for key in RULES if f"`{key}`" not in page] == []


@pytest.mark.parametrize("key", sorted(RULES))
def test_what_is_the_same_gives_nothing(key: str) -> None:
    assert not widens(key, task(), task())


CRON = Trigger("cron", {"schedule": "0 8 * * *"})
TOOL = Trigger("findings", {"command": ["ruff"]})
BEFORE = Approval("before")

# The key, and two values of which the second gives more than the first, and not the other way round.
MORE = [
    ("enabled", False, True),
    ("trigger", (Trigger(),), (Trigger(), CRON)),
    ("trigger", (TOOL,), (Trigger("findings", {"command": ["sh", "x"]}), TOOL)),
    ("after", (), ({"task": "other"},)),
    ("machines", ("here",), ("here", "there")),
    ("machines", ("here",), ()),
    ("allowed_tools", ("Read",), ("Read", "Bash")),
    ("disallowed_tools", ("WebSearch", "Bash"), ("WebSearch",)),
    ("permission_mode", "plan", ""),
    ("permission_mode", "", "acceptEdits"),
    ("permission_mode", "acceptEdits", "auto"),
    ("permission_mode", "auto", "bypassPermissions"),
    ("i_accept_the_risk", False, True),
    ("settings_sources", ("user",), None),
    ("settings_sources", (), ("project",)),
    ("mcp_config", (), ("mcp.json",)),
    ("add_dirs", (), ("/srv",)),
    ("max_file_operations", 10, 20),
    ("max_file_operations", 10, None),
    ("max_cost_usd", 1.0, 2.0),
    ("max_cost_usd", 1.0, None),
    ("budget", Budget(per_day=1.0), Budget(per_day=2.0)),
    ("budget", Budget(per_day=1.0, runs_per_day=3), Budget(per_day=1.0)),
    ("window", WindowRule(stop_at=50.0), WindowRule(stop_at=80.0)),
    ("window", WindowRule(stop_at=50.0), WindowRule()),
    ("window", WindowRule(keep_back="a"), WindowRule()),
    ("window", WindowRule(run_when="a"), WindowRule()),
    ("command", (), ("touch", "x")),
    ("precheck", (), ("touch", "x")),
    ("verify", (), ("touch", "x")),
    ("setup", (), ("touch", "x")),
    ("teardown", (), ("touch", "x")),
    ("expect", Expect(), Expect(command_succeeds=("touch", "x"))),
    ("on_success", (), ({"command": ["touch", "x"]},)),
    ("on_failure", ({"log": "x"},), ({"log": "x"}, {"command": ["touch", "x"]})),
    ("on_finish", (), ({"command": ["touch", "x"]},)),
    ("approve", BEFORE, Approval()),
    ("require_confirmation", BEFORE, Approval()),
    ("protect", ("a", "b"), ("a",)),
    ("protect_restore", True, False),
    ("isolation", "worktree", "none"),
    ("worktree", Worktree(), Worktree(copy=(".env",))),
    ("container", Container(image="debian"), Container()),
    ("sandbox", Sandbox(mode="strict"), Sandbox()),
    ("sandbox", Sandbox(mode="strict"), Sandbox(mode="claude")),
    ("sandbox", Sandbox(write=("/a",)), Sandbox(write=("/a", "/b"))),
    ("sandbox", Sandbox(mode="strict"), Sandbox(mode="strict", read=("/b",))),
    ("sandbox", Sandbox(read_deny=("/a",)), Sandbox(mode="strict")),
    ("sandbox", Sandbox(mode="strict"), Sandbox(mode="strict", network={"hosts": ["a.org"]})),
    ("publish", Publish(), Publish(("comment",))),
    ("publish", Publish(("label",), labels=("a",)), Publish(("label",), labels=("a", "b"))),
    ("publish", Publish(("push",), max_per_day=1), Publish(("push",), max_per_day=2)),
    ("publish", Publish(("push",), protect=("a",)), Publish(("push",))),
    ("publish", Publish(("push",)), Publish(("push",), allow=("a",))),
    ("publish", Publish(("comment",)), Publish(("comment",), targets="any")),
    ("publish", Publish(("comment",), staged=True), Publish(("comment",))),
]
# Both ways: no value of the two is known to be less.
EITHER = [
    ("agent", "claude", "command"),
    ("working_directory", "/a", "/b"),
    ("env", {"PATH": "/a"}, {"PATH": "/b"}),
    ("command", ("a",), ("b",)),
    ("container", Container(image="a"), Container(image="b")),
    ("publish", Publish(("push",), repository="a/b"), Publish(("push",), repository="a/c")),
    (
        "sandbox",
        Sandbox(mode="strict", network={"mode": "none"}),
        Sandbox(mode="strict", network={"mode": "loopback"}),
    ),
]
NAMES = {"trigger": "triggers", "require_confirmation": "approve"}


@pytest.mark.parametrize(("key", "less", "more"), MORE)
def test_more_is_told_from_less(key: str, less: Any, more: Any) -> None:
    name = NAMES.get(key, key)
    assert widens(key, task(**{name: less}), task(**{name: more}))
    assert not widens(key, task(**{name: more}), task(**{name: less}))


@pytest.mark.parametrize(("key", "one", "other"), EITHER)
def test_what_cannot_be_compared_gives_more(key: str, one: Any, other: Any) -> None:
    for before, after in ((one, other), (other, one)):
        assert widens(key, task(**{key: before}), task(**{key: after}))


def test_every_rule_is_tried() -> None:
    assert {key for key, *_ in (*MORE, *EITHER)} == set(RULES)


def test_a_task_that_could_not_run_had_no_rights() -> None:
    for key, value in (("enabled", True), ("allowed_tools", ("Bash",)), ("working_directory", "/a")):
        assert widens(key, None, task(**{key: value}))
    assert not widens("allowed_tools", None, task())


def found(before: Any, after: Any, was: Optional[Task] = None) -> list[Change]:
    return changes(before, after, was or task(), task())


def test_changes_are_named_as_they_are_written() -> None:
    """Mappings are gone into, lists are not; what is absent is None; true is not 1."""
    before = {"prompt": "x", "expect": {"file_exists": ["a"], "result_matches": "y"}, "retry": 1}
    after = {"prompt": "x", "expect": {"file_exists": ["a", "b"]}, "retry": True, "timeout": "5m"}
    assert found(before, after) == [
        Change("expect.file_exists", ["a"], ["a", "b"], False),
        Change("expect.result_matches", "y", None, False),
        Change("retry", 1, True, False),
        Change("timeout", None, "5m", False),
    ]
    assert [change.key for change in found(None, {"prompt": "x"})] == ["prompt"]


def test_values_are_shown_within_bounds_and_variables_not_at_all() -> None:
    long = "x" * 2 * LONGEST
    [prompt] = found({"prompt": "y"}, {"prompt": long})
    assert (prompt.before, prompt.after) == ("y", long[:LONGEST] + "…")
    [variable] = found({"env": {"A": "1", "B": "2"}}, {"env": {"A": "1", "B": "3"}})
    assert variable[:3] == ("env.B", HIDDEN, HIDDEN)
    [variables] = found({}, {"env": {"A": "secret"}})
    assert (variables.before, variables.after) == (None, {"A": HIDDEN})
