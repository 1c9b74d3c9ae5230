"""`max_concurrent`: never more runs at once than it allows, over all lanes; each request is run, in the order of all."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from clodputer.model.text.moment import iso
from clodputer.runner.drain import work
from clodputer.runner.processes.stop import Stop
from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool.drop import drop as drop_fields
from tests import warm
from tests.system.test_race import FORK
from tests.system.test_slots import at_once, began, kill_tree, waiting_task
from tests.wait import until
from tests.workshop import (
    clodputer,
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    records,
)

LANES = ("one", "two", "three")


def home_with(folder: Path, most: int, slots: int = 1) -> Home:
    """A home with three lanes of so many slots each."""
    home = make_home(folder)
    lanes = {lane: {"slots": slots} for lane in LANES}
    Path(home.config).write_text(json.dumps({"max_concurrent": most, "lanes": lanes}))
    return home


def test_the_third_waits_and_says_so(tmp_path: Path) -> None:
    """Three lanes, two at once: the third waits in its queue, everything says why, and it is run when one of the two ends."""
    home = home_with(tmp_path, 2)
    traces = waiting_task(home, tmp_path)
    for lane in LANES:
        (Path(home.tasks) / f"{lane}.yaml").write_text(
            Path(home.tasks, "waits.yaml").read_text() + f"lane: {lane}\n"
        )
        drop(home, f"{lane}.json", json.dumps({"task": lane}))
    going = warm.server().begin(("exec",), environment(home))
    until(lambda: began(traces) == 2)
    assert execute(home)["runs"] == []
    rows = json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"]
    (kept,) = [row for row in rows if row["state"] == "queued"]
    assert kept["waits"]["reason"] == "concurrent"
    assert kept["waits"]["message"] == "2 runs go on, of at most 2 at once (max_concurrent)."
    assert "max_concurrent" in clodputer(home, "queue")[0]
    assert "at most 2 at once" in clodputer(home, "status")[0]
    why = json.loads(clodputer(home, "why", kept["task"], "--json")[0])["data"]
    assert why["words"] == f"{kept['task']}: a request of it is kept waiting (concurrent)"
    (traces / "go").touch()
    assert warm.server().wait(going).status == 0
    assert [outcomes(home, lane) for lane in LANES] == [["succeeded"]] * 3
    assert at_once(events(home)) == 2
    assert everything(home) == {}
    assert json.loads(clodputer(home, "queue", "--json")[0])["data"]["requests"] == []


@pytest.mark.parametrize("most", [1, 2])
def test_the_oldest_and_the_most_urgent_come_first(tmp_path: Path, most: int) -> None:
    """One lane with much to do does not keep the others waiting: the order is that of all requests together."""
    home = home_with(tmp_path, most, slots=3)
    for lane in LANES:
        command_task(home, lane, "/bin/true", more=f"lane: {lane}\n")
    begin, wanted = time.time() - 100, []
    for number in range(12):
        lane = "one" if number < 6 else LANES[number % 3]
        fields = {"task": lane, "id": f"request-{number}", "created_at": iso(begin + number)}
        drop(home, f"{number:02}.json", json.dumps(fields))
        wanted.append(f"request-{number}")
    urgent = {"task": "three", "id": "urgent", "created_at": iso(begin + 50), "priority": 5}
    drop(home, "urgent.json", json.dumps(urgent))
    execute(home)
    ran = [event["request_id"] for event in events(home, "started")]
    assert sorted(ran) == sorted(["urgent", *wanted])
    # Of runs that begin at the same moment either may be logged first.
    assert most > 1 or ran == ["urgent", *wanted]
    assert at_once(events(home)) <= most


def dropper(home: Home, who: int, rounds: int) -> None:
    """Drop a request into one of the lanes and run an exec, time and again."""
    context = look(environment(home))
    with Stop() as stop:
        for number in range(rounds):
            lane = LANES[(who + number) % 3]
            drop_fields(home, f"{who}-{number}.json", {"task": lane, "id": f"of-{who}-{number}"})
            work(context, stop)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [False, True])
def test_many_execs(tmp_path: Path, kills: bool) -> None:
    """Six execs at a time over three lanes with three slots each, two runs at once, also when they are killed.

    Without kills nothing is left behind when the last exec has gone. With them each request ends once.
    """
    home = home_with(tmp_path, 2, slots=3)
    for lane in LANES:
        command_task(home, lane, "/bin/true", more=f"lane: {lane}\nbreaker: {{threshold: 0}}\n")
    chance = random.Random(11)
    for generation in range(3):
        processes = [FORK.Process(target=dropper, args=(home, 10 * generation + who, 8)) for who in range(6)]
        before = len(events(home, "finished"))
        for process in processes:
            process.start()
        if kills:
            until(lambda: len(events(home, "finished")) > before)  # noqa: B023  (called before the next round)
            time.sleep(chance.random() / 2)  # the moment of the kill is what varies
            for process in processes:
                kill_tree(process.pid or 0)
        for process in processes:
            process.join(100)
        if not kills:
            assert everything(home) == {}
    if kills:
        execute(home)
        execute(home)
        places = everything(home)
        assert set(places) <= {"dead"}, places
    ended = Counter(record["request_id"] for lane in LANES for record in records(home, lane))
    assert set(ended.values()) == {1}
    assert len(ended) == 144 if not kills else len(ended) >= 3
    if not kills:
        assert at_once(events(home)) == 2
