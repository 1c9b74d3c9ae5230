"""Hunt: kill all that is left of a run or of what belongs to it, by what it has left on disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clodputer.runner.processes.leftovers import sweep
from clodputer.runner.processes.leftovers.recorded import read_identities
from clodputer.store.records import runs


def hunt(run_id: str, process: Mapping[str, Any], places: Iterable[str]) -> sweep.Swept:
    """Kill all that is left of a run and say what that was. process: its process.json; places: where it wrote its output."""
    places = tuple(places)
    found = [runs.read_json(f"{inside}/process.json") or {} for inside in places]
    recorded = [identity for one in found for identity in one.get("processes", ())]
    keepers = read_identities([one.get("keeper") for one in found])
    streams = [f"{inside}/{name}" for inside in places for name in ("stdout", "stderr")]
    started = max((str(one.get("started_at", "")) for one in found), default="")
    told = {
        "sessions": next((one["sessions"] for one in found if one.get("sessions")), ""),
        "started_at": started,
    }
    return sweep.sweep_lost(run_id, {**told, **process, "processes": recorded}, None, keepers, streams)
