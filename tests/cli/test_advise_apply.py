"""Advice taken and dismissed: what becomes of the task's file, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from time import time
from typing import Any

import pytest

from clodputer.store.home import Home
from tests.cli.learned import ended
from tests.cli.promises import wrong
from tests.cli.test_completion import offered
from tests.workshop import clodputer, events, make_home, write_task

FILE = """\
# Mine.
prompt: Do it.   # as before
allowed_tools:
  - Read   # only
timeout: 10m
trigger: {type: cron, schedule: "0 8 * * *"}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A task of whose twelve runs four were stopped and three were refused a tool."""
    home = make_home(tmp_path)
    write_task(home, "nightly", FILE)
    now = time()
    for ago in range(15, 0, -1):
        reason = "timeout" if ago > 11 else "denied" if ago > 8 else "completed"
        more: dict[str, Any] = {"denied": ["Bash(make:*)"]} if reason == "denied" else {}
        ended(
            home,
            "nightly",
            now,
            ago,
            reason,
            duration_seconds=600.5 if reason == "timeout" else 300.0,
            **more,
        )
    return home


def advice(home: Home, *more: str) -> dict[str, Any]:
    """By kind."""
    data = json.loads(clodputer(home, "advise", "--json", *more)[0])["data"]
    assert wrong(data, "advise.json#/$defs/data") == ""
    return {one["kind"]: one for one in data["advice"]}


def text(home: Home) -> str:
    return Path(home.tasks, "nightly.yaml").read_text()


def test_advice_is_listed_with_the_runs_behind_it(home: Home) -> None:
    found = advice(home)
    assert set(found) == {"timeout", "allowed_tools"}
    assert (found["timeout"]["before"], found["timeout"]["value"]) == ("10m", "20m")
    assert found["allowed_tools"]["run_ids"] == ["run-nightly-9", "run-nightly-10", "run-nightly-11"]
    page = clodputer(home, "advise")[0]
    assert f"{found['timeout']['id']}  nightly: timeout from 10m to 20m" in page
    assert "add Bash(make:*) to allowed_tools" in page
    assert found["timeout"]["id"] in clodputer(home, "advise", "show", "nightly")[0]


def test_what_is_applied_changes_one_key_and_keeps_the_rest(home: Home) -> None:
    data = json.loads(clodputer(home, "advise", "apply", advice(home)["timeout"]["id"], "--json")[0])["data"]
    assert data["changed"] is True
    assert text(home) == FILE.replace("timeout: 10m", "timeout: 20m")
    assert [event["keys"] for event in events(home, "task_changed")] == [["timeout"]]
    # The runs that were stopped were so at the old timeout, and say nothing of the new one.
    found = advice(home)
    assert set(found) == {"allowed_tools"}
    clodputer(home, "advise", "apply", found["allowed_tools"]["id"])
    assert "  - Read   # only\n  - Bash(make:*)\ntimeout: 20m\n" in text(home)
    assert advice(home) == {}


def test_an_agent_may_not_take_rights_without_its_person(home: Home) -> None:
    found = advice(home)
    agent = {"CLAUDECODE": "1"}
    refused = clodputer(home, "advise", "apply", found["allowed_tools"]["id"], extra=agent, status=1)[1]
    assert "--confirm" in refused
    assert text(home) == FILE
    clodputer(home, "advise", "apply", found["timeout"]["id"], extra=agent)
    clodputer(home, "advise", "apply", advice(home)["allowed_tools"]["id"], "--confirm", extra=agent)
    assert "Bash(make:*)" in text(home)


def test_advice_for_a_file_that_was_changed_is_refused(home: Home) -> None:
    given = advice(home)["timeout"]["id"]
    write_task(home, "nightly", FILE + "# more\n")
    refused = clodputer(home, "advise", "apply", given, status=1)[1]
    assert "was changed since this advice was listed" in refused
    assert text(home) == FILE + "# more\n"
    assert advice(home)["timeout"]["id"].partition("-")[0] == given.partition("-")[0]
    assert "there is no advice" in clodputer(home, "advise", "apply", "00000000-0000", status=1)[1]


def test_what_is_dismissed_is_not_listed_again(home: Home) -> None:
    given = advice(home)["timeout"]["id"]
    clodputer(home, "advise", "dismiss", given)
    assert set(advice(home)) == {"allowed_tools"}
    # Nor after another change of the file, or from more runs.
    write_task(home, "nightly", FILE + "# more\n")
    ended(home, "nightly", time(), 0, "timeout", duration_seconds=600.5)
    assert set(advice(home)) == {"allowed_tools"}
    assert advice(home, "--all")["timeout"]["dismissed"] is True
    assert "(dismissed)" in clodputer(home, "advise", "--all")[0]
    # A file that was damaged hides nothing, and is not overwritten.
    Path(home.dismissed).write_text("{")
    found = advice(home)
    assert set(found) == {"timeout", "allowed_tools"}
    assert "move it away" in clodputer(home, "advise", "dismiss", found["timeout"]["id"], status=1)[1]
    assert Path(home.dismissed).read_text() == "{"


def test_a_task_that_is_out_of_order_or_gone_gets_no_advice(home: Home) -> None:
    write_task(home, "nightly", "promt: x\n")
    assert advice(home) == {}
    Path(home.tasks, "nightly.yaml").unlink()
    assert advice(home) == {}
    assert "nightly" in clodputer(home, "advise")[0]


def test_advice_stands_in_the_report_as_long_as_nobody_has_dismissed_it(home: Home, tmp_path: Path) -> None:
    given = advice(home)
    file = tmp_path / "report.html"
    data = json.loads(clodputer(home, "report", "--out", str(file), "--json")[0])["data"]
    assert [one["id"] for one in data["report"]["advice"]] == [one["id"] for one in given.values()]
    page = file.read_text()
    assert "add Bash(make:*) to allowed_tools" in page
    assert f"clodputer advise apply {given['timeout']['id']}" in page
    for one in given.values():
        clodputer(home, "advise", "dismiss", one["id"])
    clodputer(home, "report", "--out", str(file))
    assert "clodputer advise apply" not in file.read_text()


def test_the_ids_of_advice_are_completed(home: Home) -> None:
    """Those that are listed; a home that is not in order offers none, and says nothing."""
    ids = sorted(one["id"] for one in advice(home).values())
    assert len(ids) > 1
    for verb in ("apply", "dismiss"):
        assert sorted(offered(home, "advise", verb, "")) == ids
        assert offered(home, "advise", verb, ids[0][:6]) == [ids[0]]
    clodputer(home, "advise", "dismiss", ids[0])
    assert sorted(offered(home, "advise", "apply", "")) == ids[1:]
    Path(home.config).write_text("max_concurrent: [")
    assert offered(home, "advise", "show", "n") == ["nightly"]
    assert set(offered(home, "advise", "apply", "")) <= set(ids)
