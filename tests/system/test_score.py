"""Scores with real execs: requests run in the order of their points, also after a kill, and `queue --why` says why."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from time import time
from typing import Any

import pytest

from clodputer.store.home import Home
from clodputer.store.spool.requests import scores
from tests.system import execs
from tests.wait import until
from tests.workshop import clodputer, command_task, drop, events, execute, make_home

TASK = "score:\n  severity: 60\n  success: 0\n  cost: 0\n"


def dropped(home: Home, name: str, context: dict[str, Any], task: str = "scored") -> None:
    """A request with this id and context."""
    drop(home, f"{name}.json", json.dumps({"task": task, "id": name, "context": context}))


def started(home: Home) -> list[str]:
    """The requests in the order in which their runs began."""
    return [event["request_id"] for event in events(home, "started")]


def prepared(tmp_path: Path) -> Home:
    """A home in which six requests were dropped, and everything is on hold."""
    home = make_home(tmp_path)
    command_task(home, "scored", "/bin/true", more=TASK)
    command_task(home, "plain", "/bin/true")
    clodputer(home, "pause", "--all")
    dropped(home, "plain-0001", {}, task="plain")
    dropped(home, "info-0002", {"finding": {"severity": "info"}})
    dropped(home, "label-0003", {"issue": {"labels": [{"name": "P1"}]}})
    dropped(home, "worst-0004", {"error": {"message": "x", "critical": True}})
    dropped(home, "warns-0005", {"event": {"payload": {"severity": "warning"}}})
    drop(home, "urgent.json", json.dumps({"task": "plain", "id": "first-0006", "priority": 4}))
    return home


def waiting(tmp_path: Path) -> Home:
    """The same once they were taken in."""
    home = prepared(tmp_path)
    execute(home)
    assert started(home) == []
    return home


ORDER = ["first-0006", "worst-0004", "warns-0005", "label-0003", "plain-0001", "info-0002"]


def test_points_decide_the_order(tmp_path: Path) -> None:
    """By priority, then by points, then by age; `--why` and the log tell the points, and nothing of them is left at the end."""
    home = waiting(tmp_path)
    rows = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert [row["request_id"] for row in rows] == ORDER
    by_id = {row["request_id"]: row["score"] for row in rows}
    assert (by_id["plain-0001"], by_id["first-0006"]) == (None, None)
    severity, label, age = by_id["label-0003"]["parts"]
    assert (severity["part"], severity["points"], severity["why"]) == ("severity", 0.0, "no severity known")
    assert (label["part"], label["points"], label["why"]) == ("label", 22.5, "label P1")
    assert age["part"] == "age"
    assert by_id["worst-0004"]["points"] == 60.0 + by_id["worst-0004"]["parts"][-1]["points"]
    text = " ".join(clodputer(home, "queue", "--why")[0].split())
    assert "2 worst-0004 priority 3; 60.0 points: severity critical +60.0" in text
    assert "5 plain-0001 priority 3; no score; it goes by when it came" in text
    told = {event["request_id"]: event.get("points") for event in events(home, "queued")}
    assert (told["worst-0004"], told["plain-0001"]) == (60.0, None)
    clodputer(home, "queue", "--why", "--dead", status=2)
    clodputer(home, "resume", "--all")
    execute(home)
    assert started(home) == ORDER
    clodputer(home, "pause", "--all")
    assert json.loads(clodputer(home, "queue", "--json")[0])["data"]["total"] == 0


def test_kills_change_no_order(tmp_path: Path) -> None:
    """Killed at each step of taking in requests with a score, and at claims: each is run once, in the same order."""
    home = prepared(tmp_path)
    for step in ("rename scores/", "rename queue/3", "open .reordered", "utime .reordered"):
        assert execs.kill_at(home, step)[0], step
    execute(home)
    assert set(scores.ahead(home, "default")) == {
        name for name in ORDER if name[:5] not in ("plain", "first")
    }
    clodputer(home, "resume", "--all")
    for step in ("rename slot-0", "rename .started"):
        assert execs.kill_at(home, step)[0], step
    execute(home)
    assert [event["request_id"] for event in events(home, "finished")] == ORDER


def test_past_runs_count(tmp_path: Path) -> None:
    """What a task's runs came to is known from the log; a task of whose runs too few are known gets half of the points."""
    home = make_home(tmp_path)
    for name, command in (("good", "/bin/true"), ("bad", "/bin/false")):
        command_task(home, name, command, more="breaker: {threshold: 0}\nscore: {cost: 0}\n")
        for number in range(5):
            dropped(home, f"{name}-000{number}", {}, task=name)
    execute(home)
    clodputer(home, "pause", "--all")
    dropped(home, "bad-more", {}, task="bad")
    dropped(home, "good-more", {}, task="good")
    execute(home)
    rows = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    found = [(row["request_id"], row["score"]["parts"][2]["why"]) for row in rows]
    assert found == [
        ("good-more", "5 of its last 5 runs succeeded"),
        ("bad-more", "0 of its last 5 runs succeeded"),
    ]
    assert set(scores.ahead(home, "default")) >= {"good-more", "bad-more"}
    points = [event["points"] for event in events(home, "queued")]
    assert (points[0], points[-2:]) == (5.0, [0.0, 10.0])


def test_a_backup_keeps_the_reasons(tmp_path: Path) -> None:
    home = waiting(tmp_path)
    archive = str(tmp_path / "home.tar.gz")
    clodputer(home, "backup", archive)
    other = Home(str(tmp_path / "other"))
    clodputer(other, "restore", archive)
    assert scores.ahead(other, "default") == scores.ahead(home, "default") != {}
    rows = json.loads(clodputer(other, "queue", "--json")[0])["data"]["requests"]
    assert [row["request_id"] for row in rows] == ORDER
    assert rows[1]["score"]["parts"][0]["why"] == "severity critical"


@pytest.mark.parametrize("seed", range(3))
def test_the_order_that_is_shown_is_the_order_of_the_runs(tmp_path: Path, seed: int) -> None:
    """With all priorities, with points and without, made at any time, some of them after a delay; and the points add up."""
    random = Random(seed)
    home = make_home(tmp_path)
    command_task(home, "scored", "/bin/true", more="score: {severity: 90, label: 90, success: 40, cost: 0}\n")
    command_task(home, "plain", "/bin/true")
    clodputer(home, "pause", "--all")
    now = time()
    for number in range(14):
        severity, label = (
            random.choice(["info", "low", "high", "critical"]),
            random.choice(["P0", "P2", "none"]),
        )
        made = now - random.choice([0, 600, 7200, 86400, 4 * 86400])
        request = {
            "task": random.choice(["scored", "scored", "plain"]),
            "id": f"request-{number:02d}",
            "priority": random.randint(1, 5),
            "created_at": made,
            "context": {"finding": {"severity": severity}, "issue": {"labels": [label]}},
            **({"not_before": now + 0.2} if number % 4 == 0 else {}),
        }
        drop(home, f"{number}.json", json.dumps(request))
    execute(home)
    until(lambda: time() > now + 0.3)
    execute(home)
    rows = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    assert len(rows) == 14
    for row in rows:
        if row["score"]:
            assert row["score"]["points"] == pytest.approx(
                sum(part["points"] for part in row["score"]["parts"])
            )
    assert any(part["part"] == "limit" for row in rows for part in (row["score"] or {"parts": []})["parts"])
    clodputer(home, "resume", "--all")
    execute(home)
    assert started(home) == [row["request_id"] for row in rows]
    assert os.listdir(f"{home.lanes}/default/delayed") == []


def test_points_are_told_though_their_reasons_are_lost(tmp_path: Path) -> None:
    """The head start stands in the name; it is what decides, so it is what is said."""
    home = waiting(tmp_path)
    for path in Path(home.lanes, "default", "scores").glob("worst-*.json"):
        path.write_text("{")
    rows = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    worst = next(row["score"] for row in rows if row["request_id"] == "worst-0004")
    assert worst["points"] == pytest.approx(60.0 + worst["parts"][0]["points"])
    assert [part["part"] for part in worst["parts"]] == ["age"]
    assert "why it came with some is not known any more" in " ".join(
        clodputer(home, "queue", "--why")[0].split()
    )
