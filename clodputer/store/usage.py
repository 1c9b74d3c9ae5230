"""What is known of each account's usage windows: `ledger/usage/ACCOUNT.json`, written whole, and read within bounds."""

from __future__ import annotations

import os
from json import dumps
from typing import NamedTuple

from clodputer.model.gates import usage
from clodputer.model.gates.usage import Readings, Shares
from clodputer.model.text.jsontext import loads
from clodputer.store.files import atomic, plainfile
from clodputer.store.folder import entries
from clodputer.store.home import Home
from clodputer.store.lock import Lock

# In bytes; two readings take some 300.
LARGEST = 16384
# Writers take turns, for a millisecond each; in seconds. Who does not get his turn says it again soon.
PATIENCE = 0.2
GLANCE = 0.005
# A reading that says the same again is written down at most this often, in seconds.
CALM = 60.0

_ENDING = ".json"


class Kept(NamedTuple):
    """What is known of an account, as it was read: perhaps of windows that have been reset. problem: why it is not known."""

    readings: Readings
    problem: str = ""


def path(home: Home, account: str) -> str:
    """Where it lies."""
    return f"{_folder(home)}/{account}{_ENDING}"


def accounts(home: Home) -> list[str]:
    """The accounts of which something was seen. Raises OSError."""
    names = [name[: -len(_ENDING)] for name in entries(_folder(home)) if name.endswith(_ENDING)]
    return sorted(name for name in names if usage.is_account(name))


def read(home: Home, account: str) -> Kept:
    """What is known of an account; nothing when its file is not there. Never raises: a damaged file is as good as none."""
    try:
        content = plainfile.read(path(home, account), LARGEST).content
        if len(content) > LARGEST:
            raise ValueError("it is too large")
        return Kept(usage.from_json(loads(content.decode())))
    except FileNotFoundError:
        return Kept({})
    except (OSError, ValueError) as error:
        words = (error.strerror if isinstance(error, OSError) else "") or str(error)
        return Kept({}, f"{path(home, account)} cannot be read: {words}")


def keep(home: Home, account: str, shares: Shares, source: str, now: float) -> bool:
    """Keep what was seen of an account at `now` (epoch seconds); whether it was our turn to write. Raises OSError."""
    os.makedirs(_folder(home), mode=0o700, exist_ok=True)
    lock = Lock(f"{_folder(home)}/.lock")
    if not lock.wait(PATIENCE, GLANCE):
        return False
    try:
        known = read(home, account)
        found = usage.with_shares(known.readings, shares, source, now)
        if known.problem or _worth_writing(known.readings, found):
            # Not for good: after a power cut the next reading says it again.
            content = dumps(usage.to_json(found)).encode() + b"\n"
            atomic.write(path(home, account), content, durable=False)
    finally:
        lock.release()
    return True


def _worth_writing(known: Readings, found: Readings) -> bool:
    if known.keys() != found.keys():
        return True
    return any(
        (reading.used, reading.resets_at) != (known[kind].used, known[kind].resets_at)
        or not 0 <= reading.seen_at - known[kind].seen_at < CALM
        for kind, reading in found.items()
    )


def _folder(home: Home) -> str:
    return f"{home.ledger}/usage"
