"""The tokens of a run, counted from the messages in its stream, and what they cost by the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from clodputer.agents.claude.reading import prices
from clodputer.agents.lines import count

CLASSES = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
MOST_MESSAGES = 64


class Tokens(NamedTuple):
    """Of each class the sum over messages, a lower bound for a run without a result, and its cost in US dollars.

    recent: the last messages counted, by id.
    """

    sums: tuple[int, ...] = (0, 0, 0, 0)
    cost: float = 0.0
    recent: Mapping[str, tuple[int, ...]] = {}

    @property
    def usage(self) -> dict[str, int]:
        """The sums by the names of their classes."""
        return dict(zip(CLASSES, self.sums))


def counted(tokens: Tokens, message_id: str, model: str, usage: Mapping[str, Any]) -> Tokens:
    """With a message's tokens, once, though each of its blocks comes as an event of its own with the same figures."""
    now = tuple(count(usage.get(name)) or 0 for name in CLASSES)
    before = tokens.recent.get(message_id, (0, 0, 0, 0))
    known = tuple(max(old, new) for old, new in zip(before, now))
    recent = {name: figures for name, figures in tokens.recent.items() if name != message_id}
    recent[message_id] = known
    if len(recent) > MOST_MESSAGES:
        del recent[next(iter(recent))]
    more = [new - old for new, old in zip(known, before)]
    sums = tuple(total + number for total, number in zip(tokens.sums, more))
    return Tokens(sums, tokens.cost + prices.cost(model, more), recent)
