"""A recorded run played again: a fake agent says what the recorded one said, and the code that runs every agent judges it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from json import dumps, loads
from shutil import copyfile, rmtree
from tempfile import mkdtemp
from time import monotonic
from typing import Any, NamedTuple, Optional

from clodputer import agents
from clodputer.model.runs import rejudge
from clodputer.model.runs.rejudge import Verdict
from clodputer.model.text.moment import parse_moment
from clodputer.runner.processes.contain import contain
from clodputer.runner.processes.stop import Stop
from clodputer.runner.replay import judge, player
from clodputer.runner.replay.judge import Kept
from clodputer.store.context import Context
from clodputer.store.home import Home

ORIGINAL, COMPRESSED = "original", "compressed"
# A pause that is longer is played as this much, in seconds: a laptop may have been asleep in it.
LONGEST_PAUSE = 3600.0
MOST_LINES = 1_000_000


class Played(NamedTuple):
    """What came of it. lines: of its stream. seconds: that it took."""

    was: Verdict
    now: Verdict
    lines: int
    seconds: float
    turns: Optional[int]
    cost_usd: Optional[float]

    def to_json(self) -> dict[str, Any]:
        """Its keys are a promise to programs."""
        return {
            "was": self.was.to_json(),
            "now": self.now.to_json(),
            "changed": (self.was.outcome, self.was.reason) != (self.now.outcome, self.now.reason),
            "lines": self.lines,
            "seconds": round(self.seconds, 3),
            "num_turns": self.turns,
            "cost_usd": self.cost_usd,
        }


def play(context: Context, kept: Kept, timing: str) -> Played:
    """Play it, in a folder of its own that is gone afterwards; nothing of the home is written.

    Raises ClodputerError "not_started", OSError.
    """
    place = mkdtemp(prefix="clodputer-replay-")
    try:
        with open(f"{kept.folder}/stdout", "rb") as file:
            lines = [line for line, _ in zip(file, range(MOST_LINES))]
        return _played(context._replace(home=Home(f"{place}/home"), seen=None), kept, timing, place, lines)
    finally:
        rmtree(place, ignore_errors=True)


def _played(context: Context, kept: Kept, timing: str, place: str, lines: Sequence[bytes]) -> Played:
    record, began = kept.record, monotonic()
    was = rejudge.recorded(record)
    _lay_out(kept, place, delays(lines, record) if timing == ORIGINAL else [])
    os.mkdir(f"{place}/run")
    launch = judge.launch(kept)
    argv = (sys.executable, "-I", "-S", os.path.abspath(player.__file__), f"{place}/plan.json")
    started = launch._replace(
        argv=argv, env={"PATH": "/usr/bin:/bin", "TMPDIR": place}, working_directory=place, resumed=False
    )
    descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with Stop() as stop:
            progress, ended = contain(
                context, f"{place}/run", kept.rules, started, descriptor, stop, _nothing
            )
    finally:
        os.close(descriptor)
    # Why we stopped it then is no property of its stream.
    why = rejudge.stopped(record, done=progress.done, hopeless=progress.hopeless)
    if why and not ended.stopped:
        ended = ended._replace(stopped=why)
    report = agents.load(kept.rules.agent).interpret(kept.rules, judge.facts(record), launch, progress, ended)
    now = rejudge.of_outcome(report.outcome)
    now = now._replace(message=context.masker.text(now.message))
    return Played(was, now, len(lines), monotonic() - began, report.num_turns, report.cost_usd)


def delays(lines: Sequence[bytes], record: Mapping[str, Any]) -> list[float]:
    """The seconds before each line: by the moments that its events name, else spread evenly over the run. Pure."""
    duration = record.get("duration_seconds")
    whole = float(duration) if isinstance(duration, (int, float)) else 0.0
    moments = [_moment(line) for line in lines]
    known = [moment for moment in moments if moment is not None]
    if len(known) < 2:
        each = min(whole / len(lines), LONGEST_PAUSE) if lines else 0.0
        return [each] * len(lines)
    last = known[0]
    found = []
    for moment in moments:
        pause = 0.0 if moment is None else min(max(0.0, moment - last), LONGEST_PAUSE)
        last = last if moment is None else max(last, moment)
        found.append(pause)
    return found


def _moment(line: bytes) -> Optional[float]:
    if b'"timestamp"' not in line:
        return None
    try:
        value = loads(line).get("timestamp")
        return parse_moment(value, 0.0) if isinstance(value, str) else None
    except (ValueError, AttributeError, RecursionError):
        return None


def _lay_out(kept: Kept, place: str, pauses: list[float]) -> None:
    for name in ("stdout", "stderr"):
        if os.path.isfile(f"{kept.folder}/{name}"):
            copyfile(f"{kept.folder}/{name}", f"{place}/{name}")
        else:
            with open(f"{place}/{name}", "wb"):
                pass
    number = kept.record.get("signal")
    status = kept.record.get("exit_status")
    plan = {
        "stdout": f"{place}/stdout",
        "stderr": f"{place}/stderr",
        "delays": pauses,
        "exit_status": status if isinstance(status, int) and 0 <= status < 256 else 0,
        "signal": number if isinstance(number, int) and 0 < number < 32 else 0,
    }
    with open(f"{place}/plan.json", "w", encoding="utf-8") as file:
        file.write(dumps(plan))


def _nothing() -> None:
    """What is called before the start; nothing is marked here."""
