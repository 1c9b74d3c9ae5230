"""Goal 12: requests lost or doubled while execs come and go, and the control that loses some."""

from __future__ import annotations

from collections import Counter

from clodputer.runner.drain import work
from tests.bench.goal import Row
from tests.bench.stage import Stage
from tests.system.test_race import one_look, run_race, set_up
from tests.workshop import events, everything


def races(stage: Stage) -> list[Row]:
    """4,400 requests with the look after the release, 1,000 without it."""
    wrong = stranded = total = 0
    for name, droppers, each, in_step in (
        ("crowd", 50, 40, False),
        ("steps-1", 4, 300, True),
        ("steps-2", 4, 300, True),
    ):
        folder = stage.folder / name
        folder.mkdir()
        home, environ = set_up(folder)
        stranded += run_race(environ, droppers, each, in_step=in_step, run=work)
        finished = Counter(event["request_id"] for event in events(home, "finished"))
        total += droppers * each
        wrong += abs(droppers * each - len(finished)) + sum(count - 1 for count in finished.values())
        wrong += sum(map(len, everything(home).values()))
    folder = stage.folder / "control"
    folder.mkdir()
    _, environ = set_up(folder)
    control = run_race(environ, 4, 250, in_step=True, run=one_look)
    return [
        Row("12", f"of {total:,} requests: lost, doubled or left behind", "0", wrong + stranded, 0, ""),
        Row("12", "of 1,000 in the control without the last look: left behind", "> 0", control, None, ""),
    ]
