"""What runs publish, for people: what became of each intent of a run, what waits for a person, and what was not delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Optional

from clodputer.model.publish.parcel import (
    DENIED,
    DONE,
    REFUSED,
    SENT,
    STAGED,
    UNDELIVERED,
    WAITING,
    Parcel,
    Step,
    words,
)
from clodputer.model.text.moment import iso
from clodputer.store.home import Home
from clodputer.store.outgoing import parcels, published

# So many steps of one parcel are shown with their texts, and so much of each.
MOST, LONGEST = 20, 4000


class Entry(NamedTuple):
    """One intent of a run. state: waiting, staged, sent, refused, denied or undelivered."""

    kind: str
    state: str
    code: str = ""
    message: str = ""
    number: Optional[int] = None
    url: str = ""
    branch: str = ""
    fate: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {name: None if value == "" else value for name, value in self._asdict().items()}


class Asking(NamedTuple):
    """What one run would publish, and a person decides about."""

    parcel: Parcel

    @property
    def what(self) -> str:
        """What it holds, in one line."""
        return words(self.parcel.steps)

    @property
    def approve(self) -> str:
        """The command that has it sent."""
        return f"clodputer approve {self.parcel.run_id}"

    @property
    def deny(self) -> str:
        """The command by which it is never sent."""
        return f"clodputer deny {self.parcel.run_id}"

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        one = self.parcel
        return {
            "run_id": one.run_id,
            "task": one.task,
            "item": one.item or None,
            "repository": one.repository or None,
            "branch": one.push.branch if one.push else None,
            "since": iso(one.created_at),
            "what": self.what,
            "steps": [_step(step) for step in one.steps[:MOST]],
            "approve": self.approve,
            "deny": self.deny,
        }


class Undelivered(NamedTuple):
    """What was not sent. trying: parcels that are tried again. ended: that were given up or refused, in the last week."""

    trying: tuple[Parcel, ...] = ()
    ended: tuple[Parcel, ...] = ()

    @property
    def last_error(self) -> str:
        """Why the latest of them was not sent."""
        return next((_why(parcel) for parcel in reversed((*self.ended, *self.trying))), "")

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "trying": len(self.trying),
            "ended": len(self.ended),
            "run_ids": [one.run_id for one in (*self.ended, *self.trying)],
            "last_error": self.last_error or None,
        }


def entries(home: Home, record: Mapping[str, Any]) -> list[Entry]:
    """What became of each intent of the run of a record. Raises OSError."""
    listed = record.get("publish")
    if not isinstance(listed, list) or not listed:
        return []
    run_id, task = str(record["run_id"]), str(record["task"])
    parcel = parcels.of_run(home, task, run_id)
    receipts = {one.place: one for one in published.of_run(home, run_id)}
    steps = {place: step for step in (parcel.steps if parcel else ()) for place in step.places}
    joined = _joined(record)
    return [
        _entry(entry, parcel, steps.get(place), receipts.get(joined.get(place, place)))
        for place, entry in enumerate(listed)
        if isinstance(entry, Mapping)
    ]


def asking(home: Home) -> list[Asking]:
    """What waits for a person, the oldest first. Raises OSError."""
    return [Asking(parcel) for parcel in parcels.staged(home)]


def undelivered(home: Home, since: float) -> Undelivered:
    """What could not be sent: what is tried again, and what has ended so since a moment (epoch seconds). Raises OSError."""
    trying = tuple(parcel for parcel in parcels.waiting(home) if parcel.tries)
    ended = (one for one in parcels.ended(home) if one.state == UNDELIVERED and one.created_at > since)
    return Undelivered(trying, tuple(ended))


def _joined(record: Mapping[str, Any]) -> dict[int, int]:
    """For each place whose intent was sent together with others, the place under which that is remembered."""
    found: dict[int, int] = {}
    for effect in record.get("effects") or ():
        fields = effect.get("parcel") if isinstance(effect, Mapping) else None
        for step in fields.get("steps") or () if isinstance(fields, Mapping) else ():
            places: list[int] = list(step.get("places") or ())
            found.update(dict.fromkeys(places, places[0]) if places else {})
    return found


def _entry(
    entry: Mapping[str, Any],
    parcel: Optional[Parcel],
    step: Optional[Step],
    receipt: Optional[published.Published],
) -> Entry:
    kind, state = str(entry.get("kind") or ""), str(entry.get("state") or "")
    code, message = str(entry.get("code") or ""), str(entry.get("message") or "")
    if receipt is not None:
        return Entry(
            kind, SENT, number=receipt.number, url=receipt.url, branch=receipt.branch, fate=receipt.fate
        )
    if state not in (WAITING, STAGED):
        return Entry(kind, state, code, message)
    if step is None or parcel is None:
        return Entry(kind, UNDELIVERED, "lost", "nothing is known about it: its file is gone")
    if parcel.state == DENIED:
        return Entry(kind, DENIED, "denied_by_person", parcel.last_error)
    if step.state == REFUSED:
        return Entry(kind, REFUSED, step.code, step.message)
    if step.state == DONE:
        return Entry(kind, SENT, number=step.number, url=step.url)
    # Approved since the record was written: it waits to be sent.
    shown = STAGED if parcel.state == STAGED else WAITING
    return Entry(kind, shown, "", f"tried {parcel.tries} times: {parcel.last_error}" if parcel.tries else "")


def _step(step: Step) -> dict[str, Any]:
    fields = {name: value for name, value in step.fields.items() if name not in ("mark", "branch")}
    body = fields.get("body")
    if isinstance(body, str):
        fields["body"] = body[:LONGEST]
    return {"kind": step.kind, **fields}


def _why(parcel: Parcel) -> str:
    refused = (f"{step.kind}: {step.message}" for step in parcel.steps if step.state == REFUSED)
    return next(refused, "") or parcel.last_error


def lines(found: list[Entry]) -> Iterator[str]:
    """The entries for people, a line each."""
    for one in found:
        about = " ".join(filter(None, (f"#{one.number}" if one.number else "", one.branch, one.url)))
        why = f": {one.message}" if one.message else ""
        fate = f" ({one.fate})" if one.fate else ""
        yield f"{one.kind.replace('_', ' ') or 'an intent'} {one.state}{fate}{f' {about}' if about else ''}{why}"
