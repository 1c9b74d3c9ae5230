"""A newer request about an issue takes the place of an older one that still asks a person: closed, told, and never lost."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.model.errors import ClodputerError
from clodputer.model.gates.approval import APPROVED, DENIED
from clodputer.model.github.rule import CHECK, COMMENT, LABEL, REVIEW, RULES, supersedes
from clodputer.runner.requests import approve
from clodputer.store import context as contexts
from clodputer.store.home import Home
from clodputer.store.spool import aside
from tests import warm
from tests.fakes.github_api import Api
from tests.fakes.github_state import Item, Repository
from tests.triggers.github.conftest import TASK
from tests.triggers.github.conftest import again as look_again
from tests.triggers.github.conftest import task as write_command
from tests.triggers.github.test_claude import again, claude, reasons, write
from tests.triggers.github.test_exec import labeled, refused
from tests.workshop import clodputer, environment, events, execute

__all__ = ["claude"]
pytest_plugins = ["tests.fakes.fixtures"]


def inbox(home: Home) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(clodputer(home, "inbox", "--json")[0])["data"]["approvals"]
    return found


def closed(home: Home) -> list[aside.Reason]:
    return [aside.read(home.closed, name) for name in aside.names(home.closed)]


def set_anew(api: Api, item: Item) -> None:
    api.state.later(120)
    api.state.unlabel(item, "clodputer")
    api.state.label(item, "clodputer", "maintainer")


@pytest.mark.parametrize("rule", RULES)
def test_what_stands_for_what(rule: str) -> None:
    """Failed checks stand for nothing, nothing stands for what is not from GitHub; without plans each wish has its own run."""
    assert [older for older in RULES if supersedes(rule, older, planned=True)] == (
        [] if rule == CHECK else list(RULES)
    )
    assert [older for older in RULES if supersedes(rule, older, planned=False)] == (
        [LABEL] if rule == LABEL else []
    )
    assert not supersedes(rule, "", planned=True)
    assert {COMMENT, REVIEW} < set(RULES)


def test_the_label_is_set_anew_while_a_plan_waits(
    home: Home, api: Api, there: Repository, claude: Path
) -> None:
    """One plan waits, which the issue shows and `go` approves; of the other everybody is told what stands for it."""
    write(home, "approve: plan\npermission_mode: acceptEdits\npublish: [comment]\n")
    item = labeled(api, there)
    again(home, claude)
    (first,) = inbox(home)
    assert first["replaces"] == []
    set_anew(api, item)
    again(home, claude)
    (second,) = inbox(home)
    assert second["replaces"] == [first["request_id"]]
    (reason,) = closed(home)
    assert (reason.code, reason.request_id) == ("superseded", first["request_id"])
    assert second["request_id"] in reason.message
    assert "the label was set again" in reason.message
    assert f"clodputer show {first['request_id']}" in clodputer(home, "inbox")[0]
    assert second["request_id"] in clodputer(home, "show", first["request_id"])[0]
    assert first["request_id"] in clodputer(home, "show", second["plan_run"])[0]
    assert [event["request_id"] for event in events(home, "not_approved")] == [first["request_id"]]
    assert len(there.comments) == 1
    api.state.later(120)
    api.state.comment(there, item, "go", "maintainer")
    again(home, claude)
    assert reasons(home) == ["planned", "planned", "completed"]
    assert inbox(home) == []


def test_a_plan_is_not_closed_before_there_is_another(
    home: Home, api: Api, there: Repository, claude: Path
) -> None:
    """The newer request is refused by a gate, or its run makes no plan: what waits goes on waiting."""
    write(home, "approve: plan\n")
    item = labeled(api, there)
    again(home, claude)
    (first,) = inbox(home)
    api.state.later(120)
    api.state.unlabel(item, "clodputer")
    api.state.label(item, "clodputer", "triager")
    again(home, claude)
    assert refused(home) == ["github_not_permitted"]
    assert [one["request_id"] for one in inbox(home)] == [first["request_id"]]
    path = Path(home.tasks, "fix.yaml")
    path.write_text(path.read_text().replace("@fake say Done.", "@fake crash"))
    set_anew(api, item)
    again(home, claude)
    assert reasons(home)[-1] != "planned"
    assert [one["request_id"] for one in inbox(home)] == [first["request_id"]]


def test_what_was_approved_is_not_closed(home: Home, api: Api, there: Repository) -> None:
    """A decision stands: the gate of GitHub says what becomes of that one. And the other way round."""
    write_command(home, more=f"{TASK}approve: before\n")
    item = labeled(api, there)
    look_again(home)
    set_anew(api, item)
    look_again(home)
    first, second = (one["request_id"] for one in inbox(home))
    context = contexts.look(environment(home))
    approve.decide(context, second, APPROVED, "", time())
    execute(home)
    assert [one.code for one in closed(home)] == ["superseded"]
    for wish in (APPROVED, DENIED):
        with pytest.raises(ClodputerError, match="has taken its place"):
            approve.decide(context, first, wish, "", time())
    assert (reasons(home), inbox(home)) == (["completed"], [])


def test_reviews_without_plans_are_done_one_by_one(home: Home, api: Api, there: Repository) -> None:
    """Each asks for something else."""
    write_command(home, trigger=", kinds: [issues, reviews]", more=f"{TASK}approve: before\n")
    pull = api.state.pull(there, "Work", "", "maintainer", head="clodputer/fix/7")
    look_again(home)
    for text in ("Rename it.", "Test it."):
        api.state.later(120)
        api.state.review(pull, text, "maintainer")
        look_again(home)
    waiting = [one["request_id"] for one in inbox(home)]
    assert len(waiting) == 2
    approve.decide(contexts.look(environment(home)), waiting[1], APPROVED, "", time())
    execute(home)
    assert [one["request_id"] for one in inbox(home)] == waiting[:1]


# What is about to happen when the exec is killed, and whether the newer run is then lost: its end was not on record yet.
MOMENTS = {
    "rename record.json": True,
    "link approvals": False,
    "rename closed": False,
    "remove waits": False,
    "remove slot-0": False,
}


@pytest.mark.parametrize("words", MOMENTS)
def test_killed_while_it_settles(home: Home, api: Api, there: Repository, words: str) -> None:
    """The next exec closes the older request, once; of a run that is lost nobody knows whether it stands for anything."""
    write_command(home, more=f"{TASK}approve: before\n")
    item = labeled(api, there)
    look_again(home)
    set_anew(api, item)
    look_again(home)
    first, second = (one["request_id"] for one in inbox(home))
    approve.decide(contexts.look(environment(home)), second, APPROVED, "", time())
    ended = warm.server().call(("exec",), environment(home), step=words)
    assert ended.status == -9, ended
    for _ in range(2):
        execute(home)
    assert reasons(home) == (["exec_died"] if MOMENTS[words] else ["completed"])
    if MOMENTS[words]:
        assert [one["request_id"] for one in inbox(home)] == [first]
        return
    assert [(one.code, one.request_id) for one in closed(home)] == [("superseded", first)]
    assert inbox(home) == []
    assert refused(home) == []
