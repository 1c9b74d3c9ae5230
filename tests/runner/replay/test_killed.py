"""Corrections and seals killed before each of their steps: the old state or the new one, and a repetition completes it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from clodputer.model.upkeep import chain
from clodputer.store.home import Home
from clodputer.store.records import corrections, seals
from tests.killing import killed_at

RUN = "20261121T000000.000000Z-aaaa0001"


def test_a_correction_is_whole_or_not_there(home: Home) -> None:
    Path(home.runs, "t", RUN).mkdir(parents=True)
    verdict = {"outcome": "failed", "reason": "denied", "message": ""}
    corrections.write(home, "t", RUN, {**verdict, "reason": "empty"}, "1", 0.0)
    seen = set()
    for step in range(1, 100):
        dead = killed_at(step, lambda: corrections.write(home, "t", RUN, verdict, "1", 1.0))
        found = corrections.read(home, "t", RUN)
        assert found is not None
        seen.add(found["reason"])
        if not dead:
            break
    assert seen == {"empty", "denied"}


def test_a_seal_is_whole_or_not_there_and_comes_once(home: Home) -> None:
    for step in range(1, 100):
        name = f"{RUN}{step}"
        dead = killed_at(step, partial(seals.seal, home, "t", name, b"x"))
        assert seals.seal(home, "t", name, b"x")
        (day,) = seals.days(home)
        read = chain.read(seals.content(home, day))
        assert (read.faults, [one.run for _, one in read.seals].count(f"t/{name}")) == ((), 1)
        if not dead:
            break


def test_days_are_tidied_away_without_losing_a_head(home: Home) -> None:
    folder = Path(seals.folder(home))
    folder.mkdir(parents=True)
    first = chain.line(chain.Seal(1, chain.NOTHING, "t/a", "x"))
    content = {
        "2026-01-01": first,
        "2026-01-02": chain.line(chain.Seal(1, chain.read(first).head, "t/b", "y")),
    }
    for step in range(1, 1000):
        for day, data in content.items():
            (folder / f"{day}.chain").write_bytes(data)
        (folder / "heads").unlink(missing_ok=True)
        dead = killed_at(step, lambda: seals.tidy(home, (), "2026-01-03"))
        known = {day for day, _ in seals.heads(home)} | set(seals.days(home))
        assert known == set(content)
        every = [(day, chain.read(seals.content(home, day))) for day in seals.days(home)]
        assert chain.joined(every, seals.heads(home)) == []
        if not dead:
            break
    assert seals.days(home) == []
