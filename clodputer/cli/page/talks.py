"""Conversations that are put into the report: the ends of the latest ones, bounded, secrets masked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from clodputer.cli.text.runs import conversation
from clodputer.model.run import Said
from clodputer.runner.place import withsecrets
from clodputer.store.context import Context
from clodputer.store.index.query import Finished
from clodputer.store.records import runs

# So many runs have their conversation in the report, so many things that were said last in each, of so many characters; and
# all together have so many characters.
MOST_TALKS, MOST_SAID, LONGEST_SAID, LARGEST = 30, 60, 2000, 2_000_000


class Talk(NamedTuple):
    """The end of a conversation. more: there is something before it."""

    run: Finished
    said: tuple[Said, ...]
    more: bool


def talks(context: Context, found: Iterable[Finished]) -> tuple[list[Talk], int]:
    """The conversations of these runs, as far as there is room; and how many of them there was no room for."""
    kept: list[Talk] = []
    left, over = LARGEST, 0
    for run in dict.fromkeys(found):
        if len(kept) == MOST_TALKS or left <= 0:
            over += 1
            continue
        folder = runs.folder(context.home, run.task, run.run_id)
        try:
            said, more = conversation.last_said(folder, MOST_SAID, withsecrets.hiding(context, folder))
        except (OSError, ValueError):
            continue  # pruned, it never said anything, or no folder can be called like it
        if said:
            short = tuple(_shortened(one) for one in said)
            left -= sum(len(one.text) for one in short)
            kept.append(Talk(run, short, more))
    return kept, over


def _shortened(said: Said) -> Said:
    text = f"{said.text}\n{said.more}" if said.more else said.text
    if len(text) > LONGEST_SAID:
        text = f"{text[:LONGEST_SAID]}\n({len(text) - LONGEST_SAID:,} more characters)"
    return Said(said.kind, text)
