"""`logs`, `stats`, `config` and `prune` as a person calls them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from clodputer.cli.arguments.since import moment_since
from clodputer.cli.commands.config import shown
from clodputer.cli.commands.logs import log
from clodputer.cli.commands.stats import stats
from clodputer.cli.terminal.ink import without
from clodputer.cli.text.runs.log_event import in_words
from clodputer.model.config.settings import Settings
from clodputer.model.errors import ClodputerError
from clodputer.store import settings
from clodputer.store.home import Home
from clodputer.store.log import archive
from tests.store.index.indexed import NOW, ended
from tests.workshop import clodputer, command_task, drop, execute, start

NOTHING = {"task": "", "event": "", "run_id": ""}


def environ(home: Home) -> dict[str, str]:
    return {"CLODPUTER_HOME": home.root, "HOME": home.root}


def test_a_message_of_several_lines() -> None:
    """What stood on lines of its own is told apart."""
    event = {
        "event": "rejected",
        "reason": "task_unknown",
        "message": "there is no task 'x'\nMake it.",
        "file": "a.json",
    }
    # However wide the terminal is.
    told = " ".join(in_words(event).split())
    assert told.endswith("task_unknown, there is no task 'x'; Make it, file a.json")


def test_logs_of_an_id_that_fits_several_runs(home: Home) -> None:
    """They are listed; what was pruned is still found by its whole id."""
    for number in (7, 8):
        Path(home.runs, "nightly", f"run{number}").mkdir(parents=True)
        ended(home, number)
    with pytest.raises(ClodputerError, match=r"2 runs fit 'run': run8 \(nightly\), run7 \(nightly\)"):
        log(environ(home), {**NOTHING, "run_id": "run"}, None, None, NOW)
    assert len(log(environ(home), {**NOTHING, "run_id": "n7"}, None, None, NOW).data["events"]) == 1
    ended(home, 9)
    assert len(log(environ(home), {**NOTHING, "run_id": "run9"}, None, None, NOW).data["events"]) == 1


def test_a_long_id_is_shown_whole(home: Home) -> None:
    """The end of it would be another request's; of a run it is the request's id that people know."""
    about = {"task": "nightly", "request_id": "issue-4711-fix-it"}
    line = without(in_words({"timestamp": "2026-09-21T14:00:00Z", "event": "queued", **about}, 7))
    assert "  issue-4711-fix-it  nightly" in line
    run = {**about, "run_id": "20260921T140000.000Z-issue-4711-fix-it"}
    assert "  issue-4711-fix-it  nightly" in without(in_words({"event": "started", **run}, 7))
    assert "  4711abcd" in without(
        in_words({"event": "started", "run_id": "20260921T140000.000Z-4711abcd"}, 7)
    )


def test_logs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last twenty, or all since a moment; those of a run by the end of its id."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert log(environ(home), NOTHING, None, None, NOW).text == "Nothing has happened in this home yet."
    for number in range(30):
        ended(home, number)
    archive.archive(home, NOW, 0)
    ended(home, 30)
    result = log(environ(home), NOTHING, None, None, NOW)
    assert [event["run_id"] for event in result.data["events"]] == [
        f"run{number}" for number in range(11, 31)
    ]
    assert len(result.text.splitlines()) == 20
    assert "finished       run30     nightly  " in without(result.text)
    assert len(log(environ(home), NOTHING, "10s", None, NOW + 30).data["events"]) == 11
    assert len(log(environ(home), {**NOTHING, "run_id": "run7"}, None, 5, NOW).data["events"]) == 1
    command_task(home, "quiet", "/bin/true")
    assert log(environ(home), {**NOTHING, "task": "quiet"}, None, None, NOW).text == "No event fits."
    assert log(environ(home), {**NOTHING, "event": "recovered"}, None, None, NOW).text == "No event fits."
    for wanted, told in (
        ({"task": "quite"}, "did you mean 'quiet'"),
        ({"event": "finishd"}, "did you mean 'finished'"),
    ):
        with pytest.raises(ClodputerError, match=told):
            log(environ(home), {**NOTHING, **wanted}, None, None, NOW)
    with pytest.raises(ClodputerError, match="--since"):
        log(environ(home), NOTHING, "the other day", None, NOW)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": ["\x1b[2J"], "task": {"a": "\x1b"}, "timestamp": 5},
        {"event": "finished", "outcome": 7},
        {"event": "swept", "swept": [1, 2]},
        {"event": "queued", "file": "a\nb\x1b]0;x\x07", "timestamp": "2026-01-01T00:00:00Z"},
    ],
)
def test_an_event_is_one_harmless_line(event: dict[str, Any]) -> None:
    words = in_words(event)
    assert "\n" not in words
    assert "\x1b]" not in words and "\x1b[2J" not in words and "\x07" not in words  # noqa: PT018


def test_the_columns_of_logs_do_not_shift(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the names of tasks and events are; in a terminal no line is too long, and nothing is left out."""
    long = "a-task-with-quite-a-long-name"
    command_task(home, long, "/bin/sh", "-c", "echo no >&2; exit 3")
    command_task(home, "b", "/bin/true")
    for name in (long, "b"):
        drop(home, name)
    drop(home, "wrong.json", '{"tsk": "b"}')
    execute(home)
    monkeypatch.delenv("COLUMNS", raising=False)
    whole = without(log(environ(home), NOTHING, None, None, NOW).text).split("\n")
    assert len(whole) == 7
    for line in whole:
        assert line[19:21] == line[34:36] == line[44:46] == line[46 + len(long) : 48 + len(long)] == "  "
        assert line[48 + len(long)] != " "
    for columns in (40, 60, 80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        told = without(log(environ(home), NOTHING, None, None, NOW).text)
        # The path of what was rejected is one word.
        assert all(len(line) <= columns or len(line.split()) == 1 for line in told.split("\n"))
        assert sorted(told.split()) == sorted(" ".join(whole).split())


def test_follow_through_an_archiving(home: Home) -> None:
    """Ctrl-C ends it; what was archived in between is neither lost nor told twice."""
    ended(home, 1)
    process = start(home, "logs", "--follow")
    assert process.stdout is not None
    assert "run1" in process.stdout.readline()
    for number in (2, 3, 4):
        ended(home, number)
        archive.archive(home, NOW, 0)
        assert f"run{number}" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=100)
    assert (process.returncode, stdout, stderr) == (130, "", "")
    assert "tail -F" in clodputer(home, "logs", "--follow", "--json", status=2)[0]


def test_stats(home: Home) -> None:
    """Rates, medians and costs of all and of each day; in a narrow terminal too."""
    assert stats(environ(home), "", "30d", NOW, 80).text.startswith("No run ended since ")
    for number in range(1, 11):
        ended(home, number, "a", "failed" if number == 10 else "succeeded")
    ended(home, 11, "a", "limited")
    ended(home, 3 * 86400, "b")
    found = stats(environ(home), "a", "30d", NOW + 4 * 86400, 80)
    told = found.data["stats"]
    assert (told["runs"], told["succeeded"], told["success_rate"]) == (11, 9, 0.9)
    assert (told["median_seconds"], told["p90_seconds"], told["cost_usd"]) == (6.0, 10.0, 5.5)
    assert sum(day["runs"] for day in told["by_day"]) == 11
    assert "11 runs" in found.text
    assert "90% succeeded" in found.text
    assert len(stats(environ(home), "", "30d", NOW + 4 * 86400, 80).data["stats"]["by_day"]) == 5
    for width in (20, 60, 200):
        assert "█" in stats(environ(home), "", "300d", NOW + 200 * 86400, 200).text
        assert (
            max(map(len, stats(environ(home), "", "1d", NOW + 30, width).text.splitlines()))
            < max(60, width) + 60
        )
    with pytest.raises(ClodputerError, match="no task 'c'"):
        stats(environ(home), "c", "30d", NOW, 80)


def test_since() -> None:
    assert moment_since("2h", NOW) == NOW - 7200
    assert moment_since("2026-11-01T00:00:00Z", NOW) == 1_793_491_200
    for wrong in ("+2h", "x", ""):
        with pytest.raises(ClodputerError):
            moment_since(wrong, NOW)


def test_config_tells_where_each_value_comes_from(home: Home) -> None:
    """Default, line of the file, variable; the variable comes first, and what is misspelt is told."""
    Path(home.config).write_text("# x\ntimeout: 90m\nmax_turns: 7\n")
    extra = {
        "CLODPUTER_MAX_TURNS": "9",
        "CLODPUTER_RUN_ID": "x",
        "CLODPUTER_TEST_CLAUDE": "y",
        "CLODPUTER_SWEEP": "",
    }
    result = shown(home, {**environ(home), **extra})
    rows = {row["key"]: row for row in result.data["settings"]}
    assert (rows["timeout"]["value"], rows["timeout"]["source"], rows["timeout"]["default"]) == (
        "90m",
        "config.yaml line 2",
        "1h",
    )
    assert (rows["max_turns"]["value"], rows["max_turns"]["source"]) == (9, "environment CLODPUTER_MAX_TURNS")
    assert (rows["sweep"]["value"], rows["sweep"]["source"], result.errors) == ("5m", "default", ())
    wrong = shown(home, {**environ(home), "CLODPUTER_TIMOUT": "1", "CLODPUTER_SWEEP": "1s"})
    assert [error.code for error in wrong.errors] == ["environment_invalid", "environment_unknown"]
    assert "did you mean 'CLODPUTER_TIMEOUT'" in wrong.text
    assert settings.load(home, {"CLODPUTER_TIMOUT": "1", "CLODPUTER_TIMEOUT": "2m"}).timeout == 120
    with pytest.raises(
        ClodputerError, match=r"CLODPUTER_MAX_TURNS: expected a whole number from 1 to 100,000, found 'many'"
    ):
        settings.load(home, {"CLODPUTER_MAX_TURNS": "many"})
    Path(home.config).write_text("timeout: 5\nsweep: 2m\n")
    broken = shown(home, environ(home))
    assert [error.code for error in broken.errors] == ["config_invalid"]
    assert {row["value"] for row in broken.data["settings"] if row["key"] == "sweep"} == {"2m"}


def test_config_set_get_unset(home: Home) -> None:
    Path(home.config).write_text("# mine\n")
    assert clodputer(home, "config", "set", "sweep", "10m")[0] == "config.yaml now has sweep: 10m\n"
    assert clodputer(home, "config", "get", "sweep")[0] == "10m\n"
    assert "from 1m to 1h" in clodputer(home, "config", "set", "sweep", "2h", status=2)[1]
    assert "did you mean 'sweep'" in clodputer(home, "config", "get", "swep", status=2)[1]
    assert Path(home.config).read_text() == "# mine\nsweep: 10m\n"
    clodputer(home, "config", "unset", "sweep")
    assert Path(home.config).read_text() == "# mine\n"
    assert len(json.loads(clodputer(home, "config", "--json")[0])["data"]["settings"]) == len(
        Settings._fields
    )


def test_prune(home: Home) -> None:
    command_task(home, "a", "/bin/true")
    os.makedirs(f"{home.runs}/a/20200101T000000.000Z-old")
    said = clodputer(home, "prune", "--dry-run")[0]
    assert said == "Would remove 1 run (0 bytes) and 0 archived logs (0 bytes).\n"
    assert json.loads(clodputer(home, "prune", "--json")[0])["data"]["run_folders"] == [
        "a/20200101T000000.000Z-old"
    ]
    assert os.listdir(f"{home.runs}/a") == []
