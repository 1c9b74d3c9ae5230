"""The effect `finish`: the request goes into the folder of its run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from clodputer.effects.settling import Settling, leave
from clodputer.store.records import masking
from clodputer.store.spool.requests import attempts

# Nobody can be kept from writing a secret into a request, but no file that stays holds it. So that request cannot be retried.
MASKED = "masked"


def perform(settling: Settling, _effect: Mapping[str, Any]) -> None:
    """Keep what was dropped as `dropped.*`; masked, and under a name that says so, when it holds a secret."""
    extension = os.path.splitext(settling.place.dropped)[1]
    kept, masked = (f"{settling.folder}/{name}{extension}" for name in ("dropped", MASKED))
    # First: another request may have its id once it has left.
    attempts.forget(settling.context.home, settling.place.id)
    leave(settling, kept)
    if masking.holds_secret(kept, settling.context.masker):
        # Named first: killed in between, it must not pass for a whole request because nothing is left in it to be masked.
        os.rename(kept, masked)
    masking.mask_file(masked, settling.context.masker)
