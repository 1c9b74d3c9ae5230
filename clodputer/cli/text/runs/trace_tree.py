"""A tree of runs that follow one another, drawn with lines."""

from __future__ import annotations

from collections.abc import Iterator

from clodputer.cli.terminal import when
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import one_line, printable
from clodputer.model.outcome import OUTCOMES
from clodputer.model.text.plural import counted
from clodputer.views.runs.trace import NOT_FOLLOWED, Node, Trace


def drawn(trace: Trace, now: float) -> str:
    """The whole tree, a line for each request."""
    return "\n".join(line for root in trace.roots for line in _lines(root, "", "", now))


def _lines(node: Node, first: str, rest: str, now: float) -> Iterator[str]:
    # Not by recursion: a line of requests may be as long as the settings allow.
    waiting = [(node, first, rest)]
    while waiting:
        one, head, below = waiting.pop()
        yield f"{head}{_words(one, now)}"
        last = len(one.children) - 1
        for number, child in reversed(list(enumerate(one.children))):
            more, under = ("└─ ", "   ") if number == last else ("├─ ", "│  ")
            waiting.append((child, f"{below}{more}", f"{below}{under}"))


def _words(node: Node, now: float) -> str:
    on = f"{printable(node.on)}: " if node.on else ""
    name = ink(printable(node.task), "bold") if node.task else "log"
    if node.state == NOT_FOLLOWED:
        return f"{on}{name} {ink('did not come', 'red')} ({printable(node.reason)}): {one_line(node.message, 200)}"
    if node.state not in OUTCOMES:
        more = f": {one_line(node.message, 200)}" if node.message else ""
        return f"{on}{name} {printable(node.state)} {printable(node.run_id or node.request_id)}{more}"
    ended = when.ended(node.state, node.reason)
    tried = f", {counted(node.attempts, 'attempt')}" if node.attempts > 1 else ""
    ago = f" {when.ago(node.at, now)}" if node.at else ""
    return f"{on}{name} {ended}{ago}{tried}  {ink(node.run_id, 'dim')}"
