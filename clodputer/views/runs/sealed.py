"""Whether the records are what was sealed when they were written, and the execution log says the same: gaps to the line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from clodputer.model.text.jsontext import loads
from clodputer.model.upkeep import chain
from clodputer.model.upkeep.chain import Fault
from clodputer.store.files import plainfile
from clodputer.store.home import Home
from clodputer.store.log import archive
from clodputer.store.records import runs, seals

_MARK = b'"finished"'
_COMPARED = ("outcome", "reason", "cost_usd")


class Day(NamedTuple):
    """A day. path: of its file. number: of its seals; head: the hash of the last one. faults: of the chain; wrong: of runs."""

    day: str
    path: str
    number: int
    head: str
    faults: tuple[Fault, ...]
    wrong: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults and not self.wrong

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "day": self.day,
            "path": self.path,
            "sealed": self.number,
            "head": self.head or None,
            "sound": self.sound,
            "faults": [
                {"line": fault.line, "message": fault.message} for fault in (*self.faults, *self.wrong)
            ],
        }


class Verified(NamedTuple):
    """All that was looked at. tidied: heads of days whose files are gone. unsealed: runs with a record and no seal."""

    days: tuple[Day, ...]
    tidied: tuple[tuple[str, str], ...]
    unsealed: tuple[str, ...]
    older: int

    @property
    def sound(self) -> bool:
        """Whether nothing was changed and nothing is gone."""
        return all(day.sound for day in self.days)

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "sound": self.sound,
            "days": [day.to_json() for day in self.days],
            "tidied": [{"day": day, "head": head} for day, head in self.tidied],
            "unsealed": list(self.unsealed),
            "older": self.older,
        }


def verify(home: Home, only: Optional[str] = None, *, with_log: bool = True, since: str = "") -> Verified:
    """Look at every day, or at one, or at those since one; the chain between days is always looked at. Raises OSError."""
    every: list[tuple[str, chain.Read]] = []
    broken: dict[str, Fault] = {}
    for day in seals.days(home):
        try:
            every.append((day, chain.read(seals.content(home, day))))
        except (OSError, ValueError) as error:
            broken[day] = Fault(0, f"it cannot be read: {error}")
    between = chain.joined(every, seals.heads(home))
    # The last seal of a run counts: the settling of one that was killed is repeated.
    sealed: dict[str, str] = {one.run: one.record for _, read in every for _, one in read.seals if one.run}
    pruned = {run for _, read in every for _, one in read.seals for run in one.gone}
    wanted = [(day, read) for day, read in every if (only is None or day == only) and day >= since]
    logged = _logged(home) if with_log else {}
    found = []
    for day, read in wanted:
        wrong = [
            fault
            for place, one in read.seals
            if one.run and sealed[one.run] == one.record
            for fault in _of_run(home, place, one, one.run in pruned, logged)
        ]
        faults = (*read.faults, *(fault for where, fault in between if where == day))
        found.append(
            Day(
                day,
                f"{seals.folder(home)}/{day}{seals.ENDING}",
                len(read.seals),
                read.head,
                faults,
                tuple(wrong),
            )
        )
    found += [
        Day(day, f"{seals.folder(home)}/{day}{seals.ENDING}", 0, "", (fault,), ())
        for day, fault in broken.items()
        if only is None or day == only
    ]
    unsealed, older = ([], 0) if only is not None or since else _unsealed(home, sealed)
    return Verified(tuple(sorted(found)), tuple(seals.heads(home)), tuple(unsealed), older)


def _of_run(
    home: Home, place: int, seal: chain.Seal, pruned: bool, logged: dict[str, tuple[str, Any]]
) -> Iterator[Fault]:
    path = f"{home.runs}/{seal.run}/record.json"
    try:
        content = plainfile.read(path, runs.LARGEST_JSON).content
    except (FileNotFoundError, NotADirectoryError):
        if not pruned:
            yield Fault(place, f"line {place}: the record of {seal.run} is gone, and it was not pruned")
        return
    except (OSError, ValueError) as error:
        yield Fault(place, f"line {place}: the record of {seal.run} cannot be read: {error}")
        return
    if chain.digest(content) != seal.record:
        yield Fault(place, f"line {place}: the record of {seal.run} was changed after it was written: {path}")
        return
    where, event = logged.get(seal.run, ("", None))
    record = runs.read_json(path)
    if event is None or record is None:
        return
    told = [name for name in _COMPARED if event.get(name) != record.get(name)]
    if told:
        yield Fault(place, f"{where} differs from the record of {seal.run}: {', '.join(told)}")


def _logged(home: Home) -> dict[str, tuple[str, Any]]:
    """What the execution log says of the ends of runs, each with its file and line; the first line of a run counts."""
    found: dict[str, tuple[str, Any]] = {}
    for path in (*archive.archives(home), home.log):
        try:
            with open(path, "rb") as file:
                for number, line in enumerate(file, 1):
                    if _MARK in line:
                        _note(found, f"{path} line {number}", line)
        except FileNotFoundError:
            continue
    return found


def _note(found: dict[str, tuple[str, Any]], where: str, line: bytes) -> None:
    try:
        event = loads(line.decode())
    except ValueError:
        return
    if isinstance(event, dict) and event.get("event") == "finished":
        found.setdefault(f"{event.get('task')}/{event.get('run_id')}", (where, event))


def _unsealed(home: Home, sealed: dict[str, str]) -> tuple[list[str], int]:
    """Runs with a record that no seal names; and how many of them are older than the first seal."""
    first = min(
        (os.stat(f"{seals.folder(home)}/{day}{seals.ENDING}").st_mtime for day in seals.days(home)[:1]),
        default=0.0,
    )
    begun = min((run.partition("/")[2] for run in sealed), default="")
    missing, older = [], 0
    for task in runs.tasks(home):
        for run_id in runs.ids(home, task):
            name = f"{task}/{run_id}"
            if name in sealed or not os.path.lexists(f"{home.runs}/{name}/record.json"):
                continue
            if not first or not begun or run_id < begun:
                older += 1
            else:
                missing.append(name)
    return missing, older
