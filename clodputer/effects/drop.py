"""The effect `drop`: a request that follows the run goes into `new/`, exactly once.

It is written into the run's folder before the record, whose writing commits both, and moved from there by a rename. So it is
never there twice and never lost, whenever we are killed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer.effects import notify
from clodputer.effects.settling import Settling, log_followed
from clodputer.store.spool import drop

FOLDER = notify.FOLDER
# The effects by which a file comes into `new/` or the outbox, each with the key under which its content stands.
CONTENT = {"drop": "request", "event": "event", "publish": "parcel"}


def put_down(settling: Settling) -> None:
    """Write down all requests, events and messages that follow the run, before its record is written. Raises OSError."""
    drop.put_down(
        f"{settling.folder}/{FOLDER}",
        [
            *(
                (effect["name"], effect[CONTENT[effect["effect"]]])
                for effect in settling.record["effects"]
                if effect.get("effect") in CONTENT
            ),
            *(
                letter
                for effect in settling.record["effects"]
                if effect.get("effect") == "notify"
                for letter in notify.contents(effect)
            ),
        ],
    )


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Move one of them into `new/`, unless that was done before, and log it."""
    folder, name = f"{settling.folder}/{FOLDER}", str(effect.get("name"))
    if os.path.basename(name) != name or not os.path.isfile(f"{folder}/{name}"):
        return
    log_followed(settling, effect, follower=effect.get("request_id"))
    drop.deliver(settling.context.home, folder, [name])
