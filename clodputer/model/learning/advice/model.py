"""Advice about `model`: another one that past runs show to do no worse for much less, or clearly better."""

from __future__ import annotations

from typing import Optional

from clodputer.model.learning.advice.subject import LEAST, Advice, Subject, current, named
from clodputer.model.learning.interval import Z90, newcombe
from clodputer.model.learning.judged import is_good, is_judged
from clodputer.model.numbers.quantile import quantile
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.text.money import dollars

# No worse: with 95 % confidence the rate of success is not lower by more than this.
MARGIN = 0.1
# Cheaper: half of the runs cost at most this part of what they do now.
_CHEAPER = 0.8
# Better: with 95 % confidence, and by so much in what was seen.
_BETTER = 0.1


def look(subject: Subject) -> tuple[Advice, ...]:
    """The cheapest one that does no worse, else the one that does best."""
    runs = [run for run in current(subject.runs) if is_judged(run) and run.model]
    if not runs or subject.task.agent != "claude":
        return ()
    by_model: dict[str, list[PastRun]] = {}
    for run in runs:
        by_model.setdefault(run.model, []).append(run)
    now = runs[-1].model
    own = by_model.pop(now)
    if len(own) < LEAST:
        return ()
    cheaper: list[tuple[float, str]] = []
    better: list[tuple[float, str]] = []
    mine, cost = (sum(map(is_good, own)), len(own)), _cost(own)
    for name, others in by_model.items():
        if len(others) < LEAST or name == subject.task.claude.model:
            continue
        theirs, price = (sum(map(is_good, others)), len(others)), _cost(others)
        bounds = newcombe(theirs, mine, Z90)
        difference = theirs[0] / theirs[1] - mine[0] / mine[1]
        if bounds.low > -MARGIN and cost and price is not None and price <= cost * _CHEAPER:
            cheaper.append((price, name))
        elif bounds.low > 0 and difference >= _BETTER:
            better.append((-difference, name))
    if not cheaper and not better:
        return ()
    _, name = min(cheaper or better)
    others = by_model[name]
    why = f"{_words(name, others)}; {_words(now, own)}"
    before = subject.task.claude.model or now
    runs_behind = len(own) + len(others)
    return (
        Advice(subject.task.name, "model", "model", name, False, before, why, runs_behind, named(others)),
    )


def _cost(runs: list[PastRun]) -> Optional[float]:
    known = [run.cost_usd for run in runs if run.cost_usd is not None]
    return quantile(known, 0.5) if len(known) >= LEAST else None


def _words(name: str, runs: list[PastRun]) -> str:
    cost = _cost(runs)
    price = f" for {dollars(cost)} each" if cost is not None else ""
    return f"with {name} {sum(map(is_good, runs))} of {len(runs)} runs did their work{price}"
