"""Taking slots: which of the free ones an exec takes, and with a limit over all lanes, for which requests first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Optional

from clodputer.model.queue.lanes import engine_of
from clodputer.model.queue.lanes import slots as slots_of
from clodputer.runner.admission import turn
from clodputer.store import holds
from clodputer.store.context import Context
from clodputer.store.files.doing import doing
from clodputer.store.lock import Lock
from clodputer.store.spool import find, idle, layout, permit
from clodputer.store.spool import slot as slots
from clodputer.store.spool.requests import jobs
from clodputer.store.spool.slot import Slot


class Taken(NamedTuple):
    """A slot whose lock is ours. may_run: only what was left in it is put in order, when it is False.

    permit: the one that is used up while requests are run in it, when `max_concurrent` allows no more than so many.
    """

    slot: Slot
    lock: Lock
    permit: Optional[Lock] = None
    may_run: bool = True

    def release(self) -> None:
        """Give it back, the slot first: who has a permit may look for a slot that is free."""
        self.lock.release()
        if self.permit is not None:
            self.permit.release()


def take_slots(context: Context, now: float) -> list[Taken]:
    """Take the free slots for which there is something to do at `now` (epoch seconds); whoever calls releases them.

    Of each lane as many as requests are queued, unless it is on hold, and all in which something was left, whatever their
    numbers: the lane may have had more slots before. With `max_concurrent` only as many as there are permits, for the requests
    of highest priority, the oldest first, whichever their lanes. Raises OSError.
    """
    with doing("taking free slots", context.home.lanes):
        most = context.settings.max_concurrent
        if most is None:
            return [taken for lane in layout.lanes(context.home) for taken in _of_lane(context, lane, now)]
        # Execs decide one after the other. So nobody is refused a permit or a slot that another one was only trying, and who is
        # refused can leave: whoever has the permit comes here after giving it back, and sees what waits then.
        with turn.take(context.home) as ours:
            return _permitted(context, most, now) if ours else []


def others_wait(context: Context, slot: Slot, now: float) -> bool:
    """Whether a request of another lane could be run now: it had no permit until now, or waited for a run that has ended."""
    return any(
        lane != slot.lane
        and not _on_hold(context, lane, now)
        and idle.count_queued(context.home, lane, 1)
        and any(slots.empty(context.home, one) for one in _allowed(context, lane))
        for lane in layout.lanes(context.home)
    )


def _of_lane(context: Context, lane: str, now: float) -> Iterator[Taken]:
    if engine_of(context.settings.lanes, lane):
        return  # its requests become jobs (runner/jobs/)
    allowed = slots_of(context.settings.lanes, lane)
    wanted = 0 if _on_hold(context, lane, now) else idle.count_queued(context.home, lane, allowed)
    for number in sorted({*layout.slot_numbers(context.home, lane), *range(allowed)}):
        slot = Slot(lane, number)
        if _elsewhere(context, slot):
            continue  # an engine has it still, although the lane has none any more
        useful = number < allowed and wanted > 0
        lock = slots.lock(context.home, slot)
        if (useful or _left_in_slot(context, slot)) and lock.acquire():
            yield Taken(slot, lock)
            wanted -= useful


def _permitted(context: Context, most: int, now: float) -> list[Taken]:
    found = [taken for lane in layout.lanes(context.home) for taken in _abandoned(context, lane)]
    left = {taken.slot: taken for taken in found}
    wanting = _next_in_line(context, now)
    permits = permit.take(context.home, most, len(wanting))
    taken: list[Taken] = []
    for lane in wanting:
        if not permits:
            break
        one = _a_slot(context, lane, left, {each.slot for each in taken})
        if one is not None:
            taken.append(one._replace(permit=permits.pop(0), may_run=True))
            left.pop(one.slot, None)
    for unused in permits:
        unused.release()
    return [*taken, *left.values()]


def _abandoned(context: Context, lane: str) -> Iterator[Taken]:
    """The slots in which something was left and whose holder died."""
    for slot in slots.of_lane(context.home, lane):
        lock = slots.lock(context.home, slot)
        if not _elsewhere(context, slot) and _left_in_slot(context, slot) and lock.acquire():
            yield Taken(slot, lock, may_run=False)


def _next_in_line(context: Context, now: float) -> list[str]:
    """The lanes of the requests that could be run first, in the order in which these were to be run if there were one lane."""
    found = []
    for lane in layout.lanes(context.home):
        if not _on_hold(context, lane, now) and not engine_of(context.settings.lanes, lane):
            first = islice(find.queued(context.home, lane), slots_of(context.settings.lanes, lane))
            found += [(one.place.turn, lane) for one in first if one.place]
    return [lane for _, lane in sorted(found)]


def _a_slot(context: Context, lane: str, left: dict[Slot, Taken], ours: set[Slot]) -> Optional[Taken]:
    """A slot of the lane that is free, or in which something was left."""
    for slot in _allowed(context, lane):
        if slot in left:
            return left[slot]
        lock = slots.lock(context.home, slot)
        if slot not in ours and not _elsewhere(context, slot) and lock.acquire():
            return Taken(slot, lock)
    return None


def _allowed(context: Context, lane: str) -> list[Slot]:
    return [Slot(lane, number) for number in range(slots_of(context.settings.lanes, lane))]


def _elsewhere(context: Context, slot: Slot) -> bool:
    """Whether an engine runs what is in the slot."""
    return bool(engine_of(context.settings.lanes, slot.lane)) or jobs.read(context.home, slot) is not None


def _on_hold(context: Context, lane: str, now: float) -> bool:
    return holds.current(context.home, holds.targets(lane), now) is not None


def _left_in_slot(context: Context, slot: Slot) -> bool:
    content = slots.content(context.home, slot)
    return content.place is not None or bool(content.run_id)
