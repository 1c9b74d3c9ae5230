"""Taking turns: A B C A B C ..., and the ratio of two of them round by round, for a machine's speed drifts by the minute."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Callable, NamedTuple, Optional


class Cost(NamedTuple):
    """What a process took: wall and processor seconds."""

    wall: float
    cpu: float


Side = Callable[[], Cost]


def process(
    argv: Sequence[str],
    environ: Optional[Mapping[str, str]] = None,
    before: Callable[[], object] = lambda: None,
) -> Side:
    """A side that starts a program and waits for its end; `before` is done first, and not measured."""
    quiet = os.open(os.devnull, os.O_RDWR)

    def start() -> Cost:
        before()
        began = perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, quiet, number) for number in (0, 1, 2)]
        pid = os.posix_spawn(
            argv[0], list(argv), dict(os.environ if environ is None else environ), file_actions=actions
        )
        _, status, usage = os.wait4(pid, 0)
        wall = perf_counter() - began
        if status:
            raise RuntimeError(f"{' '.join(argv)}: ended with status {status}")
        return Cost(wall, usage.ru_utime + usage.ru_stime)

    return start


def block(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> Side:
    """A side in this process: a block of work, long enough to be measured."""

    def run() -> Cost:
        before()
        began = perf_counter()
        work()
        return Cost(perf_counter() - began, 0.0)

    return run


class Rotation(NamedTuple):
    """The costs of each side, one for each round."""

    costs: Mapping[str, Sequence[Cost]]

    def ratio(self, side: str, to: str, what: str = "wall") -> float:
        """The median over the rounds of one side's cost to another's in the same round."""
        pairs = zip(self.costs[side], self.costs[to])
        return float(median(getattr(one, what) / max(getattr(other, what), 1e-9) for one, other in pairs))

    def milliseconds(self, side: str) -> float:
        """The median wall time of a side."""
        return 1000 * median(cost.wall for cost in self.costs[side])


def rotate(sides: Mapping[str, Side], rounds: int) -> Rotation:
    """Run all sides in turns; a first round warms caches and is not counted."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            cost = side()
            if number:
                costs[name].append(cost)
    return Rotation(costs)
