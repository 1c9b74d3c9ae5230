"""A run that is being settled: what every effect needs to know of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from time import time
from typing import Any, NamedTuple

from clodputer.model.request import Place
from clodputer.store.context import Context
from clodputer.store.files import atomic
from clodputer.store.files.doing import doing
from clodputer.store.records import runs
from clodputer.store.spool import slot as slots
from clodputer.store.spool.slot import Slot


class Settling(NamedTuple):
    """The run of a record, and the place of its request, which lies in the lane's slot until an effect moves it out."""

    context: Context
    slot: Slot
    place: Place
    record: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """The id of the run, after which an effect names what it makes."""
        return str(self.record["run_id"])

    @property
    def folder(self) -> str:
        """The run's folder."""
        return runs.folder(self.context.home, str(self.record["task"]), self.run_id)

    @property
    def in_slot(self) -> str:
        """Where the request lies, as long as it is in the slot."""
        return slots.path(self.context.home, self.slot, self.place)


def log_followed(settling: Settling, effect: Mapping[str, Any], **more: Any) -> None:
    """Log that a follow-up of the run comes. Called before it does: it may be logged twice, but not left out."""
    settling.context.log(
        time(),
        "followed",
        task=settling.record["task"],
        request_id=settling.record["request_id"],
        run_id=settling.run_id,
        on=effect.get("on"),
        place=effect.get("place"),
        target=effect.get("target"),
        **more,
    )


def leave(settling: Settling, target: str) -> None:
    """Move the request out of the slot; nothing when it left before, at an earlier attempt to settle it. Raises OSError.

    A folder that was removed meanwhile is made again; one on another file system gets a copy.
    """
    try:
        os.rename(settling.in_slot, target)
    except FileNotFoundError:
        if os.path.lexists(settling.in_slot):
            os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
            os.rename(settling.in_slot, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with doing(f"copying a request to {target}", settling.in_slot), open(settling.in_slot, "rb") as file:
            atomic.write(target, file.read())
        os.unlink(settling.in_slot)
