"""What people decided about requests that asked: a file for each in `approvals/`, which is made once and never replaced."""

# Its name has the moment at which the request was made, as an id may come back when its request has ended.
from __future__ import annotations

import os
from json import dumps
from typing import Optional

from clodputer.model.gates.approval import DECISIONS, DENIED, Decision
from clodputer.model.request import Request
from clodputer.model.text.jsontext import loads
from clodputer.model.text.moment import iso, parse_moment
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home

# In bytes; a note has two thousand characters.
LARGEST = 65536


def read(home: Home, request: Request) -> Optional[Decision]:
    """What was decided about a request; None when nothing was.

    A file that cannot be read counts as a denial: nothing runs because of it, and `clodputer retry` asks again.
    """
    return _read(_path(home, request))


def of_id(home: Home, request_id: str) -> Optional[Decision]:
    """The latest decision about a request of that id, which may have ended; None when there is none, or it was tidied away."""
    names = [name for name in entries(_folder(home)) if name.split(".")[0] == request_id]
    return _read(f"{_folder(home)}/{max(names)}") if names else None


def _read(path: str) -> Optional[Decision]:
    try:
        fields = loads(plainfile.read(path, LARGEST).content.decode())
        if fields["decision"] not in DECISIONS:
            raise ValueError(fields["decision"])
        return Decision(fields["decision"], parse_moment(fields["at"], 0.0), str(fields["note"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Decision(DENIED, 0.0, f"the decision cannot be read: {path}")


def decide(home: Home, request: Request, decision: Decision) -> Decision:
    """Decide about a request, for good, unless that was done before; the decision that counts. Raises OSError.

    Of several who decide at once one wins, and all get the same answer.
    """
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    fields = {**decision._asdict(), "at": iso(decision.at)}
    try:
        atomic.create(_path(home, request), dumps(fields).encode() + b"\n")
    except FileExistsError:
        return read(home, request) or decision
    return decision


def sweep(home: Home, pending: set[str]) -> None:
    """Take away what was decided about requests that are not among the ids `pending`. Raises OSError."""
    for name in entries(_folder(home)):
        if not name.startswith(".") and name.split(".")[0] not in pending:
            atomic.remove(f"{_folder(home)}/{name}")


def _folder(home: Home) -> str:
    return f"{home.spool}/approvals"


def _path(home: Home, request: Request) -> str:
    return f"{_folder(home)}/{request.id}.{round(request.created_at * 1000)}.json"
