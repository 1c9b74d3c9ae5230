"""Seals of records: one chain whoever writes and whenever somebody is killed, and every change is named to the line."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clodputer.model.upkeep import chain
from clodputer.model.upkeep.chain import Seal
from clodputer.store.home import Home
from clodputer.store.records import pastruns, seals
from clodputer.views.runs import sealed
from tests.wait import until
from tests.workshop import clodputer, drop, execute, write_task


def forked(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def _written(home: Home, mark: str) -> bool:
    return bool(seals.days(home)) and mark in chain_file(home).read_text()


def made(home: Home, count: int, task: str = "t") -> None:
    """Records with their seals."""
    for number in range(count):
        run_id = f"2026112{number % 10}T000000.{number:06}Z-aaaa{number:04x}"
        folder = Path(home.runs, task, run_id)
        folder.mkdir(parents=True)
        content = f'{{"n": {number}}}'.encode()
        (folder / "record.json").write_bytes(content)
        assert seals.seal(home, task, run_id, content)


def faults(home: Home) -> list[str]:
    return [fault.message for day in sealed.verify(home).days for fault in (*day.faults, *day.wrong)]


def chain_file(home: Home) -> Path:
    (day,) = seals.days(home)
    return Path(seals.folder(home), f"{day}.chain")


def test_many_processes_make_one_chain(home: Home) -> None:
    def work(number: int) -> None:
        for each in range(30):
            seals.seal(home, "t", f"{number}-{each}", b"x", 60.0)

    pids = [forked(partial(work, number)) for number in range(8)]
    assert all(os.waitpid(pid, 0)[1] == 0 for pid in pids)
    read = chain.read(chain_file(home).read_bytes())
    assert (len(read.seals), read.faults) == (240, ())
    assert [seal.number for _, seal in read.seals] == list(range(1, 241))


def test_writers_that_are_killed_leave_a_sound_chain(home: Home) -> None:
    for number in range(12):

        def work(number: int = number) -> None:
            for each in range(100_000):
                seals.seal(home, "t", f"{number}-{each}", b"x")

        pid = forked(work)
        until(partial(_written, home, f'"t/{number}-'), message="nothing is written")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert seals.seal(home, "t", "last", b"x")
    assert chain.read(chain_file(home).read_bytes()).faults == ()


def test_a_repetition_adds_nothing(home: Home) -> None:
    assert seals.seal(home, "t", "r", b"x")
    assert seals.seal(home, "t", "r", b"x")
    assert len(chain.read(chain_file(home).read_bytes()).seals) == 1


def test_a_record_without_a_seal_for_want_of_the_lock_is_named(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(home, 1)
    with seals.alone(home) as held:
        assert held
        assert not seals.seal(home, "t", "20261129T000000.000000Z-aaaa0009", b"x", 0.0)
    folder = Path(home.runs, "t", "20261129T000000.000000Z-aaaa0009")
    folder.mkdir(parents=True)
    (folder / "record.json").write_bytes(b"x")
    assert sealed.verify(home).unsealed == (f"t/{folder.name}",)


def _edit(number: int, by: Callable[[bytes], bytes]) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [*lines[:number], by(lines[number]), *lines[number + 1 :]]


DAMAGE: list[tuple[str, Callable[[list[bytes]], list[bytes]], str]] = [
    (
        "a line changed",
        _edit(2, lambda line: line.replace(b"aaaa0002", b"aaaa0009")),
        "line 4 does not continue",
    ),
    ("a line gone", lambda lines: lines[:2] + lines[3:], "line 3 does not continue"),
    ("the first gone", lambda lines: lines[1:], "line 1 has number 2"),
    ("two exchanged", lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "line 2 does not continue"),
    ("one put in", lambda lines: [lines[0], lines[0], *lines[1:]], "line 2 does not continue"),
    ("noise", lambda lines: [*lines[:3], b"noise", *lines[3:]], "line 4 is not a seal"),
    ("cut off", lambda lines: [*lines[:-1], lines[-1][:20]], "line 5 was cut off"),
    ("emptied", lambda lines: [], ""),
]


@pytest.mark.parametrize(("damage", "said"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_damage_is_named_to_the_line(
    home: Home, damage: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    made(home, 5)
    path = chain_file(home)
    lines = path.read_bytes().split(b"\n")[:-1]
    path.write_bytes(b"".join(line + b"\n" for line in damage(lines)))
    assert any(said in fault for fault in faults(home)) or (
        not said and sealed.verify(home).days[0].number == 0
    )
    # The chain goes on after it, and what is new is sound.
    before = len(faults(home))
    assert seals.seal(home, "t", "new", b"x")
    assert len(faults(home)) <= before + 1


def test_a_line_cut_off_by_a_power_cut_does_not_break_what_follows(home: Home) -> None:
    made(home, 2)
    path = chain_file(home)
    path.write_bytes(path.read_bytes() + b'{"number": 3, "bef')
    assert seals.seal(home, "t", "new", b"x")
    assert [fault.line for fault in chain.read(path.read_bytes()).faults] == [3]


def test_days_follow_one_another() -> None:
    first = chain.read(chain.line(Seal(1, chain.NOTHING, "a", "x")))
    second = chain.read(chain.line(Seal(1, first.head, "b", "y")))
    assert chain.joined([("2026-01-01", first), ("2026-01-02", second)], []) == []
    assert chain.joined([("2026-01-02", second)], [("2026-01-01", first.head)]) == []
    assert [day for day, _ in chain.joined([("2026-01-02", second)], [])] == ["2026-01-02"]


def test_only_the_head_is_kept_of_a_day_without_runs(home: Home) -> None:
    made(home, 2)
    os.rename(chain_file(home), Path(seals.folder(home), "2026-01-01.chain"))
    head = chain.read(seals.content(home, "2026-01-01")).head
    assert seals.tidy(home, ["t/another"], "2026-01-02") == 1
    assert (seals.days(home), seals.heads(home)) == ([], [("2026-01-01", head)])
    assert seals.seal(home, "t", "new", b"x")
    assert chain.read(chain_file(home).read_bytes()).first_before == head
    assert all("does not continue the day before" not in fault for fault in faults(home))


def verified(home: Home, *arguments: str, status: int = 0) -> Any:
    return json.loads(clodputer(home, "verify-records", "--json", *arguments, status=status)[0])["data"]


def test_what_was_done_to_records_is_found(home: Home) -> None:
    write_task(home, "good", "agent: command\ncommand: [echo, done]\n")
    assert verified(home)["days"] == []
    for name in ("one", "two", "three", "four"):
        drop(home, f"{name}.json", json.dumps({"task": "good"}))
        execute(home)
    data = verified(home)
    assert (data["sound"], data["days"][0]["sealed"], data["unsealed"]) == (True, 4, [])
    day = data["days"][0]["day"]
    folders = sorted(Path(home.runs, "good").iterdir())
    changed = folders[0] / "record.json"
    changed.write_text(changed.read_text().replace("succeeded", "failed"))
    (folders[1] / "record.json").unlink()
    log = Path(home.log)
    lines = log.read_text().splitlines()
    number = next(
        place for place, line in enumerate(lines) if folders[2].name in line and '"finished"' in line
    )
    lines[number] = lines[number].replace('"completed"', '"exit_status"')
    log.write_text("\n".join(lines) + "\n")
    clodputer(home, "remove", "good", "--yes")
    said = [fault["message"] for fault in verified(home, "--day", day, status=1)["days"][0]["faults"]]
    assert len(said) == 3
    assert "was changed" in said[0]
    assert "is gone" in said[1]
    assert f"line {number + 1} differs from the record" in said[2]
    found = json.loads(clodputer(home, "doctor", "--json", status=4)[0])["data"]["findings"]
    assert next(one["level"] for one in found if one["check"] == "records") == "problem"


def test_runs_that_were_pruned_are_no_damage(home: Home) -> None:
    made(home, 3)
    pastruns.remove(home, [f"t/{name}" for name in os.listdir(f"{home.runs}/t")])
    assert faults(home) == []
