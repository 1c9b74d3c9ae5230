"""What tokens cost by the list of prices: for runs that claude gives no figure of, and to stop those that cost too much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Price(NamedTuple):
    """US dollars for a million tokens that are read and written."""

    read: float
    written: float


# Anthropic's list prices of 2026, by a part of the model's name; the first that fits counts. A model that is not here is taken
# for the dearest: to stop it too early costs less than to stop it too late.
DEAREST = Price(15.0, 75.0)
PRICES = (
    ("opus-4-2025", DEAREST),
    ("opus-4-1", DEAREST),
    ("3-opus", DEAREST),
    ("opus", Price(5.0, 25.0)),
    ("sonnet", Price(3.0, 15.0)),
    ("3-5-haiku", Price(0.8, 4.0)),
    ("3-haiku", Price(0.25, 1.25)),
    ("haiku", Price(1.0, 5.0)),
)

# A cache is filled at 1.25 times the price of reading, and read from at a tenth of it.
FILLING, FILLED = 1.25, 0.1
MILLION = 1_000_000


def cost(model: str, tokens: Sequence[int]) -> float:
    """US dollars for tokens that were read, written, put into the cache and read from it, in this order."""
    price = next((price for name, price in PRICES if name in model.lower()), DEAREST)
    read, written, filling, filled = tokens
    return ((read + filling * FILLING + filled * FILLED) * price.read + written * price.written) / MILLION
