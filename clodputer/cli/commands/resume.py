"""`clodputer resume`: end a hold, whoever or whatever placed it, and let what waited go on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from time import time
from typing import Optional

import click

from clodputer.cli.arguments import held
from clodputer.cli.group import json_option
from clodputer.cli.result import Result
from clodputer.cli.steps import persons
from clodputer.cli.steps.looking import look
from clodputer.cli.terminal.ink import ink
from clodputer.cli.terminal.printable import printable
from clodputer.model.errors import ClodputerError
from clodputer.model.exitcode import ExitCode
from clodputer.model.gates.waiting import HOLD
from clodputer.runner.requests import holding
from clodputer.store import holds
from clodputer.store.computer import zone
from clodputer.store.holds import Placed
from clodputer.views.queue.holding import Resumed


@click.command()
@held.target_options
@persons.of_person("resume")
@json_option
def command(task: str, lane: Optional[str], account: Optional[str], *, everything: bool) -> Result:
    """End the hold on a task, a lane, an account or everything.

    Ends just that one hold: --all means the one on everything, and leaves a hold on a single task. It may have been placed by
    pause, by stop, by a usage limit or by a refused login. What waited goes back to its queue and runs at the next alarm, or
    now by: clodputer exec. When nothing is named and there is only one hold, it is ended.

    Exit code 0 also when there was no such hold.

    \b
    Examples:
      clodputer resume nightly
      clodputer resume --lane reports
      clodputer resume --all
    """
    target = held.target(task, lane, account, everything=everything)
    context = look(os.environ)
    now = time()
    in_effect = holds.in_effect(context.home, now)
    if target is None:
        target = _only(in_effect)
    before = next((placed for placed in in_effect if placed.target == target), None)
    holds.lift(context.home, target)
    # Also of a hold that had come to its end: what waited for it would be asked about again minutes later.
    woken = holding.wake(context, HOLD)
    resumed = Resumed(before, woken, holds.in_effect(context.home, now))
    left = _left(resumed.left)
    if before is None:
        text = f"{target.words} was not on hold. {left}".rstrip()
        back = f"\n{held.back_in_queue(woken)}" if woken else ""
        return Result(resumed.to_json(), f"{text}{back}")
    context.log(now, "resumed", scope=target.scope, name=target.name, reason=before.hold.reason)
    was = f"{printable(before.hold.reason)}, {zone.until(before.hold.until)}"
    lines = [f"{ink(target.words, 'bold')} is no longer on hold (it was: {was})"]
    if woken:
        lines.append(held.back_in_queue(woken))
    return Result(resumed.to_json(), "\n".join([*lines, *([left] if left else [])]))


def _only(in_effect: list[Placed]) -> holds.Target:
    if len(in_effect) == 1:
        return in_effect[0].target
    if not in_effect:
        raise ClodputerError("not_held", "nothing is on hold", "", ExitCode.EXPECTED)
    listed = "\n".join(f"clodputer resume {placed.target.option}" for placed in in_effect)
    raise ClodputerError("usage", "several things are on hold; name one of them", listed, ExitCode.USAGE)


def _left(left: Sequence[Placed]) -> str:
    """Which holds are still in effect."""
    words = [f"{placed.target.words} ({placed.hold.reason})" for placed in left[:10]]
    return printable(f"Still on hold: {', '.join(words)}") if words else ""
