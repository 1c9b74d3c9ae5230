"""History: the ends of runs, newest first, from the log and its archives, within bounds of time and memory."""

from __future__ import annotations

import os
from pathlib import Path
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clodputer.model.text.mask import Masker
from clodputer.model.text.mask import masker as make_masker
from clodputer.store.home import Home
from clodputer.store.log import archive, events
from clodputer.store.records import history
from clodputer.store.records.history import History

NOW = 1_800_000_000.0


def no_secrets() -> Masker:
    """A masker that masks nothing."""
    return make_masker([])


def finish(home: Home, number: int, task: str = "work", **more: object) -> None:
    """A run that ended `number` seconds after NOW."""
    told = {
        "task": task,
        "request_id": f"request-{number}",
        "run_id": f"run-{number}",
        "outcome": "succeeded",
        "reason": "completed",
        "message": "",
        "duration_seconds": 1.5,
        "cost_usd": 0.25,
        "lane": "default",
        "account": "claude",
        "trigger": "schedule",
        "attempt": 2,
        "item": "issue 4",
        "suspect": "It may have done nothing.",
        **more,
    }
    events.append(home, no_secrets(), NOW + number, "finished", **told)


def test_the_newest_first_as_far_as_asked(home: Home) -> None:
    """Each question gets its runs; those of other tasks, lanes, accounts and requests are left out."""
    assert list(History(home).runs()) == []
    for number in range(10):
        finish(home, number, "even" if number % 2 == 0 else "odd", lane=f"lane-{number % 3}")
        events.append(home, no_secrets(), NOW + number, "queued", task="even", message='"finished"')
    finish(home, 10, "tool", account="", request_id="request-3")
    past = History(home)
    assert [run.run_id for run in past.runs(NOW + 7)] == ["run-10", "run-9", "run-8"]
    assert [run.run_id for run in past.of_task("even")] == ["run-8", "run-6", "run-4", "run-2", "run-0"]
    assert [run.run_id for run in past.spending(NOW + 1, lane="lane-1")] == ["run-7", "run-4"]
    assert [run.run_id for run in past.of_account("claude", NOW + 8)] == ["run-9"]
    assert [run.run_id for run in past.of_account("")] == ["run-10"]
    assert [run.run_id for run in past.of_request("request-3", NOW)] == ["run-10", "run-3"]
    first = next(past.of_task("odd"))
    assert tuple(first) == (
        NOW + 9,
        "odd",
        "lane-0",
        "claude",
        "request-9",
        "run-9",
        "succeeded",
        "completed",
        1.5,
        0.25,
        "schedule",
        2,
        "issue 4",
        True,
        True,
        "",
        "",
        "",
        False,
        False,
        "",
        "",
        "",
        (),
        False,
        False,
    )


def test_through_the_archives(home: Home) -> None:
    """What was archived is read on, the newest archive first; nothing is seen twice."""
    for number in range(9):
        finish(home, number)
        if number % 3 == 2 and number < 8:
            assert archive.archive(home, NOW, 1)
    finish(home, 8)  # its settling was repeated after a crash
    assert [run.run_id for run in History(home).runs()] == [f"run-{number}" for number in range(8, -1, -1)]


def test_whatever_stands_in_the_log(home: Home) -> None:
    """Torn lines, foreign lines and a line without end are passed over."""
    finish(home, 1)
    with open(home.log, "ab") as file:
        file.write(
            b'{"event": "finished"}\n{"event": "finished", "timestamp": 5}\n\xff"finished"\n"finished"\n[]\n\n'
        )
        file.write(b'x"finished"' * 1_000_000 + b"\n")
        file.write(b'{"event": "finished", "task')
    finish(home, 2)
    finish(home, 3)
    assert [run.run_id for run in History(home).runs()] == ["run-3", "run-1"]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_log_that_is_none(home: Home, kind: str) -> None:
    """Nobody is held up by it."""
    os.mkfifo(home.log) if kind == "pipe" else os.mkdir(home.log)
    assert list(History(home).runs()) == []


def test_ten_thousand_past_runs(home: Home) -> None:
    """The first answer does not read them all."""
    with open(home.log, "w") as file:
        finish(home, 0)
        line = Path(home.log).read_text()
        for number in range(10_000):
            file.write(line.replace("run-0", f"run-{number}"))
            file.write('{"timestamp": "2027-01-15T08:00:00.000Z", "event": "queued", "task": "work"}\n' * 3)
    began = process_time()
    assert next(History(home).runs()).run_id == "run-9999"
    first = process_time() - began
    assert len(list(History(home).runs())) == 10_000
    everything = process_time() - began
    assert first < everything / 3
    assert history.MOST > 10_000


def test_runs_of_a_clock_that_was_wrong_hide_none(home: Home) -> None:
    """A computer that starts in 1970 until it is told the time: what its runs say of then ends no answer about today."""
    for number in range(3):
        finish(home, number, "work")
    for number in range(3, 6):
        finish(home, number - int(NOW), "work")
    finish(home, 6, "work")
    past = History(home)
    assert [run.run_id for run in past.of_task("work", NOW - 1)] == ["run-6", "run-2", "run-1", "run-0"]
    assert [run.run_id for run in past.runs(NOW + 1)] == ["run-6", "run-2"]


def test_it_stops_where_all_is_older(home: Home) -> None:
    """Ten runs in a row that ended before are taken for the past."""
    for number in range(200):
        finish(home, number)
    past = History(home)
    assert len(list(past.runs(NOW + 150))) == 49
    assert len(list(past.runs(NOW + 190))) == 9


def ids(past: History, task: str = "") -> list[str]:
    return [run.run_id for run in (past.of_task(task) if task else past.runs())]


def test_it_stays_as_it_was_until_it_is_renewed(home: Home) -> None:
    """One reading serves many questions; what was logged meanwhile comes in by `renew`, to questions new and old."""
    past = History(home)
    assert ids(past) == []
    past.renew()
    for number in range(4):
        finish(home, number, "even" if number % 2 == 0 else "odd")
    assert ids(past) == []
    past.renew()
    assert ids(past, "even") == ["run-2", "run-0"]
    finish(home, 4, "even")
    finish(home, 4, "even")  # its settling was repeated after a crash
    finish(home, 5, "odd")
    # The first question of this kind, and one that was only begun before: both are about the same moment.
    assert ids(past, "odd") == ["run-3", "run-1"]
    assert next(past.runs()).run_id == "run-3"
    past.renew()
    assert ids(past, "even") == ["run-4", "run-2", "run-0"]
    assert ids(past) == ids(History(home)) == [f"run-{number}" for number in (5, 4, 3, 2, 1, 0)]


def test_renewed_while_a_line_is_being_written(home: Home) -> None:
    """Half a line is not taken for a whole one, and is not lost when its rest comes."""
    finish(home, 1)
    whole = Path(home.log).read_bytes()
    past = History(home)
    later = whole.replace(b"run-1", b"run-2")
    for cut in (1, len(later) // 2, len(later) - 1):
        with open(home.log, "ab") as file:
            file.write(later[:cut])
            file.flush()
            past.renew()
            assert ids(past) == ["run-1"]
            file.truncate(len(whole))
    Path(home.log).write_bytes(whole + later)
    past.renew()
    assert ids(past) == ["run-2", "run-1"]


@pytest.mark.parametrize("kind", ["archived", "archived and gone on", "removed", "cut", "far on"])
def test_renewed_over_a_log_that_is_another(home: Home, kind: str) -> None:
    """Then all is read anew."""
    for number in range(3):
        finish(home, number)
    past = History(home)
    assert len(ids(past)) == 3
    if kind.startswith("archived"):
        archive.archive(home, NOW, 1)
    elif kind == "removed":
        os.unlink(home.log)
    elif kind == "cut":
        Path(home.log).write_bytes(Path(home.log).read_bytes().split(b"\n")[0] + b"\n")
    else:
        with open(home.log, "ab") as file:
            file.write(b"{}\n" * (history.MOST_NEW // 3 + 1))
    if kind.endswith("on"):
        finish(home, 3)
    past.renew()
    assert ids(past) == ids(History(home))


# Lines between the ends of runs: others of ours, empty ones, torn ones, and what somebody has written there.
FILLERS = st.sampled_from(
    (
        b"",
        b"\r",
        b'"finished"',
        b'{"event": "finished"',
        b'{"event": "queued", "message": "\\"finished\\""}',
        b'{"event": "finished"}{"event": "finished"}',
        b"\xff\x00",
        b"[" * 100_000 + b'"finished"',
    )
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.lists(FILLERS, max_size=3), st.integers(0, 9)), max_size=20), st.booleans())
def test_ends_of_runs_among_all_kinds_of_lines(
    home: Home, mixed: list[tuple[list[bytes], int]], with_a_trial: bool
) -> None:
    """Each is found once, the newest first, whether or not a trial stands among them, which makes the search another one."""
    Path(home.log).unlink(missing_ok=True)
    lines, wanted = [], []
    for fillers, number in mixed:
        finish(home, number)
        (line,) = Path(home.log).read_bytes().splitlines()
        Path(home.log).unlink()
        lines += [*fillers, line]
        wanted.append(f"run-{number}")
    if with_a_trial:
        lines.append(b'{"event": "trial", "run_id": "none"}')
    Path(home.log).write_bytes(b"".join(line + b"\n" for line in lines))
    assert [run.run_id for run in History(home).runs()] == list(dict.fromkeys(reversed(wanted)))
