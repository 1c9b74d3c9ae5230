"""The effect `notify`: what a follow-up tells goes into the outbox, exactly once, in the way in which `drop` does it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from clodputer.effects.settling import Settling, log_followed
from clodputer.model.notify.letter import from_json
from clodputer.store.outgoing import outbox

# In the folder of the run.
FOLDER = "follow"


def contents(effect: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The letters that are put down with the record, under the names that they have in the outbox."""
    for fields in effect.get("letters") or ():
        yield outbox.name_of(from_json(fields)), fields


def perform(settling: Settling, effect: Mapping[str, Any]) -> None:
    """Move them into the outbox, unless that was done before, and log it. Raises OSError."""
    folder = f"{settling.folder}/{FOLDER}"
    left = [name for name, _ in contents(effect) if os.path.isfile(f"{folder}/{name}")]
    if not left:
        return
    log_followed(settling, effect)
    for name in left:
        outbox.move_in(settling.context.home, f"{folder}/{name}", name)
