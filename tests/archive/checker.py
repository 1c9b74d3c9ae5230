"""The checker of restored homes: reads a home by what docs/spool.md says of it, with nothing of Clodputer's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.system.month.reading import read


def missing(root: Path, accepted: Iterable[str]) -> list[str]:
    """What is not as a restored home must be, in which nothing has run yet: requests that are nowhere, or in two places.

    accepted: the ids of the requests that had been dropped when the backup began. Those that the log names count as well.
    """
    found = read(root)
    lines = list(found.torn)
    known = set(accepted) | {
        event["request_id"] for event in found.events if event["event"] in ("queued", "delayed")
    }
    ended = {event["request_id"] for event in found.events if event["event"] == "finished" and event["final"]}
    for request in sorted(known):
        places = found.places.get(request, [])
        if not places and request not in ended:
            lines.append(f"request {request} is nowhere")
        if len(places) > 1:
            lines.append(f"request {request} is in {len(places)} places: {places}")
    return lines


def waiting(root: Path) -> list[str]:
    """What still waits or runs."""
    return [
        place
        for places in read(root).places.values()
        for place in places
        if place.startswith((f"{root}/spool/lanes/", f"{root}/spool/new/"))
    ]


def after(root: Path, accepted: Iterable[str]) -> list[str]:
    """What is not as it must be when all that waited has run: requests in two places or none, or that succeeded twice."""
    found = read(root)
    lines = missing(root, accepted)
    good: dict[str, set[str]] = {}
    for event in found.events:
        if event["event"] == "finished" and event["outcome"] == "succeeded":
            good.setdefault(event["request_id"], set()).add(event["run_id"])
    lines += [f"request {request} succeeded twice: {runs}" for request, runs in good.items() if len(runs) > 1]
    # Each that succeeded is followed, once.
    followers: dict[str, set[str]] = {}
    for event in found.events:
        if event["event"] == "finished" and event["task"] == "then":
            followers.setdefault(event["parent"], set()).add(event["request_id"])
    for event in found.events:
        if event["event"] == "finished" and event["task"] == "first" and event["outcome"] == "succeeded":
            number = len(followers.get(event["run_id"], ()))
            if number != 1:
                lines.append(f"run {event['run_id']} is followed {number} times")
    return lines
