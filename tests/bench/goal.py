"""A goal and what was measured of it: one row of the table in docs/performance.md."""

from __future__ import annotations

from typing import NamedTuple, Optional


class Row(NamedTuple):
    """One figure. goal: in words; most: the figure that meets it, at most; None for a peer or for what is only told."""

    number: str
    what: str
    goal: str
    figure: float
    most: Optional[float] = None
    told: str = ""

    @property
    def verdict(self) -> str:
        """Met, or missed by how much."""
        if self.most is None:
            return ""
        return "met" if self.figure <= self.most else f"missed by {self.figure - self.most:.2f}"


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| # | what | goal | measured | |", "|---|---|---|---|---|"]
    for row in rows:
        figure = f"{row.figure:.2f}" if row.figure < 100 else f"{row.figure:.0f}"
        lines.append(f"| {row.number} | {row.what} | {row.goal} | {figure} {row.told} | {row.verdict} |")
    return "\n".join(lines)
