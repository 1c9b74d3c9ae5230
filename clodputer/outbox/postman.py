"""The postman: a process beside the runs that sends the letters which are due, within a bound of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from time import monotonic, sleep, time
from typing import Optional

from clodputer import notify
from clodputer.model.notify import letter as lives
from clodputer.model.notify.letter import PING, Letter
from clodputer.outbox import post, send
from clodputer.store.context import Context
from clodputer.store.home import Home
from clodputer.store.outgoing import outbox
from clodputer.store.outgoing.outbox import Waiting
from clodputer.store.processes.beside import Child

# After so many seconds no further letter is begun; what is left is sent at another time.
ROUND = 20.0
# From so many on, what a person is to read comes as one message.
MANY = 4
GLANCE, PATIENCE = 0.02, 2.0


_child = Child()


def start(context: Context) -> None:
    """Have one begin, unless one is at it. Raises OSError."""
    # Where another exec's is at it, whoever waits for the letters looks again.
    _child.start(partial(_work, context._replace(seen=None)), f"{context.home.ledger}/outbox.lock")


def running() -> bool:
    """Whether the one that this process has started is still there."""
    return _child.running()


def end() -> None:
    """End the one that this process has started, and what it has started."""
    _child.kill()


def deliver(context: Context, until: float) -> None:
    """Send what is due, and begin nothing after `until` (of the monotonic clock). Raises OSError.

    A letter is taken away after it was delivered: one whose sender is killed in between is sent a second time.
    """
    tried: set[str] = set()
    while monotonic() < until:
        names = _due(context, time())
        waiting = [one for name in names if (one := _read(context.home, name)) and one.letter.id not in tried]
        batches = _batches(context, waiting)
        if not batches:
            return
        for target, batch in batches:
            if monotonic() >= until:
                return
            tried.update(one.letter.id for one in batch)
            failure = _send(context, [one.letter for one in batch])
            if failure is None:
                _sent(context, batch)
            else:
                others = [one for one in waiting if one not in batch and _same(context, one, target)]
                still = [one for one in others if one.letter.id not in tried]
                tried.update(one.letter.id for one in still)
                _failed(context, batch, still, failure)
                break  # the others of its channel wait; what is left is looked at again


def _work(context: Context) -> None:
    deliver(context, monotonic() + ROUND)


def _due(context: Context, now: float) -> list[str]:
    give_up = monotonic() + PATIENCE
    while True:
        names = post.due_names(context, now)
        if names is not None or monotonic() > give_up:
            return names or []
        sleep(GLANCE)


def _read(home: Home, name: str) -> Optional[Waiting]:
    letter = outbox.read(home, name)
    if letter is None and os.path.lexists(f"{home.outbox}/{name}"):
        outbox.give_up_foreign(home, name)
    return None if letter is None else Waiting(name, letter)


def _same(context: Context, one: Waiting, target: str) -> bool:
    return send.target(context, one.letter) == target


def _batches(context: Context, waiting: Iterable[Waiting]) -> list[tuple[str, list[Waiting]]]:
    """What is sent at once, with its target; what has been tried least comes first: a dead channel holds up no other."""
    waiting = sorted(waiting, key=lambda one: (one.letter.tries, one.name))
    found: list[tuple[str, list[Waiting]]] = []
    together: dict[tuple[str, bool], list[Waiting]] = {}
    for one in waiting:
        if one.letter.channel == PING or not _for_people(context, one.letter.channel):
            found.append((send.target(context, one.letter), [one]))
            continue
        key = (one.letter.channel, one.letter.digest)
        if key not in together:
            together[key] = []
            found.append((one.letter.channel, together[key]))
        together[key].append(one)
    split = []
    for target, batch in found:
        if len(batch) >= MANY or batch[0].letter.digest:
            split.append((target, batch))
        else:
            split += [(target, [one]) for one in batch]
    return split


def _for_people(context: Context, channel: str) -> bool:
    kind = context.settings.notify.get(channel, {}).get("type")
    return kind is not None and notify.load(kind).FOR_PEOPLE


def _send(context: Context, letters: Sequence[Letter]) -> Optional[send.Failure]:
    first = letters[0]
    if first.channel == PING:
        return send.pinged(context, first)
    return send.message(context, first.channel, send.message_of(context, letters))


def _sent(context: Context, batch: Iterable[Waiting]) -> None:
    for name, letter in batch:
        outbox.sent(context.home, name)
        if letter.channel != PING:
            about = {"task": letter.task or None, "run_id": letter.run_id or None}
            context.log(time(), "told", **about, channel=letter.channel, edge=letter.edge)


def _failed(
    context: Context, batch: Iterable[Waiting], others: Iterable[Waiting], failure: send.Failure
) -> None:
    """Keep a batch for another try, and with it what goes the same way; give up what is too old."""
    now = time()
    for name, letter in batch:
        tries = letter.tries + 1
        due = lives.next_try(tries, now, failure.retry_after)
        _keep(context, name, letter._replace(tries=tries, due=due, last_error=failure.message), now, failure)
    for name, letter in others:
        due = lives.next_try(max(1, letter.tries), now, failure.retry_after)
        # One that goes elsewhere, though by the same way, is not to blame: what is final is final for that batch alone.
        _keep(
            context,
            name,
            letter._replace(due=due, last_error=failure.message),
            now,
            failure._replace(final=False),
        )


def _keep(context: Context, name: str, letter: Letter, now: float, failure: send.Failure) -> None:
    if letter.is_start:
        outbox.sent(context.home, name)  # told later it would be wrong
    elif failure.final or now >= letter.ends:
        outbox.give_up(context.home, name, letter)
        about = {"task": letter.task or None, "run_id": letter.run_id or None}
        context.log(
            now, "undelivered", **about, channel=letter.channel, edge=letter.edge, message=letter.last_error
        )
    else:
        outbox.postpone(context.home, name, letter)
