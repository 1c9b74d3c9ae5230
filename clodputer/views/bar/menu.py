"""xbar, SwiftBar and Argos: a title, `---`, and a menu whose lines carry their orders behind a `|`."""

# The formats: https://github.com/matryer/xbar-plugins/blob/main/CONTRIBUTING.md, https://github.com/swiftbar/SwiftBar and
# https://github.com/p-e-w/argos. What one of them does not know it ignores.
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from shlex import join, quote
from typing import Optional

from clodputer.views.bar.content import Action, Bar, Row, plain

Orders = Callable[[Optional[Action], Sequence[str]], str]


def xbar(bar: Bar, program: Sequence[str]) -> str:
    """For xbar: `shell` and its parameters by number."""
    return "\n".join(
        _lines(bar, program, lambda action, call: _orders("shell", "emojize=false", action, call))
    )


def swiftbar(bar: Bar, program: Sequence[str]) -> str:
    """For SwiftBar: the same with `bash`, and nothing in the text is an icon."""
    return "\n".join(
        _lines(
            bar, program, lambda action, call: _orders("bash", "emojize=false symbolize=false", action, call)
        )
    )


def argos(bar: Bar, program: Sequence[str]) -> str:
    """For Argos: one line for a shell, and nothing in the text is markup."""
    return "\n".join(_lines(bar, program, _argos))


def _lines(bar: Bar, program: Sequence[str], orders: Orders) -> Iterator[str]:
    yield f"{plain(bar.title)} | {orders(None, program)}"
    for section in bar.sections:
        yield "---"
        if section.heading:
            yield f"{plain(section.heading)} | size=11 {orders(None, program)}"
        for row in section.rows:
            yield from _row(row, program, orders)
        if section.left_out:
            yield f"and {section.left_out} more | {orders(None, program)}"
    yield "---"
    yield "Refresh | refresh=true"


def _row(row: Row, program: Sequence[str], orders: Orders) -> Iterator[str]:
    yield f"{plain(row.text) or '?'} | {orders(row.click, program)}"
    for action in row.more:
        yield f"--{action.label} | {orders(action, program)}"


def _orders(key: str, always: str, action: Optional[Action], program: Sequence[str]) -> str:
    if action is None:
        return always
    first, *rest = (*program, *action.arguments)
    words = [f"{key}={_quoted(first)}", *(f"param{n}={_quoted(word)}" for n, word in enumerate(rest, 1))]
    return " ".join((*words, *_after(action), always))


def _argos(action: Optional[Action], program: Sequence[str]) -> str:
    always = "useMarkup=false unescape=false emojize=false"
    if action is None:
        return always
    line = join((*program, *action.arguments)).replace("|", "¦")
    return " ".join((f"bash={quote(line)}", *_after(action), always))


def _after(action: Action) -> tuple[str, ...]:
    return ("terminal=true",) if action.in_terminal else ("terminal=false", "refresh=true")


def _quoted(word: str) -> str:
    """A value as xbar and SwiftBar read it: in quotation marks, of the kind that is not in it; a `|` would end it."""
    safe = word.replace("|", "¦").replace("\n", " ")
    return f"'{safe}'" if '"' in safe else f'"{safe}"'
