"""`clodputer why`: what stands between a task and its next run, where its lost ones are, and what fixes it."""

from __future__ import annotations

from pathlib import Path
from time import time

import pytest

from clodputer.cli.commands.why import why
from clodputer.cli.result import Result
from clodputer.cli.terminal.ink import without
from clodputer.model.errors import ClodputerError
from clodputer.model.request import Place
from clodputer.store.home import Home
from clodputer.store.records import runs
from clodputer.store.spool import layout, slot
from clodputer.store.spool.slot import Slot
from tests.cli.past import NOW, past_run
from tests.workshop import command_task, drop, environment, execute, records, write_task


def words(result: Result) -> str:
    """The text as its words, however wide the terminal is."""
    return " ".join(without(result.text).split())


def test_why_sees_what_a_person_dropped(home: Home) -> None:
    """A request waits, whoever dropped it and wherever it lies: in new/, among the delayed, or in the queue."""
    command_task(home, "work", "/bin/true")
    assert why(environment(home), "work", time()).data["waiting"] is False
    drop(home, "any.json", '{"task": "work"}')
    dropped = why(environment(home), "work", time())
    assert (dropped.data["waiting"], dropped.data["running"], dropped.data["stale"]) == (True, False, False)
    assert "not taken in yet; the next exec takes it in: clodputer exec" in words(dropped)
    Path(home.new, "any.json").unlink()
    drop(home, "later.json", '{"task": "work", "not_before": "2099-01-01T00:00:00Z"}')
    execute(home)
    assert "waits for its time" in words(why(environment(home), "work", time()))
    queue_folder = (
        Path(slot.path(home, Slot("default", 0), Place(1, 3, "", ""))).parent.parent / "queue" / "3"
    )
    (queue_folder / str(Place(1, 3, "work-0001", "x.json"))).write_text('{"task": "work"}')
    assert "waits for its turn in lane default" in words(why(environment(home), "work", time()))


def test_after_a_lost_run(home: Home) -> None:
    """Its request is kept in dead/: the place, the reason and the command that runs it again."""
    command_task(home, "work", "/bin/true")
    layout.make_lane(home, "default")
    place = Place(1, 3, "work-0001", "work.json")
    Path(slot.path(home, Slot("default", 0), place)).write_text('{"task": "work"}')
    run_id = runs.new_id(time() - 90, place.id)
    slot.mark(home, Slot("default", 0), "work", run_id)
    slot.start(home, Slot("default", 0), "work", run_id)
    # Of what the run had written a power cut has left nothing.
    Path(runs.folder(home, "work", run_id)).mkdir(parents=True)
    execute(home)
    assert records(home, "work")[-1]["outcome"] == "lost"
    result = why(environment(home), "work", time())
    [dead] = result.data["set_aside"]
    assert (dead["place"], dead["request_id"], dead["task"]) == ("dead", "work-0001", "work")
    assert dead["fix"] == "Run it again: clodputer retry work-0001"
    assert Path(dead["path"]).exists()
    assert "given up work-0001" in words(result)
    assert "Run it again: clodputer retry work-0001 last run lost" in words(result)
    asked = why(environment(home), run_id, time())
    assert (asked.data["asked"]["place"], asked.data["asked"]["run_id"]) == ("run", run_id)
    assert words(asked).startswith(f"run {run_id} of work: lost")


def test_after_a_failed_run(home: Home) -> None:
    command_task(home, "work", "/bin/false")
    drop(home, "work")
    execute(home)
    run_id = records(home, "work")[0]["run_id"]
    told = words(why(environment(home), "work", time()))
    assert f"see: clodputer show {run_id}; to run it again: clodputer retry {run_id}" in told


def test_a_broken_task_file(home: Home) -> None:
    """File, line and the command that fixes it; then those of its requests that were rejected for it."""
    write_task(home, "work", "promt: x\n")
    drop(home, "work")
    for number in range(4):
        drop(home, f"{number}.json", '{"task": "work"}')
    execute(home)
    result = why(environment(home), "work", time())
    [error] = result.errors
    assert (result.exit_code, error.code, error.hint) == (1, "task_invalid", "Fix: clodputer edit work")
    assert result.data["words"] == "work does not run: its task file has mistakes"
    assert (result.data["enabled"], result.data["triggers"], len(result.data["problems"])) == (None, [], 2)
    assert {one["fix"] for one in result.data["set_aside"]} == {
        f"Fix: clodputer edit work. Then: clodputer retry rejected/{name}"
        for name in ("work", "0.json", "1.json", "2.json", "3.json")
    }
    told = words(result)
    assert told.startswith("work does not run: its task file has mistakes broken tasks/work.yaml:1: ")
    assert told.count("Then: clodputer retry rejected/") == 3
    assert "and 2 more: clodputer queue --rejected" in told
    command_task(home, "work", "/bin/true")
    result = why(environment(home), "work", time())
    assert (result.exit_code, result.errors) == (0, ())
    assert words(result).count("Run it again: clodputer retry rejected/") == 3


def test_a_task_whose_file_is_gone(home: Home) -> None:
    command_task(home, "work", "/bin/true")
    drop(home, "work")
    execute(home)
    Path(home.tasks, "work.yaml").unlink()
    result = why(environment(home), "work", time())
    assert result.errors[0].code == "task_unknown"
    assert "its task file is gone" in words(result)
    assert result.data["last_run"]["outcome"] == "succeeded"


def test_a_request_by_its_id(home: Home) -> None:
    """One that waits, one that was rejected, one that nobody knows."""
    command_task(home, "work", "/bin/true")
    drop(home, "later.json", '{"task": "work", "id": "mine-0001", "not_before": "2099-01-01T00:00:00Z"}')
    drop(home, "wrong.json", '{"tsk": "work", "id": "mine-0002"}')
    execute(home)
    waits = why(environment(home), "e-0001", time())
    assert (waits.data["task"], waits.data["asked"]["place"]) == ("work", "delayed")
    assert words(waits).startswith(
        "request mine-0001 of work is delayed work: a request of it waits for its time"
    )
    rejected = why(environment(home), "mine-0002", time())
    assert (rejected.data["task"], rejected.data["asked"]["place"]) == (None, "rejected")
    assert (
        rejected.data["asked"]["fix"]
        == f"Fix {home.rejected}/wrong.json. Then: clodputer retry rejected/wrong.json"
    )
    assert "unknown field 'tsk'" in words(rejected)
    with pytest.raises(ClodputerError, match="2 requests fit 'mine'"):
        why(environment(home), "mine", time())
    with pytest.raises(ClodputerError) as caught:
        why(environment(home), "nobody", time())
    assert caught.value.code == "task_unknown"


def test_a_disabled_task_is_promised_no_time(home: Home) -> None:
    """Its clock is told, and when it counts again; in JSON there is no next slot time."""
    command_task(
        home, "off", "/bin/true", more="enabled: false\ntrigger: {type: cron, schedule: '0 7 * * *'}\n"
    )
    found = why(environment(home), "off", time())
    assert "cron runs at 07:00 every day, once the task is enabled" in words(found)
    assert "is due next" not in words(found)
    assert [trigger["next_slot_time"] for trigger in found.data["triggers"]] == [None]


def test_a_record_that_somebody_edited(home: Home) -> None:
    """The latest sound record stands for the last run."""
    good, _ = past_run(home, "work", "aaaa1111", NOW)
    edited, _ = past_run(home, "work", "bbbb2222", NOW + 100, origin="lost", duration_seconds=None)
    found = why(environment(home), "work", NOW + 200)
    assert found.data["last_run"]["run_id"] == good
    assert "has no record" in words(why(environment(home), edited, NOW + 200))
