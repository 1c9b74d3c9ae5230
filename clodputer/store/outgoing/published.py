"""What was published: `ledger/published/RUN.PLACE.json`, one file for each thing, with what became of it since."""

# The file is the receipt: once it is there, nothing of its step is sent again.
from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

from clodputer.model.publish.rule import EVENT
from clodputer.model.text.moment import iso
from clodputer.store.files import atomic
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.records import runs

_END = ".json"
# How long a receipt is kept, in seconds.
KEPT_FOR = 180 * 86400.0


class Published(NamedTuple):
    """One thing. Moments in epoch seconds. place: its first place in the record's list of intents. commit: that was pushed.

    fate: what became of it, as model/publish/fate has it; fate_at: since when that is known. looked_at, etag: of the last look.
    merged: the commit by which a pull request was merged, into the branch `base`. cost_usd: of the run, None when it is not
    known.
    """

    run_id: str
    place: int
    task: str
    kind: str
    at: float
    repository: str = ""
    item: str = ""
    number: Optional[int] = None
    url: str = ""
    title: str = ""
    commit: str = ""
    branch: str = ""
    key: str = ""
    fate: str = ""
    fate_at: float = 0.0
    looked_at: float = 0.0
    etag: str = ""
    merged: str = ""
    base: str = ""
    cost_usd: Optional[float] = None

    def to_json(self) -> dict[str, Any]:
        """For programs; its keys are a promise."""
        shown = self._asdict()
        for name in ("etag", "key", "looked_at", "merged", "base"):
            shown.pop(name)
        shown = {name: None if value == "" else value for name, value in shown.items()}
        return {**shown, "at": iso(self.at), "fate_at": iso(self.fate_at) if self.fate_at else None}


def write(home: Home, one: Published) -> None:
    """Write a receipt, or what became of its thing, for good. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    runs.write_json(f"{_folder(home)}/{_name(one.run_id, one.place)}", one._asdict(), durable=True)


def of_step(home: Home, run_id: str, place: int) -> Optional[Published]:
    """The receipt of a step; None when there is none. Raises OSError."""
    return _read(f"{_folder(home)}/{_name(run_id, place)}")


def of_run(home: Home, run_id: str) -> list[Published]:
    """What a run has published, in the order of its intents. Raises OSError."""
    found = (
        _read(f"{_folder(home)}/{name}") for name in entries(_folder(home)) if name.startswith(f"{run_id}.")
    )
    return sorted((one for one in found if one is not None), key=lambda one: one.place)


def everything(home: Home, since: float = 0.0) -> Iterator[Published]:
    """All receipts of runs that began after `since` (epoch seconds), the oldest first. Raises OSError."""
    for name in sorted(entries(_folder(home))):
        if not name.endswith(_END) or name.startswith("."):
            continue
        try:
            began = runs.moment_of(name)
        except ValueError:
            continue
        one = _read(f"{_folder(home)}/{name}") if began >= since else None
        if one is not None:
            yield one


def number_since(home: Home, task: str, since: float) -> int:
    """How many things a task has published after `since` (epoch seconds), but for events. Raises OSError."""
    # A parcel may wait for a day, or for a person: its run began earlier.
    began = everything(home, since - 30 * 86400.0)
    return sum(one.task == task and one.at > since and one.kind != EVENT for one in began)


def sweep(home: Home, now: float) -> None:
    """Remove receipts that are too old. Raises OSError."""
    for name in entries(_folder(home)):
        try:
            if runs.moment_of(name) < now - KEPT_FOR:
                atomic.remove(f"{_folder(home)}/{name}")
        except ValueError:
            continue


def _folder(home: Home) -> str:
    return f"{home.ledger}/published"


def _name(run_id: str, place: int) -> str:
    return f"{run_id}.{place:03d}{_END}"


def _read(path: str) -> Optional[Published]:
    fields = runs.read_json(path)
    try:
        return None if fields is None else Published(**fields)
    except TypeError:
        return None  # somebody has edited it
