"""The live line of a run: what its stream has said so far, folded into a few words that fit a terminal's width."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Optional

from clodputer.cli.terminal.printable import one_line
from clodputer.model.numbers.quantile import quantile
from clodputer.model.outcome import SUCCEEDED
from clodputer.model.text.moment import format_duration
from clodputer.model.text.plural import counted
from clodputer.views.runs.seen import LONGEST_DOING, Seen

# A task changes with time, so only its latest runs say how long it usually takes.
LATEST, MOST = 10, 30


def line(name: str, elapsed: float, usual: Optional[float], seen: Seen) -> str:
    """The line of a run that has been going on for `elapsed` seconds; `usual` is what such a run takes."""
    parts = [f"{name}  {clock(elapsed)}" + ("" if usual is None else f" (usually {clock(usual)})")]
    figures = [
        counted(seen.turns, "turn") if seen.turns else "",
        f"{_short(seen.tokens)} tokens" if seen.tokens else "",
        f"${seen.cost:.2f}" if seen.cost is not None else "",
    ]
    parts += [", ".join(filter(None, figures)), one_line(seen.doing, LONGEST_DOING)]
    return "  ".join(filter(None, parts))


def usual(records: Iterable[Mapping[str, Any]]) -> Optional[float]:
    """The median duration, in seconds, of the latest runs that succeeded; None when there is none. Newest first."""
    took = [
        float(record["duration_seconds"])
        for record in islice(records, MOST)
        if record.get("outcome") == SUCCEEDED and isinstance(record.get("duration_seconds"), (int, float))
    ][:LATEST]
    return quantile(took, 0.5)


def clock(seconds: float) -> str:
    """A duration that is looked at while it grows: whole seconds."""
    return format_duration(float(int(seconds))) if seconds >= 1 else "0s"


def cut(text: str, width: int) -> str:
    """The text cut to so many columns of a terminal, where East Asian characters take two."""
    columns = 0
    for index, letter in enumerate(text):
        columns += _columns(letter)
        if columns > width:
            return _without_end(text[:index], width)
    return text


def _without_end(text: str, width: int) -> str:
    """The text without its last characters, so that `...` fits in."""
    if width < 4:
        return text
    while text and sum(map(_columns, text)) > width - 3:
        text = text[:-1]
    return text.rstrip() + "..."


def _columns(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _short(number: int) -> str:
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return str(number)
