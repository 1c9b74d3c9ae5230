"""The channels, and what waits to be sent or was given up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from clodputer.model.notify.letter import PING, Letter
from clodputer.model.text.moment import iso
from clodputer.store.context import Context
from clodputer.store.outgoing import outbox

# So much of what was given up is shown, in seconds.
RECENT = 7 * 86400.0
# What is listed of each at most; the numbers count all.
MOST = 100


class Channel(NamedTuple):
    """One channel. on: of which edges it is told; None: of the usual ones. last_error: of a letter that was tried in vain."""

    name: str
    type: str
    on: Optional[tuple[str, ...]]
    waiting: int
    last_error: str

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "on": self.on and list(self.on), "last_error": self.last_error or None}


class Mail(NamedTuple):
    """All of it. dead: given up in the last seven days, the latest first."""

    channels: tuple[Channel, ...]
    waiting: tuple[Letter, ...]
    dead: tuple[Letter, ...]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "channels": [channel.to_json() for channel in self.channels],
            "waiting": [_fields(letter) for letter in self.waiting[:MOST]],
            "waiting_number": len(self.waiting),
            "dead": [_fields(letter) for letter in self.dead[:MOST]],
            "dead_number": len(self.dead),
        }


class Undelivered(NamedTuple):
    """How many letters wait that were tried in vain, how many were given up lately, and the latest error."""

    failing: int = 0
    dead: int = 0
    last_error: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {**self._asdict(), "last_error": self.last_error or None}


def look(context: Context, now: float) -> Mail:
    """The channels of config.yaml, and the outbox at `now` (epoch seconds). Raises OSError."""
    waiting = tuple(one.letter for one in outbox.waiting(context.home))
    channels = []
    for name, channel in context.settings.notify.items():
        own = [letter for letter in waiting if letter.channel == name]
        on = tuple(channel["on"]) if channel.get("on") else None
        channels.append(Channel(name, channel["type"], on, len(own), _latest(own)))
    return Mail(tuple(channels), waiting, tuple(reversed(outbox.dead(context.home, now - RECENT))))


def undelivered(context: Context, now: float) -> Undelivered:
    """What status says of it. Raises OSError."""
    failing = [one.letter for one in outbox.waiting(context.home) if one.letter.tries]
    dead = outbox.dead(context.home, now - RECENT)
    return Undelivered(len(failing), len(dead), _latest([*dead, *failing]))


def _latest(letters: Sequence[Letter]) -> str:
    return next((letter.last_error for letter in reversed(letters) if letter.last_error), "")


def _fields(letter: Letter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "channel": None if letter.channel == PING else letter.channel,
        "event": f"{PING} {letter.edge}" if letter.channel == PING else letter.edge,
        "task": letter.task or letter.item or None if letter.channel == PING else letter.task or None,
        "run_id": letter.run_id or None,
        "title": letter.title,
        "at": iso(letter.at),
        "due": iso(letter.due),
        "tries": letter.tries,
        "last_error": letter.last_error or None,
    }
