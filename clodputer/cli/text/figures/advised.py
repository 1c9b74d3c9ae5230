"""Advice in words: what would be changed, why, and the commands that do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json import dumps
from typing import Any

from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.cli.terminal.prose import hung
from clodputer.views.figures.advising import Advised

# So many of the runs behind a piece of advice are named; --json has more.
_NAMED = 3


def listed(advice: Sequence[Advised]) -> str:
    """All of it, with what to type; empty for none."""
    if not advice:
        return ""
    lines = [hung(line, 6) for one in advice for line in _piece(one)]
    return "\n".join(
        (
            ink("ADVICE", "dim"),
            *lines,
            "  To apply it: clodputer advise apply ID. To hide it: clodputer advise dismiss ID.",
        )
    )


def change(one: Advised) -> str:
    """The change in a few words."""
    key, value = one.advice.key, one.advice.value
    if one.advice.append:
        return f"add {_shown(value[0])} to {key}"
    return f"{key} from {_shown(one.advice.before)} to {_shown(value)}"


def _piece(one: Advised) -> Iterator[str]:
    away = "   (dismissed)" if one.dismissed else ""
    yield f"  {ink(one.id, 'bold')}  {printable(one.advice.task)}: {change(one)}{away}"
    named = one.advice.run_ids[:_NAMED]
    more = f" and {one.advice.runs - len(named)} more" if one.advice.runs > len(named) else ""
    yield f"      {one_line(one.advice.why, 300)} (runs {', '.join(map(printable, named))}{more})"


def _shown(value: Any) -> str:
    return one_line(value if isinstance(value, str) else dumps(value, ensure_ascii=False), 120)
