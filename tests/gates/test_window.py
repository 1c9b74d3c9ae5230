"""The gate of `window`: which account's readings it goes by, whom it keeps waiting, and that damaged files keep nobody."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clodputer.gates import window
from clodputer.model.config.account import account_of
from clodputer.model.config.settings import Settings
from clodputer.model.gates.usage import FIVE_HOUR, SEVEN_DAY, STREAM, Share
from clodputer.model.gates.verdict import GO, Verdict, Wait
from clodputer.model.gates.waiting import WINDOW
from clodputer.model.gates.windowrule import WindowRule
from clodputer.model.request import Request
from clodputer.model.task import Task
from clodputer.store import usage
from clodputer.store.context import Context, look
from clodputer.store.records.history import History
from tests.workshop import environment, make_home

NOW = 1_800_000_000.0
RESET = NOW + 3600
TASK = Task(name="nightly", path="tasks/nightly.yaml", window=WindowRule(stop_at=90.0))
REQUEST = Request("abcd1234", "nightly", NOW - 60, origin={"trigger": "cron"})


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A home in which 95% of the own account's 5-hour window is used, and little of its week."""
    found = look(environment(make_home(tmp_path)))
    shares = {FIVE_HOUR: Share(95, RESET), SEVEN_DAY: Share(5, NOW + 86400)}
    assert usage.keep(found.home, "claude", shares, STREAM, NOW)
    return found


def ask(context: Context, task: Task = TASK, request: Request = REQUEST, now: float = NOW) -> Verdict:
    return window.check(task, request, History(context.home), context, now)


def test_a_run_waits_for_the_reset(context: Context) -> None:
    message = "Account claude: 95% of its 5-hour window is used, and runs begin only below 90% (stop_at)."
    assert ask(context) == Wait(RESET, WINDOW, message)
    assert ask(context, now=RESET) == GO


@pytest.mark.parametrize(
    "task",
    [
        TASK._replace(window=WindowRule()),
        TASK._replace(window=WindowRule(stop_at=96.0)),
        TASK._replace(agent="command"),
        TASK._replace(env={"CLAUDE_CODE_OAUTH_TOKEN": "{{ env.OTHER }}"}),
        TASK._replace(env={"CLAUDE_CONFIG_DIR": "/other"}),
    ],
    ids=["no rule", "enough left", "no account", "another token", "another folder"],
)
def test_what_does_not_wait(context: Context, task: Task) -> None:
    assert ask(context, task) == GO


def test_a_person_need_not_wait(context: Context) -> None:
    assert ask(context, request=REQUEST._replace(origin={"trigger": "manual"})) == GO


def test_config_rules_tasks_that_do_not_say(context: Context) -> None:
    everywhere = context._replace(settings=Settings(window={"stop_at": 90.0}))
    assert isinstance(ask(everywhere, TASK._replace(window=WindowRule())), Wait)
    assert ask(everywhere, TASK._replace(window=WindowRule(stop_at=100.0))) == GO


def test_each_account_has_readings_of_its_own(context: Context) -> None:
    other = TASK._replace(env={"CLAUDE_CONFIG_DIR": "/other"})
    usage.keep(context.home, account_of(other), {FIVE_HOUR: Share(99, RESET + 60)}, STREAM, NOW)
    found = ask(context, other)
    assert isinstance(found, Wait)
    assert found.until == RESET + 60
    assert usage.accounts(context.home) == sorted(("claude", account_of(other)))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"five_hour": 3}', b"\xff", b"9" * 20000, b"[" * 9000, None]
)
def test_a_damaged_file_keeps_nobody_and_is_replaced(context: Context, content: bytes | None) -> None:
    """A folder in its place as well, though that is not replaced."""
    path = Path(usage.path(context.home, "claude"))
    path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert ask(context) == GO
    assert str(path) in usage.read(context.home, "claude").problem
    if content is not None:
        usage.keep(context.home, "claude", {FIVE_HOUR: Share(95, RESET)}, STREAM, NOW)
        assert isinstance(ask(context), Wait)


def test_a_pipe_in_its_place_holds_up_nobody(context: Context) -> None:
    path = usage.path(context.home, "claude")
    os.unlink(path)
    os.mkfifo(path)
    assert ask(context) == GO


def test_the_same_again_is_not_written_again(context: Context) -> None:
    """Status lines are drawn several times a second."""
    path = Path(usage.path(context.home, "claude"))
    before = path.stat().st_ino
    shares = {FIVE_HOUR: Share(95, RESET), SEVEN_DAY: Share(5, NOW + 86400)}
    usage.keep(context.home, "claude", shares, STREAM, NOW + 30)
    assert path.stat().st_ino == before
    usage.keep(context.home, "claude", shares, STREAM, NOW + 90)
    assert usage.read(context.home, "claude").readings[FIVE_HOUR].seen_at == NOW + 90
