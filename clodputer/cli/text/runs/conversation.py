"""The conversation of a run laid out for reading: who said what, tool calls in a few lines, results shortened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from clodputer.agents.lines import LONGEST
from clodputer.cli.terminal.ink import ink, shown
from clodputer.cli.terminal.printable import printable
from clodputer.model.run import Description, Said
from clodputer.model.text.plural import counted
from clodputer.views.runs.stream import describer

_STYLES = {
    "uses": ("cyan",),
    "gets": ("dim",),
    "fails": ("red",),
    "denied": ("red", "bold"),
    "retries": ("yellow",),
    "ends": ("green",),
}
# Wide enough for "retries", the longest verb.
VERB = 7
# How many lines of what was said are shown, and of what the agent was not the author of.
MOST_LINES, MOST_OF_OTHERS, WIDEST = 200, 6, 400
OTHERS = ("gets", "fails", "prints")
MOST_ARGUMENTS = 4


def entry(said: Said) -> str:
    """One thing that was said: the verb, the text beside it; with ink."""
    most = MOST_OF_OTHERS if said.kind in OTHERS else MOST_LINES
    lines = _lines(said.text if said.text.strip() else "(nothing)", most)
    if said.more:
        lines += [f"  {line}" for line in _lines(said.more, MOST_ARGUMENTS)]
    styles = _STYLES.get(said.kind, ())
    first, *rest = [ink(line, *styles) for line in lines] or [""]
    gap = " " * (VERB + 2)
    return "\n".join([f"{ink(said.kind.ljust(VERB), 'dim')}  {first}", *(gap + line for line in rest)])


def laid_out(said: Said, stream: Any) -> str:
    """One thing that was said, as a stream takes it."""
    return shown(entry(said), stream, os.environ)


def _lines(text: str, most: int) -> list[str]:
    """The first lines of a text, harmless to a terminal and none too long, with a word on what is left out."""
    text = text.strip("\n")
    # Cut first: a result of 4 MB is not looked at whole for the sake of its first lines.
    head = text[: most * 8 * WIDEST]
    found = [_narrow(line) for line in head.split("\n")[:most]]
    left_out = text.count("\n") + 1 - len(found)
    if left_out:
        found.append(f"({counted(left_out, 'more line')})")
    elif len(head) < len(text):
        found[-1] += "..."
    return found


def _narrow(line: str) -> str:
    line = printable(line.rstrip())
    return line if len(line) <= WIDEST else f"{line[:WIDEST]}... ({len(line) - WIDEST:,} more characters)"


def lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream however long it is; of a line that no agent would read, only the head."""
    while line := file.readline(LONGEST):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(LONGEST)


def said(
    file: BinaryIO, describe: Callable[[bytes], Description], mask: Callable[[str], str]
) -> Iterator[Said]:
    """All that was said in a stream, secrets masked."""
    before = Before()
    for line in lines(file):
        for found in describe(mask(line.decode("utf-8", "replace")).encode()).said:
            if not repeats(found, before):
                yield found
            before = heard(before, found)


class Before(NamedTuple):
    """What was said last by the agent itself, and what was denied last."""

    words: str = ""
    denied: str = ""


def heard(before: Before, found: Said) -> Before:
    """The same after one more thing that was said."""
    if found.kind == "says":
        return before._replace(words=found.text.strip())
    return before._replace(denied=found.text if found.kind == "denied" else "")


def repeats(found: Said, before: Before) -> bool:
    """Whether this only says again what is right above it: claude's result its last words, an error the denial."""
    text = found.text.strip()
    if found.kind == "ends":
        return text == before.words
    return found.kind == "fails" and bool(text) and before.denied.endswith(text)


def last_said(folder: str, most: int, mask: Callable[[str], str]) -> tuple[list[Said], bool]:
    """The last things that were said in a run, at most so many, and whether there is more before them. Raises OSError.

    Only the end of the file is read: as much as it takes, but no more than the longest line that an agent reads.
    """
    describe = describer(folder)
    with open(f"{folder}/stdout", "rb") as file:
        size = file.seek(0, os.SEEK_END)
        window = 64 * 1024
        while True:
            start = max(0, size - window)
            file.seek(start)
            if start:
                file.readline(window)  # the end of a line that began before
            found = list(said(file, describe, mask))
            if start == 0 or len(found) > most or window > LONGEST:
                return found[-most:], start > 0 or len(found) > most
            window *= 4
