"""What changes between the claim and the start of the agent: asked once more, when everything else is ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.fakes.github_api import Api
from tests.fakes.github_state import Repository
from tests.triggers.github.conftest import again, task
from tests.triggers.github.test_exec import labeled, refused
from tests.wait import until
from tests.workshop import records, start


@pytest.mark.parametrize(("reason", "outcome"), [("withdrawn", "skipped"), ("not_confirmed", "failed")])
def test_while_a_precheck_takes_its_time(
    home: Home, api: Api, there: Repository, tmp_path: Path, reason: str, outcome: str
) -> None:
    """The issue is edited, or GitHub goes away: the agent is not started."""
    begun, end, ran = tmp_path / "begun", tmp_path / "end", tmp_path / "ran"
    precheck = f"touch {begun}; until [ -e {end} ]; do sleep 0.05; done"
    task(home, more=f"agent: command\ncommand: [touch, {ran}]\nprecheck: [sh, -c, '{precheck}']\n")
    item = labeled(api, there)
    process = start(home, "exec", "--task", "fix")
    until(begun.exists)
    if reason == "withdrawn":
        api.state.later()
        api.state.edit(item, body="Something else.")
    else:
        api.fault("/graphql", 503, times=99)
    end.touch()
    process.communicate(timeout=100)
    (record,) = records(home, "fix")
    assert (record["reason"], record["outcome"]) == (reason, outcome)
    assert not ran.exists()
    if reason == "not_confirmed":
        assert record["effects"][0]["effect"] == "retry"
    else:
        again(home)
        assert (len(records(home, "fix")), refused(home)) == (1, [])
