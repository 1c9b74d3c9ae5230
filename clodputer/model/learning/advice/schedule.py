"""Advice about a cron trigger: an hour at which runs fail much more often than at its others is left out."""

from __future__ import annotations

from clodputer.model.learning.advice.subject import LEAST, Advice, Subject, named
from clodputer.model.learning.interval import newcombe
from clodputer.model.learning.judged import is_good
from clodputer.model.learning.rates import hour_of
from clodputer.model.outcome import FAILED, LIMITED, SUCCEEDED, TIMED_OUT
from clodputer.model.proof.proof import started_no_agent
from clodputer.model.runs.pastrun import PastRun
from clodputer.model.schedules import cron
from clodputer.model.schedules.cron import InvalidCron

# As several hours are compared, each must differ clearly: the 99.9 % quantile of the normal distribution.
_Z = 3.090232306167813
# By how much the rates differ at least.
_DIFFERENCE = 0.3
_FIELDS = 5


def look(subject: Subject) -> tuple[Advice, ...]:
    """The worst hour, if there is one. Also what lies outside counts here: a service may be overloaded at one hour alone."""
    places = [place for place, trigger in enumerate(subject.task.triggers) if trigger.type == "cron"]
    if len(places) != 1 or subject.zone is None:
        return ()
    expression = str(subject.task.triggers[places[0]].options.get("schedule") or "")
    try:
        hours = cron.parse(expression).hours
    except InvalidCron:
        return ()
    words = expression.split()
    if len(hours) < 2 or len(words) != _FIELDS:
        return ()
    runs = [run for run in subject.runs if run.trigger == "cron" and run.attempt == 1 and _counts(run)]
    by_hour: dict[int, list[PastRun]] = {hour: [] for hour in hours}
    for run in runs:
        by_hour.get(int(hour_of(run, subject.zone)), []).append(run)
    found: list[tuple[float, int]] = []
    for hour, own in by_hour.items():
        others = [run for other in hours if other != hour for run in by_hour[other]]
        if min(len(own), len(others)) < LEAST:
            continue
        here, there = (sum(map(is_good, own)), len(own)), (sum(map(is_good, others)), len(others))
        difference = there[0] / there[1] - here[0] / here[1]
        if difference >= _DIFFERENCE and newcombe(there, here, _Z).low > 0:
            found.append((difference, hour))
    if not found:
        return ()
    _, worst = max(found)
    own = by_hour[worst]
    rest = [run for hour in hours if hour != worst for run in by_hour[hour]]
    why = (
        f"at {worst:02}:00 {sum(map(is_good, own))} of {len(own)} runs did their work, at its other hours "
        f"{sum(map(is_good, rest))} of {len(rest)}"
    )
    value = " ".join((words[0], ranges([hour for hour in hours if hour != worst]), *words[2:]))
    bad = [run for run in own if not is_good(run)]
    return (
        Advice(
            subject.task.name,
            "schedule",
            f"trigger.{places[0]}.schedule",
            value,
            False,
            expression,
            why,
            len(own),
            named(bad),
        ),
    )


def ranges(values: list[int]) -> str:
    """Ascending numbers as cron writes them: `0-2,5,7-9`."""
    parts: list[list[int]] = []
    for value in values:
        if parts and value == parts[-1][-1] + 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    return ",".join(f"{part[0]}-{part[-1]}" if len(part) > 2 else ",".join(map(str, part)) for part in parts)


def _counts(run: PastRun) -> bool:
    return run.outcome in (SUCCEEDED, FAILED, TIMED_OUT, LIMITED) and not started_no_agent(
        run.reason, run.cost_usd
    )
