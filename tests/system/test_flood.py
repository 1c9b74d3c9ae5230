"""Programs that print without end: the run is stopped, its checks are too, and everything that waits goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clodputer.store.home import Home
from tests.wait import until
from tests.workshop import clodputer, command_task, drop, environment, execute, outcomes, records

MB = 1024 * 1024


@pytest.mark.parametrize("line", ["y", "{", "[100%] Built target", '{"type"', "", "\\x1b[2J"])
def test_a_flood_of_lines(home: Home, line: str) -> None:
    """It is stopped at its cap, what it printed is kept up to there, and the next request of the lane runs."""
    command_task(home, "flood", "/usr/bin/yes", line, more="max_output: 20MB\n")
    command_task(home, "good", "/bin/true")
    drop(home, "flood")
    execute(home)
    drop(home, "good")
    execute(home)
    [record] = records(home, "flood")
    assert (record["outcome"], record["reason"]) == ("failed", "output_too_large")
    stdout = Path(home.runs, "flood", record["run_id"], "stdout")
    assert 19 * MB < stdout.stat().st_size <= 20 * MB
    assert outcomes(home, "good") == ["succeeded"]


def test_a_flood_of_the_usual_size_is_over_soon(home: Home) -> None:
    """Two hundred megabytes of two-letter lines cost seconds of our time, not minutes: exec answers meanwhile."""
    command_task(home, "flood", "/usr/bin/yes")
    drop(home, "flood")
    execute(home)
    [record] = records(home, "flood")
    assert (record["reason"], record["duration_seconds"] < 50) == ("output_too_large", True)


def test_a_check_that_floods(home: Home) -> None:
    """It has the cap of its run."""
    command_task(
        home, "work", "/bin/true", more="max_output: 20MB\nexpect: {command_succeeds: [/usr/bin/yes]}\n"
    )
    drop(home, "work")
    execute(home)
    [record] = records(home, "work")
    assert (record["outcome"], record["reason"]) == ("failed", "expect_unmet")
    assert "max_output" in record["message"]
    [check] = record["expect"]
    assert check["ok"] is False
    assert check["duration_seconds"] > 0
    stdout = Path(home.runs, "work", record["run_id"], "check", "stdout")
    assert stdout.stat().st_size <= 20 * MB


def test_a_check_has_what_is_left_of_the_clock(home: Home) -> None:
    """One that never ends is stopped by the run's own timeout, and the record says so and how long it took."""
    command_task(
        home, "work", "/bin/true", more="timeout: 6s\nexpect: {command_succeeds: [/bin/sleep, '600']}\n"
    )
    drop(home, "work")
    execute(home)
    [record] = records(home, "work")
    assert record["reason"] == "expect_unmet"
    assert "timeout" in record["message"]
    assert 4.5 < record["expect"][0]["duration_seconds"] < 30


@pytest.mark.parametrize("where", ["run", "check"])
def test_a_flood_is_cancelled(home: Home, where: str) -> None:
    """However fast it prints, the wish to stop it is seen."""
    slow = "import sys, time\nwhile True:\n    sys.stdout.write('y\\n' * 200_000); sys.stdout.flush(); time.sleep(0.01)"
    program = [sys.executable, "-c", slow]
    more = "max_output: 1TB\nstop_grace: 1s\n"
    if where == "check":
        more += f"expect: {{command_succeeds: {program!r}}}\n"
    command_task(home, "flood", *(program if where == "run" else ["/bin/true"]), more=more)
    drop(home, "flood")
    running = subprocess.Popen(
        [sys.executable, "-m", "clodputer", "exec"], env=environment(home), stdout=subprocess.DEVNULL
    )
    try:
        inside = "check/stdout" if where == "check" else "stdout"
        until(
            lambda: any(path.stat().st_size > 4 * MB for path in Path(home.runs).glob(f"flood/*/{inside}")),
            60,
        )
        clodputer(home, "cancel", "flood")
        running.wait(100)
    finally:
        running.kill()
        running.wait()
    assert outcomes(home, "flood") == ["cancelled"]
