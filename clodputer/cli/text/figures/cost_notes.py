"""What is to be known of costs, in sentences that every view of them says alike."""

from __future__ import annotations

from clodputer.model.text.money import dollars
from clodputer.model.text.plural import counted


def estimated(amount: float) -> str:
    """Of an amount that Clodputer has computed (US dollars)."""
    return f"{dollars(amount)} is estimated: those runs ended before Claude gave a figure."


def subscription(amount: float) -> str:
    """Of an amount that nobody is billed (US dollars)."""
    return (
        f"{dollars(amount)} drew on a subscription: it is what the API would have charged, and nothing is paid for a "
        "single run."
    )


def unpriced(number: int, more: str = "") -> str:
    """Of runs without a cost. more: a word before theirs, with a space behind it."""
    runs = counted(number, f"{more}run has", f"{more}runs have")
    return f"{runs} no cost: programs, and runs that ended before a reply."
