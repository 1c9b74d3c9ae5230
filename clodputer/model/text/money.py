"""US dollars in words."""

from __future__ import annotations

from typing import Optional


def dollars(cost: Optional[float]) -> str:
    """A cost; empty when it is not known."""
    if cost is None:
        return ""
    # A short run costs a fraction of a cent, and `$0.00` would say that it cost nothing.
    return f"${cost:.4f}" if 0 < cost < 0.1 else f"${cost:.2f}"
