"""A disk that fills while a run lasts: what is said of the run afterwards is the truth, and nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clodputer.store.context import look
from clodputer.store.home import Home
from clodputer.store.spool import aside, slot
from clodputer.store.spool.slot import Slot
from tests.disks import ask_for_no_room, fill, mounted
from tests.mortal import mortal
from tests.workshop import (
    command_task,
    drop,
    environment,
    events,
    everything,
    execute,
    make_home,
    outcomes,
    program,
    records,
    run,
)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tmpfs is Linux's")

# Writes zeros until the disk takes no more, then says and does what the rest of its arguments ask for.
# Several times, for what Clodputer writes beside it gives its room back right after.
FILL = 'echo run >> "$2"; for again in 1 2 3 4; do cat /dev/zero >> "$1/ballast" 2> /dev/null; sleep 0.1; done; shift 2; '


class Disk:
    """A home on a small disk, and a task that fills it."""

    def __init__(self, place: Path, outside: Path) -> None:
        self.place, self.ballast = place, place / "ballast"
        self.home: Home = make_home(place)
        ask_for_no_room(self.home)
        self.ran = outside / "ran"
        self.script = program(outside, "fill", FILL + '"$@"')

    def task(self, *then: str, more: str = "") -> None:
        """The task `work`, which fills the disk and then does that."""
        command_task(self.home, "work", str(self.script), str(self.place), str(self.ran), *then, more=more)
        subprocess.run(
            [sys.executable, "-m", "clodputer", "validate"],
            env=environment(self.home),
            check=True,
            capture_output=True,
        )

    def exec(self) -> subprocess.CompletedProcess[str]:
        """An exec, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", "clodputer", "exec"],
            env=environment(self.home),
            capture_output=True,
            text=True,
        )

    def only_record(self) -> dict[str, Any]:
        """After an exec with room: the request has run once, has one record, and has left the slot."""
        execute(self.home)
        assert self.ran.read_text() == "run\n"
        assert slot.content(self.home, Slot("default", 0)) == (None, "", "", False)
        (record,) = records(self.home, "work")
        return record


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """One megabyte."""
    with mounted(tmp_path / "disk", "size=1m") as place:
        (tmp_path / "outside").mkdir()
        yield Disk(place, tmp_path / "outside")


@pytest.mark.parametrize(
    ("then", "outcome", "reason"),
    [
        (["/bin/true"], "succeeded", "completed"),
        (["/bin/sh", "-c", "exit 7"], "failed", "exit_status"),
        (["/bin/sh", "-c", "kill -9 $$"], "failed", "killed"),
    ],
)
def test_full_at_the_end_of_a_run(disk: Disk, then: list[str], outcome: str, reason: str) -> None:
    """The exec says which record of which run it could not write; the next one writes it, with the end that was seen."""
    disk.task(*then)
    drop(disk.home, "one.json", '{"task": "work", "id": "first"}')
    done = disk.exec()
    assert done.returncode == 1
    (run_id,) = os.listdir(f"{disk.home.runs}/work")
    path = f"{disk.home.runs}/work/{run_id}/record.json"
    assert f"No space left on device: {path} (while writing the record of run {run_id})" in done.stderr
    assert "Make room" in done.stderr
    again = disk.exec()
    assert again.returncode == 1
    assert path in again.stderr
    disk.ballast.unlink()
    record = disk.only_record()
    assert (record["run_id"], record["outcome"], record["reason"]) == (run_id, outcome, reason)
    assert "No space left on device" in record["message"]
    assert path in record["message"]
    assert record["message"].count("could not be written") == 1
    assert "killed during" not in record["message"]
    assert everything(disk.home) == {}
    (finished,) = events(disk.home, "finished")
    assert finished["outcome"] == outcome


def test_what_the_run_has_cost_is_kept(disk: Disk) -> None:
    """What it said at the end is in the record, although there was no room for that record when it ended."""
    answer = {"cost_usd": 1.25, "num_turns": 3, "session_id": "abc", "result": "fine"}
    fill_after = (
        'echo run > "$1"; echo "$3"; '
        'for again in 1 2 3 4; do cat /dev/zero >> "$2/ballast" 2> /dev/null; sleep 0.1; done; exit 0'
    )
    command = ["/bin/sh", "-c", fill_after, "sh", str(disk.ran), str(disk.place), json.dumps(answer)]
    command_task(disk.home, "work", *command)
    drop(disk.home, "one.json", '{"task": "work", "id": "first"}')
    assert disk.exec().returncode == 1
    disk.ballast.unlink()
    record = disk.only_record()
    assert (record["outcome"], record["cost_usd"], record["num_turns"]) == ("succeeded", 1.25, 3)
    assert record["result"] == answer


def test_full_in_the_middle_of_a_run(disk: Disk) -> None:
    """No reason to end it: whoever makes room again loses nothing."""
    disk.task("/bin/sh", "-c", 'sleep 2 & sleep 2; rm "$0/ballast"', str(disk.place))
    drop(disk.home, "one.json", '{"task": "work", "id": "first"}')
    assert disk.exec().returncode == 0
    record = disk.only_record()
    assert (record["outcome"], record["message"]) == ("succeeded", "")


def test_full_before_the_start_is_no_false_start(disk: Disk) -> None:
    """However often: the request waits, and is neither buried nor called lost; the errors name a file and what was done."""
    disk.task("/bin/true")
    for number, left in enumerate(range(1, 13)):
        if number == 0:
            drop(disk.home, "one.json", '{"task": "work", "id": "first"}')
        ballast = fill(disk.place, left)
        done = disk.exec()
        if done.returncode == 0 or disk.ran.exists():
            break
        assert "No space left on device: /" in done.stderr, (left, done.stderr)
        assert "(while " in done.stderr
        assert "killed" not in done.stderr
        ballast.unlink()
    disk.ballast.unlink(missing_ok=True)
    record = disk.only_record()
    assert record["outcome"] == "succeeded"


def test_a_full_disk_tears_no_line_of_the_log(disk: Disk) -> None:
    """What it took of a line is taken back, and the line is not said to be written."""
    context = look(environment(disk.home))
    log = Path(disk.home.log)
    log.write_text('{"event": "x"}\n' * 270)  # not quite a page
    fill(disk.place)
    with pytest.raises(OSError, match="No space left") as caught:
        context.log(0.0, "queued", message="x" * 1000)
    assert caught.value.filename == str(log)
    assert log.read_text() == '{"event": "x"}\n' * 270
    disk.ballast.unlink()
    context.log(0.0, "queued")
    assert json.loads(log.read_text().splitlines()[270])["event"] == "queued"


def test_a_run_that_closes_its_own_folder(tmp_path: Path) -> None:
    """Its record cannot be written there: the dead letter says where, and how the run ended; the next request runs."""
    home = make_home(tmp_path)
    command_task(
        home, "work", "/bin/sh", "-c", f'echo x >> {tmp_path}/ran; chmod 500 "$0"/*', f"{home.runs}/work"
    )
    command_task(home, "other", "/bin/true")
    drop(home, "work")
    drop(home, "other")
    with mortal() as counts:
        if not counts:
            pytest.skip("permissions do not count here")
        execute(home)
    (run_id,) = os.listdir(f"{home.runs}/work")
    os.chmod(f"{home.runs}/work/{run_id}", 0o700)
    (dead,) = Path(home.dead).glob("*.reason.json")
    message = json.loads(dead.read_text())["message"]
    assert f"Permission denied: {home.runs}/work/{run_id}/" in message
    assert "ended as succeeded" in message
    assert outcomes(home, "other") == ["succeeded"]
    assert (tmp_path / "ran").read_text() == "x\n"
    fault = events(home, "fault")[0]["message"]
    assert f"while writing the record of run {run_id}" in fault


@pytest.mark.parametrize("lanes", [1, 2])
def test_no_file_may_grow(tmp_path: Path, lanes: int) -> None:
    """`ulimit -f 0` refuses each write to a file: told with the file and what was done, from each lane's process too."""
    home = make_home(tmp_path)
    for number in range(lanes):
        command_task(home, f"work{number}", "/bin/true", more=f"lane: lane{number}\n")
        drop(home, f"work{number}")
    environ = environment(home)
    subprocess.run(
        [sys.executable, "-m", "clodputer", "validate"], env=environ, check=True, capture_output=True
    )
    for arguments in (["exec"], ["exec", "--json"], ["run", "work0"], ["new", "fresh"]):
        words = " ".join(arguments)
        done = subprocess.run(
            ["/bin/sh", "-c", f'ulimit -f 0; exec "$0" -m clodputer {words}', sys.executable],
            env=environ,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1, (words, done)
        said = done.stdout + done.stderr
        assert "File too large" in said, (words, said)
        assert str(home.root) in said, (words, said)
        assert "(while " in said, (words, said)
    execute(home)
    for number in range(lanes):
        assert {record["outcome"] for record in records(home, f"work{number}")} == {"succeeded"}


# Commands that must write something, in a home with a task, a request that waits and one that is dead.
WRITERS = (
    "exec",
    "exec --json",
    "run work",
    "run work --no-wait --json",
    "new fresh",
    "pause work",
    "cancel waits-1",
    "retry dead-1",
    "dismiss dead-1",
    "set work timeout=5m",
    "disable work",
    "remove work --yes",
    "config set timeout 5m",
)


@pytest.mark.parametrize("how", ["full", "read only"])
def test_each_command_says_what_it_could_not_write(disk: Disk, how: str) -> None:
    """The file and what was being done, whichever command it is; and nothing is lost: with room again each of them works."""
    command_task(disk.home, "work", "/bin/true")
    drop(disk.home, "waits.json", '{"task": "work", "id": "waits-1", "not_before": "+1h"}')
    execute(disk.home)
    Path(disk.home.dead, "dead-1.work").write_text("")
    aside.write(
        f"{disk.home.dead}/dead-1.work", aside.Reason("exec_died", "It was.", "dead-1", "work", "work", 1e9)
    )
    drop(disk.home, "work")
    before = everything(disk.home)
    if how == "full":
        fill(disk.place)
    else:
        subprocess.run(["mount", "-o", "remount,ro", str(disk.place)], check=True)
    refusal = {"full": "No space left on device", "read only": "Read-only file system"}[how]
    for words in WRITERS:
        done = run(disk.home, *words.split())
        said = " ".join((done.stdout + done.stderr).split())
        if done.status == 0:
            assert how == "full", words  # a rename needs no room
            continue
        assert done.status == 1, (words, done)
        assert f"{refusal}: {disk.place}/home/" in said, (words, said)
        assert "(while " in said, (words, said)
    if how == "full":
        disk.ballast.unlink()
    else:
        subprocess.run(["mount", "-o", "remount,rw", str(disk.place)], check=True)
        assert everything(disk.home) == before
    execute(disk.home)
    assert set(outcomes(disk.home, "work")) <= {"succeeded"}
