"""Deliveries of webhooks that came, by their ids: one that is sent again, or replayed, brings nothing twice."""

from __future__ import annotations

import os

from clodputer.store.files import atomic
from clodputer.store.home import Home

# GitHub can repeat a delivery for three days, Standard Webhooks for 76 hours; in seconds.
KEPT = 14 * 86400.0
# So many names in one folder are looked up as fast as a few; a sender with its secret could write more.
MOST = 100_000


def folder(home: Home) -> str:
    """Where the ids are."""
    return f"{home.ledger}/deliveries"


def path(home: Home, webhook: str, delivery: str) -> str:
    """The file that says that a delivery came; its name says nothing of the sender's."""
    # Imported here: with it comes OpenSSL, and every exec that runs something loads this file.
    from hashlib import sha256

    return f"{folder(home)}/{webhook}.{sha256(delivery.encode('utf-8', 'replace')).hexdigest()[:40]}"


def is_known(home: Home, webhook: str, delivery: str) -> bool:
    """Whether a delivery came already."""
    return os.path.lexists(path(home, webhook, delivery))


def keep(home: Home, webhook: str, delivery: str) -> None:
    """Note that a delivery came, once its event is written: one that was cut off before is taken once more. Raises OSError."""
    os.makedirs(folder(home), mode=0o700, exist_ok=True)
    os.close(os.open(path(home, webhook, delivery), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))


def last(home: Home) -> dict[str, float]:
    """When each webhook last brought something, epoch seconds. Raises OSError."""
    found: dict[str, float] = {}
    try:
        with os.scandir(folder(home)) as entries:
            for entry in entries:
                webhook = entry.name.rpartition(".")[0]
                found[webhook] = max(found.get(webhook, 0.0), entry.stat(follow_symlinks=False).st_mtime)
    except FileNotFoundError:
        pass
    return found


def prune(home: Home, now: float) -> None:
    """Forget those that are older than any sender repeats; and the oldest, where there are too many. Raises OSError."""
    ages: list[tuple[float, str]] = []
    try:
        with os.scandir(folder(home)) as entries:
            ages = sorted((entry.stat(follow_symlinks=False).st_mtime, entry.path) for entry in entries)
    except FileNotFoundError:
        return
    for index, (modified, name) in enumerate(ages):
        if modified < now - KEPT or index < len(ages) - MOST:
            atomic.remove(name)
