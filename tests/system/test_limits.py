"""Usage limits and refused logins hold the account: what draws on it waits, then goes on with its session; by real execs."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any, NamedTuple, Optional

import pytest

from clodputer.model.runs.limit import LATEST_WAKE, wake_after
from clodputer.runner.prompt.goingon import BEGUN_ANEW, GO_ON
from clodputer.store import holds
from clodputer.store.holds import ACCOUNT, Hold, Target
from clodputer.store.home import Home
from clodputer.store.spool import aside
from clodputer.store.spool.requests import attempts
from tests import stages
from tests.slots import make_due, settle
from tests.system import execs
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    records,
    write_secrets,
    write_task,
)

pytest_plugins = ["tests.fakes.fixtures"]

CLAUDE = Target(ACCOUNT, "claude")


class House(NamedTuple):
    """A home with the fake claude, whose sessions lie in a folder of the test's own."""

    home: Home
    config: Path

    def task(self, name: str, prompt: str, more: str = "") -> None:
        write_task(self.home, name, f"prompt: {json.dumps(prompt)}\n{more}")

    def drop(self, task: str, request_id: str = "abcd1234", trigger: str = "cron") -> None:
        fields = {"task": task, "id": request_id, "origin": {"trigger": trigger}}
        drop(self.home, f"{request_id}.json", json.dumps(fields))

    def exec(self) -> None:
        execute(self.home, extra={"CLAUDE_CONFIG_DIR": str(self.config)})

    def hold(self) -> Optional[Hold]:
        placed = holds.current(self.home, [CLAUDE], time())
        return placed.hold if placed else None

    def asked(self, task: str) -> list[str]:
        """What each run of the task was asked, the earliest first."""
        return [path.read_text() for path in sorted(Path(self.home.runs, task).glob("*/prompt.txt"))]

    def let_time_pass(self, ended: float = LATEST_WAKE + 1) -> None:
        """As if the hold had ended so many seconds ago, and everything delayed were due."""
        hold = self.hold()
        if hold is not None and hold.until is not None:
            holds.place(self.home, CLAUDE, hold._replace(until=time() - ended))
        make_due(self.home)


@pytest.fixture
def house(tmp_path: Path, fake_claude: Path) -> House:
    home = make_home(tmp_path)
    Path(home.config).write_text(f"claude: {fake_claude}\n")
    return House(home, tmp_path / "claude-config")


def waits(home: Home) -> list[dict[str, Any]]:
    """The requests that wait, as `queue` tells of them."""
    told: list[dict[str, Any]] = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    return told


def test_a_limit_holds_the_account_and_nothing_else(house: House) -> None:
    """Every task of the account waits; a program in the same lane goes on."""
    house.task("first", "@fake limit 3600")
    house.task("second", "@fake say well")
    command_task(house.home, "plain", "/bin/true")
    house.drop("first", "aaaa1111")
    house.drop("second", "bbbb1111")
    house.drop("plain", "cccc1111")
    house.exec()
    assert outcomes(house.home, "first") == ["limited"]
    assert outcomes(house.home, "second") == []
    assert outcomes(house.home, "plain") == ["succeeded"]
    hold = house.hold()
    assert hold is not None
    assert hold.until is not None
    assert 3500 < hold.until - time() < 3700
    told = waits(house.home)
    assert [(one["task"], one["state"], one["waits"]["reason"], one["attempt"]) for one in told] == [
        ("first", "delayed", "hold", 1),
        ("second", "delayed", "hold", 1),
    ]
    assert not Path(house.home.holds, "lane.default.json").exists()
    house.exec()
    assert len(outcomes(house.home, "first")) == 1


def test_it_goes_on_with_its_session(house: House) -> None:
    """After the reset: the same session, asked to go on, no attempt used up, and the records are linked."""
    house.task("work", "@fake limit 3600")
    house.drop("work")
    house.exec()
    house.let_time_pass()
    house.exec()
    first, second = records(house.home, "work")
    assert (first["outcome"], second["outcome"]) == ("limited", "succeeded"), second["message"]
    assert f"--resume={first['session_id']}" in second["argv"]
    assert second["session_id"] == first["session_id"]
    assert (second["attempt"], second["retry_of"]) == (1, first["run_id"])
    assert house.asked("work")[1] == GO_ON
    assert everything(house.home) == {}
    assert attempts.ids(house.home) == set()


def test_a_session_that_is_gone_is_begun_anew(house: House) -> None:
    """Its transcript was pruned: the whole prompt once more, and a word about what may be done already."""
    house.task("work", "@fake limit 3600")
    house.drop("work")
    house.exec()
    for transcript in house.config.glob("projects/*/*.jsonl"):
        transcript.unlink()
    house.task("work", "@fake say well")
    house.let_time_pass()
    house.exec()
    first, second = records(house.home, "work")
    assert second["outcome"] == "succeeded"
    assert second["session_id"] != first["session_id"]
    assert "because the transcript of session" in second["message"]
    assert house.asked("work")[1] == "@fake say well" + BEGUN_ANEW


def test_a_session_that_cannot_be_gone_on_with_is_begun_anew(house: House) -> None:
    """claude itself refuses to resume it: the next run begins a new one at once, and no attempt is used up."""
    house.task("work", "@fake limit 3600")
    house.drop("work")
    house.exec()
    for kept in house.config.glob("fake-sessions/*.json"):
        kept.unlink()
    house.task("work", "@fake say well")
    house.let_time_pass()
    house.exec()
    house.let_time_pass()
    house.exec()
    first, second, third = records(house.home, "work")
    assert [first["outcome"], second["outcome"], third["outcome"]] == ["limited", "failed", "succeeded"]
    assert [first["attempt"], second["attempt"], third["attempt"]] == [1, 1, 1]
    assert house.asked("work")[1:] == [GO_ON, "@fake say well" + BEGUN_ANEW]
    assert everything(house.home) == {}


def test_it_waits_through_so_many_limits(house: House) -> None:
    """`limit: {windows: 2}`: the third limit ends it, and it is kept with its story."""
    house.task("work", "@fake limit 3600", "limit: {windows: 2}\nsession: new\n")
    house.drop("work")
    for _ in range(5):
        house.exec()
        for transcript in house.config.glob("projects/*/*.jsonl"):
            transcript.unlink()  # so that the fake is asked for a limit again
        house.let_time_pass()
    assert outcomes(house.home, "work") == ["limited"] * 3
    (name,) = aside.names(house.home.dead)
    reason = aside.read(house.home.dead, name)
    assert reason.code == "usage_limit"
    assert "It has waited through 2 usage limits." in reason.message
    assert [run.outcome for run in reason.attempts] == ["limited"] * 3


def test_tasks_wake_one_after_the_other(house: House) -> None:
    """Each has its own moment after the reset; one that a person started does not wait for it."""
    house.task("work", "@fake say well")
    holds.place(house.home, CLAUDE, Hold("usage_limit", "", 0.0, time() - 1))
    assert wake_after("work") > 2
    house.drop("work", "aaaa1111")
    house.drop("work", "bbbb1111", "manual")
    house.exec()
    assert [record["request_id"] for record in records(house.home, "work")] == ["bbbb1111"]
    (waiting,) = waits(house.home)
    assert waiting["waits"]["reason"] == "hold"
    assert "one after the other" in waiting["waits"]["message"]
    holds.place(house.home, CLAUDE, Hold("usage_limit", "", 0.0, time() - LATEST_WAKE))
    house.let_time_pass()
    house.exec()
    assert len(outcomes(house.home, "work")) == 2


@pytest.mark.parametrize(
    ("error", "reason"), [("authentication_failed 401", "auth"), ("billing_error 400", "billing")]
)
def test_a_refused_login_holds_the_account(house: House, error: str, reason: str) -> None:
    """One failure; everything else of the account waits, nothing is lost, and the hold names the remedy."""
    house.task("work", f"@fake api_error {error}")
    house.task("other", "@fake say well")
    house.drop("work", "aaaa1111")
    house.drop("other", "bbbb1111")
    for _ in range(3):
        house.exec()
        house.let_time_pass()
    (record,) = records(house.home, "work")
    assert (record["outcome"], record["reason"]) == ("failed", reason)
    assert outcomes(house.home, "other") == []
    hold = house.hold()
    assert hold is not None
    assert (hold.reason, hold.until) == (reason, None)
    assert "clodputer resume --account claude" in hold.message
    assert {one["waits"]["reason"] for one in waits(house.home)} == {"hold"}
    house.task("work", "@fake say well")
    clodputer(house.home, "resume", "--account", "claude")
    house.exec()
    assert outcomes(house.home, "work") == ["failed", "succeeded"]
    assert [one["attempt"] for one in records(house.home, "work")] == [1, 1]
    assert outcomes(house.home, "other") == ["succeeded"]
    assert everything(house.home) == {}


@pytest.mark.parametrize("where", ["secrets", "credentials", "task"])
def test_a_new_login_ends_the_hold(house: House, where: str) -> None:
    """Whoever logs in again need not say so."""
    house.task("work", "@fake api_error authentication_failed 401")
    house.drop("work", "aaaa1111")
    house.exec()
    assert house.hold() is not None
    house.exec()
    assert house.hold() is not None, "nothing has changed"
    if where == "secrets":
        write_secrets(house.home, "CLAUDE_CODE_OAUTH_TOKEN=another-token\n")
    elif where == "credentials":
        (house.config / ".credentials.json").write_text("{}")
    else:
        house.task("work", "@fake say well", "env: {MINE: '1'}\n")
    house.let_time_pass()
    house.exec()
    assert len(outcomes(house.home, "work")) == 2
    (event,) = events(house.home, "resumed")
    assert (event["scope"], event["name"], event["reason"]) == ("account", "claude", "auth")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begin", "prompt", "ended", "reason"),
    [
        (20, "@fake limit 3600", "limited", "usage_limit"),
        (21, "@fake api_error authentication_failed 401", "failed", "auth"),
    ],
)
def test_killed_while_a_hold_is_settled(
    tmp_path: Path, fake_claude: Path, begin: int, prompt: str, ended: str, reason: str
) -> None:
    """Killed at every step: the request waits under a hold of its account, with its session, or is kept as lost.

    Both ends settle alike, so each takes every other step.
    """
    seen = set()
    extra = {"CLAUDE_CONFIG_DIR": str(tmp_path / "config")}

    def set_up(folder: Path) -> Home:
        home = make_home(folder)
        Path(home.config).write_text(f"claude: {fake_claude}\n")
        write_task(home, "work", f"prompt: {json.dumps(prompt)}\n")
        settle(home, "work")
        execs.run(home, "validate", extra=extra)
        return home

    for step, home in stages.at_each(range(begin, 1000, 2), tmp_path, set_up):
        drop(home, "one.json", '{"task": "work", "id": "abcd1234"}')
        killed, what = execs.kill_at(home, step, extra)
        execs.run(home, "exec", extra=extra)
        places = everything(home)
        kept = [name for name in places.pop("dead", []) if not name.endswith(".reason.json")]
        placed = holds.current(home, [CLAUDE], time())
        found = (outcomes(home, "work"), len(kept), list(places), placed.hold.reason if placed else None)
        assert found in (
            (["lost"], 1, [], None),
            ([ended], 0, ["default/delayed"], reason),
        ), f"step {step}: {what}: {found}"
        if not kept:
            known = attempts.read(home, "work", "abcd1234")
            (record,) = records(home, "work")
            assert (known.attempt, known.session) == (1, record["session_id"]), f"step {step}: {what}"
            assert known.windows == (1 if ended == "limited" else 0)
        seen.add(found[0][0])
        if not killed:
            break
    assert seen == {"lost", ended}
